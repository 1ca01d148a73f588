package machine

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"secrets/redact"
)

// The three ways in which a slot does not open, and two more that no key mends.
var (
	ErrWrongKey          = errors.New("the key is not the one of this store")
	ErrHardwareChanged   = errors.New("the hardware ID is not the one the store was bound to")
	ErrSlotDamaged       = errors.New("the key slot is damaged")
	ErrUnknownPayload    = errors.New("the key slot holds something this version does not know")
	ErrCipherUnavailable = errors.New("XChaCha20-Poly1305 is not available")
)

// errKeySize guards against sealing under no key at all.
var errKeySize = fmt.Errorf("a key is %d bytes long", keySize)

// The types of slots: each but the last is named after its key source.
const (
	keyringType    = "keyring"
	fileType       = "file"
	passphraseType = "passphrase"

	// IdentityType is that of a slot whose key is the vault key itself, and
	// which holds this machine's age identity.
	IdentityType = "identity"
)

// The first byte of a payload says what it holds. Other kinds are for slots that
// hold the keys of a few records and no more.
const (
	payloadVaultKey = 0x01
	payloadIdentity = 0x02
)

// A Slot wraps a vault key under the key of a source and the hardware ID, or an
// identity under the vault key. It is kept in the store's header as JSON, bytes
// as base64, and says nothing about what it wraps to whoever has not got the key.
type Slot struct {
	ID          uint64    `json:"id"`
	Type        string    `json:"type"`
	Salt        []byte    `json:"salt"`               // 32 bytes
	Argon2id    *Argon2id `json:"argon2id,omitempty"` // of a passphrase slot alone
	KeyTag      []byte    `json:"key_tag,omitempty"`  // 16 bytes; a passphrase slot has none
	HardwareTag []byte    `json:"hardware_tag"`       // 16 bytes
	Check       []byte    `json:"check"`              // 32 bytes
	Nonce       []byte    `json:"nonce"`              // 24 bytes
	Wrap        []byte    `json:"wrap"`               // the sealed payload
}

// NewSlot returns an empty slot with a salt of its own. The id is unlike that
// of every other slot of the store, the type is that of the key source.
func NewSlot(id uint64, typ string) Slot {
	slot := Slot{ID: id, Type: typ, Salt: random(saltSize)}
	if typ == passphraseType {
		cost := newArgon2id
		slot.Argon2id = &cost
	}
	return slot
}

// NextSlotID returns an id that none of a header's slots has.
func NextSlotID(slots []json.RawMessage) (uint64, error) {
	next := uint64(1)
	for _, raw := range slots {
		var slot struct{ ID uint64 }
		if err := json.Unmarshal(raw, &slot); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrSlotDamaged, err)
		}
		next = max(next, slot.ID+1)
	}
	return next, nil
}

// Seal wraps the vault key of e under hw and key, which is what the key source
// returned: 32 bytes, or a passphrase.
func (s *Slot) Seal(key redact.Value, hw HardwareID, e Epoch, vaultKey redact.Value) error {
	switch {
	case s.Type == passphraseType && key.Len() == 0:
		return ErrNoPassphrase
	case s.Type != passphraseType && key.Len() != keySize, vaultKey.Len() != keySize:
		return errKeySize
	}
	return s.seal(key, hw, e, payloadVaultKey, vaultKey)
}

// Open returns the vault key of e. It tells ErrWrongKey, ErrHardwareChanged and
// ErrSlotDamaged apart; a passphrase slot has no tag that could be tested
// without the passphrase's full cost, so there damage is a wrong key too. Of one
// that asks for more than 1 GiB, 10 passes or 16 threads nothing is tried.
func (s Slot) Open(key redact.Value, hw HardwareID, e Epoch) (redact.Value, error) {
	vaultKey, err := s.open(key, hw, e, payloadVaultKey)
	if err == nil && vaultKey.Len() != keySize {
		vaultKey.Wipe()
		return redact.Value{}, ErrUnknownPayload
	}
	return vaultKey, err
}

// SealIdentity wraps this machine's age identity under the vault key of e. The
// slot is of IdentityType.
func (s *Slot) SealIdentity(vaultKey redact.Value, e Epoch, identity redact.Value) error {
	if vaultKey.Len() != keySize {
		return errKeySize
	}
	return s.seal(vaultKey, NoHardwareID, e, payloadIdentity, identity)
}

// OpenIdentity is the reverse. Its errors are those of Open.
func (s Slot) OpenIdentity(vaultKey redact.Value, e Epoch) (redact.Value, error) {
	return s.open(vaultKey, NoHardwareID, e, payloadIdentity)
}

func (s *Slot) seal(key redact.Value, hw HardwareID, e Epoch, kind byte, content redact.Value) (err error) {
	redact.Erased(func() { err = s.wrap(key, hw, e, kind, content) })
	return err
}

func (s Slot) open(key redact.Value, hw HardwareID, e Epoch, kind byte) (content redact.Value, err error) {
	redact.Erased(func() { content, err = s.unwrap(key, hw, e, kind) })
	return content, err
}

func (s *Slot) wrap(key redact.Value, hw HardwareID, e Epoch, kind byte, content redact.Value) error {
	keys, err := s.derive(key, hw, e)
	if err != nil {
		return err
	}
	defer keys.wipe()
	aead, err := newCipher(keys.kek)
	if err != nil {
		return err
	}
	payload := append([]byte{kind}, content.Expose()...)
	defer clear(payload)
	s.KeyTag, s.HardwareTag, s.Check = keys.keyTag, keys.hardwareTag, keys.check
	s.Nonce = random(chacha20poly1305.NonceSizeX)
	s.Wrap = aead.Seal(nil, s.Nonce, payload, s.additionalData(e))
	return nil
}

func (s Slot) unwrap(key redact.Value, hw HardwareID, e Epoch, kind byte) (redact.Value, error) {
	if !s.wellFormed() {
		return redact.Value{}, ErrSlotDamaged
	}
	keys, err := s.derive(key, hw, e)
	if err != nil {
		return redact.Value{}, err
	}
	defer keys.wipe()
	if err := s.compare(keys); err != nil {
		return redact.Value{}, err
	}
	aead, err := newCipher(keys.kek)
	if err != nil {
		return redact.Value{}, err
	}
	payload, err := aead.Open(nil, s.Nonce, s.Wrap, s.additionalData(e))
	if err != nil {
		return redact.Value{}, ErrSlotDamaged
	}
	if len(payload) == 0 || payload[0] != kind {
		clear(payload)
		return redact.Value{}, ErrUnknownPayload
	}
	return redact.NewValue(payload[1:]), nil
}

// compare checks the tags before anything is decrypted, the most likely cause
// of a difference first.
func (s Slot) compare(keys slotKeys) error {
	switch {
	case subtle.ConstantTimeCompare(s.KeyTag, keys.keyTag) == 0:
		return ErrWrongKey
	case subtle.ConstantTimeCompare(s.HardwareTag, keys.hardwareTag) == 0:
		return ErrHardwareChanged
	case subtle.ConstantTimeCompare(s.Check, keys.check) == 1:
		return nil
	case s.Type == passphraseType:
		return ErrWrongKey
	default:
		return ErrSlotDamaged
	}
}

func (s Slot) wellFormed() bool {
	keyTag := tagSize
	if s.Type == passphraseType {
		if !s.Argon2id.allowed() {
			return false
		}
		keyTag = 0
	}
	return len(s.Salt) == saltSize && len(s.KeyTag) == keyTag && len(s.HardwareTag) == tagSize &&
		len(s.Check) == keySize && len(s.Nonce) == chacha20poly1305.NonceSizeX
}

func newCipher(kek []byte) (cipher.AEAD, error) {
	aead, err := chacha20poly1305.NewX(kek)
	if err != nil { // in FIPS-only mode
		return nil, fmt.Errorf("%w: %w", ErrCipherUnavailable, err)
	}
	return aead, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: see its documentation
	return b
}

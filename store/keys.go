package store

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"secrets/redact"

	"golang.org/x/crypto/chacha20poly1305"
)

// Everything in a store hangs on its vault key:
//
//	PRK = HKDF-Extract(salt lp(store id) lp(epoch), vault key)
//	key = HKDF-Expand(PRK, purpose ‖ 0x00 ‖ context), 32 bytes
//
// with SHA-256 (RFC 5869). lp(x) is x behind its length as a big-endian uint32;
// integers are big-endian uint64.
const (
	purposeIndex   = "secrets/v1/index"
	purposeSign    = "secrets/v1/sign"
	purposeSignTag = "secrets/v1/sign-tag"
	purposeMeta    = "secrets/v1/meta"
	purposeValue   = "secrets/v1/value"
)

// vaultKeySize is the length of a vault key in bytes.
const vaultKeySize = 32

// firstKeyVersion is the version of a new record's keys.
const firstKeyVersion = 1

// keys is one vault key at work in one epoch of one store. Like a value they are
// hidden from fmt, which sees into every Store and Tx.
type keys struct {
	id    ID
	epoch uint64
	prk   redact.Value
	index redact.Value
}

func newKeys(vaultKey redact.Value, id ID, epoch uint64) (k *keys, err error) {
	redact.Erased(func() { k, err = deriveKeys(vaultKey, id, epoch) })
	return k, err
}

func deriveKeys(vaultKey redact.Value, id ID, epoch uint64) (*keys, error) {
	if vaultKey.Len() != vaultKeySize {
		return nil, fmt.Errorf("a vault key has %d bytes, not %d", vaultKeySize, vaultKey.Len())
	}
	salt := lp64(lp(nil, id[:]), epoch)
	prk, err := hkdf.Extract(sha256.New, vaultKey.Expose(), salt)
	if err != nil {
		return nil, err
	}
	k := &keys{id: id, epoch: epoch, prk: redact.NewValue(prk)}
	index, err := k.expand(purposeIndex, nil)
	if err != nil {
		return nil, err
	}
	k.index = redact.NewValue(index)
	return k, nil
}

func (k *keys) expand(purpose string, context []byte) ([]byte, error) {
	return hkdf.Expand(sha256.New, k.prk.Expose(), purpose+"\x00"+string(context), chacha20poly1305.KeySize)
}

// record derives the key that seals one part of one record.
func (k *keys) record(purpose string, id ID, version uint64) ([]byte, error) {
	return k.expand(purpose, lp64(lp(nil, id[:]), version))
}

// signer derives the key that signs manifests; the caller wipes it. It costs a
// new process more than all else that a read does: see publicKey.
func (k *keys) signer() (ed25519.PrivateKey, error) {
	seed, err := k.expand(purposeSign, nil)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	return ed25519.NewKeyFromSeed(seed), nil
}

// publicKey is the key that verifies manifests. A header may have it at hand,
// with a tag that nobody makes without the vault key; from one that does not,
// it is derived.
func (k *keys) publicKey(h Header) (ed25519.PublicKey, error) {
	if h.SignKey == nil && h.SignKeyTag == nil {
		private, err := k.signer()
		if err != nil {
			return nil, err
		}
		defer clear(private)
		return slices.Clone(private.Public().(ed25519.PublicKey)), nil
	}
	tag, err := k.signKeyTag(h.SignKey)
	if err != nil {
		return nil, err
	}
	if len(h.SignKey) != ed25519.PublicKeySize || !hmac.Equal(tag, h.SignKeyTag) {
		return nil, damaged("header", "its public key is not this store's")
	}
	return h.SignKey, nil
}

// signKeyTag binds a public key to the vault key.
func (k *keys) signKeyTag(public []byte) ([]byte, error) {
	key, err := k.expand(purposeSignTag, nil)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	mac := hmac.New(sha256.New, key)
	mac.Write(public)
	return mac.Sum(nil), nil
}

// vouch puts the public key and its tag into a header.
func (k *keys) vouch(h *Header) (err error) {
	h.SignKey, h.SignKeyTag = nil, nil
	if h.SignKey, err = k.publicKey(*h); err != nil {
		return err
	}
	h.SignKeyTag, err = k.signKeyTag(h.SignKey)
	return err
}

// An indexKey is a label, blinded.
type indexKey [sha256.Size]byte

// blind says where in the index a label is found.
func (k *keys) blind(label string) indexKey {
	mac := hmac.New(sha256.New, k.index.Expose())
	mac.Write([]byte(label))
	return indexKey(mac.Sum(nil))
}

func (k *keys) wipe() {
	k.prk.Wipe()
	k.index.Wipe()
}

// lp appends x behind its length.
func lp(b, x []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(x)))
	return append(b, x...)
}

// lp64 appends the 8 bytes of n behind their length.
func lp64(b []byte, n uint64) []byte {
	return lp(b, binary.BigEndian.AppendUint64(nil, n))
}

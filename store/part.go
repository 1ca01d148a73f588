package store

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// A record has two parts, meta and value, each sealed on its own:
//
//	version 0x01 ‖ key version ‖ revision ‖ nonce, 24 bytes ‖ ciphertext
//
// The plaintext is padded to a multiple of 64 bytes, so that a value's length
// shows only roughly. Nonces are random: XChaCha20's are long enough for that.
const (
	partVersion = 0x01
	partHead    = 1 + 8 + 8 + chacha20poly1305.NonceSizeX
	padding     = 64
)

// partHeader is the readable beginning of a sealed part.
type partHeader struct{ keyVersion, revision uint64 }

// seal encrypts plain as one part of a record.
func (k *keys) seal(purpose string, id ID, h partHeader, plain []byte) ([]byte, error) {
	aead, err := k.aead(purpose, id, h.keyVersion)
	if err != nil {
		return nil, err
	}
	padded := pad(plain)
	defer clear(padded)

	sealed := make([]byte, partHead, partHead+len(padded)+aead.Overhead())
	sealed[0] = partVersion
	binary.BigEndian.PutUint64(sealed[1:], h.keyVersion)
	binary.BigEndian.PutUint64(sealed[9:], h.revision)
	nonce := sealed[17:partHead]
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return aead.Seal(sealed, nonce, padded, k.partAAD(purpose, id, h)), nil
}

// open decrypts one part of a record. All failures read the same, so that none
// tells an attacker how far his forgery came.
func (k *keys) open(purpose string, id ID, sealed []byte) ([]byte, partHeader, error) {
	bad := damaged("record "+id.String(), "it does not open")
	h, ok := readPartHeader(sealed)
	if !ok {
		return nil, h, bad
	}
	aead, err := k.aead(purpose, id, h.keyVersion)
	if err != nil {
		return nil, h, err
	}
	padded, err := aead.Open(nil, sealed[17:partHead], sealed[partHead:], k.partAAD(purpose, id, h))
	if err != nil {
		return nil, h, bad
	}
	plain, ok := unpad(padded)
	if !ok {
		return nil, h, bad
	}
	return plain, h, nil
}

func readPartHeader(sealed []byte) (partHeader, bool) {
	if len(sealed) < partHead || sealed[0] != partVersion {
		return partHeader{}, false
	}
	return partHeader{
		keyVersion: binary.BigEndian.Uint64(sealed[1:]),
		revision:   binary.BigEndian.Uint64(sealed[9:]),
	}, true
}

func (k *keys) aead(purpose string, id ID, keyVersion uint64) (cipher.AEAD, error) {
	key, err := k.record(purpose, id, keyVersion)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil { // the key has the right length
		return nil, ErrNoCipher
	}
	return aead, nil
}

// partAAD binds a part to its place: it opens nowhere else.
func (k *keys) partAAD(purpose string, id ID, h partHeader) []byte {
	aad := lp(nil, []byte(purpose))
	aad = lp(aad, k.id[:])
	aad = lp64(aad, k.epoch)
	aad = lp(aad, id[:])
	aad = lp64(aad, h.keyVersion)
	return lp64(aad, h.revision)
}

// pad appends 0x80 and zeros up to a multiple of 64 bytes (ISO/IEC 7816-4).
func pad(plain []byte) []byte {
	padded := make([]byte, (len(plain)/padding+1)*padding)
	copy(padded, plain)
	padded[len(plain)] = 0x80
	return padded
}

func unpad(padded []byte) ([]byte, bool) {
	for i := len(padded) - 1; i >= 0; i-- {
		switch padded[i] {
		case 0x80:
			return padded[:i:i], true
		case 0:
		default:
			return nil, false
		}
	}
	return nil, false
}

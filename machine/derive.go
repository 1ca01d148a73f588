package machine

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"secrets/redact"
)

// What is derived here is kept for ever: testdata/vectors.json holds it to the
// byte. lp(x) is the length of x as uint32, big-endian, and x; numbers are
// uint64, big-endian; Extract and Expand are HKDF-SHA256 (RFC 5869), an
// Expand's info is its name, a zero byte and what follows.

const (
	saltSize = 32
	tagSize  = 16
)

type slotKeys struct{ keyTag, hardwareTag, check, kek []byte }

func (k slotKeys) wipe() { clear(k.kek) }

// derive makes all that a slot needs of a hardware ID and a key, which of a
// passphrase slot is the passphrase.
//
// The tags are keyed by the key alone: so a wrong key shows before other
// hardware does, and no ID can be tested without the key. A passphrase slot has
// no key tag, and its hardware tag has the salt alone, since a tag keyed by the
// passphrase would be a cheap test for guesses.
func (s Slot) derive(key redact.Value, hw HardwareID, e Epoch) (keys slotKeys, err error) {
	ctx := s.context(e)
	hash := hw.hash.Expose()
	tagKey := key.Expose()
	if s.Type == passphraseType {
		tagKey = nil
		key = s.Argon2id.stretch(key, s.Salt)
		defer key.Wipe()
	}
	tagPRK, err := hkdf.Extract(sha256.New, tagKey, s.Salt)
	if err != nil {
		return slotKeys{}, err
	}
	defer clear(tagPRK)
	both := appendLP(nil, key.Expose(), hash)
	defer clear(both)
	prk, err := hkdf.Extract(sha256.New, both, s.Salt)
	if err != nil {
		return slotKeys{}, err
	}
	defer clear(prk)

	expand := func(prk []byte, name string, follows []byte, size int) []byte {
		if err != nil {
			return nil
		}
		var out []byte
		out, err = hkdf.Expand(sha256.New, prk, name+"\x00"+string(follows), size)
		return out
	}
	if s.Type != passphraseType {
		keys.keyTag = expand(tagPRK, "secrets/v1/slot/ktag", ctx, tagSize)
	}
	keys.hardwareTag = expand(tagPRK, "secrets/v1/slot/htag", appendLP(s.context(e), hash), tagSize)
	keys.check = expand(prk, "secrets/v1/slot/check", ctx, keySize)
	keys.kek = expand(prk, "secrets/v1/slot/kek", ctx, keySize)
	return keys, err
}

// context is what every derived value of a slot is bound to.
func (s Slot) context(e Epoch) []byte {
	return appendLP(nil, e.Store[:], uint64Bytes(e.Number), uint64Bytes(s.ID), []byte(s.Type))
}

// additionalData is what the wrap is sealed with besides.
func (s Slot) additionalData(e Epoch) []byte {
	return appendLP(nil, []byte("secrets/v1/slot"), s.context(e), s.Salt, s.KeyTag, s.HardwareTag, s.Check)
}

// appendLP grows dst at once: of a key that is among the parts, a slice that was
// outgrown would keep a copy.
func appendLP(dst []byte, parts ...[]byte) []byte {
	size := 0
	for _, part := range parts {
		size += 4 + len(part)
	}
	dst = slices.Grow(dst, size)
	for _, part := range parts {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
		dst = append(dst, part...)
	}
	return dst
}

func uint64Bytes(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

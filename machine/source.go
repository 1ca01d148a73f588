package machine

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"secrets/redact"
)

// keySize is the length in bytes of the key of an epoch.
const keySize = 32

// An Epoch is one generation of a store's keys. A rekey begins the next one.
type Epoch struct {
	Store  [16]byte // the store's id
	Number uint64
}

// String names the epoch "<store id in hex>/e<number>".
func (e Epoch) String() string {
	return hex.EncodeToString(e.Store[:]) + "/e" + strconv.FormatUint(e.Number, 10)
}

// A KeySource holds the key of each epoch, or asks for it. Its errors wrap a
// State; those of a FileSource may wrap an *UnsafeFileError instead, and those
// of a PassphraseSource are those of the one who asks.
type KeySource interface {
	// Type is the type of the slots this source opens.
	Type() string

	// Probe says whether the source could serve now. It never prompts and
	// never writes.
	Probe() error

	// Key returns what opens the slots of e: a key of 32 bytes or a
	// passphrase; or KeyMissing.
	Key(e Epoch) (redact.Value, error)

	// Create makes a random key for e, keeps it, reads it back and returns
	// it; or has a passphrase chosen. A key that is there already is left
	// alone: KeyExists. The caller holds the store's lock, so that nobody
	// else creates the same epoch.
	Create(e Epoch) (redact.Value, error)

	// Delete forgets the key of e for ever, or returns KeyMissing.
	Delete(e Epoch) error
}

func newKey() redact.Value {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: see its documentation
	return redact.NewValue(key)
}

package machine

import (
	"errors"
	"runtime/debug"

	"golang.org/x/crypto/argon2"

	"secrets/redact"
)

// ErrNoPassphrase refuses a passphrase of no bytes.
var ErrNoPassphrase = errors.New("the passphrase is empty")

// PassphraseSource keeps nothing: its key is what a human knows. Key and Create
// return the passphrase itself, and the slot stretches it. The epoch does not
// matter to it; the salt of each slot does.
type PassphraseSource struct {
	Ask    func() (redact.Value, error) // for the passphrase of a store that is there
	Choose func() (redact.Value, error) // for a new one; whoever hands it in asks twice
}

// Type is "passphrase".
func (PassphraseSource) Type() string { return passphraseType }

// Probe finds nothing wrong: whether the passphrase is known shows when it is
// asked for.
func (PassphraseSource) Probe() error { return nil }

// Key asks for the passphrase.
func (s PassphraseSource) Key(Epoch) (redact.Value, error) { return passphrase(s.Ask) }

// Create asks for a new passphrase.
func (s PassphraseSource) Create(Epoch) (redact.Value, error) { return passphrase(s.Choose) }

// Delete has nothing to forget.
func (PassphraseSource) Delete(Epoch) error { return nil }

func passphrase(ask func() (redact.Value, error)) (redact.Value, error) {
	v, err := ask()
	if err == nil && v.Len() == 0 {
		err = ErrNoPassphrase
	}
	return v, err
}

// Argon2id tells how a passphrase becomes a key (RFC 9106). It lies in the slot,
// so that a later version may ask for more.
type Argon2id struct {
	Passes  uint32 `json:"t"`
	Memory  uint32 `json:"m"` // KiB
	Threads uint8  `json:"p"`
}

// newArgon2id is what a new slot asks for: 256 MiB and some tenths of a second
// on a small machine. RFC 9106's first choice, 2 GiB, is more than many a
// container has.
var newArgon2id = Argon2id{Passes: 3, Memory: 256 << 10, Threads: 4}

// maxArgon2id is the most that is done for a slot that is read: whoever can
// write the header must not get all memory or an endless wait.
var maxArgon2id = Argon2id{Passes: 10, Memory: 1 << 20, Threads: 16}

// allowed tells whether a is both within reason and possible: RFC 9106, 3.1,
// wants 8 KiB for each thread.
func (a *Argon2id) allowed() bool {
	return a != nil &&
		a.Passes >= 1 && a.Passes <= maxArgon2id.Passes &&
		a.Threads >= 1 && a.Threads <= maxArgon2id.Threads &&
		a.Memory >= 8*uint32(a.Threads) && a.Memory <= maxArgon2id.Memory
}

// stretch makes a key of a passphrase.
func (a *Argon2id) stretch(passphrase redact.Value, salt []byte) redact.Value {
	key := argon2.IDKey(passphrase.Expose(), salt, a.Passes, a.Memory, a.Threads, keySize)
	debug.FreeOSMemory() // a child that runs for an hour should not cost a quarter of a GiB
	return redact.NewValue(key)
}

package cmd

import (
	"encoding/json"
	"errors"
	"fmt"

	"secrets/machine"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

var (
	errNoSlot    = errors.New("the store has no slot for its key source")
	errKeySource = errors.New("unknown key source")
)

// openStore opens the store and fetches its key. The keyring may take its time;
// no lock is held while it does, so another process may put the store under a
// new key meanwhile, or while a human types: then that key is fetched too.
func openStore(sys Sys, at *place) (*store.Store, error) {
	s, key, err := openVault(sys, at)
	key.Wipe()
	if err == nil {
		s.Follow(keyFinder(sys, at))
	}
	return s, err
}

// openVault is openStore for one vault key, which it hands out: the caller wipes
// it, and a rekey by another process is an error.
func openVault(sys Sys, at *place) (*store.Store, redact.Value, error) {
	path, err := at.store(sys)
	if err != nil {
		return nil, redact.Value{}, err
	}
	s, err := store.Open(path, at.options())
	if err != nil {
		return nil, redact.Value{}, err
	}
	key, err := s.UnlockWith(keyFinder(sys, at))
	if err != nil {
		key.Wipe()
		s.Close()
		return nil, redact.Value{}, err
	}
	return s, key, nil
}

func keyFinder(sys Sys, at *place) store.KeyFinder {
	return func(h store.Header) (redact.Value, error) { return vaultKey(sys, at, h) }
}

// An unopenedError is why a file does not open, with what its header says of other
// ways to open it.
type unopenedError struct {
	error
	source   string // of its key
	recovery bool   // it has one
	flags    string // that were given to find it and its key
}

func (e *unopenedError) Unwrap() error { return e.error }

// unopened is err for a file with a header.
func unopened(at *place, err error, h store.Header) error {
	recoveries, unknown := transfer.RecoverySlots(h.Slots)
	return &unopenedError{err, h.KeySource, len(recoveries) > 0 || unknown != nil, at.flags()}
}

// vaultKey opens the slot that fits the store's key source.
func vaultKey(sys Sys, at *place, h store.Header) (redact.Value, error) {
	key, err := openSlot(sys, at, h)
	if err != nil {
		err = unopened(at, err, h)
	}
	return key, err
}

func openSlot(sys Sys, at *place, h store.Header) (redact.Value, error) {
	source, err := keySource(sys, at, h.KeySource)
	if err != nil {
		return redact.Value{}, err
	}
	hardware := machine.NoHardwareID
	if h.HardwareSource != "" {
		if hardware, err = sys.Hardware(); err != nil {
			return redact.Value{}, &hardwareError{bound: true, err: err}
		}
	}
	epoch := machine.Epoch{Store: h.StoreID, Number: h.Epoch}
	for _, raw := range h.Slots {
		var slot machine.Slot
		if err := json.Unmarshal(raw, &slot); err != nil {
			return redact.Value{}, fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
		}
		if slot.Type != source.Type() {
			continue
		}
		key, err := source.Key(epoch)
		if err != nil {
			return redact.Value{}, err
		}
		defer key.Wipe()
		vault, err := slot.Open(key, hardware, epoch)
		if errors.Is(err, machine.ErrWrongKey) && slot.Type == sourcePassphrase {
			err = errWrongPassphrase
		}
		return vault, err
	}
	return redact.Value{}, errNoSlot
}

// unlock opens what is a store's file, but not the store, with the key it needs.
func unlock(sys Sys, at *place, file interface {
	Header() store.Header
	Unlock(vaultKey redact.Value) error
},
) error {
	key, err := vaultKey(sys, at, file.Header())
	if err == nil {
		err = file.Unlock(key)
	}
	key.Wipe()
	return err
}

// The key sources, by the names that --key-source takes and a header has.
const (
	sourceKeyring    = "keyring"
	sourceFile       = "file"
	sourcePassphrase = "passphrase"
)

var sourceNames = []string{sourceKeyring, sourceFile, sourcePassphrase}

// keySource is the source of one name. No source ever stands in for another.
func keySource(sys Sys, at *place, name string) (machine.KeySource, error) {
	switch name {
	case sourceKeyring:
		return machine.KeyringSource{
			Keyring:     sys.Keyring,
			Interactive: sys.human(sys.Stdin, sys.Stderr),
			Notice:      func() { say(sys, "waiting for the keyring to be unlocked …") },
		}, nil
	case sourceFile:
		path, err := at.key(sys)
		return machine.FileSource{Path: path}, err
	case sourcePassphrase:
		return passphraseSource(sys, at), nil
	}
	return nil, fmt.Errorf("%w %q", errKeySource, name)
}

// A hardwareError is a hardware ID that cannot be had: with bound, by a store
// that is bound to it; else by the command that would bind one.
type hardwareError struct {
	bound   bool
	command string // "init", where it is empty
	err     error
}

func (e *hardwareError) Error() string { return e.err.Error() }
func (e *hardwareError) Unwrap() error { return e.err }

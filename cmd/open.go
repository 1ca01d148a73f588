package cmd

import (
	"encoding/json"
	"errors"
	"fmt"

	"secrets/machine"
	"secrets/redact"
	"secrets/store"
)

var (
	errNoSlot    = errors.New("the store has no slot for its key source")
	errKeySource = errors.New("unknown key source")
)

// openStore opens the store and fetches its key. The keyring may take its time;
// no lock is held while it does.
func openStore(sys Sys, at *place) (*store.Store, error) {
	path, err := at.store(sys)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(path, at.options())
	if err != nil {
		return nil, err
	}
	key, err := vaultKey(sys, at, s.Header())
	if err == nil {
		err = s.Unlock(key)
	}
	key.Wipe()
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// vaultKey opens the slot that fits the store's key source.
func vaultKey(sys Sys, at *place, h store.Header) (redact.Value, error) {
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
		return slot.Open(key, hardware, epoch)
	}
	return redact.Value{}, errNoSlot
}

// keySource is the source of one name. No source ever stands in for another.
func keySource(sys Sys, at *place, name string) (machine.KeySource, error) {
	switch name {
	case "keyring":
		return machine.KeyringSource{
			Keyring:     sys.Keyring,
			Interactive: sys.human(sys.Stdin, sys.Stderr),
			Notice:      func() { say(sys, "waiting for the keyring to be unlocked …") },
		}, nil
	case "file":
		path, err := at.key(sys)
		return machine.FileSource{Path: path}, err
	}
	return nil, fmt.Errorf("%w %q", errKeySource, name)
}

// A hardwareError is a hardware ID that cannot be had: with bound, by a store
// that is bound to it.
type hardwareError struct {
	bound bool
	err   error
}

func (e *hardwareError) Error() string { return e.err.Error() }
func (e *hardwareError) Unwrap() error { return e.err }

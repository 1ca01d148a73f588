package cmd

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

func newRekey(sys Sys, at *place) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "rekey",
		Short: "Put the store under a new key, or its key into another source",
		Long: `Puts the store under a new key: every secret is sealed anew, in one step, and
the old key is deleted last. A crash on the way leaves a store that opens. Do it
when a copy of the store and its key may be in other hands, or to move the key
into another source. The binding to this machine stays as it is.

The old key is gone, and a copy of the file from before does not open any more:
take a new backup. Two things still open such a copy: its recovery, and the
passphrase that it had. What has been read with the old key stays known: change
those values where they come from. Recoveries stay, and so does this machine's
age identity. Refused where an agent is detected.

With --passphrase-fd, the first line is the present passphrase, where there is
one, and the next the new one.` + exitStatus(storeExits...),
		Example: `  secrets rekey
  secrets rekey --key-source file
  secrets rekey --key-source passphrase`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runRekey(sys, at, to) },
	}
	keySourceFlag(c, &to, "")
	return c
}

func runRekey(sys Sys, at *place, to string) error {
	if to != "" && !slices.Contains(sourceNames, to) {
		return usage(errNoSuchSource)
	}
	if err := mayBind(sys); err != nil {
		return err
	}
	s, old, err := openVault(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	defer old.Wipe()
	h := s.Header()
	hardware := machine.NoHardwareID
	if h.HardwareSource != "" {
		if hardware, err = sys.Hardware(); err != nil {
			return &hardwareError{bound: true, err: err}
		}
	}
	if to == "" {
		to = h.KeySource
	}
	return rekey(sys, at, s, old, to, hardware, "rekey"+at.flags())
}

// rekey puts s, which the vault key old opened, under a new key in a source, for a
// command that may name another one.
func rekey(sys Sys, at *place, s *store.Store, old redact.Value, to string, hardware machine.HardwareID, command string) error {
	if err := checkSingle(sys, at, s.Header().StoreID); err != nil {
		return err
	}
	source, err := keySource(sys, at, to)
	if err == nil && to != s.Header().KeySource { // a key file that is there may stay
		err = at.mayKeep(sys, source)
	}
	if err != nil {
		return err
	}
	if to == sourcePassphrase { // other writers must not wait for a human
		chosen, err := source.Create(machine.Epoch{})
		if err != nil {
			return err
		}
		defer chosen.Wipe()
		source = machine.PassphraseSource{Choose: func() (redact.Value, error) { return chosen, nil }}
	}
	was := s.Header().KeySource
	next := transfer.Key{VaultKey: newVaultKey()}
	defer next.VaultKey.Wipe()
	made := false
	var before machine.Epoch
	err = s.Rekey(func(h store.Header) (store.Header, redact.Value, error) {
		var key redact.Value
		var err error
		before = epochOf(h)
		if next.Epoch, key, err = createNext(source, before); err != nil {
			return h, next.VaultKey, &unusableError{source: to, command: command, err: err}
		}
		defer key.Wipe()
		made = true
		slots, err := transfer.CarryOver(h.Slots, transfer.Key{Epoch: before, VaultKey: old}, next, pluginHuman(sys))
		if err != nil {
			return h, next.VaultKey, err
		}
		h.Epoch, h.KeySource, h.HardwareSource = next.Epoch.Number, to, hardware.Source
		h.Slots, err = withKeySlot(slots, to, key, hardware, next.Epoch, next.VaultKey)
		return h, next.VaultKey, err
	})
	switch {
	case errors.As(err, new(*store.SyncError)): // either key may be the one that is needed
		return err
	case err != nil && made:
		return errors.Join(err, source.Delete(next.Epoch))
	case err != nil:
		return err
	}
	say(sys, "the store has a new key, bound to %s", bindingWords(to, hardware.Source))
	forget(sys, at, []string{was, to}, before)
	say(sys, "copies of the store's file from before %s: take a new backup", copyWords(was, s.Header()))
	return warnNoRecovery(sys, s.Header())
}

// copyWords says what still opens a copy from before a rekey.
func copyWords(was string, h store.Header) string {
	recoveries, _ := transfer.RecoverySlots(h.Slots)
	switch {
	case was == sourcePassphrase:
		return "still open with the passphrase they had (remove them)"
	case len(recoveries) > 0:
		return "open with their recovery only"
	}
	return "do not open any more"
}

func epochOf(h store.Header) machine.Epoch {
	return machine.Epoch{Store: h.StoreID, Number: h.Epoch}
}

// createNext makes the key of the epoch behind now. One whose key is there
// already was begun by a rekey that crashed, and is passed over: the key may be
// needed by a copy that is not known here.
func createNext(source machine.KeySource, now machine.Epoch) (machine.Epoch, redact.Value, error) {
	for {
		now.Number++
		key, err := source.Create(now)
		if !errors.Is(err, machine.KeyExists) {
			return now, key, err
		}
	}
}

// forget deletes the keys of the epoch before and of those that are older, which
// crashes left behind. A newer one stays until the next rekey: where this file is
// an old copy, it is the newer file's.
func forget(sys Sys, at *place, sources []string, before machine.Epoch) {
	for _, name := range slices.Compact(sources) {
		source, err := keySource(sys, at, name)
		for n := uint64(1); n <= before.Number && err == nil; n++ {
			err = source.Delete(machine.Epoch{Store: before.Store, Number: n})
			if errors.Is(err, machine.KeyMissing) {
				err = nil
			}
		}
		if err != nil {
			warn(sys, "an old key stays, and opens only copies from before: %s", sentence(err))
		}
	}
}

func warnNoRecovery(sys Sys, h store.Header) error {
	recoveries, err := transfer.RecoverySlots(h.Slots)
	if err == nil && len(recoveries) == 0 {
		warn(sys, "%s; to make one: secrets recovery create", noRecoveryWords("there is no recovery", h.KeySource))
	}
	return err
}

package cmd

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/redact"
	"secrets/store"
)

type initOptions struct {
	keySource    string
	noHardwareID bool
}

func newInit(sys Sys, at *place) *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init",
		Short: "Make the store and bind it to this machine",
		Long: `Makes the store and binds it to this machine: its key lies in a key source, and
the hardware ID of this machine is part of what opens it.

    keyring   the keyring of the operating system (the default): unlocked by your
              login, on the disk only in encrypted form
    file      a key file of its own, away from the store: protected by nothing
              but its permissions; for machines without a keyring

A source is never chosen for you: where the keyring cannot serve, nothing is made
and the commands to choose from are printed. With --no-hardware-id the store and
its key together open anywhere.

There is no way back yet from a lost keyring, key file or machine: what is stored
here must be obtainable again where it came from.` + exitStatus(exitOK, exitFailed, exitUsage, exitHuman, exitKeyring, exitBusy, exitRefused),
		Example: `  secrets init
  secrets init --key-source file
  secrets init --key-source file --key-file /mnt/usb/secrets.key`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runInit(sys, at, o) },
	}
	c.Flags().StringVar(&o.keySource, "key-source", "keyring", "where the store's key lies: keyring or file")
	c.Flags().BoolVar(&o.noHardwareID, "no-hardware-id", false, "do not bind the store to this machine's hardware ID")
	_ = c.RegisterFlagCompletionFunc("key-source", cobra.FixedCompletions([]string{"keyring", "file"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

var errNoSuchSource = errors.New("--key-source takes keyring or file")

func runInit(sys Sys, at *place, o initOptions) error {
	if o.keySource != "keyring" && o.keySource != "file" {
		return usage(errNoSuchSource)
	}
	path, err := at.store(sys)
	if err != nil {
		return err
	}
	source, err := keySource(sys, at, o.keySource)
	if err != nil {
		return err
	}
	hardware := machine.NoHardwareID
	if !o.noHardwareID {
		if hardware, err = sys.Hardware(); err != nil {
			return &hardwareError{err: err}
		}
	}
	if err := createStore(sys, at, path, source, hardware); err != nil {
		return err
	}
	say(sys, "made %s", path)
	say(sys, "bound to %s", bindingWords(source.Type(), hardware.Source))
	if hardware.Container {
		warn(sys, "this is a container: its hardware ID may be the image's, and shared by all that run it")
	}
	warn(sys, "there is no recovery yet: if the %s or this machine is lost, the values are lost", keyWords[source.Type()])
	return nil
}

// keyWords names each key source in a sentence.
var keyWords = map[string]string{"keyring": "keyring", "file": "key file"}

func bindingWords(keySource, hardwareSource string) string {
	if hardwareSource == "" {
		return "the " + keyWords[keySource] + " alone, not to this machine"
	}
	return fmt.Sprintf("the %s and this machine (%s)", keyWords[keySource], hardwareSource)
}

// createStore makes a new key, wraps a new vault key under it and the hardware
// ID, and makes the store. A key whose store could not be made is forgotten.
func createStore(sys Sys, at *place, path string, source machine.KeySource, hardware machine.HardwareID) error {
	if _, err := store.Open(path, at.options()); !errors.Is(err, store.ErrNoStore) {
		return cmp.Or(err, store.ErrExists)
	}
	id := store.NewID()
	epoch := machine.Epoch{Store: id, Number: 1}
	key, err := source.Create(epoch)
	if err != nil {
		return &unusableError{source: source.Type(), err: err}
	}
	defer key.Wipe()
	vaultKey := newVaultKey()
	defer vaultKey.Wipe()

	slot := machine.NewSlot(1, source.Type())
	if err = slot.Seal(key, hardware, epoch, vaultKey); err == nil {
		var raw []byte
		if raw, err = json.Marshal(slot); err == nil {
			err = store.Create(path, at.options(), store.Header{
				StoreID:        id,
				Epoch:          epoch.Number,
				Created:        sys.Now(),
				KeySource:      source.Type(),
				HardwareSource: hardware.Source,
				Slots:          []json.RawMessage{raw},
			}, vaultKey)
		}
	}
	if err != nil {
		return errors.Join(err, source.Delete(epoch))
	}
	return nil
}

func newVaultKey() redact.Value {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: see its documentation
	return redact.NewValue(key)
}

// An unusableError is a key source that could not take a new store's key.
type unusableError struct {
	source string
	err    error
}

func (e *unusableError) Error() string { return e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

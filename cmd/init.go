package cmd

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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

    keyring   the keyring of the operating system (the default): unlocked by
              your login, on the disk only in encrypted form
    file      a key file of its own, away from the store: protected by nothing
              but its permissions; for machines without a keyring
    passphrase
              in nobody's keeping: asked for on the terminal by each command, or
              read from --passphrase-fd; guessing one costs 256 MiB and some
              tenths of a second each time

A source is never chosen for you: where the keyring cannot serve, nothing is
made and the commands to choose from are printed. With --no-hardware-id the
store and its key together open anywhere.

There is no way back from a lost keyring, key file, passphrase or machine until
'secrets recovery create' has made one.` + exitStatus(exitOK, exitFailed, exitUsage, exitHuman, exitKeyring, exitBusy, exitRefused),
		Example: `  secrets init
  secrets init --key-source file
  secrets init --key-source file --key-file /mnt/usb/secrets.key
  secrets init --key-source passphrase
  secrets init --key-source passphrase --passphrase-fd 3 3<passphrase.txt`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runInit(sys, at, o) },
	}
	keySourceFlag(c, &o.keySource, sourceKeyring)
	c.Flags().BoolVar(&o.noHardwareID, "no-hardware-id", false, "do not bind the store to this machine's hardware ID")
	return c
}

var errNoSuchSource = errors.New("--key-source takes keyring, file or passphrase")

func keySourceFlag(c *cobra.Command, name *string, byDefault string) {
	*name = byDefault
	wordFlag(c.Flags(), name, "key-source", "where the store's key lies: keyring, file or passphrase")
	_ = c.RegisterFlagCompletionFunc("key-source", cobra.FixedCompletions(sourceNames, cobra.ShellCompDirectiveNoFileComp))
}

func runInit(sys Sys, at *place, o initOptions) error {
	if !slices.Contains(sourceNames, o.keySource) {
		return usage(errNoSuchSource)
	}
	path, err := at.store(sys)
	if err != nil {
		return err
	}
	source, err := keySource(sys, at, o.keySource)
	if err == nil {
		err = at.mayKeep(sys, source)
	}
	if err != nil {
		return err
	}
	hardware := machine.NoHardwareID
	if !o.noHardwareID {
		if hardware, err = sys.Hardware(); err != nil {
			command := "init" + at.flags()
			if o.keySource != sourceKeyring {
				command += " --key-source " + o.keySource
			}
			return &hardwareError{command: command, err: err}
		}
	}
	if err := createStore(sys, at, path, source, hardware); err != nil {
		return err
	}
	say(sys, "made %s", printable(path))
	say(sys, "bound to %s", bindingWords(source.Type(), hardware.Source))
	if hardware.Container {
		warn(sys, "this is a container: its hardware ID may be the image's, and shared by all that run it")
	}
	warn(sys, "%s; to make one: secrets recovery create", noRecoveryWords("there is no recovery yet", source.Type()))
	return nil
}

// noRecoveryWords says what it means that there is none.
func noRecoveryWords(start, keySource string) string {
	return start + ": if the " + keyWords[keySource] + " or this machine is lost, the values are lost"
}

// keyWords names each key source in a sentence.
var keyWords = map[string]string{sourceKeyring: "keyring", sourceFile: "key file", sourcePassphrase: "passphrase"}

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
		command := "init" + at.flags()
		if hardware.Source == "" {
			command += " --no-hardware-id"
		}
		return &unusableError{source: source.Type(), command: command, err: err}
	}
	defer key.Wipe()
	vaultKey := newVaultKey()
	defer vaultKey.Wipe()

	slots, err := withKeySlot(nil, source.Type(), key, hardware, epoch, vaultKey)
	if err == nil {
		err = store.Create(path, at.options(), store.Header{
			StoreID:        id,
			Epoch:          epoch.Number,
			Created:        sys.Now(),
			KeySource:      source.Type(),
			HardwareSource: hardware.Source,
			Slots:          slots,
		}, vaultKey)
	}
	if err != nil {
		return errors.Join(err, source.Delete(epoch))
	}
	return nil
}

// withKeySlot appends a slot in which a key source's key and the hardware ID
// wrap the vault key.
func withKeySlot(slots []json.RawMessage, source string, key redact.Value, hardware machine.HardwareID, epoch machine.Epoch, vaultKey redact.Value) ([]json.RawMessage, error) {
	id, err := machine.NextSlotID(slots)
	if err != nil {
		return nil, err
	}
	slot := machine.NewSlot(id, source)
	if err := slot.Seal(key, hardware, epoch, vaultKey); err != nil {
		return nil, err
	}
	return withSlot(slots, slot)
}

// withSlot appends a slot as it lies in the header.
func withSlot(slots []json.RawMessage, slot any) ([]json.RawMessage, error) {
	raw, err := json.Marshal(slot)
	return append(slots, raw), err
}

func newVaultKey() redact.Value {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: see its documentation
	return redact.NewValue(key)
}

// An unusableError is a key source that could not take a new key. Command is the one
// that may take it to another.
type unusableError struct {
	source  string
	command string // "init" makes the store; others have one
	err     error
}

func (e *unusableError) Error() string { return e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

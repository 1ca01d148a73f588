package cmd

import (
	"cmp"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/store"
)

type recoverOptions struct {
	identityFile string
	keySource    string
	noHardwareID bool
}

func newRecover(sys Sys, at *place) *cobra.Command {
	var o recoverOptions
	c := &cobra.Command{
		Use:   "recover",
		Short: "Open a store whose key or machine is lost, and bind it anew",
		Long: `Opens the store with the identity of a recovery, after a lost key, a new
mainboard or a reinstalled system, and puts it under a new key on this machine.
The identity is asked for on the terminal, or read from a file. A store that
opens as it is stays as it is; but one with a passphrase gets a new one, since
nobody can tell whether the old one is known.

On another machine, put a copy of the store's file, store.db, to the place where
the store belongs, and then recover.

The new key lies in the source that the store had, or in that of --key-source.
Refused where an agent is detected.` + exitStatus(storeExits...),
		Example: `  secrets recover
  secrets recover --identity-file /media/usb/recovery.txt --key-source file`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runRecover(sys, at, o) },
	}
	identityFileFlag(c, &o.identityFile)
	keySourceFlag(c, &o.keySource, "")
	c.Flags().BoolVar(&o.noHardwareID, "no-hardware-id", false, "do not bind the store to this machine's hardware ID")
	return c
}

var errNotLost = errors.New("the store opens as it is: there is nothing to recover")

func runRecover(sys Sys, at *place, o recoverOptions) error {
	if o.keySource != "" && !slices.Contains(sourceNames, o.keySource) {
		return usage(errNoSuchSource)
	}
	if err := mayBind(sys); err != nil {
		return err
	}
	if err := checkLost(sys, at); err != nil && !errors.Is(err, store.ErrNoStore) {
		return err
	}
	s, _, key, err := openByRecovery(sys, at, o.identityFile)
	if errors.Is(err, errNoRecovery) {
		err = errNoWayBack
	}
	if err != nil {
		return err
	}
	defer s.Close()
	defer key.Wipe()
	h := s.Header()
	if o.keySource == "" {
		o.keySource = h.KeySource
	}
	hardware := machine.NoHardwareID
	if h.HardwareSource != "" && !o.noHardwareID {
		if hardware, err = sys.Hardware(); err != nil {
			return &hardwareError{command: o.command(at) + " --key-source " + o.keySource, err: err}
		}
	}
	return rekey(sys, at, s, key, o.keySource, hardware, o.command(at))
}

// command is the command line that was given, but for the key source.
func (o recoverOptions) command(at *place) string {
	line := "recover" + at.flags() + identityFlag(o.identityFile)
	if o.noHardwareID {
		line += " --no-hardware-id"
	}
	return line
}

// checkLost returns an error where nothing is lost, or where what is wrong is
// mended in another way. Whether a passphrase is known cannot be told, only asked:
// who recovers from one has forgotten it, or has other hardware.
func checkLost(sys Sys, at *place) error {
	sys = sys.alone()
	withoutFD := *at
	withoutFD.passphraseFD = noFD
	s, err := openStore(sys, &withoutFD)
	if err == nil {
		defer s.Close()
		return cmp.Or(s.Check(), errNotLost)
	}
	var state machine.State
	switch {
	case errors.Is(err, errNobodyToAsk):
		return nil
	case errors.As(err, new(*hardwareError)),
		errors.Is(err, machine.ErrHardwareChanged),
		errors.Is(err, machine.ErrWrongKey),
		errors.Is(err, machine.ErrSlotDamaged),
		errors.Is(err, errNoSlot):
		return nil
	case errors.As(err, &state) && !slices.Contains([]machine.State{machine.Locked, machine.TimedOut, machine.Busy}, state):
		return nil
	}
	return err
}

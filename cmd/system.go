package cmd

import (
	"os"
	"time"

	"secrets/machine"
)

// System is the world as it is.
func System() Sys {
	return Sys{
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.Environ(),
		Now:      time.Now,
		Keyring:  machine.SystemKeyring(os.Getenv),
		Hardware: func() (machine.HardwareID, error) { return machine.ReadHardwareID(os.Getenv) },
	}
}

package cmd

import (
	"os"
	"runtime"
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
		Terminal: openTerminal,
	}
}

// openTerminal opens the terminal that this process belongs to: tty(4), and on
// Windows the console's two files.
func openTerminal() (in, out *os.File, err error) {
	from, to := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		from, to = "CONIN$", "CONOUT$"
	}
	if in, err = os.OpenFile(from, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile(to, os.O_RDWR, 0); err != nil {
		_ = in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

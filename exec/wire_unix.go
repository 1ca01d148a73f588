//go:build unix

package exec

import (
	"os"

	"golang.org/x/sys/unix"
)

// wire makes the program's streams, each of the kind that the caller's is.
//
// If we are in the foreground of the terminal that the output is, the program
// gets a pty in the place of that terminal, wherever it has it, and a session
// to go with it; terminal is what we then do with the real one. In all other
// cases it stays in our session, and a stream that is a terminal becomes a pty
// for output alone. Where there is no pty to be had it becomes a pipe, and the
// caller is warned.
func (c *Command) wire() (w *wiring, terminal *terminal, err error) {
	w = c.newWiring()
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if c.Input != nil {
		if err := w.lendInput(c.Input); err != nil {
			return nil, nil, err
		}
	}
	if isOurs(c.Stdout) {
		terminal, err = c.wireTerminal(w)
		if err == nil {
			return w, terminal, c.wireRest(w)
		}
		c.warn(err)
	}
	return w, nil, c.wireRest(w)
}

// wireTerminal gives the program a pty for each stream that is our terminal.
func (c *Command) wireTerminal(w *wiring) (*terminal, error) {
	t, err := openTerminal()
	if err != nil {
		return nil, err
	}
	master, slave, err := openPTY(t.tty)
	if err != nil {
		t.drop()
		return nil, err
	}
	t.master = master
	w.plug(master, slave, c.Stdout, 1)
	if t.shared = c.Input == nil && isPipe(c.Stdin); t.shared {
		w.streams[0].outlet.shared = t.Before.Oflag&unix.OPOST != 0 && t.Before.Oflag&unix.ONLCR != 0
	}
	if isOurs(c.Stdin) && c.Input == nil {
		w.program[0] = slave
	}
	if isOurs(c.Stderr) {
		w.program[2] = slave
	}
	return t, nil
}

// wireRest plugs in the outputs that are not plugged in yet: one thing for both
// where they are one file, since two would lose the order that 2>&1 keeps.
func (c *Command) wireRest(w *wiring) error {
	if w.program[1] == nil && sameFile(c.Stdout, c.Stderr) {
		return c.wireOutput(w, c.Stdout, 1, 2)
	}
	if w.program[1] == nil {
		if err := c.wireOutput(w, c.Stdout, 1); err != nil {
			return err
		}
	}
	if w.program[2] == nil {
		return c.wireOutput(w, c.Stderr, 2)
	}
	return nil
}

func (c *Command) wireOutput(w *wiring, caller *os.File, fds ...int) error {
	if isTerminal(caller) {
		err := w.screen(caller, fds...)
		if err == nil {
			return nil
		}
		c.warn(err)
	}
	return w.pipe(caller, fds...)
}

// screen plugs in a pty for output alone. What a terminal does to output is
// done by the caller's, and it is nobody's controlling terminal.
func (w *wiring) screen(caller *os.File, fds ...int) error {
	master, slave, err := openPTY(caller)
	if err != nil {
		return err
	}
	modes, err := modesOf(slave)
	if err == nil {
		modes.Oflag &^= unix.OPOST
		modes.Lflag &^= unix.ECHO | unix.ECHONL
		err = setModes(slave, modes)
	}
	if err != nil {
		_, _ = master.Close(), slave.Close()
		return err
	}
	w.plug(master, slave, caller, fds...)
	w.screens = append(w.screens, screen{master: master, caller: caller})
	return nil
}

func isPipe(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

func (c *Command) warn(err error) {
	if c.Warn != nil {
		c.Warn(&TerminalError{Err: err})
	}
}

// isOurs says whether the file is the terminal of our session and talks to us.
func isOurs(file *os.File) bool {
	yes, err := ioctl(file, func(fd int) (bool, error) { return foregroundOf(fd), nil })
	return err == nil && yes
}

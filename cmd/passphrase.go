package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"

	"secrets/machine"
	"secrets/redact"
)

// The rules of passphrases:
//   - They are asked for on the terminal that the command was started from, so
//     that stdin stays free, and never of an agent.
//   - --passphrase-fd takes their place: a line each, in the order in which they
//     are wanted, and not a byte more is read, so that the descriptor may be
//     stdin and have the value behind the passphrase. Where it ends, the last one
//     counts again, but never as a new one.
//   - The descriptor is closed before a command runs.

// maxPassphrase is how long one may be, in bytes: enough for a key file's worth.
const maxPassphrase = 4096

// strongPassphrase is how long one is, in bytes, that has no warning: less takes no
// more than days to guess, if it is a word and a number.
const strongPassphrase = 12

var (
	errWrongPassphrase = errors.New("the passphrase is wrong")
	errPassphrasesVary = errors.New("the two passphrases differ")
	errNoNewPassphrase = errors.New("there is no line with the new passphrase")
	errBadFD           = errors.New("a descriptor is a number from 0 on")
	errPassphraseLong  = fmt.Errorf("a passphrase is longer than %d bytes", maxPassphrase)
)

// passphraseSource asks for passphrases.
func passphraseSource(sys Sys, at *place) machine.PassphraseSource {
	return machine.PassphraseSource{
		Ask: func() (redact.Value, error) {
			v, err := askPassphrase(sys, at, func(p *prompter) (redact.Value, error) {
				return p.hiddenLine("Passphrase of " + cmp.Or(at.opening, "the store") + " (not shown): ")
			})
			if err == nil && at.passphraseFD != noFD {
				v = at.lastPassphrase(v)
			}
			return v, err
		},
		Choose: func() (redact.Value, error) {
			v, err := askPassphrase(sys, at, func(p *prompter) (redact.Value, error) {
				return p.twice("New passphrase (not shown): ", p.hiddenLine, errPassphrasesVary)
			})
			if err == nil && v.Len() == 0 && at.passphrase.Len() > 0 {
				err = errNoNewPassphrase
			}
			if err == nil && v.Len() > 0 && v.Len() < strongPassphrase {
				warn(sys, "who has a copy of the store's file can guess a passphrase of %d bytes: several words are better", v.Len())
			}
			return v, err
		},
	}
}

// lastPassphrase remembers a passphrase, or is the one before where it is empty.
func (p *place) lastPassphrase(v redact.Value) redact.Value {
	if v.Len() == 0 {
		v = p.passphrase
	} else {
		p.passphrase.Wipe()
	}
	p.passphrase = v.Clone()
	return v
}

func askPassphrase(sys Sys, at *place, ask func(*prompter) (redact.Value, error)) (redact.Value, error) {
	if at.passphraseFD != noFD {
		if at.passphraseFD < 0 {
			return redact.Value{}, usage(errBadFD)
		}
		f, err := at.open(sys, at.passphraseFD)
		if err != nil {
			return redact.Value{}, err
		}
		return readLine(f)
	}
	p, err := sys.terminal("a passphrase may also come from --passphrase-fd")
	if err != nil {
		return redact.Value{}, err
	}
	defer p.close()
	v, err := ask(p)
	if err == nil && at.valueNext && at.unmute == nil {
		at.unmute = sys.mute()
	}
	return v, err
}

// readLine reads up to the end of a line and no further; the end of the stream
// is one too.
func readLine(r io.Reader) (redact.Value, error) {
	line := make([]byte, 0, maxPassphrase+1)
	for len(line) <= maxPassphrase {
		b := line[len(line) : len(line)+1]
		n, err := r.Read(b)
		switch {
		case n == 1 && b[0] == '\n', n == 0 && errors.Is(err, io.EOF):
			if len(line) > 0 && line[len(line)-1] == '\r' {
				line = line[:len(line)-1]
			}
			return redact.NewValue(line), nil
		case n == 1:
			line = line[:len(line)+1]
		case err != nil:
			clear(line)
			return redact.Value{}, fmt.Errorf("reading the passphrase: %w", err)
		}
	}
	clear(line)
	return redact.Value{}, errPassphraseLong
}

// noFD is the descriptor that was not named.
const noFD = math.MinInt

// A descriptorError is a descriptor that the user named and did not open.
type descriptorError int

func (e descriptorError) Error() string { return fmt.Sprintf("descriptor %d is not open", int(e)) }
func (e descriptorError) Unwrap() error { return syscall.EBADF }

// open returns a descriptor that the user named, the same file each time.
func (p *place) open(sys Sys, fd int) (*os.File, error) {
	if fd == 0 {
		return sys.Stdin, nil
	}
	if p.opened == nil {
		p.opened = map[int]*os.File{}
	}
	if p.opened[fd] == nil {
		if !inherited(fd) {
			return nil, descriptorError(fd)
		}
		p.opened[fd] = os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd))
	}
	return p.opened[fd], nil
}

// close closes the descriptors that were opened, so that no command gets them.
func (p *place) close() {
	p.passphrase.Wipe()
	for _, f := range p.opened {
		_ = f.Close()
	}
	p.opened = nil
}

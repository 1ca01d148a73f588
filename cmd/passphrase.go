package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"secrets/machine"
	"secrets/redact"
)

// The rules of passphrases:
//   - They are asked for on the terminal that the command was started from, so
//     that stdin stays free, and never of an agent.
//   - --passphrase-fd takes their place: a line each, in the order in which they
//     are wanted, and not a byte more is read, so that the descriptor may be
//     stdin and have the value behind the passphrase.
//   - The descriptor is closed before a command runs.

// maxPassphrase is how long one may be, in bytes: enough for a key file's worth.
const maxPassphrase = 4096

var (
	errWrongPassphrase = errors.New("the passphrase is wrong")
	errPassphrasesVary = errors.New("the two passphrases differ")
	errPassphraseLong  = fmt.Errorf("a passphrase is longer than %d bytes", maxPassphrase)
)

// passphraseSource asks for passphrases.
func passphraseSource(sys Sys, at *place) machine.PassphraseSource {
	return machine.PassphraseSource{
		Ask: func() (redact.Value, error) {
			return askPassphrase(sys, at, func(p *prompter) (redact.Value, error) {
				return p.hiddenLine("Passphrase of the store (not shown): ")
			})
		},
		Choose: func() (redact.Value, error) {
			return askPassphrase(sys, at, func(p *prompter) (redact.Value, error) {
				return p.twice("New passphrase (not shown): ", p.hiddenLine, errPassphrasesVary)
			})
		},
	}
}

func askPassphrase(sys Sys, at *place, ask func(*prompter) (redact.Value, error)) (redact.Value, error) {
	if at.passphraseFD != noFD {
		return readLine(at.open(sys, at.passphraseFD))
	}
	p, err := sys.terminal()
	if err != nil {
		return redact.Value{}, err
	}
	defer p.close()
	return ask(p)
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
const noFD = -1

// open returns a descriptor that the user named, the same file each time.
func (p *place) open(sys Sys, fd int) *os.File {
	if fd == 0 {
		return sys.Stdin
	}
	if p.opened == nil {
		p.opened = map[int]*os.File{}
	}
	if p.opened[fd] == nil {
		p.opened[fd] = os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd))
	}
	return p.opened[fd]
}

// close closes the descriptors that were opened, so that no command gets them.
func (p *place) close() {
	for _, f := range p.opened {
		_ = f.Close()
	}
	p.opened = nil
}

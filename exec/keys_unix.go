//go:build unix

package exec

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// What keys do to others. A key that makes a signal makes it for the whole
// foreground of a terminal: a script that runs us, the other commands of a pipeline.
// Raw, the caller's terminal makes none, and the pty's is for the program alone.

// signalsOf are the signals that a terminal of these modes makes of what is typed.
func signalsOf(typed []byte, modes unix.Termios) (signals []syscall.Signal) {
	if modes.Lflag&unix.ISIG == 0 {
		return nil
	}
	quoted := false
	for _, c := range typed {
		switch {
		case quoted || c == noKey:
			quoted = false
		case c == modes.Cc[unix.VINTR]:
			signals = append(signals, syscall.SIGINT)
		case c == modes.Cc[unix.VQUIT]:
			signals = append(signals, syscall.SIGQUIT)
		default:
			quoted = c == modes.Cc[unix.VLNEXT] && modes.Lflag&unix.ICANON != 0 && modes.Lflag&unix.IEXTEN != 0
		}
	}
	return signals
}

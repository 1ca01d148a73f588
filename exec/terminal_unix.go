//go:build unix

package exec

import (
	"bytes"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// earlyWait is how long a pty may take to take what was typed early.
const earlyWait = 100 * time.Millisecond

// A terminal is the caller's terminal while the program has a pty in its place.
// Then it is raw: it does nothing by itself, every byte goes to the pty and
// what a terminal does is done there.
type terminal struct {
	modes
	tty    *os.File
	keys   keyboard
	master *os.File // of the program's pty
	inbox  *inbox
	shared bool // see shares
	ours   bool // the modes are

	watching chan struct{} // closed when unread keys are looked for no more; nil when they are not
	forsaken chan struct{} // closed to end that

	typed   []byte        // read, and not yet written to the pty
	reading chan struct{} // closed when the relay of the input is over; nil when there is none
}

// openTerminal opens the terminal of our session once more: the input may be a
// file, and modes such as non-blocking belong to who opened a terminal.
func openTerminal() (*terminal, error) {
	tty, keys, err := openKeyboard()
	if err != nil {
		return nil, err
	}
	t := &terminal{tty: tty, keys: keys}
	before, err := modesOf(tty)
	if err != nil {
		t.drop()
		return nil, err
	}
	t.modes = modes{Before: before, Raw: rawModes(before)}
	return t, nil
}

// drop closes the terminal as it is.
func (t *terminal) drop() {
	_, _ = t.keys.Close(), t.tty.Close()
}

// foreground says whether the terminal still talks to us.
func (t *terminal) foreground() bool {
	yes, err := ioctl(t.tty, func(fd int) (bool, error) { return foregroundOf(fd), nil })
	return err == nil && yes
}

// enter takes the terminal over, in the modes it has now.
func (t *terminal) enter() {
	t.ours = true
	now, err := modesOf(t.tty)
	if err == nil && now != t.Raw {
		t.modes = modes{Before: now, Raw: rawModes(now)}
		_ = setModes(t.tty, t.Raw)
		if now.Lflag&unix.ICANON != 0 && t.reading == nil {
			t.passEarly()
		}
	}
	copySize(t.master, t.tty)
}

// passEarly passes on what was typed before the terminal was raw. The kernel has made a
// zero byte of the key of an end, ^D, and what was echoed is not echoed again.
func (t *terminal) passEarly() {
	typed := make([]byte, t.keys.waiting())
	if len(typed) == 0 {
		return
	}
	n, _ := t.keys.Read(typed)
	typed = bytes.ReplaceAll(typed[:n], []byte{0}, []byte{t.Before.Cc[unix.VEOF]})
	modes, _ := modesOf(t.master)
	if len(signalsOf(typed, modes)) > 0 { // typed since: there may be no program yet
		t.typed = append(t.typed, typed...)
		return
	}
	silent := modes
	if t.Before.Lflag&unix.ECHO != 0 {
		silent.Lflag &^= unix.ECHO | unix.ECHONL
	}
	_ = setModes(t.master, silent)
	late := time.AfterFunc(earlyWait, func() { _ = t.master.SetWriteDeadline(past) }) // a full pty takes it later
	n, _ = t.master.Write(typed)
	late.Stop()
	_ = t.master.SetWriteDeadline(time.Time{})
	settle(t.master)
	_ = setModes(t.master, modes)
	t.typed = append(t.typed, typed[n:]...)
}

// listen passes on what is typed, from when there is a program on the pty: before,
// nobody would be interrupted by ^C.
func (t *terminal) listen() {
	if t.reading == nil {
		t.reading = make(chan struct{})
		go t.relay(t.reading)
	}
}

// leave gives the terminal back as it was found. In the background it is
// somebody else's, and to touch it would stop us.
func (t *terminal) leave() {
	t.forsake()
	if t.reading != nil {
		_ = t.keys.SetReadDeadline(past)
		_ = t.master.SetWriteDeadline(past)
		<-t.reading
		_ = t.keys.SetReadDeadline(time.Time{})
		_ = t.master.SetWriteDeadline(time.Time{})
		t.reading = nil
		t.takeLast()
	}
	if t.ours && t.foreground() {
		_ = setModes(t.tty, t.Before)
	}
}

// takeLast takes what was typed while the relay came to its end: in the modes that
// follow, a key that should make a signal would be a character of a line.
func (t *terminal) takeLast() {
	last := make([]byte, t.keys.waiting())
	if len(last) == 0 {
		return
	}
	n, _ := t.keys.Read(last)
	modes, _ := modesOf(t.master)
	signals := signalsOf(last[:n], modes)
	t.inbox.note(signals)
	for _, sig := range signals {
		t.inbox.tellOthers(sig)
	}
	t.typed = append(t.typed, last[:n]...)
}

// relay writes what is typed to the pty, until leave. When the terminal is gone
// it takes the pty away, and the kernel hangs up on the program as it did on us.
func (t *terminal) relay(done chan struct{}) {
	defer close(done)
	buf := make([]byte, 4096)
	for {
		n, err := t.pass()
		t.typed = t.typed[n:]
		if err != nil {
			return
		}
		n, err = t.keys.Read(buf)
		t.typed = append(t.typed, buf[:n]...)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			_ = t.master.Close()
			return
		}
	}
}

// pass writes what is typed to the pty, and then sends the signals that it makes there
// to those who share the terminal with us. They come after the program: what feeds it
// would end first.
func (t *terminal) pass() (n int, err error) {
	if len(t.typed) == 0 {
		return 0, nil
	}
	modes, _ := modesOf(t.master)
	signals := signalsOf(t.typed, modes)
	t.inbox.note(signals)
	n, err = t.master.Write(t.typed)
	if len(signals) > 0 {
		settle(t.master)
	}
	for _, sig := range signals {
		t.inbox.tellOthers(sig)
	}
	return n, err
}

func (t *terminal) close() {
	t.leave()
	t.drop()
}

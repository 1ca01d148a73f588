package exec

import (
	"os"
	"slices"

	"secrets/redact"
)

// A screen is a pty for output alone. It follows the size of the caller's
// terminal.
type screen struct{ master, caller *os.File }

// A wiring is what the program's three streams are made of.
type wiring struct {
	masker  *redact.Masker
	program [3]*os.File // the program's ends
	ours    []*os.File  // those of them that we made, closed once it is started
	streams []*stream
	input   *redact.Secret // still to be written to feed
	feed    *os.File
	screens []screen
}

func (c *Command) newWiring() *wiring {
	return &wiring{masker: redact.NewMasker(c.secrets()), program: [3]*os.File{c.Stdin, nil, nil}}
}

// plug makes to the program's end of the streams, and from the end at which we
// read what it writes there for the caller.
func (w *wiring) plug(from, to, caller *os.File, fds ...int) {
	for _, fd := range fds {
		w.program[fd] = to
	}
	w.ours = append(w.ours, to)
	w.streams = append(w.streams, newStream(from, w.masker, caller))
}

// pipe plugs in a pipe.
func (w *wiring) pipe(caller *os.File, fds ...int) error {
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	w.plug(from, to, caller, fds...)
	return nil
}

// started closes the program's ends, which it has now, and lets the streams
// flow.
func (w *wiring) started() {
	w.closeOurs()
	for _, s := range w.streams {
		s.flow()
	}
	if w.input != nil {
		go w.giveInput()
	}
}

func (w *wiring) closeOurs() {
	for _, file := range w.ours {
		_ = file.Close()
	}
	w.ours = nil
}

// pause passes on what has been written until now, and nothing after it.
func (w *wiring) pause() {
	for _, s := range w.streams {
		s.pause()
	}
}

// idle shows what the masker holds back, as far as an idle moment would: after
// pause, nothing may come for a long time.
func (w *wiring) idle() {
	for _, s := range w.streams {
		s.to.Idle()
		s.outlet.release()
	}
}

// unshare is for a takeOver.
func (w *wiring) unshare() {
	for _, s := range w.streams {
		s.outlet.unshare()
	}
}

// resume goes on after pause.
func (w *wiring) resume() {
	for _, s := range w.streams {
		s.flow()
	}
}

// finish shows what the masker held back, and says what went wrong.
func (w *wiring) finish() (err error) {
	for _, s := range w.streams {
		if failure := s.finish(); err == nil {
			err = failure
		}
	}
	return err
}

// close closes our ends and forgets the values. The masker may still be getting
// ready for a program that had nothing to say: then it forgets them when it is.
func (w *wiring) close() {
	if slices.ContainsFunc(w.streams, func(s *stream) bool { return s.used.Load() }) {
		w.masker.Wipe()
	} else {
		go w.masker.Wipe()
	}
	w.closeOurs()
	for _, s := range w.streams {
		s.close()
	}
	if w.feed != nil {
		_ = w.feed.Close()
	}
}

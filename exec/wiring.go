package exec

import (
	"os"
	"secrets/redact"
)

// A wiring is what the program's three streams are made of.
type wiring struct {
	program []*os.File // the program's ends of fd 0, 1 and 2
	ours    []*os.File // those of them that we made, closed once it is started
	streams []*stream
	masker  *redact.Masker
}

// wire makes the program's streams. The input is the caller's own; each output
// is a pipe, and one pipe where both are the same file: two would lose the
// order that 2>&1 keeps.
func (c *Command) wire() (*wiring, error) {
	w := &wiring{masker: redact.NewMasker(c.secrets()), program: []*os.File{c.Stdin, nil, nil}}
	if err := w.pipe(c.Stdout, 1); err != nil {
		return nil, err
	}
	if sameFile(c.Stdout, c.Stderr) {
		w.program[2] = w.program[1]
		return w, nil
	}
	if err := w.pipe(c.Stderr, 2); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *wiring) pipe(caller *os.File, fd int) error {
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	w.program[fd] = to
	w.ours = append(w.ours, to)
	w.streams = append(w.streams, newStream(from, w.masker.Writer(caller)))
	return nil
}

// started closes the program's ends, which it has now, and lets the outputs flow.
func (w *wiring) started() {
	for _, file := range w.ours {
		_ = file.Close()
	}
	for _, s := range w.streams {
		s.flow()
	}
}

// finish passes on what is left when the program has ended. A process it
// started may still hold a pipe: nobody waits for that.
func (w *wiring) finish() {
	for _, s := range w.streams {
		s.pause()
	}
}

// close ends the streams and says what went wrong with one of them.
func (w *wiring) close() (err error) {
	for _, s := range w.streams {
		s.close()
		if err == nil {
			err = s.failure
		}
	}
	w.masker.Wipe()
	return err
}

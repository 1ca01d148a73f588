package redact

import (
	"encoding/json"
	"errors"
	"io"
)

// How a stream goes on in another process.

var errLeft = errors.New("write to a masking writer that was left")

// held is what a writer knows of its stream.
type held struct {
	Kept         []byte // the end of the stream so far; it may be the beginning of a value
	Moved        bool
	Settled, Out int
	Last         lastMask
}

type lastMask struct {
	From, To, Longest int
	Label             int32
	Settled, Written  bool
}

// Leave ends the writer and not its stream: it writes nothing more, and a writer that
// Resume makes of what it returns goes on. It is closed all the same.
func (w *Writer) Leave() Value {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
	if w.err == nil {
		w.err = errLeft
	}
	l := w.last
	text, err := json.Marshal(held{w.kept, w.moved, w.settled, w.out, lastMask{l.from, l.to, l.longest, l.label, l.settled, l.written}})
	if err != nil {
		panic(err) // no type of these can fail
	}
	return NewValue(text)
}

// Resume returns a writer that goes on where another one was left. Its masker has
// the same secrets as the other's, in the same order. It fails at what Leave did not
// return.
func (m *Masker) Resume(dst io.Writer, left Value) (*Writer, error) {
	var h held
	if err := json.Unmarshal(left.Expose(), &h); err != nil {
		return nil, err
	}
	defer clear(h.Kept)
	w := m.Writer(dst)
	w.keep(h.Kept)
	w.moved, w.settled, w.out = h.Moved, h.Settled, h.Out
	w.last = run{span{h.Last.From, h.Last.To, h.Last.Label, h.Last.Longest}, h.Last.Settled, h.Last.Written}
	w.wait()
	return w, nil
}

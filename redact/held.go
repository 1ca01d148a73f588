package redact

import (
	"bytes"
	"errors"
	"io"
)

// How a stream goes on in another process.

var errLeft = errors.New("write to a masking writer that was left")

// Held is what a writer knows of its stream. It may hold the beginning of a value.
type Held struct {
	Kept         []byte // the end of the stream so far
	Moved        bool   // it is no longer the beginning
	Settled, Out int    // bytes of Kept that are dealt with, and that are written
	Last         Mask
}

// A Mask is the last one that was written, in bytes of Kept.
type Mask struct {
	From, To         int
	Label            int32 // the number of the secret
	Longest          int   // bytes of the match that named it
	Settled, Written bool
}

// Leave ends the writer and not its stream: nothing more is written, and a writer
// that is made of what it returns goes on. It is closed all the same.
func (w *Writer) Leave() Held {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
	if w.err == nil {
		w.err = errLeft
	}
	l := w.last
	return Held{bytes.Clone(w.kept), w.moved, w.settled, w.out, Mask{l.from, l.to, l.label, l.longest, l.settled, l.written}}
}

// Resume returns a writer that goes on where another one was left. Its masker has
// the same secrets as the other's, in the same order.
func (m *Masker) Resume(dst io.Writer, h Held) *Writer {
	w := m.Writer(dst)
	w.keep(h.Kept)
	w.moved, w.settled, w.out = h.Moved, h.Settled, h.Out
	w.last = run{span{h.Last.From, h.Last.To, h.Last.Label, h.Last.Longest}, h.Last.Settled, h.Last.Written}
	w.wait()
	return w
}

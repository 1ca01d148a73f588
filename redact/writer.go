package redact

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"sync"
)

// errClosed is what a write after Close gets.
var errClosed = errors.New("write to a closed masking writer")

// A Secret is a value and the label it is named by where it is masked.
type Secret struct {
	Label string
	Value Value
}

type pattern struct {
	bytes []byte
	label string
}

// A Masker knows the forms of a set of secrets.
type Masker struct {
	patterns []pattern

	mu     sync.Mutex
	counts map[string]int
}

// NewMasker copies what it needs of the values: they may be wiped afterwards.
func NewMasker(secrets []Secret) *Masker {
	m := &Masker{counts: map[string]int{}}
	for _, s := range secrets {
		for _, f := range Forms(s.Value) {
			m.patterns = append(m.patterns, pattern{f, s.Label})
		}
	}
	return m
}

// Counts is the number of masks written so far, by label.
func (m *Masker) Counts() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}

// Wipe overwrites what the masker knows. Its writers must be closed before.
func (m *Masker) Wipe() {
	for _, p := range m.patterns {
		clear(p.bytes)
	}
	m.patterns = nil
}

// Writer returns a writer that passes to dst what is written to it, masked.
func (m *Masker) Writer(dst io.Writer) *Writer { return &Writer{masker: m, dst: dst} }

// A Writer masks one stream.
type Writer struct {
	masker *Masker
	mu     sync.Mutex
	dst    io.Writer
	held   []byte
	closed bool
}

// Write masks p and passes on what cannot become a value any more.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, errClosed
	}
	w.held = append(w.held, p...)
	if err := w.flush(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends the stream and lets go what is held. It does not close dst.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	return w.flush(true)
}

func (w *Writer) flush(end bool) error {
	var out []byte
	i := 0
scan:
	for i < len(w.held) {
		var hit pattern
		for _, p := range w.masker.patterns {
			switch rest := w.held[i:]; {
			case bytes.HasPrefix(rest, p.bytes):
				if len(p.bytes) > len(hit.bytes) {
					hit = p
				}
			case !end && bytes.HasPrefix(p.bytes, rest):
				break scan
			}
		}
		if hit.bytes == nil {
			out = append(out, w.held[i])
			i++
			continue
		}
		out = append(out, "[secret:"+hit.label+"]"...)
		i += len(hit.bytes)
		w.masker.mu.Lock()
		w.masker.counts[hit.label]++
		w.masker.mu.Unlock()
	}
	w.held = append(w.held[:0], w.held[i:]...)
	if len(out) == 0 {
		return nil
	}
	_, err := w.dst.Write(out)
	return err
}

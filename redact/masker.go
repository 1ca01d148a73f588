package redact

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"sync"
)

// A Secret is a value and the label it is named by where it is masked.
type Secret struct {
	Label string
	Value Value
}

// A Masker masks a set of secrets in any number of streams. Its methods may be
// called from several goroutines.
type Masker struct {
	labels []string
	masks  [][]byte // by label

	built    chan struct{} // closed when patterns are there
	patterns *patterns
	nothing  bool // is to be masked

	searched sync.RWMutex // while the patterns are read
	wiped    bool

	mu     sync.Mutex
	counts map[string]int
}

// NewMasker prepares to mask secrets; the longest match names its label. It
// copies what it needs, so the values may be wiped afterwards, and works on in
// the background: the first write waits for it.
func NewMasker(secrets []Secret) *Masker {
	m := &Masker{built: make(chan struct{}), counts: map[string]int{}}
	values := make([][]byte, len(secrets))
	for i, s := range secrets {
		m.labels = append(m.labels, s.Label)
		values[i] = bytes.Clone(s.Value.Expose())
	}
	go func() {
		defer close(m.built)
		for _, label := range m.labels {
			m.masks = append(m.masks, mask(label, values))
		}
		m.patterns = newPatterns(values)
		m.nothing = len(m.patterns.all) == 0
		for _, v := range values {
			clear(v)
		}
	}()
	return m
}

// mask is what stands for a value. Where it would hold a value itself, since a
// label can be one, the label is not named.
func mask(label string, values [][]byte) []byte {
	named := []byte("[secret:" + label + "]")
	for _, mask := range [][]byte{named, []byte(hidden)} {
		if !slices.ContainsFunc(values, func(v []byte) bool {
			v = bytes.TrimSpace(v)
			return len(v) >= minWord && bytes.Contains(mask, v)
		}) {
			return mask
		}
	}
	return []byte("***")
}

// Writer returns a writer that passes on to dst what is written to it, masked.
// Every stream takes a writer of its own, and its writer must be closed.
func (m *Masker) Writer(dst io.Writer) *Writer {
	return &Writer{masker: m, dst: dst, idle: idle, last: run{span: span{to: -1}, written: true}}
}

// Counts is the number of masks that were written so far, by label.
func (m *Masker) Counts() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}

func (m *Masker) count(label int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[m.labels[label]]++
}

// Wipe overwrites the forms of the values. What is written to the masker's writers
// from then on, they refuse.
func (m *Masker) Wipe() {
	<-m.built
	m.searched.Lock()
	defer m.searched.Unlock()
	if !m.wiped {
		m.wiped = true
		m.patterns.wipe()
	}
}

// search searches a text with s, unless there is nothing left to search for.
func (m *Masker) search(s *scanner, text []byte, floor int, first, end bool) error {
	m.searched.RLock()
	defer m.searched.RUnlock()
	if m.wiped {
		return errWiped
	}
	s.scan(text, floor, first, end)
	return nil
}

package redact

import "bytes"

// What is masked: matches that overlap are one mask, and so are matches of one
// label that touch. The mask names the label of the longest match, of those that
// begin within maxWait bytes; from there on a chain of overlapping values is
// settled, and what is held does not grow with it.

const maxWait = 256

// A run is a stretch of the text that one mask stands for.
type run struct {
	span
	settled bool // the label cannot change any more
	written bool // so is the mask
}

// join takes a span into the run, if it belongs to it. One that only touches it
// must be settled itself: a longer one of another label may begin there.
func (r *run) join(s span, live int) bool {
	touches := s.from == r.to && s.label == r.label && s.from < live
	if s.from >= r.to && !touches {
		return false
	}
	r.to = max(r.to, s.to)
	r.settled = r.settled || touches || s.from >= r.from+maxWait
	if !r.settled && s.longest > r.longest {
		r.longest, r.label = s.longest, s.label
	}
	return true
}

// decided tells whether the mask of the run can be written, if new matches can
// begin at live or behind it.
func (r *run) decided(live int, at moment) bool {
	return r.written || r.to <= live || r.from+maxWait <= live || at == idling && r.from <= live
}

// shows tells whether all that is held is shown, but for what is masked.
func (w *Writer) shows(at moment) bool { return at == idling && w.scanner.held <= maxShown }

// join makes runs of the new spans, of which the first may belong to the mask
// that was written last. It keeps those that are decided and returns up to where
// the text is settled.
func (w *Writer) join(at moment) (settled int) {
	w.runs = append(w.runs[:0], w.last)
	for _, s := range w.scanner.spans {
		if !w.runs[len(w.runs)-1].join(s, w.scanner.live) {
			w.runs = append(w.runs, run{span: s})
		}
	}
	settled = w.scanner.live
	for i := range w.runs {
		if r := &w.runs[i]; !r.decided(settled, at) && !w.shows(at) {
			w.runs = w.runs[:i]
			return min(settled, r.from)
		}
	}
	return settled
}

// emit passes on the text up to what is settled, with a mask for each run. Line breaks and escape sequences inside a run stay.
func (w *Writer) emit(text []byte) {
	for _, r := range w.runs {
		w.copy(text, r.from)
		if !r.written {
			r.written, r.settled = true, true
			w.put(w.masker.masks[r.label])
			w.masker.count(r.label)
		}
		w.swallow(text, r)
		w.last = r
	}
	w.copy(text, w.settled)
}

// swallow leaves the text from the beginning of a run up to its end out, as far
// as it is not out, but for what is no character.
func (w *Writer) swallow(text []byte, r run) {
	if w.out >= r.to {
		return
	}
	from := max(r.from, 0)
	w.masked.strip(text[from:r.to], true)
	w.masked.gaps(func(a, b int) {
		a, b = from+a, from+b
		for text[a] == '\\' {
			a++
		}
		if bytes.IndexByte(text[a:b], '\b') < 0 && w.out < b {
			w.put(text[max(a, w.out):b])
		}
	})
	w.out = r.to
}

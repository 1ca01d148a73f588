package redact

import (
	"errors"
	"io"
	"sync"
	"time"
)

// How it is written: what cannot become a match any more goes on at once.

const (
	idle = 30 * time.Millisecond // after this a short beginning of a value is shown

	maxShown = 3       // how many bytes of a value are shown then at most
	block    = 1 << 16 // bytes that are searched at once
	bridge   = 1 << 9  // bytes of a new block that are searched together with what was kept
	maxWrite = 1 << 20 // bytes from which on what is settled is written, though more is being dealt with
)

var (
	errClosed = errors.New("write to a masking writer that is closed")
	errWiped  = errors.New("write to a masking writer that has forgotten what to mask")
)

// A Writer masks one stream. It holds back only what may at this moment become a
// value, and gives the same output however the stream is cut into writes. If
// nothing is written for a moment and no more than three bytes of a value are
// held, as by the last letter of a prompt, they are shown; the match goes on,
// and the rest of the value is still masked.
type Writer struct {
	masker *Masker
	idle   time.Duration

	mu      sync.Mutex
	dst     io.Writer
	err     error // of dst, or why nothing is written any more
	timer   *time.Timer
	scanner *scanner

	// kept is the end of the stream so far, as far as it still matters. The
	// places below are offsets in it and move with it.
	kept    []byte
	moved   bool // is it no longer the beginning
	settled int  // matches that begin before are dealt with
	out     int  // bytes before are written, or masked
	last    run  // the last mask that was written

	runs   []run
	masked view // of a run

	// What is to be written, with as few bytes moved as can be: what could not be
	// taken as it lies, and behind it a stretch of what is being written to us.
	buffer []byte
	lying  []byte
	fresh  []byte // what is being written to us, as far as it is not dealt with
	own    int    // where in the text of a pass fresh begins: behind what was kept
}

// Write masks p and passes on what is settled, in one piece unless that is very
// long. It fails when dst did.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
	if <-w.masker.built; w.masker.nothing && w.err == nil {
		return w.dst.Write(p)
	}
	for rest := p; len(rest) > 0 && w.err == nil; {
		rest = w.take(rest)
		if len(w.buffer)+len(w.lying) >= maxWrite {
			w.flush()
		}
	}
	w.flush()
	if w.err != nil {
		return 0, w.err
	}
	w.wait()
	return len(p), nil
}

// take deals with the beginning of p and returns what is left of it. What was
// kept is searched with a small part of p, and the rest where it lies, so that
// next to nothing is copied.
func (w *Writer) take(p []byte) []byte {
	before := len(w.kept)
	w.fresh, w.own = p, before
	if before == 0 {
		text := p[:min(len(p), block)]
		from := w.pass(text, going)
		if len(text) < len(p) {
			return p[from:]
		}
		w.keep(p[from:])
		return nil
	}
	n := min(len(p), bridge)
	w.keep(p[:n])
	from := w.pass(w.kept, going)
	if n < len(p) && from >= before {
		clear(w.kept)
		w.kept = w.kept[:0]
		return p[from-before:]
	}
	w.drop(from)
	return p[n:]
}

func (w *Writer) keep(p []byte) { w.kept = append(room(w.kept, len(p)), p...) }

// drop forgets the first n bytes of what is kept.
func (w *Writer) drop(n int) {
	left := copy(w.kept, w.kept[n:])
	clear(w.kept[left:])
	w.kept = w.kept[:left]
}

// Close ends the stream: a held beginning of eight bytes or more of a value is
// masked, a shorter one shown. It wipes what the writer held, and does not close
// dst.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.err, errClosed) {
		return nil
	}
	w.stop()
	if w.err == nil {
		w.passKept(ended)
	}
	err := w.err
	if errors.Is(err, errLeft) {
		err = nil
	}
	w.err = errClosed
	w.drop(len(w.kept))
	clear(w.buffer[:cap(w.buffer)])
	w.masked.wipe()
	if w.scanner != nil {
		w.scanner.wipe()
	}
	return err
}

// stop and wait handle the timer that shows held bytes.
func (w *Writer) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *Writer) wait() {
	switch {
	case w.out >= len(w.kept):
	case w.timer == nil:
		w.timer = time.AfterFunc(w.idle, w.Idle)
	default:
		w.timer.Reset(w.idle)
	}
}

// Idle does at once what an idle moment does: it lets go what is held, if that
// is no more than three bytes of a value. It is for a stream that is about to
// stand still, as when its program is stopped.
func (w *Writer) Idle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.drop(w.passKept(idling))
	}
}

// A moment of the stream.
type moment int

const (
	going  moment = iota // more may come at once
	idling               // nothing has come for a while
	ended                // nothing will come
)

// pass searches text, whose first bytes are what was kept, passes on what is
// settled, and returns from where on text must be kept.
func (w *Writer) pass(text []byte, at moment) (from int) {
	if w.scanner == nil {
		<-w.masker.built
		w.scanner = newScanner(w.masker.patterns)
	}
	if w.err = w.masker.search(w.scanner, text, w.settled, !w.moved, at == ended); w.err != nil {
		return 0
	}
	w.settled = w.join(at)
	w.emit(text)
	if w.shows(at) {
		w.copy(text, len(text))
	}
	from = w.scanner.boundary(max(0, w.settled-1))
	w.moved = w.moved || from > 0
	w.settled -= from
	w.out -= from
	w.last.from -= from
	w.last.to -= from
	return from
}

// passKept is a pass over what was kept, when nothing is being written to us.
func (w *Writer) passKept(at moment) (from int) {
	w.own = len(w.kept)
	from = w.pass(w.kept, at)
	w.flush()
	return from
}

// copy passes on the text up to an offset, as far as it is not out.
func (w *Writer) copy(text []byte, to int) {
	if kept := min(to, w.own); w.out < kept {
		w.put(text[w.out:kept])
		w.out = kept
	}
	if w.out < to {
		w.putLying(w.fresh[w.out-w.own : to-w.own])
		w.out = to
	}
}

// put adds to what is to be written.
func (w *Writer) put(b []byte) {
	w.buffer = append(append(w.buffer, w.lying...), b...)
	w.lying = nil
}

// putLying adds a stretch of what is being written to us, which stays as it is
// until that is over. Most go on where the one before ended.
func (w *Writer) putLying(b []byte) {
	if n := len(w.lying); n > 0 && cap(w.lying) > n && &w.lying[:n+1][n] == &b[0] {
		w.lying = w.lying[:n+len(b)]
		return
	}
	w.put(nil)
	w.lying = b
}

// flush writes what is to be written.
func (w *Writer) flush() {
	b := w.lying
	if len(w.buffer) > 0 {
		w.put(nil)
		b = w.buffer
	}
	if len(b) > 0 && w.err == nil {
		_, w.err = w.dst.Write(b)
	}
	clear(w.buffer)
	w.buffer, w.lying, w.fresh = w.buffer[:0], nil, nil
}

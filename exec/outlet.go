package exec

import (
	"bytes"
	"os"
	"sync"
	"time"
)

// How lines go on in one piece: a line whose end the masker holds back waits for
// it, though no longer than this, and no longer a line than a pipe takes in one
// piece (PIPE_BUF on Linux).
const (
	lineWait = 50 * time.Millisecond // the masker lets most ends go after 30
	maxLine  = 4096
)

// An outlet is the caller's file, behind the masker, which has one piece for what one
// read brought, if that is not very long. A line goes out in one piece too, though the
// masker may hold its end: programs that write lines into one pipe or file rely on
// that.
type outlet struct {
	file *os.File

	mu      sync.Mutex
	shared  bool // file is a terminal that makes CR LF of LF, as the pty has done
	passing bool // the masker is being given something
	lines   bool // that ends with a line
	held    []byte
	late    *time.Timer // writes what is held if nothing comes
	failure error       // of file: nothing is written any more
}

// Write is for the masker, which also writes by itself after an idle moment.
func (o *outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(p), o.write(p)
}

// begin is called before the masker is given something, with whether that ends with
// a line.
func (o *outlet) begin(lines bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passing, o.lines = true, lines
}

// flush is called after that. The beginning of a line may still be held.
func (o *outlet) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.write(nil)
	o.passing = false
	return err
}

// unshare is for a takeOver: the terminal does nothing to output any more.
func (o *outlet) unshare() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.write(nil)
	o.shared = false
}

// end writes what is left at the end of the stream, which may come while the masker is
// being given something (on Windows).
func (o *outlet) end() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passing = false
	return o.write(nil)
}

// release writes what is left, if nothing comes.
func (o *outlet) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.passing {
		_ = o.write(nil)
	}
}

// write writes what is held and p, as far as it need not be held.
func (o *outlet) write(p []byte) error {
	if o.failure != nil {
		return o.failure
	}
	text := p
	if len(o.held) > 0 {
		o.held = append(o.held, p...)
		text = o.held
	}
	n := len(text)
	if o.passing {
		n = o.whole(text)
	}
	if n > 0 {
		out := text[:n]
		if o.shared {
			out = bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))
		}
		_, o.failure = o.file.Write(out)
	}
	if o.failure != nil { // what would come behind a gap is not written
		n = len(text)
	}
	o.held = append(o.held[:0], text[n:]...)
	switch {
	case len(o.held) == 0:
		if o.late != nil {
			o.late.Stop()
		}
	case o.late == nil:
		o.late = time.AfterFunc(lineWait, o.release)
	default:
		o.late.Reset(lineWait)
	}
	return o.failure
}

// whole is how much of a text goes out while more may be about to come: all, or whole
// lines, where what is being passed on ends with one.
func (o *outlet) whole(text []byte) (n int) {
	n = len(text)
	if begun := n - 1 - bytes.LastIndexByte(text, '\n'); o.lines && begun <= maxLine {
		n -= begun
	}
	if o.shared && n > 0 && text[n-1] == '\r' { // its LF may come
		n--
	}
	return n
}

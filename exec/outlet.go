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

// An outlet is the caller's file, behind the masker. What one read brought goes
// out in one write, however many pieces the masker makes of it, and so does a
// line: programs that write lines into one pipe or file rely on that.
type outlet struct {
	file *os.File

	mu        sync.Mutex
	shared    bool // file is a terminal that makes CR LF of LF, as the pty has done
	gathering bool
	gathered  []byte
	late      *time.Timer // writes a line whose end does not come
	failure   error       // of that
}

// Write is for the masker, which also writes by itself after an idle moment.
func (o *outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathered = append(o.gathered, p...)
	if o.gathering {
		return len(p), nil
	}
	return len(p), o.write(len(o.gathered))
}

func (o *outlet) gather() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = true
}

// flush writes what was gathered: all, or whole lines, where more is about to
// come of the last one.
func (o *outlet) flush(lines bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = false
	n := len(o.gathered)
	if begun := n - 1 - bytes.LastIndexByte(o.gathered, '\n'); lines && begun <= maxLine {
		n -= begun
	}
	if o.shared && n > 0 && o.gathered[n-1] == '\r' { // its LF may come
		n--
	}
	return o.write(n)
}

// unshare is for a takeOver: the terminal does nothing to output any more.
func (o *outlet) unshare() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failure = o.write(len(o.gathered))
	o.shared = false
}

// end writes what is left at the end of the stream.
func (o *outlet) end() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.write(len(o.gathered))
}

// release writes what is left, if nothing comes.
func (o *outlet) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.gathering {
		o.failure = o.write(len(o.gathered))
	}
}

// write writes the first n bytes of what was gathered.
func (o *outlet) write(n int) (err error) {
	if err = o.failure; err == nil && n > 0 {
		text := o.gathered[:n]
		if o.shared {
			text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		}
		_, err = o.file.Write(text)
	}
	o.gathered = o.gathered[:copy(o.gathered, o.gathered[n:])]
	switch {
	case len(o.gathered) == 0:
		if o.late != nil {
			o.late.Stop()
		}
	case o.late == nil:
		o.late = time.AfterFunc(lineWait, o.release)
	default:
		o.late.Reset(lineWait)
	}
	return err
}

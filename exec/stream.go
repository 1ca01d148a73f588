package exec

import (
	"cmp"
	"errors"
	"os"
	"sync/atomic"

	"secrets/redact"
)

// How much a pipe holds on Linux unless told to, and how much is read at once, in
// bytes.
const (
	pipeSize = 64 << 10
	chunk    = 4 * pipeSize
)

// A stream is an output of the program on its way to the caller: a pipe or the
// master of a pty on our side, the masker, and the caller's own file.
type stream struct {
	from    *os.File
	to      *redact.Writer
	outlet  *outlet  // behind to
	reader  *os.File // tells when the caller's pipe has none any more, or nil
	buf     []byte
	wide    bool          // from holds a chunk
	used    atomic.Bool   // something came
	ended   bool          // nothing can come any more
	failure error         // why the caller's file took no more, unless its reader just went away
	waiting chan struct{} // closed when flow is over
}

func newStream(from *os.File, masker *redact.Masker, caller *os.File) *stream {
	outlet := &outlet{file: caller}
	s := &stream{from: from, to: masker.Writer(outlet), outlet: outlet, buf: make([]byte, chunk)}
	s.watchReader()
	return s
}

// flow passes on what comes until the end, or until pause.
func (s *stream) flow() {
	s.waiting = make(chan struct{})
	go func() {
		defer close(s.waiting)
		for !s.ended {
			n, err := s.from.Read(s.buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			if n >= pipeSize && !s.wide {
				s.widen()
			}
			s.pass(n, err)
		}
	}()
}

// pass passes on n bytes and the news that came with them. A pty says EIO where
// a pipe says EOF.
func (s *stream) pass(n int, err error) {
	if n > 0 {
		s.used.Store(true)
		if failure := s.write(s.buf[:n]); failure != nil {
			s.refused(failure)
			return
		}
	}
	s.ended = s.ended || err != nil
}

func (s *stream) write(p []byte) error {
	s.outlet.begin(p[len(p)-1] == '\n')
	_, failure := s.to.Write(p)
	if err := s.outlet.flush(); failure == nil {
		failure = err
	}
	return failure
}

// refused gives up on a caller's file that takes no more, and lets the program
// know as the system would: by SIGPIPE at its next write, or by a hangup.
func (s *stream) refused(failure error) {
	s.ended = true
	_ = s.from.Close()
	if !readerGone(failure) {
		s.failure = &OutputError{Err: failure}
	}
}

func (s *stream) close() {
	_ = s.from.Close()
	if s.reader != nil {
		_ = s.reader.Close()
	}
}

// finish shows what the masker still held back, and says why something was
// lost. With nothing to show it does not wait for the masker to be ready.
func (s *stream) finish() error {
	if !s.used.Load() {
		return s.failure
	}
	err := cmp.Or(s.to.Close(), s.outlet.end())
	if err != nil && s.failure == nil && !readerGone(err) {
		s.failure = &OutputError{Err: err}
	}
	return s.failure
}

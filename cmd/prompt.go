package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"secrets/exec"
	"secrets/redact"
	"secrets/store"
)

// The rules of the prompt:
//   - Nothing of a value is shown, also where it is pasted too early, and the terminal is left as it was found on
//     every way out: an answer, an error, ^C, a signal.
//   - The terminal is raw while it asks: its own line mode would cut a value at
//     4,095 bytes and end a pasted key at its first line.
//   - A paste is taken whole. Terminals that can mark one (bracketed paste) are
//     asked to; for the others, bytes that follow a line end at once belong to
//     the same paste, since nobody types that fast.
//   - A value of several lines ends with a line end, as the key files of OpenSSH
//     and OpenSSL must.

// pasteGap is how long after a line end more bytes still count as pasted.
const pasteGap = 100 * time.Millisecond

const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

var (
	errMismatch = errors.New("the two values differ")
	errNoAnswer = errors.New("the input ended before an answer came")
)

// An interruptedError ends a question that a signal, or its key, cut short.
type interruptedError struct{ signal syscall.Signal }

func (interruptedError) Error() string { return "interrupted" }

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }

// A prompter asks questions on a terminal and reads the answers from it.
type prompter struct {
	in      keyboard
	out     *os.File
	dumb    bool          // the terminal knows no escape sequences
	pending <-chan []byte // a read that was begun and not answered yet
	rest    []byte        // read, but behind the end of the last answer

	signals chan os.Signal // while a question is asked
}

// A keyboard is the input of a terminal: an *os.File, but in tests.
type keyboard interface {
	io.ReadCloser
	Fd() uintptr
}

// newPrompter asks on stderr and reads from stdin, a terminal.
func newPrompter(sys Sys) *prompter { return sys.prompter(sys.Stdin, sys.Stderr) }

func (s Sys) prompter(in, out *os.File) *prompter {
	return &prompter{in: in, out: out, dumb: s.Getenv("TERM") == "dumb"}
}

// keys reads from the terminal, once for each call that is answered. A read
// cannot be called back: so one prompter has to ask all questions of a command,
// and none is begun before its answer is wanted, or for more than is wanted, which
// would steal the input of a command that runs later.
func (p *prompter) keys(most int) <-chan []byte {
	if p.pending == nil {
		keys := make(chan []byte, 1)
		p.pending = keys
		go func() {
			defer close(keys)
			buf := make([]byte, most)
			if n, _ := p.in.Read(buf); n > 0 {
				keys <- buf[:n]
			}
		}()
	}
	return p.pending
}

// newValue asks twice for a value, without showing it.
func (p *prompter) newValue(label string) (redact.Value, error) {
	return p.twice("Value of "+label+" (not shown): ", p.hidden, errMismatch)
}

// twice asks for something new, and once more for the same.
func (p *prompter) twice(question string, ask func(string) (redact.Value, error), mismatch error) (redact.Value, error) {
	first, err := ask(question)
	if err != nil {
		return redact.Value{}, err
	}
	if first.Len() == 0 { // asking again for nothing helps nobody
		return first, nil
	}
	again, err := ask("The same again: ")
	if err == nil && !first.Equal(again) {
		err = mismatch
	}
	again.Wipe()
	if err != nil {
		first.Wipe()
		return redact.Value{}, err
	}
	return first, nil
}

// hidden asks one question whose answer is not shown, and may have lines.
func (p *prompter) hidden(question string) (redact.Value, error) {
	return p.unseen(question, entry{})
}

// hiddenLine is hidden for an answer of one line. Nothing is read behind it.
func (p *prompter) hiddenLine(question string) (redact.Value, error) {
	return p.unseen(question, entry{line: true})
}

func (p *prompter) unseen(question string, e entry) (redact.Value, error) {
	defer p.watch()()
	fd := int(p.in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return redact.Value{}, fmt.Errorf("preparing the terminal: %w", err)
	}
	defer func() {
		if !p.dumb {
			fmt.Fprint(p.out, pasteOff)
		}
		_ = term.Restore(fd, before) // it fails only where the terminal is gone
		fmt.Fprintln(p.out)
	}()
	fmt.Fprint(p.out, question)
	if !p.dumb {
		fmt.Fprint(p.out, pasteOn)
	}
	if err := p.read(&e); err != nil {
		clear(e.text)
		return redact.Value{}, err
	}
	switch n := bytes.Count(e.text, []byte("\n")); {
	case n > 0:
		fmt.Fprintf(p.out, "(%d lines)", n)
	case isAmong(e.text, e.among):
		_, _ = p.out.Write(e.text)
	}
	return redact.NewValue(e.text), nil
}

// confirm asks a question, and compares the answer, which is shown once it is whole
// and one of those: a value that is pasted too early must not be.
func (p *prompter) confirm(question string, accepted ...string) (bool, error) {
	answer, err := p.unseen(question, entry{among: accepted})
	if err != nil {
		return false, err
	}
	defer answer.Wipe()
	return isAmong(answer.Expose(), accepted), nil
}

// isAmong makes no string of the answer: it may be a value.
func isAmong(answer []byte, accepted []string) bool {
	answer = bytes.TrimSpace(answer)
	for _, text := range accepted {
		if bytes.EqualFold(answer, []byte(text)) {
			return true
		}
	}
	return false
}

// mute keeps what is typed from being shown until restore is called: while a
// passphrase is tried, who knows what comes next types on.
func (s Sys) mute() (restore func()) {
	fd := int(s.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil
	}
	signals := make(chan os.Signal, 1)
	exec.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		if came, ok := <-signals; ok {
			_ = term.Restore(fd, before)
			exec.Die(came.(syscall.Signal))
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		_ = term.Restore(fd, before)
	}
}

// close closes the terminal's files, which are the prompter's own.
func (p *prompter) close() {
	clear(p.rest)
	_ = p.in.Close()
	_ = p.out.Close()
}

// watch takes the signals that would end the process from now on, before the
// terminal is changed, until the function that it returns is called.
func (p *prompter) watch() (stop func()) {
	p.signals = make(chan os.Signal, 1)
	exec.Notify(p.signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	return func() { signal.Stop(p.signals) }
}

// read feeds keys into e until the answer is complete.
func (p *prompter) read(e *entry) error {
	most := 4096
	if e.line {
		most = 1
	}
	for {
		for len(p.rest) > 0 && (!e.ended || e.splits(p.rest[0])) {
			b := p.rest[0]
			p.rest[0] = 0
			p.rest = p.rest[1:]
			if err := e.key(b); err != nil {
				return err
			}
		}
		var pause <-chan time.Time // nil, so it never comes, until a line has ended
		if e.ended {
			pause = time.After(pasteGap)
		}
		switch {
		case e.ended && e.line:
			return nil
		case e.ended && len(p.rest) > 0:
			e.resume()
			continue
		}
		select {
		case s := <-p.signals:
			return interruptedError{s.(syscall.Signal)}
		case <-pause:
			e.finish()
			return nil
		case keys, open := <-p.keys(most):
			switch {
			case open:
				p.rest, p.pending = keys, nil
			case e.ended:
				e.finish()
				return nil
			default:
				return errNoAnswer
			}
		}
	}
}

// An entry is an answer while it is typed.
type entry struct {
	text   []byte
	escape []byte   // an escape sequence that has begun
	paste  bool     // between the marks of a bracketed paste
	cr     bool     // the last byte was a CR, so that an LF belongs to it
	ended  bool     // a line end was typed
	line   bool     // and that is the end: one line is wanted
	among  []string // answers that are shown
}

// The keys that a prompt knows; all other control characters but the tab, which
// a value may hold, are ignored.
const (
	keyInterrupt = 0x03 // ^C
	keyEnd       = 0x04 // ^D
	keyBackspace = 0x08
	keyTab       = '\t'
	keyErase     = 0x15 // ^U
	keyEscape    = 0x1b
	keyDelete    = 0x7f
)

func (e *entry) key(b byte) error {
	half := e.splits(b)
	e.cr = b == '\r'
	switch {
	case len(e.escape) > 0:
		e.escaped(b)
	case b == keyEscape:
		e.escape = append(e.escape, b)
	case half:
	case b == '\r', b == '\n':
		if e.paste {
			e.add('\n')
		} else {
			e.ended = true
		}
	case e.paste:
		e.add(b)
	case b == keyInterrupt:
		return interruptedError{syscall.SIGINT}
	case b == keyEnd:
		if len(e.text) == 0 {
			return errNoAnswer
		}
		e.ended = true
	case b == keyBackspace, b == keyDelete:
		_, size := utf8.DecodeLastRune(e.text)
		e.text = e.text[:len(e.text)-size]
	case b == keyErase:
		clear(e.text)
		e.text = e.text[:0]
	case b >= ' ', b == keyTab:
		e.add(b)
	}
	return nil
}

// splits tells whether b is the second half of a line end.
func (e *entry) splits(b byte) bool { return e.cr && b == '\n' }

// escaped takes the next byte of an escape sequence: the marks of a paste count,
// arrow keys and their like are ignored.
func (e *entry) escaped(b byte) {
	e.escape = append(e.escape, b)
	switch string(e.escape) {
	case "\x1b[200~":
		e.paste = true
	case "\x1b[201~":
		e.paste = false
	case "\x1b[", "\x1bO":
		return
	default:
		if bytes.HasPrefix(e.escape, []byte("\x1b[")) && (b < '@' || b > '~') {
			return // parameters: the final byte is still to come
		}
	}
	e.escape = e.escape[:0]
}

// add appends b, wiping what it outgrows.
func (e *entry) add(b byte) {
	if len(e.text) == cap(e.text) {
		grown := make([]byte, len(e.text), 2*cap(e.text)+256)
		copy(grown, e.text)
		clear(e.text)
		e.text = grown
	}
	e.text = append(e.text, b)
}

// resume takes back a line end behind which more was pasted.
func (e *entry) resume() {
	e.ended = false
	e.add('\n')
}

// finish ends a value of several lines with a line end.
func (e *entry) finish() {
	if n := len(e.text); n > 0 && e.text[n-1] != '\n' && bytes.IndexByte(e.text, '\n') >= 0 {
		e.add('\n')
	}
}

// readValue reads a value from a stream that is no terminal, up to the largest
// one and a byte more, so that the store can say that it is too big. A single
// line loses its line end; everything else is kept.
func readValue(sys Sys, r io.Reader, name string) (redact.Value, error) {
	v, err := readWhole(waitedFor(sys, r, "the value", name))
	if err != nil {
		return v, fmt.Errorf("reading the value from %s: %w", name, err)
	}
	b := v.Expose()
	line, ended := bytes.CutSuffix(b, []byte("\n"))
	if ended && bytes.IndexByte(line, '\n') < 0 {
		b = bytes.TrimSuffix(line, []byte("\r"))
	}
	return redact.NewValue(b), nil
}

// A waited stream says what is waited for, once, when that takes more than a moment.
type waited struct {
	io.Reader
	tell func()
}

func waitedFor(sys Sys, r io.Reader, what, name string) io.Reader {
	return waited{r, sync.OnceFunc(func() { say(sys, "waiting for %s on %s …", what, name) })}
}

func (w waited) Read(p []byte) (int, error) {
	defer time.AfterFunc(2*time.Second, w.tell).Stop()
	return w.Reader.Read(p)
}

// readWhole reads a value as it is, up to one byte more than one may have, so
// that the store can say that it is too big.
func readWhole(r io.Reader) (redact.Value, error) {
	b := make([]byte, store.MaxValue+1) // one array: reading by growing would leave copies
	n, err := io.ReadFull(r, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		clear(b)
		return redact.Value{}, err
	}
	return redact.NewValue(b[:n]), nil
}

// oddity is what was hardly meant: blanks around a value, as of a careless copy, and
// characters that nobody sees. A value of lines ends with a line end.
func oddity(value redact.Value) string {
	v := value.Expose()
	lines := bytes.Contains(bytes.TrimSpace(v), []byte("\n"))
	switch {
	case bytes.IndexFunc(v, isUnseen) >= 0:
		return "has a character that is not seen"
	case len(bytes.TrimLeftFunc(v, unicode.IsSpace)) < len(v):
		return "begins with a blank"
	case !lines && len(bytes.TrimRightFunc(v, unicode.IsSpace)) < len(v):
		return "ends with a blank or a line end"
	}
	return ""
}

// isUnseen knows what web pages and documents put into what is copied from them:
// no-break spaces, characters without width, byte order marks.
func isUnseen(r rune) bool {
	return r == 0xa0 || r >= 0x200b && r <= 0x200f || r == 0x2060 || r == 0xfeff
}

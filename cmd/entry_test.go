package cmd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// However the terminal's bytes are cut into reads, the answer is the same.
func TestEntryCutAnywhere(t *testing.T) {
	for keys, want := range map[string]struct {
		text string
		err  error
	}{
		"typed\r":                          {"typed", nil},
		"typed\r\n":                        {"typed", nil},
		"typed\x04":                        {"typed", nil},
		"typé\x7fed\n":                     {"typed", nil},
		"wrong\x15typed\n":                 {"typed", nil},
		"ty\x1b[1;5Cp\x1bOPe\x1b[Dd\n":     {"typed", nil},
		"a\tb\x00\x01\x1a\n":               {"a\tb", nil},
		"\x1b[200~one\ntwo\x1b[201~\n":     {"one\ntwo\n", nil},
		"\x1b[200~\x03\x04\x15\x1b[201~\n": {"\x03\x04\x15", nil},
		"\x1b[200~one\r\ntwo\x1b[201~":     {"", errNoAnswer}, // nothing ended it
		"one\ntwo\nthree\n":                {"one\ntwo\nthree\n", nil},
		"one\r\n\r\nthree\r\n":             {"one\n\nthree\n", nil},
		"typed\x03":                        {"", interruptedError{syscall.SIGINT}},
		"\x04":                             {"", errNoAnswer},
		"":                                 {"", errNoAnswer},
	} {
		var reads [][]string
		for cut := range len(keys) + 1 {
			reads = append(reads, []string{keys[:cut], keys[cut:]})
		}
		var each []string
		for i := range len(keys) {
			each = append(each, keys[i:i+1])
		}
		for _, parts := range append(reads, each) {
			got, err := answer(parts)
			if err == nil && got != want.text || !errors.Is(err, want.err) {
				t.Errorf("%q: got %q (%v), want %q (%v)", parts, got, err, want.text, want.err)
			}
		}
	}
}

// answer reads one answer from a terminal that gives its bytes in these parts
// and is closed then.
func answer(parts []string) (string, error) {
	var e entry
	err := (&prompter{in: &typist{left: parts}}).read(&e)
	return string(e.text), err
}

// What was typed stays in no buffer, and becomes no string.
func TestTypedIsForgotten(t *testing.T) {
	keys := &typist{left: []string{"one\ntwo\n", "three\x03behind"}}
	p := &prompter{in: keys}
	if err := p.read(new(entry)); !errors.Is(err, interruptedError{syscall.SIGINT}) {
		t.Fatal(err)
	}
	p.close()
	for _, buffer := range keys.given {
		if text := bytes.Trim(buffer, "\x00"); len(text) > 0 {
			t.Errorf("%q is still there", text)
		}
	}
	typed := bytes.Repeat([]byte("typed"), 100)
	if n := testing.AllocsPerRun(10, func() { isAmong(typed, []string{"y", "yes"}) }); n != 0 {
		t.Errorf("comparing an answer makes %v copies", n)
	}
}

// A typist gives one part a read.
type typist struct {
	*os.File
	left  []string
	given [][]byte // the buffers that were filled
}

func (t *typist) Read(b []byte) (int, error) {
	for len(t.left) > 0 && t.left[0] == "" {
		t.left = t.left[1:]
	}
	if len(t.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, t.left[0])
	t.left = t.left[1:]
	t.given = append(t.given, b)
	return n, nil
}

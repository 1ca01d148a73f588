//go:build unix

package exec

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// onPipe has an outlet in front of a pipe, and tells what came out.
func onPipe(t *testing.T) (o *outlet, came func() string) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return &outlet{file: to}, func() string {
		_ = to.Close()
		text, err := io.ReadAll(from)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
}

// What is left at the end goes out, also while the masker is being given something.
func TestOutletEnd(t *testing.T) {
	o, came := onPipe(t)
	o.begin(true)
	if _, err := o.Write([]byte("a line\nthe tail")); err != nil {
		t.Error(err)
	}
	if err := o.end(); err != nil {
		t.Error(err)
	}
	if got, want := came(), "a line\nthe tail"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// After a write that failed nothing goes out, which would stand behind a gap.
func TestOutletFailure(t *testing.T) {
	o, came := onPipe(t)
	if err := o.file.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	o.begin(true)
	if _, err := o.Write([]byte("a line\nbegun")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write = %v", err)
	}
	_ = o.file.SetWriteDeadline(time.Time{})
	write := func() error { _, err := o.Write([]byte("more\n")); return err }
	for _, again := range []func() error{write, o.flush, func() error { o.release(); return o.failure }, o.end} {
		if err := again(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("then %v", err)
		}
	}
	if got := came(); got != "" {
		t.Errorf("%q came out", got)
	}
}

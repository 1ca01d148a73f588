//go:build unix

package cmd_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	question = "Value of k (not shown): "
	again    = "The same again: "
)

func TestPromptTakesAValue(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 500)  // the terminal's own line mode would cut it at 4,095
	lines := strings.Repeat("line-001\n", 556) // of no length at which the kernel cuts what is pasted
	for name, c := range map[string]struct{ keys, want string }{
		"a line":                    {"sk-typed-0123\r", "sk-typed-0123"},
		"ended by LF":               {"sk-typed-0123\n", "sk-typed-0123"},
		"ended by CRLF":             {"sk-typed-0123\r\n", "sk-typed-0123"},
		"ended by ^D":               {"sk-typed-0123\x04", "sk-typed-0123"},
		"blanks at the ends":        {" sk-typed\t0123 \r", " sk-typed\t0123 "},
		"backspace":                 {"sk-typo\x7fed-0123\r", "sk-typed-0123"},
		"^H":                        {"sk-typo\bed-0123\r", "sk-typed-0123"},
		"backspace over é":          {"sk-typé\x7fed-0123\r", "sk-typed-0123"},
		"backspace over nothing":    {"\x7f\x7fsk-typed-0123\r", "sk-typed-0123"},
		"^U":                        {"all wrong\x15sk-typed-0123\r", "sk-typed-0123"},
		"arrows and function keys":  {"\x1b[Dsk-\x1b[1;5Ctyped\x1bOP-\x1b[15~0123\r", "sk-typed-0123"},
		"other control keys":        {"\x01sk-\x0btyped\x1a-0123\r", "sk-typed-0123"},
		"5,000 bytes":               {long + "\r", long},
		"a paste":                   {"\x1b[200~sk-typed-0123\x1b[201~\r", "sk-typed-0123"},
		"a paste of lines":          {"\x1b[200~line-01\nline-02\n\x1b[201~\r", "line-01\nline-02\n"},
		"a paste with CR":           {"\x1b[200~line-01\rline-02\r\x1b[201~\r", "line-01\nline-02\n"},
		"a paste with CRLF":         {"\x1b[200~line-01\r\nline-02\x1b[201~\r", "line-01\nline-02\n"},
		"a paste of control keys":   {"\x1b[200~line\x03\x15-01\x1b[201~\r", "line\x03\x15-01"},
		"unmarked lines":            {"line-01\nline-02\nline-03\n", "line-01\nline-02\nline-03\n"},
		"unmarked lines, no end":    {"line-01\r\nline-02\x04", "line-01\nline-02\n"},
		"unmarked, an empty line":   {"line-01\n\nline-03\n", "line-01\n\nline-03\n"},
		"5,000 bytes in many lines": {lines, lines},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			s := h.at(t, nil, "set", "k")
			s.answer(t, question, c.keys)
			s.answer(t, again, c.keys)
			s.end(t, 0, "sk-", "typed", "0123456789", "line-0")
			if got := h.value(t, "k"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What ends a question without an answer leaves the store as it was.
func TestPromptWithoutAValue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys, again string
		status      int
		shows       string
	}{
		"mismatch":           {"sk-typed-0123\r", "sk-typed-0124\r", 1, "the two values differ"},
		"nothing":            {"\r", "", 2, "the value is empty"},
		"too short":          {"sk-\r", "sk-\r", 2, "a value under 4 bytes cannot be masked"},
		"too big":            {strings.Repeat("sk-typed", 8193) + "\r", strings.Repeat("sk-typed", 8193) + "\r", 2, "the value is larger than 65536 bytes"},
		"^D":                 {"\x04", "", 4, "the input ended before an answer came"},
		"^C":                 {"sk-typed\x03", "", 130, "interrupted; no secret was changed"},
		"^C at the second":   {"sk-typed-0123\r", "sk-typed\x03", 130, "interrupted; no secret was changed"},
		"^C with a paste on": {"\x1b[200~sk-typed\x1b[201~\x03", "", 130, "interrupted; no secret was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "sk-other-0123", "set", "other")
			before := readFile(t, h.store())
			s := h.at(t, nil, "set", "k")
			s.answer(t, question, c.keys)
			if c.again != "" {
				s.answer(t, again, c.again)
			}
			s.end(t, c.status, "sk-", "typed")
			s.wait(t, c.shows)
			if readFile(t, h.store()) != before {
				t.Error("the store has changed")
			}
		})
	}
}

// A value for a bundle is asked for as one for the store is.
func TestBundleAsksForAValue(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	s := h.at(t, nil, "bundle", "create", "--to", canaryRecipient, "-o", "ci.age", "TOKEN=-")
	s.answer(t, "Value of TOKEN (not shown): ", "sk-typed-0123\r")
	s.answer(t, again, "sk-typed-0123\r")
	s.wait(t, "sealed 1 secret for 1 recipient")
	s.end(t, 0, "sk-", "typed")
}

// A signal that ends the question leaves the terminal as it was, too.
func TestSignalAtThePrompt(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "", "init")
			before := readFile(t, h.store())
			s := h.at(t, nil, "set", "k")
			s.answer(t, question, "sk-typed-0123\r")
			s.wait(t, again) // all that was typed has been read
			if err := syscall.Kill(-s.pid, signal); err != nil {
				t.Fatal(err)
			}
			s.end(t, 128+int(signal), "sk-", "typed")
			if readFile(t, h.store()) != before {
				t.Error("the store has changed")
			}
		})
	}
}

func TestPromptBeforeReplacing(t *testing.T) {
	t.Parallel()
	const replace = "k has a value already. Replace it? [y/N] "
	for answer, replaced := range map[string]bool{"y": true, "YES": true, "n": false, "": false, "yess": false} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "sk-old-0123", "set", "k")
			s := h.at(t, nil, "set", "k")
			s.answer(t, replace, answer+"\n")
			want, status := "sk-old-0123", 1
			if replaced {
				want, status = "sk-new-0123", 0
				s.answer(t, question, want+"\r")
				s.answer(t, again, want+"\r")
			} else {
				s.wait(t, "nothing was replaced")
			}
			s.end(t, status, "sk-")
			if got := h.value(t, "k"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	t.Run("a paste that comes too early", func(t *testing.T) {
		t.Parallel()
		h := newHome(t)
		h.must(t, "sk-old-0123", "set", "k")
		s := h.at(t, nil, "set", "k")
		s.answer(t, replace, "sk-line-0123\nsk-line-4567\n")
		s.wait(t, "nothing was replaced")
		s.end(t, 1, "sk-")
	})
	t.Run("--replace", func(t *testing.T) {
		t.Parallel()
		h := newHome(t)
		h.must(t, "sk-old-0123", "set", "k")
		s := h.at(t, nil, "set", "k", "--replace")
		s.answer(t, question, "sk-new-0123\r")
		s.answer(t, again, "sk-new-0123\r")
		s.end(t, 0, "sk-", "[y/N]")
		if got, want := h.value(t, "k"), "sk-new-0123"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	for answer, destroyed := range map[string]bool{"destroy": true, "y": false, "": false, "\x03": false} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "sk-0123456789", "set", "k")
			s := h.at(t, nil, "destroy")
			s.wait(t, "It opens and holds 1 secret, which will be lost for ever.")
			s.answer(t, "Type destroy to go on: ", strings.TrimSuffix(answer+"\n", "\x03\n"))
			if answer == "\x03" {
				s.press(t, answer)
			}
			s.end(t, map[string]int{"destroy": 0, "\x03": 130, "y": 1, "": 1}[answer])
			if answer == "y" {
				s.wait(t, "nothing was destroyed")
			}
			_, err := os.Stat(h.store())
			keys, _ := os.ReadDir(filepath.Join(h.dir, "keyring"))
			if got := err != nil; got != destroyed {
				t.Errorf("the store is gone: %t, want %t", got, destroyed)
			}
			if got := len(keys) == 0; got != destroyed {
				t.Errorf("its key is gone: %t, want %t", got, destroyed)
			}
		})
	}
}

// The key that goes is the one that the store has when the question is answered.
func TestDestroyBehindARekey(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	s := h.at(t, nil, "destroy")
	s.wait(t, "Type destroy to go on: ")
	h.must(t, "", "rekey")
	s.answer(t, "Type destroy to go on: ", "destroy\n")
	s.end(t, 0)
	if keys, _ := os.ReadDir(filepath.Join(h.dir, "keyring")); len(keys) > 0 {
		t.Errorf("a key stays: %v", keys)
	}
}

// What does not open any more can be destroyed all the same.
func TestDestroyWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, h *home)
		shows string
	}{
		"damaged": {func(t *testing.T, h *home) {
			if err := os.WriteFile(h.store(), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "its key stays: which one it was cannot be read any more"},
		"no key": {func(t *testing.T, h *home) {
			if err := os.RemoveAll(filepath.Join(h.dir, "keyring")); err != nil {
				t.Fatal(err)
			}
		}, "The store does not open: the store's key is not there."},
		"with a copy beside it": {func(t *testing.T, h *home) {
			if err := os.WriteFile(h.store()+".kept-1", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "copies of it stay, and open for whoever has a recovery or an old passphrase: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "", "init")
			c.spoil(t, h)
			s := h.at(t, nil, "destroy")
			s.answer(t, "Type destroy to go on: ", "destroy\n")
			s.end(t, 0)
			s.wait(t, c.shows)
			if _, err := os.Stat(h.store()); err == nil {
				t.Error("the store is still there")
			}
		})
	}
}

func TestGetOnATerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	s := h.at(t, nil, "get", "k")
	s.end(t, 0)
	if got, want := s.screen(), "sk-0123456789\r\n[end 0]\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s = h.at(t, []string{"CLAUDECODE=1"}, "get", "k")
	s.end(t, 9, "sk-")
	s.wait(t, "a value is not shown to an agent (CLAUDECODE is set)")
}

// An agent with a terminal is not asked for a value.
func TestSetByAnAgent(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	s := h.at(t, []string{"CLAUDECODE=1"}, "set", "k")
	s.end(t, 4)
	s.wait(t, "there is nobody to ask: no terminal, or an agent's")
	s.wait(t, "a value may also come from a pipe or a file")
}

// Nobody is left to do what --no-mask gives up.
func TestNoMaskGoesAlone(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for _, flags := range [][]string{{"--use-file", "F=k"}, {"--stdin", "k"}, {"--mask-env", "HOME"}, {"--use", "k", "--timeout", "1s"}} {
		s := h.at(t, nil, append(append([]string{"exec", "--no-mask"}, flags...), "--", "true")...)
		s.end(t, 125)
		s.wait(t, "--no-mask cannot go with --use-file, --stdin, --mask-env or --timeout")
	}
}

func TestRestoreOnATerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	h.must(t, "", "backup", "copy.db")
	h.must(t, "", "rm", "k")
	s := h.at(t, nil, "restore", "copy.db")
	s.answer(t, "Put it in the place of the store?", "n\r")
	s.end(t, 1)
	s.wait(t, "nothing was restored")
	s = h.at(t, nil, "restore", "copy.db")
	s.answer(t, "Put it in the place of the store?", "y\r")
	s.end(t, 0)
	if got, want := h.value(t, "k"), "sk-0123456789"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "", "init")
	for env, want := range map[string]bool{"TERM=xterm": true, "NO_COLOR=1": false, "TERM=dumb": false} {
		for _, command := range []string{"doctor", "frobnicate"} {
			s := h.at(t, []string{env}, command)
			s.wait(t, "[end ")
			if got := strings.Contains(s.screen(), "\x1b["); got != want {
				t.Errorf("%s with %s: coloured is %t, want %t:\n%q", command, env, got, want, s.screen())
			}
		}
	}
}

// A next step stands under its fact, coloured or not.
func TestColumnsOfDoctor(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "", "init")
	plain := h.must(t, "", "doctor")
	s := h.at(t, nil, "doctor")
	s.end(t, 0)
	shown := regexp.MustCompile(`\x1b\[[0-9]*m`).ReplaceAllString(s.screen(), "")
	if got, want := strings.ReplaceAll(shown, "\r\n", "\n"), plain+"[end 0]\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestBundleIsNotShown(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	s := h.at(t, nil, "bundle", "create", "--to", "age1lxughg6yuw9ftqrnyh4p35m6nhj9er3dsapcez8g0mx3r0kqsc8qfeke27", "k")
	s.end(t, 2)
	s.wait(t, "a sealed file is not written to a terminal")
	s.wait(t, "hint: name a file: -o FILE")
}

// Who starts set and forgets the value is told what it waits for.
func TestSilentStdinIsNamed(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "", "init")
	c := h.command(nil, "set", "k")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	talk, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	want := "secrets: waiting for the value on stdin …\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(talk, got); err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if _, err := io.WriteString(in, "sk-0123456789\n"); err != nil {
		t.Error(err)
	}
	in.Close()
	rest, _ := io.ReadAll(talk)
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, rest)
	}
	if got, want := h.value(t, "k"), "sk-0123456789"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Who is asked whether to import is told what will be replaced.
func TestImportNamesWhatItReplaces(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "", "init", "--key-source", "file")
	h.must(t, "sk-0123456789", "set", "k")
	h.must(t, "sk-9876543210", "set", "other")
	recipient := strings.TrimSpace(h.must(t, "", "identity"))
	h.must(t, "", "export", "--to", recipient, "-o", "moved.age", "k", "other")
	h.must(t, "", "rm", "other")
	s := h.at(t, nil, "import", "moved.age", "--replace")
	s.answer(t, "Store 2 secrets, in the place of k? [y/N] ", "n\r")
	s.end(t, 1)
}

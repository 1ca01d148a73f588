//go:build unix

package cmd_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// items are the keys that a key source has, in whichever it is.
func (h *home) items(t *testing.T, source string) int {
	t.Helper()
	if source == "file" {
		text, err := os.ReadFile(h.keyFile())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	entries, err := os.ReadDir(filepath.Join(h.dir, "keyring"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Whenever a rekey is killed, the store opens, and the next two that are left
// alone leave one key: what a killed one made may be a newer file's to the first.
func TestRekeyKilled(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"keyring", "file"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "", "init", "--key-source", source)
			h.must(t, "sk-0123456789", "set", "k")
			h.must(t, "", "identity")
			began := time.Now()
			h.must(t, "", "rekey")
			whole := time.Since(began)
			for range 40 {
				c := h.command(nil, "rekey")
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(whole + 1))
				_ = c.Process.Kill()
				_ = c.Wait()
				if got := h.value(t, "k"); got != "sk-0123456789" {
					t.Fatalf("got %q", got)
				}
			}
			h.must(t, "", "rekey")
			h.must(t, "", "rekey")
			if got := h.items(t, source); got != 1 {
				t.Errorf("%d keys are left", got)
			}
			if got := h.value(t, "k"); got != "sk-0123456789" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Of several rekeys at once each is the next or says that another was first, and
// none takes away the key that another made.
func TestRekeyAtOnce(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	var all sync.WaitGroup
	ends := make([]end, 8)
	for i := range ends {
		all.Go(func() { ends[i] = run(t, h.command(nil, "rekey"), "") })
	}
	all.Wait()
	done := 0
	for _, e := range ends {
		switch e.status {
		case 0:
			done++
		case 8:
		default:
			t.Errorf("got %d\n%s", e.status, e.stderr)
		}
	}
	if done == 0 {
		t.Error("none was done")
	}
	if got := h.items(t, "keyring"); got != 1 {
		t.Errorf("%d keys are left", got)
	}
	if got := h.value(t, "k"); got != "sk-0123456789" {
		t.Errorf("got %q", got)
	}
}

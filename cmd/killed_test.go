//go:build unix

package cmd_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every command that changes something is killed at any moment. Then all is as it
// was before, or as it would have been, and the same command, or the next, works.

// rounds is how often: more in the long run that make torture asks for.
func rounds(sample, long int) int {
	if os.Getenv("SECRETS_TORTURE") != "" {
		return long
	}
	return sample
}

// A killer kills commands, and knows how long they take.
type killer struct {
	whole time.Duration
	kills int
}

// newKiller runs a command that has to succeed, and takes its time for that of
// all.
func newKiller(t *testing.T, h *home, args ...string) *killer {
	t.Helper()
	began := time.Now()
	h.must(t, "", args...)
	return &killer{whole: time.Since(began)}
}

func (k *killer) kill(t *testing.T, c *exec.Cmd, stdin string) {
	t.Helper()
	c.Stdin = strings.NewReader(stdin)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(rand.N(k.whole + 1))
	_ = c.Process.Kill()
	_ = c.Wait()
	k.kills++
}

// labels are those that the store lists.
func (h *home) labels(t *testing.T) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(h.must(t, "", "list")), "\n")
	var labels []string
	for _, line := range lines[1:] {
		labels = append(labels, strings.Fields(line)[0])
	}
	return labels
}

func TestTortureKilledCommands(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	h.must(t, "", "export", "--to", strings.TrimSpace(h.must(t, "", "identity")), "-o", "moved.age", "k")
	h.must(t, "", "mv", "k", "kept")
	k := newKiller(t, h, "rekey")
	steps := []struct {
		command, stdin string
		before, after  []string
	}{
		{"set a", "sk-9876543210", []string{"kept"}, []string{"a", "kept"}},
		{"edit a --note changed", "", []string{"a", "kept"}, []string{"a", "kept"}},
		{"mv a b", "", []string{"a", "kept"}, []string{"b", "kept"}},
		{"rekey --key-source file", "", []string{"b", "kept"}, []string{"b", "kept"}},
		{"rm b", "", []string{"b", "kept"}, []string{"kept"}},
		{"import moved.age --yes", "", []string{"kept"}, []string{"k", "kept"}},
		{"recovery create --to " + canaryRecipient, "", []string{"k", "kept"}, []string{"k", "kept"}},
		{"rekey --key-source keyring", "", []string{"k", "kept"}, []string{"k", "kept"}},
		{"rm k", "", []string{"k", "kept"}, []string{"kept"}},
	}
	for round := range rounds(6, 40) {
		for _, s := range steps {
			args := strings.Fields(s.command)
			k.kill(t, h.command(nil, args...), s.stdin)
			got := h.labels(t)
			if !slices.Equal(got, s.before) && !slices.Equal(got, s.after) {
				t.Fatalf("round %d: %s was killed: got %q, want %q or %q", round, s.command, got, s.before, s.after)
			}
			if slices.Equal(got, s.before) {
				h.must(t, s.stdin, args...)
			}
			if got := h.value(t, "kept"); got != "sk-0123456789" {
				t.Fatalf("round %d: %s was killed: the value is %q", round, s.command, got)
			}
		}
	}
	h.must(t, "", "rekey")
	if got := h.items(t, sourceOf(t, h)); got != 1 {
		t.Errorf("%d keys are left", got)
	}
	h.must(t, "", "doctor", "--deep")
	t.Logf("kills: %d", k.kills)
}

// sourceOf is where the key of a store lies.
func sourceOf(t *testing.T, h *home) string {
	t.Helper()
	if strings.Contains(h.must(t, "", "doctor"), "\nkeyring ") {
		return "keyring"
	}
	return "file"
}

// Whatever is left of an init, of whichever command made it, the first secret
// finds a store, or makes one.
func TestTortureKilledFirstCommands(t *testing.T) {
	t.Parallel()
	k := newKiller(t, newHome(t), "init")
	stores := 0
	for range rounds(20, 200) {
		h := newHome(t)
		args, stdin := []string{"init"}, ""
		if rand.N(2) == 0 {
			args, stdin = []string{"set", "first"}, "sk-9876543210"
		}
		k.kill(t, h.command(nil, args...), stdin)
		if _, err := os.Stat(h.store()); err == nil {
			stores++
		}
		h.must(t, "sk-0123456789", "set", "k")
		if got := h.value(t, "k"); got != "sk-0123456789" {
			t.Errorf("%s was killed: the value is %q", args[0], got)
		}
	}
	t.Logf("kills: %d; a store: %d", k.kills, stores)
}

// A repair never touches the damaged file; and what it left is a whole store, or
// nothing that is in the way.
func TestTortureKilledRepairs(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	damaged := []byte(readFile(t, h.store()))
	clear(damaged[:8192])
	put := func() {
		if err := os.WriteFile(h.store(), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put()
	k := newKiller(t, h, "doctor", "--repair")
	repaired := h.store() + ".repaired"
	saved := 0
	for range rounds(15, 150) {
		if err := os.Remove(repaired); err != nil {
			t.Fatal(err)
		}
		k.kill(t, h.command(nil, "doctor", "--repair"), "")
		if readFile(t, h.store()) != string(damaged) {
			t.Fatal("the damaged file has changed")
		}
		if _, err := os.Stat(repaired); err == nil {
			saved++
		} else {
			h.must(t, "", "doctor", "--repair")
		}
		k.kill(t, h.command(nil, "restore", "--replace", repaired), "")
		if readFile(t, h.store()) == string(damaged) {
			h.must(t, "", "restore", "--replace", repaired)
		}
		if got := h.value(t, "k"); got != "sk-0123456789" {
			t.Fatalf("the value is %q", got)
		}
		put()
	}
	t.Logf("kills: %d; saved before: %d", k.kills, saved)
	// A draft beside a file that had its name already goes with the next repair.
	if err := os.Remove(repaired); err != nil {
		t.Fatal(err)
	}
	h.must(t, "", "doctor", "--repair")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(h.store()), "*.new"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// hashScript writes the hash of what it was lent, which nobody masks.
const hashScript = `printf %s "$CANARY" | sha256sum`

// manyExecs lends a value to 100 commands at once, and each proves by a hash that
// it got the right one.
func manyExecs(t *testing.T, h *home, value string) {
	t.Helper()
	sum := sha256.Sum256([]byte(value))
	want := hex.EncodeToString(sum[:]) + "  -\n"
	atOnce(100, func(int) {
		e := run(t, h.command(nil, "exec", "--use", "CANARY=canary", "--", "sh", "-c", hashScript), "")
		if e.stdout != want || e.stderr != "" || e.status != 0 {
			t.Errorf("got %q, %q, exit status %d, want %q", e.stdout, e.stderr, e.status, want)
		}
	})
}

// atOnce calls f n times at the same time.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func TestManyExecs(t *testing.T) {
	h := newHome(t)
	h.must(t, "", "init", "--key-source", "file")
	h.must(t, canaries["PEM"], "set", "canary")
	manyExecs(t, h, canaries["PEM"])
}

// manyInits makes a store twice at once. One store comes of it, which opens.
func manyInits(t *testing.T, h *home, source string) {
	t.Helper()
	var mu sync.Mutex
	ends := map[int]int{}
	atOnce(2, func(int) {
		e := run(t, h.command(nil, "init", "--key-source", source), "")
		mu.Lock()
		defer mu.Unlock()
		ends[e.status]++
	})
	if ends[0] != 1 || ends[9] != 1 {
		t.Errorf("exit statuses %v, want one 0 and one 9", ends)
	}
	if got := h.must(t, "", "list"); got != "" {
		t.Errorf("got %q, want an empty list", got)
	}
}

func TestManyInits(t *testing.T) {
	for range 10 {
		h := newHome(t)
		manyInits(t, h, "file")
		keys, err := os.ReadFile(h.keyFile())
		if got := bytes.Count(keys, []byte("\n")); got != 1 {
			t.Errorf("%d keys are kept, want 1: %v", got, err)
		}

		h = newHome(t)
		manyInits(t, h, "keyring")
		items, err := os.ReadDir(filepath.Join(h.dir, "keyring"))
		if len(items) != 1 {
			t.Errorf("%d items are kept, want 1: %v", len(items), err)
		}
	}
}

// The first secrets of a new user may come all at once.
func TestManyFirstSets(t *testing.T) {
	const secrets = 20
	h := newHome(t)
	atOnce(secrets, func(i int) {
		h.must(t, fmt.Sprintf("value %d of many", i), "set", fmt.Sprintf("label/%d", i))
	})
	if got := strings.Count(h.must(t, "", "list"), "\nlabel/"); got != secrets {
		t.Errorf("%d secrets are kept, want %d", got, secrets)
	}
}

func TestManySets(t *testing.T) {
	const secrets = 20
	h := newHome(t)
	h.must(t, "", "init", "--key-source", "file")
	atOnce(secrets, func(i int) {
		h.must(t, fmt.Sprintf("value %d of many", i), "set", fmt.Sprintf("label/%d", i))
	})
	for i := range secrets {
		sum := sha256.Sum256(fmt.Appendf(nil, "value %d of many", i))
		got := h.must(t, "", "exec", "--use", fmt.Sprintf("CANARY=label/%d", i), "--", "sh", "-c", hashScript)
		if want := hex.EncodeToString(sum[:]) + "  -\n"; got != want {
			t.Errorf("label/%d: got %q, want %q", i, got, want)
		}
	}
}

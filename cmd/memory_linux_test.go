package cmd_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"secrets/machine"
	"secrets/store"
)

// Who asks for our memory: another process of the same user must not get it,
// and what root finds there is no more than what is in use.

// asNobody makes a command run as nobody where we are root, who may look at
// everything.
func asNobody(c *exec.Cmd) *exec.Cmd {
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return c
}

// publicHome is a home that nobody can use, with a program that he can run.
func publicHome(t *testing.T) *home {
	t.Helper()
	program := build(t)
	h := bareHome(t, program)
	for _, p := range []string{h.dir, filepath.Dir(program)} {
		for ; p != filepath.Clean(os.TempDir()); p = filepath.Dir(p) {
			if err := os.Chmod(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if os.Geteuid() == 0 {
		for _, p := range []string{h.dir, filepath.Join(h.dir, "tmp"), filepath.Join(h.dir, "run")} {
			if err := os.Chown(p, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

// Another process of the same user reads neither the environment nor the memory
// of a command that has, or will have, a value in hand. That of any other
// program it does.
func TestMemoryIsClosed(t *testing.T) {
	t.Parallel()
	h := publicHome(t)
	as := func(stdin string, args ...string) {
		t.Helper()
		if e := run(t, asNobody(h.command(nil, args...)), stdin); e.status != 0 {
			t.Fatalf("%q: %d\n%s", args, e.status, e.stderr)
		}
	}
	as("", "init", "--key-source", "file", "--no-hardware-id")
	as("sk-0123456789", "set", "k")
	const waits = "echo ready >&2; exec cat"
	for name, c := range map[string]struct {
		command []string
		open    bool
	}{
		"another program": {[]string{"sh", "-c", waits}, true},
		"set":             {[]string{h.program, "set", "other"}, false},
		"bundle":          {[]string{h.program, "bundle", "create", "--to", canaryRecipient, "NAME=-"}, false},
		"exec":            {[]string{h.program, "exec", "--use", "k", "--", "sh", "-c", waits}, false},
	} {
		t.Run(name, func(t *testing.T) {
			command := asNobody(exec.Command(c.command[0], c.command[1:]...))
			command.Dir, command.Env = h.dir, h.env
			pid := startWaiting(t, command)
			files := []string{"environ", "maps", "auxv"}
			if !c.open { // some kernels open the memory of nobody but a child
				files = append(files, "mem")
			}
			for _, file := range files {
				look := asNobody(exec.Command("sh", "-c", `: <"$0"`, fmt.Sprintf("/proc/%d/%s", pid, file)))
				if out, err := look.CombinedOutput(); (err == nil) != c.open {
					t.Errorf("%s: %v %s", file, err, out)
				}
			}
		})
	}
}

// startWaiting starts a command that says something on stderr and then waits for
// its stdin, which ends with the test.
func startWaiting(t *testing.T, c *exec.Cmd) (pid int) {
	t.Helper()
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_, _ = io.Copy(io.Discard, stderr)
		_ = c.Wait()
	})
	if _, err := stderr.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

// While a command runs that was lent a value, our memory has that value, since
// it is masked, and none that was not lent. Of the keys it has nothing once the
// runtime has collected its memory and, by the experiment runtimesecret, erased
// what their derivation left; without that, a hash keeps its last block.
func TestMemoryHoldsNoMore(t *testing.T) {
	const inside = "CMD_TEST_MEMORY"
	if os.Getenv(inside) == "" {
		// Who is not root is it in a namespace of his own, and may look there.
		again := exec.Command(os.Args[0], "-test.run", "^TestMemoryHoldsNoMore$", "-test.v")
		if os.Geteuid() != 0 {
			again = exec.Command("unshare", append([]string{"--user", "--map-root-user"}, again.Args...)...)
		}
		again.Env = append(os.Environ(), inside+"=1")
		out, err := again.CombinedOutput()
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s", out)
		return
	}
	h := bareHome(t, build(t))
	h.must(t, "", "init", "--key-source", "file", "--no-hardware-id")
	h.must(t, "sk-lent-0123456789", "set", "lent")
	h.must(t, "sk-kept-0123456789", "set", "kept")
	key, vaultKey := h.keys(t)
	pid := startWaiting(t, h.command([]string{"GOGC=1"}, "exec", "--use", "lent", "--", "sh", "-c", "echo ready >&2; exec cat"))
	left := func(text []byte) int { return countInMemory(t, pid, text) }
	if n := left([]byte("sk-lent-0123456789")); n == 0 {
		t.Error("the value that is lent is not found, so nothing is")
	}
	for name, text := range map[string][]byte{
		"a value that is not lent":  []byte("sk-kept-0123456789"),
		"the outer key, as it lies": []byte(base64.RawStdEncoding.EncodeToString(key)),
		"the outer key's raw bytes": key,
		"the vault key's raw bytes": vaultKey,
	} {
		n := left(text)
		t.Logf("%s: %d", name, n)
		if n > 0 && (erases || !strings.HasSuffix(name, "raw bytes")) {
			t.Errorf("%s: %d copies", name, n)
		}
	}
}

// keys are the outer key, from the key file, and the vault key.
func (h *home) keys(t *testing.T) (key, vaultKey []byte) {
	t.Helper()
	s, err := store.Open(h.store(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var slot machine.Slot
	if err := json.Unmarshal(s.Header().Slots[0], &slot); err != nil {
		t.Fatal(err)
	}
	epoch := machine.Epoch{Store: s.Header().StoreID, Number: s.Header().Epoch}
	outer, err := machine.FileSource{Path: h.keyFile()}.Key(epoch)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := slot.Open(outer, machine.NoHardwareID, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return outer.Expose(), vault.Expose()
}

// countInMemory counts a text in all that a process can write to.
func countInMemory(t *testing.T, pid int, text []byte) (n int) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		const size = 1 << 20
		for at := from; at < to; at += size { // and what begins in a piece may end in the next
			piece := make([]byte, min(size+uint64(len(text))-1, to-at))
			k, _ := memory.ReadAt(piece, int64(at))
			n += bytes.Count(piece[:k], text)
		}
	}
	return n
}

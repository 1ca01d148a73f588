package cmd_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A session is a bus with a gnome-keyring that is unlocked.
type session struct {
	address string
	pid     int // of gnome-keyring-daemon
}

// newSession starts a session that ends with the test: when its stdin closes.
func newSession(t testing.TB) session {
	t.Helper()
	c := exec.Command("../.ci/keyring-session", "sh", "-c", `echo "$DBUS_SESSION_BUS_ADDRESS $KEYRING_PID"; exec cat`)
	c.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		late := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
		defer late.Stop()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var s session
	if _, err := fmt.Sscan(line, &s.address, &s.pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return s
}

// home is a home on the bus of the session.
func (s session) home(t testing.TB, program string) *home {
	t.Helper()
	h := bareHome(t, program)
	h.env = append(h.env, "DBUS_SESSION_BUS_ADDRESS="+s.address)
	return h
}

// build builds the program as it is released, and copies it into its place, as an
// installer does: what the linker has just written lies in the page cache in so small
// pieces that each start takes a millisecond more.
func build(t testing.TB) (program string) {
	t.Helper()
	linked := filepath.Join(t.TempDir(), "linked")
	c := exec.Command("go", "build", "-trimpath", "-o", linked, "./secrets")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(linked)
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(filepath.Dir(linked), "secrets")
	// A process that another test starts meanwhile would inherit the open file, and a
	// program that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A home is a throw-away home folder, and the environment in which secrets
// keeps to it.
type home struct {
	dir     string
	env     []string
	program string
}

// newHome makes a home for the program of the scripts: with a keyring in a
// folder, and the ID of no machine.
func newHome(t testing.TB) *home {
	t.Helper()
	program, err := exec.LookPath("secrets")
	if err != nil {
		t.Fatal(err)
	}
	h := bareHome(t, program)
	h.env = append(h.env,
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
		"TEST_KEYRING="+h.folder(t, "keyring"),
		"TEST_MACHINE_ID=0123456789abcdef0123456789abcdef",
	)
	return h
}

// bareHome is a home in the world as it is.
func bareHome(t testing.TB, program string) *home {
	t.Helper()
	h := &home{dir: t.TempDir(), program: program}
	h.env = []string{
		"HOME=" + h.dir,
		"PATH=" + os.Getenv("PATH"),
		"TERM=xterm",
		"GORACE=" + os.Getenv("GORACE"),
		"TMPDIR=" + h.folder(t, "tmp"),
		"XDG_RUNTIME_DIR=" + h.folder(t, "run"),
	}
	return h
}

// folder makes a folder in the home.
func (h *home) folder(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// store and keyFile are where they lie by default.
func (h *home) store() string   { return filepath.Join(h.dir, ".local/share/secrets/store.db") }
func (h *home) keyFile() string { return filepath.Join(h.dir, ".local/state/secrets/key") }

// command is secrets with arguments, and env besides.
func (h *home) command(env []string, args ...string) *exec.Cmd {
	c := exec.Command(h.program, args...)
	c.Dir = h.dir
	c.Env = append(h.env[:len(h.env):len(h.env)], env...)
	return c
}

// An end is how a command ended and all it wrote.
type end struct {
	stdout, stderr string
	status         int
}

func run(t testing.TB, c *exec.Cmd, stdin string) end {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Errorf("%q: %v", c.Args, err)
	}
	return end{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

// must runs secrets, which has to succeed, and returns what it wrote to stdout.
func (h *home) must(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	return h.status(t, 0, stdin, args...).stdout
}

// status runs secrets, which has to end with one exit status.
func (h *home) status(t testing.TB, want int, stdin string, args ...string) end {
	t.Helper()
	e := run(t, h.command(nil, args...), stdin)
	if e.status != want {
		t.Errorf("secrets %q: exit status %d, want %d\n%s", args, e.status, want, e.stderr)
	}
	return e
}

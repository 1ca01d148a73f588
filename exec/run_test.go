//go:build linux

package exec_test

import (
	"bytes"
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// value is the one that is lent in most tests, under the name TOK.
const value = "hunter2-hunter2"

const mask = "[secret:tok]"

// patience is how long a test waits for what must come soon, on a busy machine.
const patience = 30 * time.Second

// An outcome is all that a caller sees of a program.
type outcome struct {
	Code        int
	Signal      syscall.Signal
	Out, Errors string
}

// bare starts the program without us, with the value in its environment.
func bare(args ...string) *osexec.Cmd {
	cmd := osexec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TOK="+value)
	return cmd
}

// through starts the program through us.
func through(args ...string) *osexec.Cmd {
	return fronted(append([]string{"-use", "TOK=" + value, "--"}, args...)...)
}

// fronted starts the front with these arguments.
func fronted(args ...string) *osexec.Cmd {
	return osexec.Command(os.Args[0], append([]string{"front"}, args...)...)
}

// see runs cmd on pipes, to its end.
func see(t *testing.T, cmd *osexec.Cmd) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := end(t, cmd)
	o.Out, o.Errors = out.String(), errs.String()
	return o
}

// end waits for the end of cmd, and not for ever.
func end(t *testing.T, cmd *osexec.Cmd) outcome {
	t.Helper()
	late := time.AfterFunc(patience, func() {
		t.Errorf("still running after %v: %v", patience, cmd.Args)
		_ = cmd.Process.Kill()
	})
	defer late.Stop()
	err := cmd.Wait()
	if err != nil && !errors.As(err, new(*osexec.ExitError)) {
		t.Fatal(err)
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		t.Fatal("no wait status")
	}
	if status.Signaled() {
		return outcome{Signal: status.Signal()}
	}
	return outcome{Code: status.ExitStatus()}
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for start := time.Now(); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

func check[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// marked are the processes that run with MARK set to this.
func marked(mark string) (pids []int) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		environ, _ := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if strings.Contains(string(environ), "MARK="+mark+"\x00") && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	// A process that another test starts meanwhile would inherit the open file, and
	// a program that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

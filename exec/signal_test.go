//go:build linux

package exec_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A counter is count.py, started through us on pipes and without a terminal.
type counter struct {
	cmd   *osexec.Cmd
	input io.WriteCloser
	out   *bufio.Reader
}

func startCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{cmd: through("python3", "testdata/count.py")}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.cmd.Stderr = os.Stderr
	var err error
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	check(t, "first line", c.line(t), "ready")
	return c
}

func (c *counter) line(t *testing.T) string {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatal("the program said nothing:", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// counts ends the program and returns what it counted.
func (c *counter) counts(t *testing.T) string {
	t.Helper()
	_ = c.input.Close()
	all, err := io.ReadAll(c.out)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", end(t, c.cmd), outcome{})
	said := lines(string(all))
	return said[len(said)-1]
}

func TestSignalOnce(t *testing.T) {
	for _, name := range strings.Fields("HUP INT QUIT TERM USR1 USR2 ALRM ABRT IO") {
		t.Run(name, func(t *testing.T) {
			c := startCounter(t)
			if err := c.cmd.Process.Signal(unix.SignalNum("SIG" + name)); err != nil {
				t.Fatal(err)
			}
			c.line(t)
			check(t, "counts", c.counts(t), name+"=1")
		})
	}
}

// TestSignalStorm sends signals of many kinds at once. The kernel keeps one of
// a kind; none of these may be lost, and no second one be made.
func TestSignalStorm(t *testing.T) {
	const rounds = 15
	kinds := strings.Fields("HUP INT TERM USR1 USR2 ALRM QUIT")
	c := startCounter(t)
	for range rounds {
		for _, name := range kinds {
			_ = c.cmd.Process.Signal(unix.SignalNum("SIG" + name))
		}
		for range kinds {
			c.line(t)
		}
	}
	want := "HUP=%[1]d INT=%[1]d QUIT=%[1]d TERM=%[1]d USR1=%[1]d USR2=%[1]d ALRM=%[1]d"
	check(t, "counts", c.counts(t), fmt.Sprintf(want, rounds))
}

// TestTermIgnored has a program that takes TERM and goes on: so do we.
func TestTermIgnored(t *testing.T) {
	c := startCounter(t)
	for range 3 {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		check(t, "line", c.line(t), "TERM")
	}
	check(t, "counts", c.counts(t), "TERM=3")
}

// TestStopOfUsAlone stops us, and not the program: it goes on, and what it writes
// meanwhile comes when we go on.
func TestStopOfUsAlone(t *testing.T) {
	dir := t.TempDir()
	cmd := through("sh", "-c", `echo 1 > ready; while [ ! -e go ]; do sleep 0.02; done; echo out; echo 1 > done; exit 7`)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	number(t, filepath.Join(dir, "ready"))
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	eventually(t, "we are stopped", func() bool { return isStopped(t, cmd.Process.Pid) })
	write(t, filepath.Join(dir, "go"), "", 0o600)
	number(t, filepath.Join(dir, "done"))
	_ = cmd.Process.Signal(syscall.SIGCONT)
	check(t, "outcome", end(t, cmd), outcome{Code: 7})
	check(t, "out", out.String(), "out\n")
}

func isStopped(t *testing.T, pid int) bool {
	t.Helper()
	return strings.Contains(read(t, "/proc/"+strconv.Itoa(pid)+"/status"), "State:\tT")
}

// TestNohup starts us with HUP ignored: so it is in the program, and a HUP to
// us ends neither.
func TestNohup(t *testing.T) {
	script := `grep SigIgn /proc/self/status; kill -HUP $PPID; sleep 0.1; echo alive`
	want := see(t, bare("nohup", "sh", "-c", strings.Replace(script, "$PPID", "$$", 1)))
	got := see(t, osexec.Command("nohup", through("sh", "-c", script).Args...))
	check(t, "outcome", got, want)
}

// TestNohupTaken has the program take the signal that we were started to ignore.
func TestNohupTaken(t *testing.T) {
	// A signal between Python's look at its signals and pause is not seen
	// before the next one, hence the sleep.
	cmd := shell(`trap '' HUP; exec "$@" python3 -c '
import signal, sys, time
def take(*_):
    print("taken", flush=True)
    sys.exit()
signal.signal(signal.SIGHUP, take)
print("ready", flush=True)
while True: time.sleep(0.01)'`)
	out := begun(t, cmd)
	_, _ = io.ReadFull(out, make([]byte, len("ready\n")))
	_ = cmd.Process.Signal(syscall.SIGHUP)
	rest, _ := io.ReadAll(out)
	check(t, "rest", string(rest), "taken\n")
	check(t, "outcome", end(t, cmd), outcome{})
}

// TestNotPassedOn sends us what is our own affair.
func TestNotPassedOn(t *testing.T) {
	cmd := through("python3", "-c", `
import signal, time
for sig in signal.SIGURG, signal.SIGCONT, signal.SIGWINCH, signal.SIGPIPE, signal.SIGCHLD:
    signal.signal(sig, lambda sig, _: print(sig, flush=True))
print("ready", flush=True)
time.sleep(0.5)`)
	out := begun(t, cmd)
	_, _ = io.ReadFull(out, make([]byte, len("ready\n")))
	for _, sig := range []syscall.Signal{unix.SIGURG, unix.SIGCONT, unix.SIGWINCH, unix.SIGPIPE, unix.SIGCHLD} {
		_ = cmd.Process.Signal(sig)
	}
	rest, _ := io.ReadAll(out)
	check(t, "rest", string(rest), "")
	check(t, "outcome", end(t, cmd), outcome{})
}

// TestSignalsThatEnd sends us signals that end the program, and so us.
func TestSignalsThatEnd(t *testing.T) {
	for _, name := range strings.Fields("VTALRM TRAP XCPU PWR STKFLT") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			note := filepath.Join(t.TempDir(), "note")
			cmd := through("sh", "-c", `ulimit -c 0; echo 1 >`+note+`; exec sleep 100`)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			number(t, note)
			sig := unix.SignalNum("SIG" + name)
			_ = cmd.Process.Signal(sig)
			check(t, "outcome", end(t, cmd), outcome{Signal: sig})
		})
	}
}

// TestKilled kills us by KILL: the program does not run on, and nor do those
// who keep its terminal and its files.
func TestKilled(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pid")
	cmd := fronted("-file", "KEY="+value, "--", "sh", "-c", `echo $KEY > `+note+`.path; echo $$ > `+note+`; exec sleep 1000`)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, path := number(t, note), strings.TrimSpace(read(t, note+".path"))
	check(t, "value in the file", read(t, path), value)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", end(t, cmd), outcome{Signal: syscall.SIGKILL})
	eventually(t, "the program is gone", func() bool { return !alive(pid) })
	eventually(t, "its file is gone", func() bool { return absent(filepath.Dir(path)) })
}

// number waits for a line with a number in a file.
func number(t *testing.T, path string) (n int) {
	t.Helper()
	eventually(t, path, func() bool {
		text, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		n, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	return n
}

// alive says whether a process runs; a zombie does not.
func alive(pid int) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return err == nil && !strings.Contains(string(status), "State:\tZ")
}

// TestInterruptedMonitor sends INT to what is to be our monitor before it leads a
// session, when a ^C is for it as well: that is the program's end, not an error of ours.
func TestInterruptedMonitor(t *testing.T) {
	traced := osexec.Command("strace", append([]string{"-f", "-qq", "-o", os.DevNull, "-e", "inject=setsid:signal=INT"},
		through("echo", "started").Args...)...)
	o := sit(t, traced).end(t)
	check(t, "outcome", o, outcome{Signal: syscall.SIGINT})
}

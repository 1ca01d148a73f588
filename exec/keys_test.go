//go:build linux

package exec_test

import (
	"cmp"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKeysForOthers types ^C at scripts and pipelines that run a program, bare and
// through us, which is "$@": those who share the terminal with it get the signal too.
func TestKeysForOthers(t *testing.T) {
	for name, script := range map[string]string{
		"a script":               `"$@" sh -c 'echo ready; exec sleep 100'; echo next`,
		"one that takes it":      `trap 'echo taken' INT; "$@" sh -c 'echo ready; exec sleep 100'; echo "next $?"`,
		"a program that does":    `"$@" sh -c 'trap "exit 3" INT; echo ready; while :; do sleep 0.01; done'; echo "next $?"`,
		"one in a subshell":      `("$@" sh -c 'echo ready; exec sleep 100'; echo within); echo next`,
		"one that blocks it":     `sleep 100 | "$@" python3 -c 'import signal, sys; signal.signal(2, signal.SIG_DFL); signal.pthread_sigmask(signal.SIG_BLOCK, [2]); print("ready", flush=True); sys.stdin.read(); sys.exit(4)'; echo "next $?"`,
		"a pipeline on the left": `sleep 100 | "$@" sh -c 'echo ready; exec cat'; echo next`,
		"and on the right":       `"$@" sh -c 'echo ready >&2; exec sleep 100' | cat; echo next`,
		"keys that are quoted":   `stty -echoctl; "$@" sh -c 'echo ready; exec head -1'; echo "next $?"`,
		"a raw program":          `"$@" sh -c 'stty -isig; echo ready; head -c 2 >/dev/null'; echo "next $?"`,
		"the other key":          `trap 'echo taken' QUIT; ulimit -c 0; "$@" sh -c 'echo ready; exec sleep 100'; echo "next $?"`,
		"a key that is off":      `"$@" sh -c 'stty -echo intr undef; echo ready; head -c 2 >/dev/null'; echo "next $?"`,
		"quoted once":            `stty -echo; "$@" sh -c 'echo ready; exec cat >/dev/null'; echo "next $?"`,
		"no quotes but in lines": `stty -echo; "$@" sh -c 'stty -icanon; echo ready; exec sleep 100'; echo "next $?"`,
		"no extensions":          `stty -echo; "$@" sh -c 'stty -iexten; echo ready; exec sleep 100'; echo "next $?"`,
		"a runner":               `printf '5\n6\n' | xargs -n1 "$@" sh -c 'echo ready; exec sleep 100' sh 2>&1`,
		"in Python": `python3 -c '
import subprocess, sys
try: subprocess.run(sys.argv[1:] + ["sh", "-c", "echo ready; exec sleep 100"])
except KeyboardInterrupt: print("taken")' "$@"; echo next`,
	} {
		for _, shell := range []string{"bash", "dash"} {
			t.Run(name+" in "+shell, func(t *testing.T) {
				t.Parallel()
				keys := cmp.Or(map[string]string{
					"keys that are quoted":   "\x16\x03x\r",
					"a raw program":          "\x03\r",
					"the other key":          "\x1c",
					"a key that is off":      "\x00\r",
					"quoted once":            "\x16\x03x\x03",
					"no quotes but in lines": "\x16\x03",
					"no extensions":          "\x16\x03",
				}[name], "\x03")
				rounds := 1
				if name == "a pipeline on the left" || name == "a runner" { // who ends first is a matter of luck
					rounds = 5
				}
				for range rounds {
					var got [2]outcome
					for i, front := range [][]string{nil, through().Args} {
						c := sit(t, osexec.Command(shell, append([]string{"-c", script, shell}, front...)...))
						c.line(t, "ready")
						time.Sleep(50 * time.Millisecond) // the last command of the script is about to start
						c.typed(t, keys)
						got[i] = c.end(t)
					}
					check(t, "outcome", got[1], got[0])
				}
			})
		}
	}
}

// TestKeyAfterTheEnd types ^C when the program has ended and its output has not: it is
// for who waits for that.
func TestKeyAfterTheEnd(t *testing.T) {
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	resize(t, to, small)
	cmd := through("sh", "-c", `head -c 70000 /dev/zero >&2; echo ended`)
	cmd.Stderr = to
	c := sit(t, cmd)
	_ = to.Close()
	c.line(t, "ended")
	time.Sleep(200 * time.Millisecond)
	c.typed(t, "\x03")
	time.Sleep(100 * time.Millisecond)
	_, _ = io.Copy(io.Discard, from)
	check(t, "signal", c.end(t).Signal, syscall.SIGINT)
}

// TestKeyAtTheEnd types ^C, which ends who feeds a program that blocks it, and so the
// program, before we come to look at either: the key was the program's.
func TestKeyAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	script := `sleep 100 | sh -c 'echo $$ >pid; exec "$@"' sh "$@" python3 -c '
import os, signal, sys
signal.signal(2, signal.SIG_DFL); signal.pthread_sigmask(signal.SIG_BLOCK, [2])
print(os.getpid(), file=open("program", "w")); print("ready", flush=True); sys.stdin.read(); sys.exit(4)'; echo "next $?"`
	cmd := osexec.Command("bash", append([]string{"-c", script, "bash"}, through().Args...)...)
	cmd.Dir = dir
	c := sit(t, cmd)
	c.line(t, "ready")
	pid := number(t, filepath.Join(dir, "pid"))
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	c.typed(t, "\x03")
	ended := "/proc/" + strconv.Itoa(number(t, filepath.Join(dir, "program")))
	eventually(t, "the monitor reaps the program", func() bool { return absent(ended) })
	time.Sleep(time.Second) // the monitor has said so
	_ = syscall.Kill(pid, syscall.SIGCONT)
	check(t, "outcome", c.end(t), outcome{Out: "ready\r\n^Cnext 4\r\n"})
}

// TestEarlyEnd types a line and the end of the input, ^D, before there is a program:
// the kernel keeps it as a zero byte while the terminal changes its modes.
func TestEarlyEnd(t *testing.T) {
	for _, keys := range []string{"\x04", "line\n\x04", "half\x04\x04"} {
		c := sit(t, shell(`stty -echo; echo ready; sleep 0.1; "$@" cat`))
		c.line(t, "ready")
		c.typed(t, keys)
		got := c.end(t)
		want := "ready\r\n" + strings.ReplaceAll(strings.ReplaceAll(keys, "\x04", ""), "\n", "\r\n")
		check(t, "outcome", got, outcome{Out: want})
	}
}

// TestSentFaults sends us what a program gets for its own faults.
func TestSentFaults(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGXCPU} {
		t.Run(sig.String(), func(t *testing.T) {
			c := sit(t, through("sh", "-c", `echo ready; exec sleep 100`))
			c.line(t, "ready")
			_ = c.cmd.Process.Signal(sig)
			check(t, "outcome", c.end(t), outcome{Signal: sig, Out: "ready\r\n"})
		})
	}
}

// TestWokenAlone stops the program by itself, and us with it; who wakes us wakes it.
func TestWokenAlone(t *testing.T) {
	cmd := through("sh", "-c", `kill -STOP $$; exit 7`)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "we are stopped", func() bool { return isStopped(t, cmd.Process.Pid) })
	_ = cmd.Process.Signal(syscall.SIGCONT)
	check(t, "outcome", end(t, cmd), outcome{Code: 7})
}

// TestStopSent sends us the stop of a key, as from another terminal: vim leaves the
// screen as it was before it stops, and draws it anew.
func TestStopSent(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `echo "fi""rst"; sh -c 'echo $$ >pid; exec $FRONT vim -u NONE -N -n -i NONE /etc/passwd'`)
	d.wait(t, "root:x:0")
	d.settled(t)
	_ = syscall.Kill(number(t, filepath.Join(d.home(t), "pid")), syscall.SIGTSTP)
	d.wait(t, "first")
	d.wait(t, "Stopped")
	d.enter(t, "clear; fg")
	d.wait(t, "root:x:0")
	d.keys(t, ":q", "Enter")
	d.prompt(t)
}

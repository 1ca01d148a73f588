//go:build linux

package exec_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestSharedTerminal has another program feed ours, which is "$@", by a pipe and use
// the terminal itself: bare and through us, to the byte.
func TestSharedTerminal(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		keys   []string // each after what comes before it
	}{
		"it reads":            {`cat | "$@" sh -c 'echo ready; exec cat'`, []string{"ready", "hello\r", "\nhello", "\x04"}},
		"it asks":             {`{ printf 'Name: ' >/dev/tty; read -r a </dev/tty; echo "$a"; } | "$@" cat`, []string{"Name: ", "bob\r"}},
		"it asks for secrets": {`python3 -c 'import getpass; print(getpass.getpass())' | "$@" wc -c`, []string{"Password: ", "secret\r"}},
		"it tells":            {`{ echo one >&2; echo two >&2; echo three; } | "$@" cat`, nil},
		"ours asks":           {`seq 9 | "$@" sh -c 'cat; printf "Sure? " >/dev/tty; read -r a </dev/tty; echo "got $a"'; echo next`, []string{"Sure? ", "yes\r"}},
		"ours asks secretly":  {`seq 9 | "$@" sh -c 'wc -l; python3 -c "import getpass; print(getpass.getpass())"; echo ok'; echo next`, []string{"Password: ", "secret\r"}},
		"both ask":            {`{ printf 'Name: ' >/dev/tty; read -r a </dev/tty; echo "$a"; } | "$@" sh -c 'cat; printf "Sure? " >/dev/tty; read -r a </dev/tty; echo "got $a"'`, []string{"Name: ", "bob\r", "Sure? ", "yes\r"}},
		"ours waits to read":  {`true | "$@" bash -c 'echo "Sure? "; read -r -t 20 a </dev/tty; echo "got $a"'; echo next`, []string{"Sure? ", "yes\r"}},
		"ours waits by poll": {`true | "$@" python3 -c '
import select
tty = open("/dev/tty")
print("Sure? ", flush=True)
select.select([tty], [], [])
print("got", tty.readline())'`, []string{"Sure? ", "yes\r"}},
		"a child of ours waits": {`true | "$@" sh -c 'python3 -c "
import os, select
tty = open(os.ttyname(1))
print(\"Sure? \", flush=True)
select.select([tty], [], [])
print(\"got\", tty.readline())"; :'`, []string{"Sure? ", "yes\r"}},
		"ours has it open": {`python3 -c '
import select, time
tty = open("/dev/tty")
for asked in "One? ", "Two? ":
    print(asked, end="", file=open("/dev/tty", "w"), flush=True)
    select.select([tty], [], [])
    time.sleep(0.03)
    print(tty.readline(), end="", flush=True)
    time.sleep(1)' | "$@" sh -c 'exec 3</dev/tty; cat'`, []string{"One? ", "yes\r", "Two? ", "no\r"}},
		"it asks when ours has ended": {`{ sleep 0.3; stty -echo </dev/tty; echo x; sleep 1; printf 'Password: ' >/dev/tty; read -r a </dev/tty; stty echo </dev/tty; } | "$@" head -1`, []string{"Password: ", "secret\r"}},
		"no CR of its own":            {`stty -onlcr; true | "$@" printf 'a\r\nb\n'`, nil},
		"a return alone":              {`true | "$@" printf '\r'; echo Z`, nil},
		"two of ours":                 {`"$@" cat | "$@" sh -c 'echo ready; exec cat'`, []string{"ready", "hello\r", "\nhello", "\x04"}},
		"returns and breaks":          {`true | "$@" sh -c 'printf "a\r"; printf "\nb\r\nc\r"; sleep 0.2; printf "d\n"; seq 20000'`, nil},
		"ours changes it":             {`true | "$@" sh -c 'stty -echo -opost </dev/tty; printf "a\nb\n"; stty sane </dev/tty; printf "a\nb\n"'`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got [2]outcome
			for i, cmd := range shellBoth(test.script) {
				c := sit(t, cmd)
				for k := 0; k < len(test.keys); k += 2 {
					c.wait(t, test.keys[k])
					time.Sleep(50 * time.Millisecond) // the program is about to read
					c.typed(t, test.keys[k+1])
				}
				got[i] = c.end(t)
			}
			check(t, "outcome", got[1], got[0])
		})
	}
}

// TestSharedTerminalStops has keys stop and end a pipeline that ends with us, and a
// pager at its end.
func TestSharedTerminalStops(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `sleep 100 | $FRONT bash -c 'while :; do echo be""gun; sleep 0.1; done'`)
	d.wait(t, "begun")
	for range 5 {
		d.keys(t, "C-z")
		d.prompt(t)
		d.enter(t, "clear; jobs; echo listed")
		d.wait(t, "\nlisted")
		d.wait(t, "Stopped")
		d.goOn(t, "begun")
	}
	d.keys(t, "C-c")
	d.prompt(t)
	d.enter(t, `s=$?; clear; echo "then $s"`)
	d.wait(t, "then 130")

	d.enter(t, `clear; true | $FRONT bash -c 'echo "as""king"; read -r -t 100 a </dev/tty; echo "g""ot $a"'`)
	d.wait(t, "asking")
	d.stop(t)
	d.goOn(t, "bash -c")
	time.Sleep(300 * time.Millisecond)
	d.enter(t, "yes")
	d.wait(t, "got yes")
	d.prompt(t)

	d.enter(t, `clear; seq 100 | $FRONT less`)
	d.wait(t, "\n23")
	d.stop(t)
	d.goOn(t, "\n23")
	d.keys(t, "G")
	d.wait(t, "\n100")
	d.keys(t, "q")
	d.prompt(t)
	d.enter(t, `s=$?; clear; echo "then $s"`)
	d.wait(t, "then 0")
}

// TestSharedTerminalBackground types a line for the shell: the job in its background
// is not asked for it.
func TestSharedTerminalBackground(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `true | $FRONT bash -c 'exec 3</dev/tty; echo be""gun; sleep 100; :'`)
	d.wait(t, "begun")
	d.stop(t)
	d.enter(t, "clear; bg; sleep 0.5")
	d.wait(t, "bash -c")
	d.enter(t, "jobs; echo listed")
	d.wait(t, "\nlisted")
	if screen := d.plain(t); !strings.Contains(screen, "Running") {
		t.Errorf("it does not run:\n%s", screen)
	}
	d.enter(t, "kill %1")
}

// TestSharedTerminalAsksAgain stops a pipeline and brings it back: who feeds us still
// has the keys.
func TestSharedTerminalAsksAgain(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `bash -c 'while [ ! -e go ]; do sleep 0.05; done; read -r -p "Na""me: " a </dev/tty; echo "g""ot $a"' | $FRONT bash -c 'echo be""gun; cat'`)
	d.wait(t, "begun")
	d.stop(t)
	d.goOn(t, "bash -c")
	write(t, filepath.Join(d.home(t), "go"), "", 0o600)
	d.wait(t, "Name:")
	d.enter(t, "bob")
	d.wait(t, "got bob")
}

// TestSharedTerminalPaste pastes more than a terminal holds into a program that took
// the terminal over: what it has not read yet is no sign that nobody does.
func TestSharedTerminalPaste(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	write(t, filepath.Join(d.home(t), "paste"), strings.Repeat("0123456789", 2000), 0o600)
	d.enter(t, `true | $FRONT python3 -c '
import sys, time, tty
keys = open("/dev/tty", "rb", 0)
tty.setraw(keys)
print("re" "ady\r", flush=True)
time.sleep(1)
n = 0
while n < 20000: n += len(keys.read(4096))
print("got", n, "\r")'`)
	d.wait(t, "ready")
	d.tmux(t, "load-buffer", filepath.Join(d.home(t), "paste"))
	d.tmux(t, "paste-buffer")
	d.wait(t, "got 20000")
	if screen := d.plain(t); strings.Contains(screen, "Stopped") {
		t.Errorf("it was stopped:\n%s", screen)
	}
}

// TestSharedTerminalKilled kills us when a program has taken the terminal over, in the
// modes of then: they are given back.
func TestSharedTerminalKilled(t *testing.T) {
	c := sit(t, shell(`{ sleep 0.3; stty -echoctl </dev/tty; } | "$@" sh -c 'cat; stty raw </dev/tty; echo taken; exec kill -KILL $(ps -o ppid= $PPID)'; echo; echo next; read -r a`))
	c.wait(t, "taken")
	c.wait(t, "next")
	eventually(t, "the terminal has lines", func() bool { return c.modes(t).Lflag&unix.ICANON != 0 })
}

// TestSharedTerminalSize changes the size of a terminal that is shared.
func TestSharedTerminalSize(t *testing.T) {
	// A shell that waits for a child which ends well forgets a ^C: none is left by then.
	c := sit(t, shell(`sleep 100 | "$@" bash -c 'trap "stty size </dev/stderr; echo sized; exec sleep 100" WINCH; echo ready; while :; do sleep 0.05; done'`))
	c.line(t, "ready")
	_ = pty.Setsize(c.slave, &pty.Winsize{Rows: 30, Cols: 100})
	c.line(t, "30 100\r\nsized")
	c.typed(t, "\x03")
	check(t, "signal", c.end(t).Signal, syscall.SIGINT)
}

// TestSharedTerminalTypedAhead types a line that nobody reads: it is for the next.
func TestSharedTerminalTypedAhead(t *testing.T) {
	c := sit(t, shell(`true | "$@" sh -c 'echo ready; sleep 0.5'; read -r a; echo "got $a"`))
	c.line(t, "ready")
	c.typed(t, "ahead\r")
	check(t, "outcome", c.end(t), outcome{Out: "ready\r\nahead\r\ngot ahead\r\n"})
}

// TestSharedTerminalHangup takes the terminal away from a program and its children.
func TestSharedTerminalHangup(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := shell(`sleep 100 | "$@" sh -c 'echo ready; sleep 100; :'`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark)
	c := sit(t, cmd)
	c.line(t, "ready")
	_ = c.master.Close()
	_ = end(t, c.cmd)
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

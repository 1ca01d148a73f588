//go:build linux

package exec_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
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
		"a return alone":     {`true | "$@" printf '\r'; echo Z`, nil},
		"two of ours":        {`"$@" cat | "$@" sh -c 'echo ready; exec cat'`, []string{"ready", "hello\r", "\nhello", "\x04"}},
		"returns and breaks": {`true | "$@" sh -c 'printf "a\r"; printf "\nb\r\nc\r"; sleep 0.2; printf "d\n"; seq 20000'`, nil},
		"ours changes it":    {`true | "$@" sh -c 'stty -echo -opost </dev/tty; printf "a\nb\n"; stty sane </dev/tty; printf "a\nb\n"'`, nil},
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
		d.enter(t, "clear; fg")
		d.wait(t, "begun")
	}
	d.keys(t, "C-c")
	d.prompt(t)
	d.enter(t, `s=$?; clear; echo "then $s"`)
	d.wait(t, "then 130")

	d.enter(t, `clear; true | $FRONT bash -c 'echo "as""king"; read -r -t 100 a </dev/tty; echo "g""ot $a"'`)
	d.wait(t, "asking")
	d.keys(t, "C-z")
	d.wait(t, "Stopped")
	d.enter(t, "clear; fg")
	d.wait(t, "bash -c")
	time.Sleep(300 * time.Millisecond)
	d.enter(t, "yes")
	d.wait(t, "got yes")
	d.prompt(t)

	d.enter(t, `clear; seq 100 | $FRONT less`)
	d.wait(t, "\n23")
	d.keys(t, "C-z")
	d.wait(t, "Stopped")
	d.enter(t, "clear; fg")
	d.wait(t, "\n23")
	d.keys(t, "G")
	d.wait(t, "\n100")
	d.keys(t, "q")
	d.prompt(t)
	d.enter(t, `s=$?; clear; echo "then $s"`)
	d.wait(t, "then 0")
}

// TestSharedTerminalSize changes the size of a terminal that is shared.
func TestSharedTerminalSize(t *testing.T) {
	// A shell that waits for a child which ends well forgets a ^C: none is left by then.
	c := sit(t, shell(`sleep 100 | "$@" bash -c 'trap "stty size </dev/stderr; echo sized; exec sleep 100" WINCH; echo ready; while :; do sleep 0.05; done'`))
	c.wait(t, "ready")
	_ = pty.Setsize(c.slave, &pty.Winsize{Rows: 30, Cols: 100})
	c.wait(t, "30 100\r\nsized")
	c.typed(t, "\x03")
	check(t, "signal", c.end(t).Signal, syscall.SIGINT)
}

// TestSharedTerminalTypedAhead types a line that nobody reads: it is for the next.
func TestSharedTerminalTypedAhead(t *testing.T) {
	c := sit(t, shell(`true | "$@" sh -c 'echo ready; sleep 0.5'; read -r a; echo "got $a"`))
	c.wait(t, "ready")
	c.typed(t, "ahead\r")
	check(t, "outcome", c.end(t), outcome{Out: "ready\r\nahead\r\ngot ahead\r\n"})
}

// TestSharedTerminalHangup takes the terminal away from a program and its children.
func TestSharedTerminalHangup(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := shell(`sleep 100 | "$@" sh -c 'echo ready; sleep 100; :'`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark)
	c := sit(t, cmd)
	c.wait(t, "ready")
	_ = c.master.Close()
	_ = end(t, c.cmd)
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

//go:build linux

package exec_test

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A desk is an interactive bash in a terminal of tmux: what a user has.
type desk struct {
	socket string
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	dir, err := os.MkdirTemp("", "desk-")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{socket: filepath.Join(dir, "tmux")}
	t.Cleanup(func() {
		_ = osexec.Command("tmux", "-S", d.socket, "kill-server").Run()
		_ = os.RemoveAll(dir)
	})
	home := t.TempDir()
	d.tmux(t, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
		"env", "-i", "PATH="+os.Getenv("PATH"), "HOME="+home, "TERM=screen-256color", "LANG=C.UTF-8", "TOK="+value, "PS1=$ ",
		"FRONT="+strings.Join(through().Args, " "), "INPUTRC=/dev/null", "HISTFILE=", "LESSHISTFILE=-", "PAGER=less", "DIR="+home,
		"bash", "--noprofile", "--norc", "-i")
	d.wait(t, "$")
	d.enter(t, `cd "$DIR"; bind 'set enable-bracketed-paste off' 2>/dev/null; clear`)
	d.settled(t)
	return d
}

func (d *desk) tmux(t *testing.T, args ...string) string {
	t.Helper()
	out, err := osexec.Command("tmux", append([]string{"-S", d.socket}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// screen is what the terminal shows, colours included.
func (d *desk) screen(t *testing.T) string {
	t.Helper()
	return d.tmux(t, "capture-pane", "-p", "-e")
}

// plain is what it shows without colours and empty lines.
func (d *desk) plain(t *testing.T) string {
	t.Helper()
	return strings.TrimRight(d.tmux(t, "capture-pane", "-p"), "\n ")
}

// keys types keys by their names in tmux.
func (d *desk) keys(t *testing.T, keys ...string) {
	t.Helper()
	d.tmux(t, append([]string{"send-keys"}, keys...)...)
}

// enter types a line.
func (d *desk) enter(t *testing.T, line string) {
	t.Helper()
	d.tmux(t, "send-keys", "-l", line)
	d.keys(t, "Enter")
}

func (d *desk) wait(t *testing.T, text string) {
	t.Helper()
	late := time.Now().Add(patience)
	for !strings.Contains(d.plain(t), text) {
		if time.Now().After(late) {
			t.Fatalf("the screen did not show %q, but\n%s", text, d.plain(t))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// prompt waits for the shell's prompt. What is typed before belongs to the
// program that still has the terminal, and may be lost with it.
func (d *desk) prompt(t *testing.T) {
	t.Helper()
	late := time.Now().Add(patience)
	for !slices.ContainsFunc(lines(d.plain(t)), func(line string) bool { return strings.HasSuffix(line, "$") }) {
		if time.Now().After(late) {
			t.Fatalf("no prompt:\n%s", d.plain(t))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// stop stops the program in the foreground.
func (d *desk) stop(t *testing.T) {
	t.Helper()
	d.keys(t, "C-z")
	d.wait(t, "Stopped")
}

// goOn brings it back, on a clear screen, and waits for what it or the shell shows.
func (d *desk) goOn(t *testing.T, shown string) {
	t.Helper()
	d.enter(t, "clear; fg")
	d.wait(t, shown)
}

// jobs is the screen with what the shell says of its jobs, and nothing before it.
func (d *desk) jobs(t *testing.T) string {
	t.Helper()
	d.enter(t, "clear; jobs; echo listed")
	d.wait(t, "\nlisted")
	return d.plain(t)
}

// stopped waits until the shell says of a job that it has stopped.
func (d *desk) stopped(t *testing.T) {
	t.Helper()
	for late := time.Now().Add(patience); !strings.Contains(d.jobs(t), "Stopped"); {
		if time.Now().After(late) {
			t.Fatalf("it did not stop:\n%s", d.plain(t))
		}
	}
}

// settled waits until the screen no longer changes and returns it.
func (d *desk) settled(t *testing.T) string {
	t.Helper()
	last, since := d.screen(t), time.Now()
	for start := time.Now(); time.Since(since) < 200*time.Millisecond; {
		time.Sleep(60 * time.Millisecond)
		if now := d.screen(t); now != last {
			last, since = now, time.Now()
		}
		if time.Since(start) > patience {
			t.Fatalf("the screen does not come to rest:\n%s", last)
		}
	}
	return last
}

// What a program prints is spelt in two parts in its script, so that the screen
// shows the word only when it runs. What ^Z stops is a bash: a dash that starts a
// command waits in vfork, and if ^Z comes then it does not stop, bare or not.

// TestStopAndGoOn stops programs by ^Z and lets them go on, again and again: once in
// some 300 times two signals of one stop were taken for two.
func TestStopAndGoOn(t *testing.T) {
	const rounds = 60
	for name, redirection := range map[string]string{"on a terminal": "", "on a pipe": " | cat", "in a file": " > f"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t)
			d.enter(t, `$FRONT bash -c 'while [ ! -e end ]; do echo be""gun >&2; sleep 0.1; done; exit 7'`+redirection)
			d.wait(t, "begun")
			for round := range rounds {
				d.keys(t, "C-z")
				d.prompt(t)
				d.enter(t, fmt.Sprintf("clear; jobs; echo round %d", round))
				d.wait(t, fmt.Sprintf("\nround %d", round))
				if screen := d.plain(t); strings.Count(screen, "Stopped") != 1 {
					t.Fatalf("not stopped:\n%s", screen)
				}
				d.goOn(t, "begun")
			}
			write(t, filepath.Join(d.home(t), "end"), "", 0o600)
			d.prompt(t)
			d.enter(t, `echo "code ${PIPESTATUS[0]}"`)
			d.wait(t, "\ncode ")
			if screen := d.plain(t); name != "on a pipe" && !strings.Contains(screen, "code 7") {
				t.Errorf("another end:\n%s", screen)
			}
		})
	}
}

// home is the directory that bash is in.
func (d *desk) home(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(d.tmux(t, "display-message", "-p", "#{pane_current_path}"))
}

// TestStoppedLine stops within a line whose end is held: what may be shown of it is.
func TestStoppedLine(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT bash -c 'echo "li""ne hunter"; kill -TSTP $$'`)
	d.wait(t, "Stopped")
	if screen := d.plain(t); !strings.Contains(screen, "\nline\n") {
		t.Errorf("the line is not shown:\n%s", screen)
	}
	d.prompt(t)
	d.goOn(t, "\nhunter")
}

// TestBackground lets a stopped program go on in the background: it prints, and
// stops again when it wants to read.
func TestBackground(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT bash -c 'echo be""gun; while [ ! -e go ]; do sleep 0.05; done; echo prin""ted; read -r x; echo "re""ad $x"; exit 5'`)
	d.wait(t, "begun")
	d.stop(t)
	d.enter(t, "clear; bg")
	write(t, filepath.Join(d.home(t), "go"), "", 0o600)
	d.wait(t, "printed")
	d.stopped(t)
	d.goOn(t, "bash -c")
	time.Sleep(300 * time.Millisecond)
	d.enter(t, "typed")
	d.wait(t, "read typed")
	d.enter(t, `echo "code $?"`)
	d.wait(t, "code 5")
}

// TestBackgroundToStop has a terminal that stops whoever prints in the
// background.
func TestBackgroundToStop(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `stty tostop; $FRONT bash -c 'echo be""gun; while [ ! -e go ]; do sleep 0.05; done; echo prin""ted; exit 5'`)
	d.wait(t, "begun")
	d.stop(t)
	d.enter(t, "clear; bg")
	write(t, filepath.Join(d.home(t), "go"), "", 0o600)
	d.stopped(t)
	if screen := d.plain(t); strings.Contains(screen, "printed") {
		t.Errorf("it printed:\n%s", screen)
	}
	d.enter(t, "fg; echo code $?")
	d.wait(t, "printed")
	d.wait(t, "code 5")
}

// TestStartedInBackground starts us behind an &, as bare.
func TestStartedInBackground(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT sh -c 'test -t 1 && echo "on a" terminal; sleep 0.3; exit 5' & wait $!; echo code $?`)
	d.wait(t, "on a terminal")
	d.wait(t, "code 5")
}

// TestInterruptScript ends a script by ^C, since the program died of it.
func TestInterruptScript(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `for i in 1 2 3; do $FRONT sh -c 'echo be""gun; exec sleep 1000'; echo "code $?"; done`)
	d.wait(t, "begun")
	d.keys(t, "C-c")
	d.prompt(t)
	d.enter(t, `echo "then $?"`)
	d.wait(t, "then 130")
}

// TestStopWithin stops us in a shell of our own, and programs that handle ^Z.
func TestStopWithin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ start, shown, down string }{
		"vim":  {`$FRONT vim -u NONE -N -n -i NONE /etc/passwd`, "root:x:0", "j"},
		"less": {`$FRONT less /etc/passwd`, "daemon:x:1", "j"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t)
			d.enter(t, test.start)
			d.wait(t, test.shown)
			d.settled(t)
			d.stop(t)
			d.enter(t, "fg")
			d.wait(t, test.shown)
			d.settled(t)
			d.keys(t, test.down)
			d.settled(t)
			if screen := d.plain(t); strings.Contains(screen, "Stopped") || !strings.Contains(screen, test.shown) {
				t.Errorf("the screen is not as it was:\n%s", screen)
			}
			d.keys(t, ":q", "Enter")
			d.prompt(t)
			d.enter(t, `s=$?; clear; echo "code $s"`)
			d.wait(t, "code 0")
		})
	}
	t.Run("bash", func(t *testing.T) {
		t.Parallel()
		d := openDesk(t)
		d.enter(t, `$FRONT bash --norc --noprofile -i`)
		d.enter(t, `PS1='in''ner> '; clear`) // as it is typed, it is no prompt
		d.wait(t, "inner>")
		d.enter(t, `(echo be""gun; exec sleep 1000)`)
		d.wait(t, "begun")
		d.stop(t)
		d.goOn(t, "exec sleep 1000")
		time.Sleep(300 * time.Millisecond)
		d.keys(t, "C-c")
		d.enter(t, `echo "inner $?"; suspend`)
		d.wait(t, "inner 130")
		d.wait(t, "Stopped")
		d.enter(t, `clear; fg`)
		d.settled(t)
		d.enter(t, `echo "back $TOK"; exit 4`)
		d.wait(t, "back "+mask)
		d.prompt(t) // what is typed before is the inner shell's
		d.enter(t, `echo "code $?"`)
		d.wait(t, "code 4")
	})
}

// TestStoppedAtABeginning stops a program by a key whose echo, ^Z, ends like a
// value begins: what is held of it shows before the shell's own words.
func TestStoppedAtABeginning(t *testing.T) {
	d := openDesk(t)
	d.enter(t, strings.Join(fronted("-use", "Z=Zk7QpW2mXv9TbN4r", "--").Args, " ")+` bash -c 'echo be""gun; sleep 100'`)
	d.wait(t, "\nbegun")
	d.stop(t)
	if screen := d.plain(t); !strings.Contains(screen, "^Z") {
		t.Errorf("half of the key's echo is missing:\n%s", screen)
	}
	d.enter(t, "kill %1; fg")
}

// TestForegroundAgain brings a program that runs in the background back without a word
// to it: a shell sends no CONT to a job that runs. Then it may read.
func TestForegroundAgain(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT bash -c 'echo be""gun; while [ ! -e go ]; do sleep 0.05; done; read -r x; echo "re""ad $x"'`)
	d.wait(t, "begun")
	d.stop(t)
	d.prompt(t)
	d.enter(t, "clear; bg; jobs; echo listed")
	d.wait(t, "\nlisted")
	d.wait(t, "Running")
	d.goOn(t, "bash -c")
	write(t, filepath.Join(d.home(t), "go"), "", 0o600)
	time.Sleep(300 * time.Millisecond)
	d.enter(t, "typed")
	d.wait(t, "read typed")
}

// TestStopsAsIfItRead has a program in the foreground stop itself as a read in the
// background would.
func TestStopsAsIfItRead(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT bash -c 'kill -TTIN $$; echo wo""ken; exit 3'`)
	d.wait(t, "Stopped")
	d.enter(t, "clear; fg; echo code $?")
	d.wait(t, "woken")
	d.wait(t, "code 3")
}

// TestSizeWhileStopped changes the size of the terminal while the program is stopped.
func TestSizeWhileStopped(t *testing.T) {
	t.Parallel()
	d := openDesk(t)
	d.enter(t, `$FRONT bash -c 'while :; do echo "si""ze $(stty size)"; sleep 0.1; done'`)
	d.wait(t, "size 24 80")
	d.stop(t)
	d.tmux(t, "resize-window", "-x", "100", "-y", "30")
	d.settled(t)
	d.goOn(t, "size 30 100")
}

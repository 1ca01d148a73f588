//go:build linux

package exec_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A console is a terminal with a program on it, and we are who sits there.
type console struct {
	cmd    *osexec.Cmd
	master *os.File
	slave  *os.File
	before unix.Termios // the modes that it was started in

	mu   sync.Mutex
	seen []byte
	done chan struct{}
}

// sit starts cmd with a terminal of 80 by 24 in the place of each stream that
// is nil.
func sit(t *testing.T, cmd *osexec.Cmd) *console {
	t.Helper()
	blocking, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// A file that blocks cannot be closed while somebody reads it.
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = blocking.Close()
	_ = unix.SetNonblock(fd, true)
	master := os.NewFile(uintptr(fd), "master")
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	c := &console{cmd: cmd, master: master, slave: slave, done: make(chan struct{})}
	c.before = c.modes(t) // now: the program may change them at once
	if cmd.Stdin == nil {
		cmd.Stdin = slave
	}
	if cmd.Stdout == nil {
		cmd.Stdout = slave
	}
	if cmd.Stderr == nil {
		cmd.Stderr = slave
	}
	cmd.ExtraFiles = []*os.File{slave}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	cmd.Args = append([]string{"bash", "-c", `exec 3>&-; exec "$@"`, "bash"}, cmd.Args...)
	if cmd.Path, err = osexec.LookPath("bash"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.watch()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = slave.Close()
		_ = master.Close()
	})
	return c
}

func (c *console) watch() {
	defer close(c.done)
	buf := make([]byte, 4096)
	for {
		n, err := c.master.Read(buf)
		c.mu.Lock()
		c.seen = append(c.seen, buf[:n]...)
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what has come so far.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.seen)
}

// wait waits until the terminal has shown this.
func (c *console) wait(t *testing.T, text string) {
	t.Helper()
	late := time.Now().Add(patience)
	for !strings.Contains(c.text(), text) {
		if time.Now().After(late) {
			t.Fatalf("the terminal did not show %q, but %q", text, c.text())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// line waits for a whole line. The kernel may show a line before its end: a key that
// is typed then, or a signal, is seen between the two.
func (c *console) line(t *testing.T, text string) {
	t.Helper()
	c.wait(t, text+"\r\n")
}

func (c *console) typed(t *testing.T, keys string) {
	t.Helper()
	if _, err := c.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the program and returns all that was shown.
func (c *console) end(t *testing.T) outcome {
	t.Helper()
	o := end(t, c.cmd)
	_ = c.slave.Close()
	<-c.done
	o.Out = c.text()
	return o
}

// restored waits until the terminal has the modes that it was started in.
func (c *console) restored(t *testing.T) {
	t.Helper()
	eventually(t, "the modes are as they were", func() bool { return c.modes(t) == c.before })
}

func (c *console) modes(t *testing.T) unix.Termios {
	t.Helper()
	modes, err := unix.IoctlGetTermios(int(c.slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *modes
}

// TestTerminalSame has programs on a terminal, bare and through us, to the byte.
func TestTerminalSame(t *testing.T) {
	for name, script := range map[string]string{
		"exit 7":           `echo out; echo err >&2; exit 7`,
		"killed by TERM":   `kill -TERM $$`,
		"killed by INT":    `kill -INT $$`,
		"killed by SEGV":   `kill -SEGV $$`,
		"killed by QUIT":   `kill -QUIT $$`,
		"no doubled CR":    `printf 'a\nb\r\nc\rd'`,
		"colours":          `ls --color=auto /; git --no-pager -c color.ui=auto diff --no-index /etc/passwd /etc/group | head -5; ls --color=auto / | head -3`,
		"terminals, sizes": `for fd in 0 1 2; do test -t $fd && echo $fd; done; stty size; stty -a`,
		"escapes":          `printf '\033[?1049h\033[?1000h\033[?2004h\033[2J\033[5;5Hx\033[38;2;1;2;3my\033]0;title\007\033[?2004l\033[?1000l\033[?1049l'`,
		"variables":        `echo "$TERM $NO_COLOR $COLUMNS"`,
		"a terminal in it": `tty | grep -c /dev/pts/; test -w /dev/tty && echo open`,
		"foreground":       `ps -o stat= $$ | grep -c '+'`,
	} {
		t.Run(name, func(t *testing.T) {
			want := sit(t, bare("sh", "-c", script)).end(t)
			got := sit(t, through("sh", "-c", script)).end(t)
			check(t, "outcome", got, want)
		})
	}
}

// TestKinds has a terminal, a pipe or a file as each stream: what is a terminal
// stays one, and each stream goes its own way.
func TestKinds(t *testing.T) {
	script := `for fd in 0 1 2; do test -t $fd && echo $fd; done > kinds; echo out; echo err >&2`
	for mix := range 8 {
		for _, kind := range []string{"pipe", "file"} {
			t.Run(fmt.Sprintf("%03b with a %s", mix, kind), func(t *testing.T) {
				var shown [2]string
				for i, cmd := range []*osexec.Cmd{bare("sh", "-c", script), through("sh", "-c", script)} {
					cmd.Dir = t.TempDir()
					if mix&1 != 0 {
						cmd.Stdin = strings.NewReader("")
					}
					var out, errs bytes.Buffer
					if mix&2 != 0 {
						cmd.Stdout = streamOf(t, cmd.Dir, kind, &out)
					}
					if mix&4 != 0 {
						cmd.Stderr = streamOf(t, cmd.Dir, kind, &errs)
					}
					o := sit(t, cmd).end(t)
					shown[i] = fmt.Sprintf("%+v %q %q %q", o, read(t, filepath.Join(cmd.Dir, "kinds")), out.String(), errs.String())
				}
				check(t, "outcome", shown[1], shown[0])
			})
		}
	}
}

func streamOf(t *testing.T, dir, kind string, pipe *bytes.Buffer) interface{ Write([]byte) (int, error) } {
	t.Helper()
	if kind == "pipe" {
		return pipe
	}
	file, err := os.CreateTemp(dir, "stream")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTerminalMasked prints the value onto the terminal, whole and in pieces.
func TestTerminalMasked(t *testing.T) {
	got := sit(t, through("bash", "-c", `echo $TOK; printf %s "${TOK:0:7}"; sleep 0.2; echo "${TOK:7}"; echo $TOK >&2; echo $TOK > /dev/tty`)).end(t)
	check(t, "outcome", got, outcome{Out: strings.Repeat(mask+"\r\n", 4)})
}

// TestPassword asks for the value without echo, and prints it then.
func TestPassword(t *testing.T) {
	c := sit(t, through("bash", "-c", `read -rs -p 'Password: ' x; echo; echo "you said $x"`))
	c.wait(t, "Password: ")
	c.typed(t, value+"\r")
	check(t, "outcome", c.end(t), outcome{Out: "Password: \r\nyou said " + mask + "\r\n"})
}

func TestReadline(t *testing.T) {
	c := sit(t, through("bash", "-c", `read -e -r -p '> ' x; echo "got $x"`))
	c.wait(t, "> ")
	c.typed(t, "abd\x1b[D\x7fX\x05c\r") // left, backspace, X, end of line, c
	got := c.end(t)
	if !strings.Contains(got.Out, "got aXdc\r\n") {
		t.Errorf("got %q", got.Out)
	}
}

// TestKeys counts the keys that make signals: one each, and all of them.
func TestKeys(t *testing.T) {
	for name, test := range map[string]struct{ keys, signal string }{
		"^C":       {"\x03", "INT"},
		"^C twice": {"\x03\x03", "INT"},
		"^\\":      {"\x1c", "QUIT"},
	} {
		for where, redirection := range map[string]string{
			"terminal": "", "pipe": `| { trap "" INT QUIT; exec cat; }`, "file": "> f; cat f", "stderr away": "2> f",
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				count, err := filepath.Abs("testdata/count.py")
				if err != nil {
					t.Fatal(err)
				}
				cmd := osexec.Command("bash", append([]string{"-c", `trap : INT QUIT; "$@" ` + redirection, "bash"}, through("python3", count).Args...)...)
				cmd.Dir = t.TempDir()
				c := sit(t, cmd)
				said := func(line string) (times int) {
					text := strings.ReplaceAll(c.text(), "\r", "")
					if where == "file" {
						whole, _ := os.ReadFile(filepath.Join(cmd.Dir, "f"))
						text = string(whole)
					}
					return strings.Count(text, line+"\n")
				}
				eventually(t, "ready", func() bool { return said("ready") == 1 })
				for i, key := range test.keys {
					c.typed(t, string(key))
					eventually(t, test.signal, func() bool { return said(test.signal) > i })
				}
				time.Sleep(100 * time.Millisecond) // for one too many
				c.typed(t, "\x04")
				c.wait(t, fmt.Sprintf("%s=%d\r\n", test.signal, len(test.keys)))
				check(t, "code", c.end(t).Code, 0)
			})
		}
	}
}

// TestSize changes the size: the program learns of it once, and what it is.
func TestSize(t *testing.T) {
	for name, redirection := range map[string]string{"on all": "", "on stderr alone": " >/dev/null"} {
		t.Run(name, func(t *testing.T) {
			// Not a shell: bash forgets a signal that comes during its own trap.
			const program = `
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
signal.signal(signal.SIGWINCH, lambda *_: None) # by default it is dropped, blocked or not
os.write(2, b"ready\n")
while signal.sigwait([signal.SIGWINCH]): os.write(2, b"%d %d\n" % tuple(reversed(os.get_terminal_size(2))))`
			cmd := osexec.Command("bash", append([]string{"-c", `exec "$@"` + redirection, "bash"}, through("python3", "-c", program).Args...)...)
			c := sit(t, cmd)
			c.line(t, "ready")
			for _, size := range []pty.Winsize{{Rows: 30, Cols: 100}, {Rows: 10, Cols: 20}} {
				_ = pty.Setsize(c.slave, &size)
				c.line(t, fmt.Sprintf("%d %d", size.Rows, size.Cols))
			}
			if name == "on all" {
				check(t, "sizes shown", c.text(), "ready\r\n30 100\r\n10 20\r\n")
			}
			_ = cmd.Process.Signal(syscall.SIGTERM)
			check(t, "signal", c.end(t).Signal, syscall.SIGTERM)
		})
	}
}

// TestTerminalRestored ends us in all ways: the terminal has the modes it had.
func TestTerminalRestored(t *testing.T) {
	crash := filepath.Join(t.TempDir(), "crash")
	for name, stop := range map[string]func(*console) error{
		"TERM":      func(c *console) error { return c.cmd.Process.Signal(syscall.SIGTERM) },
		"INT":       func(c *console) error { return c.cmd.Process.Signal(syscall.SIGINT) },
		"HUP":       func(c *console) error { return c.cmd.Process.Signal(syscall.SIGHUP) },
		"QUIT":      func(c *console) error { return c.cmd.Process.Signal(syscall.SIGQUIT) },
		"KILL":      func(c *console) error { return c.cmd.Process.Signal(syscall.SIGKILL) },
		"a panic":   func(*console) error { return os.WriteFile(crash, nil, 0o600) },
		"a timeout": nil,
		"an end":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			mark := filepath.Join(t.TempDir(), "mark")
			flags := map[string][]string{"a panic": {"-panic", crash}, "a timeout": {"-timeout", "3s"}}[name]
			script := `stty raw -echo; echo ready`
			if name != "an end" {
				script += `; exec sleep 1000`
			}
			cmd := fronted(append(flags, "-use", "TOK="+value, "--", "sh", "-c", script)...)
			cmd.Env = append(cmd.Environ(), "MARK="+mark)
			c := sit(t, cmd)
			c.wait(t, "ready")
			if stop != nil {
				if err := stop(c); err != nil {
					t.Fatal(err)
				}
			}
			_ = end(t, c.cmd)
			c.restored(t)
			eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
		})
	}
}

// TestTerminalFull has a full disk for what the program says beside the terminal:
// the terminal, files and processes are left in order all the same.
func TestTerminalFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	memory := inMemory(t)
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := fronted("-file", "KEY="+value, "--", "sh", "-c", `stty raw -echo; echo lost >&2; printf 'file %s' "$KEY"`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark, "XDG_RUNTIME_DIR="+memory)
	cmd.Stderr = full
	c := sit(t, cmd)
	if got := end(t, cmd); got == (outcome{}) {
		t.Error("what was lost is not told")
	}
	c.wait(t, "file "+memory)
	c.restored(t)
	check(t, "files", shelves(memory), nil)
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

// TestHangup takes the terminal away: the program is hung up on, and we are gone.
func TestHangup(t *testing.T) {
	note := filepath.Join(t.TempDir(), "hup")
	c := sit(t, through("bash", "-c", `trap 'echo 1 >> `+note+`; exit' HUP; echo ready; while :; do sleep 0.05; done`))
	c.line(t, "ready")
	_ = c.slave.Close()
	_ = c.master.Close()
	_ = end(t, c.cmd)
	check(t, "hangups", number(t, note), 1)
}

// TestNoByteLost ends programs right after their last byte.
func TestNoByteLost(t *testing.T) {
	const rounds = 300 / slower
	for range rounds {
		got := sit(t, through("printf", "x%.0sy", "z")).end(t)
		if got.Out != "xy" {
			t.Fatalf("got %+v, want xy", got)
		}
	}
	// More than a pty holds at a time.
	got := sit(t, through("seq", "100000")).end(t)
	want := see(t, bare("seq", "100000"))
	check(t, "much", got.Out, strings.ReplaceAll(want.Out, "\n", "\r\n"))
}

// TestPaste types a megabyte into a program that reads raw bytes.
func TestPaste(t *testing.T) {
	const size = 1 << 20
	keys := bytes.Repeat([]byte("\x1b[200~0123\x03\x1a\x7f\x00\r\n\xff\x1b[201~\x1b[<0;1;1M"), size/32)
	c := sit(t, through("python3", "-c", fmt.Sprintf(`
import hashlib, os, sys, tty
tty.setraw(0)
os.write(1, b"ready")
digest, left = hashlib.sha256(), %d
while left:
    data = os.read(0, 65536)
    digest.update(data)
    left -= len(data)
os.write(1, digest.hexdigest().encode())`, len(keys))))
	c.wait(t, "ready")
	go func() { _, _ = c.master.Write(keys) }()
	sum := sha256.Sum256(keys)
	c.wait(t, hex.EncodeToString(sum[:]))
	check(t, "code", c.end(t).Code, 0)
}

// TestEarlyKeys types ^C at any moment of the start, before there is a program as
// well: it ends what was started, as it would end the program itself.
func TestEarlyKeys(t *testing.T) {
	for i := range 40 {
		c := sit(t, shell(`echo here; exec "$@" sleep 5`))
		c.line(t, "here")
		time.Sleep(time.Duration(i) * 400 * time.Microsecond)
		c.typed(t, "\x03")
		o := c.end(t)
		check(t, "signal", o.Signal, syscall.SIGINT)
		check(t, "seen", strings.TrimSpace(strings.NewReplacer("here", "", "^C", "").Replace(o.Out)), "")
	}
}

// TestTypedAhead types before the program reads: it gets the first line, and what
// it does not read is lost with its pty, as docs/exec.md says.
func TestTypedAhead(t *testing.T) {
	c := sit(t, shell(`"$@" sh -c 'echo ready; sleep 0.3; read -r x; echo "got $x"'; read -r -t 0.2 y; echo "then ${y:-nothing}"`))
	c.line(t, "ready")
	c.typed(t, "one\rtwo\r")
	c.wait(t, "got one")
	c.wait(t, "then nothing")
}

// TestReaderOfTerminal has a pager behind us, which reads its keys from the
// terminal: nobody takes them away.
func TestReaderOfTerminal(t *testing.T) {
	c := sit(t, shell(`"$@" sh -c 'echo data; exec sleep 1000' | { read -r line; echo "read $line"; read -r key < /dev/tty; echo "key $key"; kill 0; }`))
	c.line(t, "read data")
	c.typed(t, "k\r")
	c.wait(t, "key k")
}

// TestNoPTY has no pty to give: the program gets pipes, masked, and we say so.
func TestNoPTY(t *testing.T) {
	c := sit(t, bare(append([]string{"unshare", "-m", "sh", "-c", `mount --bind /dev/null /dev/ptmx && exec "$@"`, "sh"},
		through("sh", "-c", `test -t 1 || echo "no terminal, $TOK"; exit 3`).Args...)...))
	got := c.end(t)
	if got.Code != 3 || !strings.Contains(got.Out, "no terminal, "+mask+"\r\n") || !strings.Contains(got.Out, "secrets: warning: no terminal for the program") {
		t.Errorf("got %+v", got)
	}
}

// TestTerminalNested has us within us, and within script.
func TestTerminalNested(t *testing.T) {
	inner := through("sh", "-c", `test -t 1 && echo "$OUT $TOK"; exit 7`).Args
	got := sit(t, fronted(append([]string{"-use", "OUT=outer-value", "--"}, inner...)...)).end(t)
	check(t, "outcome", got, outcome{Code: 7, Out: "[secret:out] " + mask + "\r\n"})

	quoted := "'" + strings.Join(inner, "' '") + "'"
	got = sit(t, bare("script", "-qec", quoted, "/dev/null")).end(t)
	check(t, "in script", got, outcome{Code: 7, Out: " " + mask + "\r\n"})
}

// TestTerminalBackground leaves a program running when we end: it lives on.
func TestTerminalBackground(t *testing.T) {
	note := filepath.Join(t.TempDir(), "late")
	got := sit(t, through("sh", "-c", `(sleep 0.3; echo 1 > `+note+`) & echo started`)).end(t)
	check(t, "outcome", got, outcome{Out: "started\r\n"})
	check(t, "late", number(t, note), 1)
}

// TestTerminalInherited compares what a program inherits beside its terminal.
func TestTerminalInherited(t *testing.T) {
	for name, script := range map[string]string{
		"descriptors": `"$@" ls /proc/self/fd`,
		"HUP ignored": `trap '' HUP; "$@" grep SigIgn /proc/self/status`,
	} {
		t.Run(name, func(t *testing.T) {
			both := shellBoth(script)
			want := sit(t, both[0]).end(t)
			check(t, "outcome", sit(t, both[1]).end(t), want)
		})
	}
}

// TestMonitorSignalled signals the program's parent, who keeps its terminal: a key may
// do so before the program is in the foreground again, and nobody else has a reason.
func TestMonitorSignalled(t *testing.T) {
	got := sit(t, through("sh", "-c", `sleep 0.3; kill -INT $PPID; kill -QUIT $PPID; sleep 0.1; echo alive`)).end(t)
	check(t, "outcome", got, outcome{Out: "alive\r\n"})

	c := sit(t, through("sh", "-c", `kill -KILL $PPID; exec sleep 100`))
	check(t, "killed", end(t, c.cmd), outcome{Signal: syscall.SIGKILL})
	c.restored(t)
}

// TestTerminalKilled kills us: nothing that the program started on its terminal is left.
func TestTerminalKilled(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := through("sh", "-c", `trap '' HUP; sleep 1000 & echo ready; exec sleep 1000`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark)
	c := sit(t, cmd)
	c.line(t, "ready")
	_ = cmd.Process.Kill()
	check(t, "signal", end(t, cmd).Signal, syscall.SIGKILL)
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

// TestTerminalContinued wakes us, who are awake: the program is not told.
func TestTerminalContinued(t *testing.T) {
	c := sit(t, through("python3", "-c", `
import signal, time
signal.signal(signal.SIGCONT, lambda *_: print("woken", flush=True))
print("ready", flush=True)
time.sleep(1)`))
	c.line(t, "ready")
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	check(t, "outcome", end(t, c.cmd), outcome{})
	c.restored(t)
	check(t, "shown", c.text(), "ready\r\n")
}

// TestTypedForNobody types more than a pty holds to a program that ends without reading.
func TestTypedForNobody(t *testing.T) {
	c := sit(t, through("sh", "-c", `stty raw -echo; echo ready; sleep 0.5`))
	c.wait(t, "ready")
	go func() { _, _ = c.master.WriteString(strings.Repeat("x", 20_000)) }()
	check(t, "outcome", end(t, c.cmd), outcome{})
}

// TestHangupIgnored takes the terminal away from a program that ignores the hangup: its
// input ends.
func TestHangupIgnored(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	c := sit(t, shell(`trap '' HUP; exec "$@" sh -c 'echo ready; cat; echo 1 >`+note+`'`))
	c.line(t, "ready")
	time.Sleep(50 * time.Millisecond)
	_ = c.slave.Close()
	_ = c.master.Close()
	_ = end(t, c.cmd)
	check(t, "ends", number(t, note), 1)
}

// TestTerminalInput gives a value as the input of a program on a terminal.
func TestTerminalInput(t *testing.T) {
	got := sit(t, fronted("-stdin", value, "--", "wc", "-c")).end(t)
	check(t, "outcome", got, outcome{Out: strconv.Itoa(len(value)) + "\r\n"})
}

//go:build linux

package exec_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shell runs a script of bash, in which "$@" is us.
func shell(script string) *osexec.Cmd {
	return osexec.Command("bash", append([]string{"-c", script, "bash"}, through().Args...)...)
}

// shellBoth runs a script of bash in which "$@" is nothing, and one in which it is us.
func shellBoth(script string) [2]*osexec.Cmd {
	return [2]*osexec.Cmd{bare("bash", "-c", script, "bash"), shell(script)}
}

// begun starts a program and returns what it writes. It does not run for ever.
func begun(t *testing.T, cmd *osexec.Cmd) *os.File {
	t.Helper()
	out, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	cmd.Stdout = to
	err = cmd.Start()
	_ = to.Close()
	if err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { late.Stop() })
	return out
}

func TestReaderGone(t *testing.T) {
	const rounds = 100 / slower
	for range rounds {
		got := see(t, shell(`"$@" yes | head -1; echo ${PIPESTATUS[0]}`))
		check(t, "outcome", got, outcome{Out: "y\n141\n"})
	}
}

// TestReaderGoneBefore has programs that write, or look, only after their reader went.
func TestReaderGoneBefore(t *testing.T) {
	for name, program := range map[string]string{
		"one write at last": `"$@" sh -c 'sleep 0.3; echo x' | true`,
		"one that polls":    `"$@" tail -n 0 -f ` + os.Args[0] + ` | true`,
		"the other stream":  `{ "$@" sh -c 'sleep 0.3; echo x >&2' 2>&1 >&3 | true; } 3>&1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, "outcome", see(t, shell(program+`; echo ${PIPESTATUS[0]}`)), outcome{Out: "141\n"})
		})
	}
}

// TestReaderOfSocketGoneBefore has a socket for a pipe, as node gives it.
func TestReaderOfSocketGoneBefore(t *testing.T) {
	t.Parallel()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := os.NewFile(uintptr(ends[0]), "reader"), os.NewFile(uintptr(ends[1]), "writer")
	cmd := through("sh", "-c", "sleep 0.3; echo x")
	cmd.Stdout = writer
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, "outcome", see(t, cmd), outcome{Signal: syscall.SIGPIPE})
	_ = writer.Close()
}

// A named pipe may have another reader later.
func TestReaderOfNamedPipe(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pipe")
	got := see(t, shell(`mkfifo `+name+`; "$@" sh -c 'echo one; sleep 2; echo two' >`+name+` & head -n 1 `+name+`; cat `+name+`; wait $!; echo $?`))
	check(t, "outcome", got, outcome{Out: "one\ntwo\n0\n"})
}

// A program that ignores the signal of a pipe without a reader ends as it likes.
func TestReaderOfNamedPipeGone(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pipe")
	got := see(t, shell(`mkfifo `+name+`; "$@" sh -c 'trap "" PIPE; echo one; sleep 0.3; echo two; sleep 0.2; exit 3' >`+name+` & head -n 1 `+name+`; wait $!; echo $?`))
	check(t, "outcome", got, outcome{Out: "one\n3\n"})
}

// TestReaderGoneUnnoticed has a program that does not write when its reader has
// gone: its end is its own.
func TestReaderGoneUnnoticed(t *testing.T) {
	got := see(t, shell(`"$@" sh -c 'echo x; sleep 0.2; exit 3' | head -1; echo ${PIPESTATUS[0]}`))
	check(t, "outcome", got, outcome{Out: "x\n3\n"})
}

func TestFull(t *testing.T) {
	for name, script := range map[string]string{
		"until it ends": `exec "$@" yes > /dev/full`,
		"one line":      `exec "$@" echo x > /dev/full`,
	} {
		t.Run(name, func(t *testing.T) {
			got := see(t, shell(script))
			if got.Code == 0 && got.Signal == 0 || !strings.Contains(got.Errors, "no space left on device") {
				t.Errorf("got %+v, want a failure and its cause", got)
			}
		})
	}
}

// TestBytesWhole passes random bytes to a pipe and to a file, and checks the
// memory that we take for much of it.
func TestBytesWhole(t *testing.T) {
	dir := t.TempDir()
	random := make([]byte, 3<<20)
	_, _ = rand.Read(random)
	source := write(t, filepath.Join(dir, "random"), string(random), 0o600)

	got := see(t, through("cat", source))
	if got.Out != string(random) {
		t.Error("a pipe changed the bytes")
	}
	check(t, "outcome", see(t, shell(`exec "$@" cat `+source+` > `+source+`.copy`)), outcome{})
	if read(t, source+".copy") != string(random) {
		t.Error("a file has other bytes")
	}
	got = see(t, shell(`"$@" cat < `+source+` | cmp - `+source))
	check(t, "from a file", got, outcome{})
}

// TestMuchAndLittleMemory asks for our memory from within: what a parent is told
// of its child's covers the parent too, whose memory the child begins with.
func TestMuchAndLittleMemory(t *testing.T) {
	const size = 256 << 20 / slower
	cmd := through("sh", "-c", `head -c `+strconv.Itoa(size)+` /dev/zero; awk '/VmHWM/ { print $2 }' /proc/$PPID/status >&2`)
	count := &counting{}
	cmd.Stdout = count
	got := see(t, cmd)
	check(t, "code", got.Code, 0)
	check(t, "bytes", count.n, size)
	const most = (32 + 2*(slower-1)) << 10 // KiB; the race detector takes its part
	if taken, err := strconv.Atoi(strings.TrimSpace(got.Errors)); err != nil || taken > most {
		t.Errorf("got %q KiB of memory at most, want %d", got.Errors, most)
	}
}

type counting struct{ n int }

func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// small is less than a pipe holds unless told to, in bytes.
const small = 32 << 10

// resize makes a pipe hold so many bytes. It is left as it is then.
func resize(t *testing.T, pipe *os.File, size int) {
	t.Helper()
	if _, err := unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, size); err != nil {
		t.Fatal(err)
	}
}

// TestBlockedAtEnd signals us while the last output of a program that has ended
// waits for its reader: we do not wait for ever.
func TestBlockedAtEnd(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			note := filepath.Join(t.TempDir(), "note")
			cmd := shell(`ulimit -c 0; exec "$@" sh -c 'head -c 70000 /dev/zero; echo 1 > ` + note + `'`)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // INT and QUIT are no keys
			out, to, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			resize(t, to, small)
			cmd.Stdout = to
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			number(t, note)
			time.Sleep(200 * time.Millisecond)
			_ = cmd.Process.Signal(syscall.SIGUSR1) // which nobody is there to take
			time.Sleep(20 * time.Millisecond)
			_ = cmd.Process.Signal(sig)
			check(t, "outcome", end(t, cmd), outcome{Signal: sig})
			_, _ = to.Close(), out.Close()
		})
	}
}

// TestBackpressure has a reader that does not read: the program must block, and
// not we swallow.
func TestBackpressure(t *testing.T) {
	written := filepath.Join(t.TempDir(), "written")
	cmd := through("sh", "-c", `dd if=/dev/zero bs=64k count=`+strconv.Itoa(1000/slower)+` 2>/dev/null; echo all > `+written)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if !absent(written) {
		t.Error("megabytes were taken though nobody read them")
	}
	n, err := io.Copy(io.Discard, out)
	check(t, "bytes", n, 1000/slower*64<<10)
	if err != nil {
		t.Error(err)
	}
	check(t, "outcome", end(t, cmd), outcome{})
}

// TestMasked has the value printed whole, in pieces and at the edges of
// buffers; what is around it stays.
func TestMasked(t *testing.T) {
	scripts := map[string]string{
		"whole":             `echo $TOK`,
		"on stderr":         `echo $TOK >&2; true`,
		"in a line":         `echo "a $TOK b"`,
		"two pieces, slow":  `printf %s "${TOK%??????}"; sleep 0.4; printf '%s\n' "${TOK#?????????}"`,
		"byte by byte":      `for i in $(seq 0 $((${#TOK} - 1))); do printf %s "${TOK:$i:1}"; done; echo`,
		"from a grandchild": `sh -c 'sh -c "echo \$TOK"'`,
		"in base64":         `printf %s "$TOK" | base64 | grep -c hunter`,
	}
	for _, at := range []int{4095, 4096, 65521, 65535, 65536} {
		scripts[fmt.Sprintf("at %d", at)] = fmt.Sprintf(`head -c %d /dev/zero; echo $TOK`, at)
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := see(t, bare("bash", "-c", script))
			want.Out = strings.ReplaceAll(want.Out, value, mask)
			want.Errors = strings.ReplaceAll(want.Errors, value, mask)
			got := see(t, through("bash", "-c", script))
			got.Out = hide(got.Out)
			check(t, "outcome", got, want)
		})
	}
}

// TestMaskedTogether lends values that lie in each other and overlap: a run of
// them is masked as one, by the name of the longest.
func TestMaskedTogether(t *testing.T) {
	got := see(t, fronted("-use", "LONG=first-part-last-part", "-use", "PART=part-last", "-use", "OVER=last-part-of-more", "--",
		"sh", "-c", `echo "$LONG"; echo "$PART"; echo "a $LONG b $PART c"; echo "${LONG}-of-more"`))
	check(t, "outcome", got, outcome{Out: "[secret:long]\n[secret:part]\na [secret:long] b [secret:part] c\n[secret:long]\n"})
}

// hide takes away the beginning of a value that may be shown before its mask,
// at most three bytes, when the value's pieces are far apart in time.
func hide(shown string) string {
	return regexp.MustCompile(`(hun|hu|h)\[secret:`).ReplaceAllString(shown, "[secret:")
}

// TestMaskedAtEveryCut has each place where a value can be cut in two writes.
func TestMaskedAtEveryCut(t *testing.T) {
	script := `for cut in $(seq 1 $((${#TOK} - 1))); do printf %s "${TOK:0:$cut}"; sleep 0.02; echo "${TOK:$cut}"; done`
	got := see(t, through("bash", "-c", script))
	got.Out = hide(got.Out)
	check(t, "outcome", got, outcome{Out: strings.Repeat(mask+"\n", len(value)-1)})
}

// TestMaskedSlowly writes the value so slowly that its beginning, a few bytes,
// is shown: a prompt would look the same. The rest of it is masked.
func TestMaskedSlowly(t *testing.T) {
	script := `for i in 0 2 4 6 8 10 12 14; do printf %s "${TOK:$i:2}"; sleep 0.4; done; echo`
	got := see(t, through("bash", "-c", script))
	got.Out = hide(got.Out)
	check(t, "outcome", got, outcome{Out: mask + "\n"})
}

// TestPrompt sees what has no newline yet, even where it may be the beginning
// of the value.
func TestPrompt(t *testing.T) {
	for name, prompt := range map[string]string{
		"plain":                  "Password: ",
		"as the value begins":    "hun",
		"one byte of the value":  "> h",
		"most of it, and no end": "say " + value[:len(value)-6],
	} {
		t.Run(name, func(t *testing.T) {
			cmd := through("sh", "-c", `printf '%s' '`+prompt+`'; read -r x; echo "got $x"`)
			input, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out := begun(t, cmd)

			// What may be a value's beginning comes in part only.
			seen := make([]byte, min(len(prompt), len("> h")))
			if _, err := io.ReadFull(out, seen); err != nil {
				t.Fatal(err)
			}
			check(t, "prompt", string(seen), prompt[:len(seen)])
			_, _ = io.WriteString(input, "answer\n")
			rest, err := io.ReadAll(out)
			check(t, "rest", string(seen)+string(rest), prompt+"got answer\n")
			if err != nil {
				t.Error(err)
			}
			check(t, "outcome", end(t, cmd), outcome{})
		})
	}
}

// TestOrder writes to both streams in turn: where they are one file they are
// one sequence.
func TestOrder(t *testing.T) {
	script := `for i in $(seq 300); do echo out $i; echo err $i >&2; done`
	want := see(t, bare("bash", "-c", "exec 2>&1; "+script))
	for name, redirection := range map[string]string{
		"2>&1 on a pipe":      `"$@" bash -c '` + script + `' 2>&1`,
		"2>&1 in a file":      `"$@" bash -c '` + script + `' >f 2>&1; cat f`,
		"&>> in a file":       `"$@" bash -c '` + script + `' &>>f; cat f`,
		"2>&1 within":         `"$@" bash -c 'exec 2>&1; ` + script + `'`,
		"a pipe that is held": `"$@" bash -c '` + script + `' 2>&1 | cat`,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := shell(redirection)
			cmd.Dir = t.TempDir()
			check(t, "outcome", see(t, cmd), want)
		})
	}
}

// TestTwoOpens opens one file twice: each stream writes at a place of its own,
// over what the other wrote, as bare.
func TestTwoOpens(t *testing.T) {
	t.Parallel()
	cmd := shell(`"$@" sh -c 'echo longer-out; sleep 1; echo err >&2' >f 2>f; cat f`)
	cmd.Dir = t.TempDir()
	check(t, "outcome", see(t, cmd), outcome{Out: "err\ner-out\n"})
}

// TestTwoEnds opens one file twice to write at its end: both streams in the order
// in which they were written, as bare.
func TestTwoEnds(t *testing.T) {
	cmd := shell(`"$@" sh -c 'for i in 1 2 3; do echo o$i; echo e$i >&2; done' >>f 2>>f; cat f`)
	cmd.Dir = t.TempDir()
	check(t, "outcome", see(t, cmd), outcome{Out: "o1\ne1\no2\ne2\no3\ne3\n"})
}

// TestTwoOpensOfAPipe opens one named pipe twice: there is one order in it, as bare.
func TestTwoOpensOfAPipe(t *testing.T) {
	cmd := shell(`mkfifo p; cat p & "$@" sh -c 'for i in 1 2 3; do echo o$i; echo e$i >&2; done' >p 2>p; wait`)
	cmd.Dir = t.TempDir()
	check(t, "outcome", see(t, cmd), outcome{Out: "o1\ne1\no2\ne2\no3\ne3\n"})
}

// TestLinesInOnePiece writes lines that end as a value begins: each goes out in
// one piece, so that programs which write into one pipe keep their lines apart.
func TestLinesInOnePiece(t *testing.T) {
	cmd := through("sh", "-c", `for line do printf '%s\n' "$line"; sleep 0.2; done`, "sh", "one h", "two "+value[:3], "three "+value[:6], "four")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []byte
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		if all = append(all, buf[:n]...); n > 0 && buf[n-1] != '\n' && !bytes.HasPrefix(buf[:n], []byte("three")) {
			t.Errorf("a piece ends within a line: %q", buf[:n])
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got, want := string(all), "one h\ntwo hun\nthree hunter\nfour\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLineWithoutItsEnd writes a line whose end is held for good: the line is shown
// up to there all the same.
func TestLineWithoutItsEnd(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	cmd := through("sh", "-c", `echo "$1"; while [ ! -e "$2" ]; do sleep 0.01; done; echo done`, "sh", "line "+value[:6], seen)
	out := begun(t, cmd)
	line := make([]byte, len("line "))
	_ = out.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "line " {
		t.Errorf("got %q, %v before the end of the line", line, err)
	}
	_ = out.SetReadDeadline(time.Time{})
	write(t, seen, "", 0o600)
	rest, err := io.ReadAll(out)
	if got, want := string(rest), value[:6]+"\ndone\n"; got != want || err != nil {
		t.Errorf("got %q, %v behind it, want %q", got, err, want)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestClosed starts us with streams closed, in each mix.
func TestClosed(t *testing.T) {
	for mix := range 8 {
		var closed string
		for fd := range 3 {
			if mix&(1<<fd) != 0 {
				closed += fmt.Sprintf(" %d>&-", fd)
			}
		}
		t.Run("closed"+closed, func(t *testing.T) {
			script := `sh -c 'cat; echo out; echo err >&2; exit 7' ` + closed + `; echo $?`
			got := see(t, shell(`"$@" `+script))
			var want outcome
			if want.Out = "out\n7\n"; mix&2 != 0 {
				want.Out = "7\n"
			}
			if want.Errors = "err\n"; mix&4 != 0 {
				want.Errors = ""
			}
			check(t, "outcome", got, want)
		})
	}
}

// TestInputNotReadAhead leaves to the next program what this one did not read.
func TestInputNotReadAhead(t *testing.T) {
	for name, script := range map[string]string{
		"a pipe": `printf 'one\ntwo\nthree\n' | { "$@" sh -c 'read -r x; echo "first $x"'; cat; }`,
		"a file": `printf 'one\ntwo\nthree\n' > f; { "$@" sh -c 'read -r x; echo "first $x"'; cat; } < f`,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := shell(script)
			cmd.Dir = t.TempDir()
			check(t, "outcome", see(t, cmd), outcome{Out: "first one\ntwo\nthree\n"})
		})
	}
}

func TestInputWhole(t *testing.T) {
	input := bytes.Repeat([]byte("0123456789abcdef\n"), 12_000)
	cmd := through("sha256sum")
	cmd.Stdin = bytes.NewReader(input)
	sum := sha256.Sum256(input)
	check(t, "outcome", see(t, cmd), outcome{Out: hex.EncodeToString(sum[:]) + "  -\n"})
}

// TestDescriptors passes on those that the caller opened for the program, and
// none of ours.
func TestDescriptors(t *testing.T) {
	for name, script := range map[string]string{
		"3 to 9":       `"$@" sh -c 'echo three >&3; echo nine >&9; ls /proc/self/fd | xargs' 3>f 9>g; cat f g`,
		"a substitute": `"$@" cat <(echo substitute)`,
		"a jobserver":  `printf 'all: a b c\n%%:\n\t@sleep 0.1; echo $@\n' > Makefile; printf 'all:\n\t@+%s make -s -f Makefile\n' "$(printf "'%s' " "$@")" > Outer; make -s -j3 -f Outer 2>&1 | sort | xargs`,
	} {
		t.Run(name, func(t *testing.T) {
			want := osexec.Command("bash", "-c", script, "bash", "env")
			want.Dir = t.TempDir()
			cmd := shell(script)
			cmd.Dir = t.TempDir()
			check(t, "outcome", see(t, cmd), see(t, want))
		})
	}
}

// TestBlocking gives the program pipes that block, as every program expects.
func TestBlocking(t *testing.T) {
	script := `for fd in 1 2; do awk '/flags/ { print $2 }' /proc/self/fdinfo/$fd; done`
	check(t, "outcome", see(t, through("sh", "-c", script)), see(t, bare("sh", "-c", script)))
}

// TestNothingLeft leaves no process behind, whoever is our parent.
func TestNothingLeft(t *testing.T) {
	cmd := osexec.Command("unshare", append([]string{
		"--pid", "--fork", "--mount-proc", "--kill-child",
		"bash", "-c", `for i in $(seq ` + strconv.Itoa(200/slower) + `); do "$@" true; done; "$@" sh -c 'sleep 0.1 & exit 0'
			for i in $(seq 100); do left=$(ps -eo stat=,comm= | grep -v "bash\|ps\|grep\|sleep") || break; sleep 0.1; done; printf %s "$left"`, "bash",
	},
		through().Args...)...)
	check(t, "outcome", see(t, cmd), outcome{})
}

// TestManyAtOnce has hundreds of us at the same time.
func TestManyAtOnce(t *testing.T) {
	const many = 200 / slower
	got := see(t, shell(fmt.Sprintf(`
		for i in $(seq %d); do "$@" sh -c 'echo $TOK; exit 3' & all+=($!); done
		for one in "${all[@]}"; do wait $one; echo $? >&2; done`, many)))
	check(t, "values", strings.Count(got.Out, mask), many)
	check(t, "bytes", len(got.Out), many*len(mask+"\n"))
	check(t, "codes", got.Errors, strings.Repeat("3\n", many))
}

package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"secrets/machine"
	"secrets/redact"
	"secrets/store"
)

// What secrets costs beside what it is compared with, in one run: the two take
// turns, so that a busy machine is busy for both, and the best of each counts,
// since the machine is never busy all the time.

// compare lets the two take turns, at least so many, and reports the best of
// each, in milliseconds, what ours takes more, at best and in the median, and
// the share of the bare speed that is left.
func compare(b *testing.B, least int, bare, ours func() time.Duration) {
	b.Helper()
	var bares, all []time.Duration
	turn := func() { bares, all = append(bares, bare()), append(all, ours()) }
	ours() // what is read for the first time is in the caches then
	for b.Loop() {
		turn()
	}
	for len(all) < least {
		turn()
	}
	slices.Sort(bares)
	slices.Sort(all)
	half := len(all) / 2
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(bares[0]), "bare-ms")
	b.ReportMetric(milliseconds(all[0]), "through-ms")
	b.ReportMetric(milliseconds(all[0]-bares[0]), "more-ms")
	b.ReportMetric(milliseconds(all[half]-bares[half]), "more-ms-median")
	b.ReportMetric(float64(bares[0])/float64(all[0]), "of-bare")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func timed(f func()) func() time.Duration {
	return func() time.Duration {
		began := time.Now()
		f()
		return time.Since(began)
	}
}

// A command makes the same command anew for each run.
type command func() *exec.Cmd

// bare runs a program without us, and lent with the first secret.
func (h *home) bare(args ...string) command {
	return func() *exec.Cmd {
		c := exec.Command(args[0], args[1:]...)
		c.Dir, c.Env = h.dir, h.env
		return c
	}
}

func (h *home) lent(args ...string) command {
	return func() *exec.Cmd {
		return h.command(nil, append([]string{"exec", "--use", "label/0", "--"}, args...)...)
	}
}

// An output is how the output of a command is met: on pipes or on a terminal.
type output struct {
	name string
	// open makes the output, and what reads it; started says that the command
	// has been started.
	open func(b *testing.B, c *exec.Cmd) (reader *os.File, started func())
}

var outputs = []output{{"pipes", onPipes}, {"terminal", onTerminal}}

func onPipes(b *testing.B, c *exec.Cmd) (*os.File, func()) {
	b.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	c.Stdout, c.Stderr = to, to
	return from, func() { to.Close() }
}

func onTerminal(b *testing.B, c *exec.Cmd) (*os.File, func()) {
	b.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		b.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return master, func() { slave.Close() }
}

// run runs a command, which must succeed, and takes what it prints.
func (o output) run(b *testing.B, make command) func() {
	buf := bytes.Repeat([]byte{0}, 64<<10)
	return func() {
		c := make()
		reader, started := o.open(b, c)
		defer reader.Close()
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		started()
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, reader, buf)
		if err := c.Wait(); err != nil {
			b.Errorf("%q: %v", c.Args, err)
		}
	}
}

// BenchmarkExecStart is a command that does nothing, from its start to its end:
// with the key in a file, in stores of several sizes, and in the keyring.
func BenchmarkExecStart(b *testing.B) {
	program := build(b)
	start := func(b *testing.B, o output, h *home) {
		compare(b, 100, timed(o.run(b, h.bare("/bin/true"))), timed(o.run(b, h.lent("/bin/true"))))
	}
	for _, o := range outputs {
		for _, secrets := range []int{1, 100, store.MaxSecrets} {
			b.Run(fmt.Sprintf("%s/file/%d", o.name, secrets), func(b *testing.B) {
				start(b, o, filledHome(b, program, secrets))
			})
		}
		b.Run(o.name+"/keyring/1", func(b *testing.B) {
			h := newSession(b).home(b, program)
			h.must(b, "sk-0123456789abcdef0123456789abcdef", "set", "label/0")
			start(b, o, h)
		})
	}
}

// BenchmarkExecSeen is the time from a write of the command to the moment its
// reader has all of it: of a line, of a prompt, and of a prompt whose end looks
// like the beginning of the value.
func BenchmarkExecSeen(b *testing.B) {
	h := filledHome(b, build(b), 1)
	// The clock is the one of the reader.
	const program = `
import os, sys, time, tty
if os.isatty(0): tty.setraw(0)
os.write(1, b"!")
while os.read(0, 1):
    os.write(1, b"%d%s" % (time.monotonic_ns(), os.fsencode(sys.argv[1])))`
	for _, o := range outputs {
		for _, seen := range []struct{ name, text string }{
			{"line", " ok.\n"}, {"prompt", " Password: "}, {"prompt-like-value", " Key: sk"},
		} {
			b.Run(o.name+"/"+seen.name, func(b *testing.B) {
				args := []string{"python3", "-c", program, seen.text}
				compare(b, 20, o.seen(b, h.bare(args...)(), seen.text), o.seen(b, h.lent(args...)(), seen.text))
			})
		}
	}
}

// seen starts a command that answers each byte with the time and a text, and
// says how old the time is when all of the answer is there.
func (o output) seen(b *testing.B, c *exec.Cmd, text string) func() time.Duration {
	b.Helper()
	reader, started := o.open(b, c)
	var input io.WriteCloser = reader // of a terminal, which goes both outputs
	if c.Stdin == nil {
		var err error
		if input, err = c.StdinPipe(); err != nil {
			b.Fatal(err)
		}
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	started()
	b.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait(); reader.Close() })
	buf := make([]byte, 256)
	if _, err := io.ReadFull(reader, buf[:1]); err != nil { // it is there
		b.Fatal(err)
	}
	return func() time.Duration {
		_, _ = input.Write([]byte{'.'})
		var answer []byte
		for !bytes.HasSuffix(answer, []byte(text)) {
			n, err := reader.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			answer = append(answer, buf[:n]...)
		}
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			b.Fatal(err)
		}
		written, err := strconv.ParseInt(strings.TrimSuffix(string(answer), text), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		return time.Duration(now.Nano() - written)
	}
}

// BenchmarkExecThroughput passes on text without a secret.
func BenchmarkExecThroughput(b *testing.B) {
	h := filledHome(b, build(b), 1)
	for _, o := range outputs {
		b.Run(o.name, func(b *testing.B) {
			program := text(map[string]int{"pipes": 256, "terminal": 32}[o.name])
			compare(b, 10, timed(o.run(b, h.bare(program...))), timed(o.run(b, h.lent(program...))))
		})
	}
}

// text is a program that prints so many MiB.
func text(size int) []string {
	return []string{"sh", "-c", fmt.Sprintf(`yes "a line of text, as programs print them, of 64 bytes with its end" | head -c %dM`, size)}
}

// BenchmarkExecInARow is 1,000 commands one after the other that are lent a
// variable and a file: what each of the first and of the last hundred takes, in
// the median, and what is left behind. BenchmarkExecAtOnce is 200 at a time.
func BenchmarkExecInARow(b *testing.B) {
	h := filledHome(b, build(b), 1)
	left := watchLeft(b, h)
	run := timed(outputs[0].run(b, h.lentBoth("/bin/true")))
	var all []time.Duration
	for b.Loop() {
		all = all[:0]
		for range 1000 {
			all = append(all, run())
		}
	}
	first, last := all[:100], all[len(all)-100:]
	slices.Sort(first)
	slices.Sort(last)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(first[50]), "first-ms")
	b.ReportMetric(milliseconds(last[50]), "last-ms")
	left()
}

func BenchmarkExecAtOnce(b *testing.B) {
	h := filledHome(b, build(b), 1)
	left := watchLeft(b, h)
	all := func(f func()) func() time.Duration {
		return timed(func() { atOnce(200, func(int) { f() }) })
	}
	compare(b, 3, all(outputs[0].run(b, h.bare("/bin/true"))), all(outputs[0].run(b, h.lentBoth("/bin/true"))))
	left()
}

// lentBoth lends the first secret as a variable and as a file.
func (h *home) lentBoth(args ...string) command {
	return func() *exec.Cmd {
		return h.command(nil, append([]string{"exec", "--use", "label/0", "--use-file", "FILE=label/0", "--"}, args...)...)
	}
}

// watchLeft makes whatever outlives its parent a child of ours, and has files
// lent in a folder of ours. left reports what is still there.
func watchLeft(b *testing.B, h *home) (left func()) {
	b.Helper()
	files, err := os.MkdirTemp("/dev/shm", "bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(files) })
	h.env = append(h.env, "XDG_RUNTIME_DIR="+files)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		b.Fatal(err)
	}
	return func() {
		entries, err := os.ReadDir(files)
		if err != nil {
			b.Fatal(err)
		}
		tasks, _ := filepath.Glob("/proc/self/task/*/children")
		processes := 0
		for _, task := range tasks {
			children, _ := os.ReadFile(task)
			processes += len(strings.Fields(string(children)))
		}
		b.ReportMetric(float64(processes), "processes-left")
		b.ReportMetric(float64(len(entries)), "files-left")
	}
}

// filledHome has a store with so many secrets, made here: ten thousand processes
// would take too long.
func filledHome(b *testing.B, program string, secrets int) *home {
	b.Helper()
	h := bareHome(b, program)
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	hardware, err := machine.ReadHardwareID(os.Getenv)
	check(err)
	epoch := machine.Epoch{Store: store.NewID(), Number: 1}
	source := machine.FileSource{Path: h.keyFile()}
	key, err := source.Create(epoch)
	check(err)
	vaultKey := redact.NewValue(bytes.Repeat([]byte{7}, 32))
	slot := machine.NewSlot(1, source.Type())
	check(slot.Seal(key, hardware, epoch, vaultKey))
	raw, err := json.Marshal(slot)
	check(err)
	check(store.Create(h.store(), store.Options{}, store.Header{
		StoreID: epoch.Store, Epoch: epoch.Number, Created: time.Now(),
		KeySource: source.Type(), HardwareSource: hardware.Source, Slots: []json.RawMessage{raw},
	}, vaultKey))
	s, err := store.Open(h.store(), store.Options{})
	check(err)
	check(s.Unlock(vaultKey))
	defer s.Close()
	check(s.Update(func(tx *store.Tx) error {
		for i := range secrets {
			m := store.Meta{Label: fmt.Sprintf("label/%d", i), Created: time.Now(), Updated: time.Now()}
			if err := tx.Put(m, redact.NewValue(fmt.Appendf(nil, "sk-%032d", i))); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

// BenchmarkExecPipe is a quarter of a GiB of a log through the mask, for ten
// secrets, beside the same pipe with one more cat.
func BenchmarkExecPipe(b *testing.B) {
	const size = 256 << 20
	h := filledHome(b, build(b), 10)
	path := filepath.Join(b.TempDir(), "log")
	if err := os.WriteFile(path, logText(size), 0o600); err != nil {
		b.Fatal(err)
	}
	uses := ""
	for i := range 10 {
		uses += fmt.Sprintf(" --use label/%d", i)
	}
	shell := func(script string) func() time.Duration {
		return timed(outputs[0].run(b, h.bare("sh", "-c", script, "sh", h.program, path)))
	}
	compare(b, 8,
		shell(`cat "$2" | cat | cat >/dev/null`),
		shell(`"$1" exec`+uses+` -- cat "$2" | cat >/dev/null`))
}

// logText is what a service writes that has much to say.
func logText(size int) []byte {
	var text bytes.Buffer
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "2026-11-22T12:%02d:%02d.%03dZ INFO request id=%08x method=GET path=/v1/items/%d?page=%d status=200 bytes=%d took=%dms agent=\"curl/8.5.0\"\n",
			i/60%60, i%60, i%1000, uint32(i)*2654435761, i%5003, i%17, i*37%65536, i%211)
	}
	return text.Bytes()[:size]
}

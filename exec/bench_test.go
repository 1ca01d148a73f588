//go:build linux

package exec_test

import (
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// Each benchmark runs a program bare and through us in turn, and reports the
// minima and what we add: the machine may be busy, the minima are not.

// A way is how the output of a program is met: on pipes or on a terminal.
type way struct {
	name string
	// open makes the output for cmd and what reads it; done says that cmd has
	// been started.
	open func(b *testing.B, cmd *osexec.Cmd) (reader *os.File, started func())
}

var ways = []way{{"pipes", onPipes}, {"terminal", onTerminal}}

func onPipes(b *testing.B, cmd *osexec.Cmd) (*os.File, func()) {
	b.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = to, to
	return from, func() { _ = to.Close() }
}

func onTerminal(b *testing.B, cmd *osexec.Cmd) (*os.File, func()) {
	b.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return master, func() { _ = slave.Close() }
}

// BenchmarkStart is the time from the start of a program that does nothing to
// its end.
func BenchmarkStart(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			run := func(cmd *osexec.Cmd) func() time.Duration {
				return func() time.Duration {
					again := osexec.Command(cmd.Path, cmd.Args[1:]...)
					reader, started := way.open(b, again)
					defer func() { _ = reader.Close() }()
					start := time.Now()
					if err := again.Start(); err != nil {
						b.Fatal(err)
					}
					started()
					_, _ = io.Copy(io.Discard, reader)
					_ = again.Wait()
					return time.Since(start)
				}
			}
			compare(b, run(bare("true")), run(through("true")), max(b.N, 40))
		})
	}
}

// BenchmarkByte is the time from a byte that is typed to the program's answer.
func BenchmarkByte(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			echo := func(cmd *osexec.Cmd) func() time.Duration {
				reader, started := way.open(b, cmd)
				var input io.Writer = reader // of a terminal, which goes both ways
				if way.name == "pipes" {
					from, to, err := os.Pipe()
					if err != nil {
						b.Fatal(err)
					}
					cmd.Stdin, input = from, to
				}
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				started()
				b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = reader.Close() })
				one := make([]byte, 1)
				_, _ = io.ReadFull(reader, one) // it is there
				return func() time.Duration {
					start := time.Now()
					_, _ = input.Write([]byte{'.'})
					_, _ = io.ReadFull(reader, one)
					return time.Since(start)
				}
			}
			program := []string{"python3", "-c", "import os, tty\ntry: tty.setraw(0)\nexcept Exception: pass\nos.write(1, b'!')\nwhile b := os.read(0, 1): os.write(1, b)"}
			compare(b, echo(bare(program...)), echo(through(program...)), max(b.N, 500))
		})
	}
}

// BenchmarkThroughput passes on text without a secret.
func BenchmarkThroughput(b *testing.B) {
	for _, way := range ways {
		size := map[string]int{"pipes": 256 << 20, "terminal": 32 << 20}[way.name]
		b.Run(way.name, func(b *testing.B) {
			program := []string{"sh", "-c", fmt.Sprintf(`yes 'a line of text, as programs print them, of 64 bytes with its end' | head -c %d`, size)}
			run := func(cmd *osexec.Cmd) func() time.Duration {
				return func() time.Duration {
					again := osexec.Command(cmd.Path, cmd.Args[1:]...)
					reader, started := way.open(b, again)
					defer func() { _ = reader.Close() }()
					start := time.Now()
					if err := again.Start(); err != nil {
						b.Fatal(err)
					}
					started()
					_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, reader, make([]byte, 64<<10))
					_ = again.Wait()
					return time.Since(start)
				}
			}
			compare(b, run(bare(program...)), run(through(program...)), max(b.N, 5))
		})
	}
}

// BenchmarkManyAtOnce starts 200 programs at the same time.
func BenchmarkManyAtOnce(b *testing.B) {
	run := func(command string) func() time.Duration {
		return func() time.Duration {
			start := time.Now()
			if err := osexec.Command("bash", append([]string{"-c", `for i in $(seq 200); do ` + command + ` true & done; wait`, "bash"}, through().Args...)...).Run(); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
	}
	compare(b, run("env"), run(`"$@"`), max(b.N, 3))
}

func compare(b *testing.B, bare, ours func() time.Duration, rounds int) {
	b.Helper()
	shortBare, shortOurs := time.Hour, time.Hour
	for range rounds {
		shortBare = min(shortBare, bare())
		shortOurs = min(shortOurs, ours())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(shortBare.Microseconds()), "bare-µs")
	b.ReportMetric(float64(shortOurs.Microseconds()), "ours-µs")
	b.ReportMetric(float64((shortOurs - shortBare).Microseconds()), "more-µs")
	b.ReportMetric(float64(shortBare)/float64(shortOurs), "of-bare")
}

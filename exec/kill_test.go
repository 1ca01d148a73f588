//go:build linux

package exec_test

import (
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestRandomKills ends us at any moment of a short life, on a terminal and with
// a file lent: the terminal is as it was, and no file and no process is left.
func TestRandomKills(t *testing.T) {
	const rounds = 200 / slower
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL}
	mark := filepath.Join(t.TempDir(), "mark")
	memory := inMemory(t)
	for round := range rounds {
		sig := signals[round%len(signals)]
		args := []string{"-use", "TOK=" + value, "--", "sh", "-c", `stty raw -echo; echo $TOK; exec sleep 1000`}
		if round%2 == 0 {
			args = append([]string{"-file", "KEY=" + value}, args...)
		}
		cmd := fronted(args...)
		cmd.Env = append(cmd.Environ(), "MARK="+mark, "XDG_RUNTIME_DIR="+memory)
		c := sit(t, cmd)
		time.Sleep(rand.N(30 * time.Millisecond))
		_ = cmd.Process.Signal(sig)
		check(t, "signal", end(t, cmd).Signal, sig)
		c.restored(t)
		_ = c.slave.Close()
		_ = c.master.Close()
		if t.Failed() {
			t.Fatalf("in round %d, by %v", round, sig)
		}
	}
	eventually(t, "no process is left", func() bool { return len(marked(mark)) == 0 })
	eventually(t, "no file is left", func() bool { return len(shelves(memory)) == 0 })
}

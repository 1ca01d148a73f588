package exec_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// muchSaid is a program that tells how much its output holds, before and behind 16 MiB.
const muchSaid = `
import fcntl, os, sys
def size(): print(fcntl.fcntl(1, fcntl.F_GETPIPE_SZ), file=sys.stderr)
size()
os.write(1, bytes(16 << 20))
size()`

// TestPipeGrows asks how much the program's pipe holds: what it would hold bare, until
// it was full.
func TestPipeGrows(t *testing.T) {
	t.Parallel()
	cmd := through("python3", "-c", muchSaid)
	cmd.Stdout = &counting{} // and not memory
	got := see(t, cmd)
	check(t, "sizes", strings.Fields(got.Errors), []string{"65536", "262144"})
}

// TestCallersPipeGrows asks how much the caller's pipe holds in the end: more as well,
// unless little came or somebody had chosen its size.
func TestCallersPipeGrows(t *testing.T) {
	for name, c := range map[string]struct {
		size    int // 0: as it is
		program string
		want    int
	}{
		"much":            {0, muchSaid, 256 << 10},
		"little":          {0, `print("x" * 1000)`, 64 << 10},
		"made small":      {4 << 10, muchSaid, 4 << 10},
		"made larger":     {128 << 10, muchSaid, 128 << 10},
		"made very large": {1 << 20, muchSaid, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := through("python3", "-c", c.program)
			out, to, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = out.Close() }()
			if c.size > 0 {
				resize(t, to, c.size)
			}
			cmd.Stdout = to
			read := make(chan struct{})
			go func() {
				defer close(read)
				_, _ = io.Copy(io.Discard, out)
			}()
			see(t, cmd)
			_ = to.Close()
			<-read
			size, err := unix.FcntlInt(out.Fd(), unix.F_GETPIPE_SZ, 0)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "size", size, c.want)
		})
	}
}

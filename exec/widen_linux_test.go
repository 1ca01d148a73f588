package exec_test

import (
	"strings"
	"testing"
)

// TestPipeGrows asks the program how much its output holds: what it would hold
// bare, until it was full.
func TestPipeGrows(t *testing.T) {
	t.Parallel()
	cmd := through("python3", "-c", `
import fcntl, os, sys
def size(): print(fcntl.fcntl(1, fcntl.F_GETPIPE_SZ), file=sys.stderr)
size()
os.write(1, bytes(16 << 20))
size()`)
	cmd.Stdout = &counting{} // and not memory
	got := see(t, cmd)
	check(t, "sizes", strings.Fields(got.Errors), []string{"65536", "262144"})
}

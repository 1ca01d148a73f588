//go:build linux

package exec_test

import (
	"path/filepath"
	"testing"
)

func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		timeout, script string
		want            outcome
	}{
		"in time":          {"1m", `exit 7`, outcome{Code: 7}},
		"TERM":             {"300ms", `exec sleep 1000`, outcome{Code: 124}},
		"TERM taken":       {"300ms", `trap 'echo bye; exit 3' TERM; echo on; sleep 1000`, outcome{Code: 124, Out: "on\nbye\n", Errors: "Terminated\n"}},
		"TERM ignored":     {"300ms", `trap '' TERM; sleep 1000`, outcome{Code: 124}},
		"stopped":          {"300ms", `kill -STOP $$`, outcome{Code: 124}},
		"others as well":   {"300ms", `sleep 1001 & sh -c "trap '' TERM; sleep 1002" & exec sleep 1003`, outcome{Code: 124}},
		"daemons as well":  {"300ms", `(setsid sleep 1004 &) ; sleep 1000`, outcome{Code: 124}},
		"output is passed": {"300ms", `echo $TOK; exec sleep 1000`, outcome{Code: 124, Out: mask + "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			note := filepath.Join(t.TempDir(), "group")
			cmd := fronted("-use", "TOK="+value, "-timeout", test.timeout, "--", "sh", "-c", test.script)
			// The mark is how the processes that this started are found.
			cmd.Env = append(cmd.Environ(), "MARK="+note)
			check(t, "outcome", see(t, cmd), test.want)
			eventually(t, "nothing is left", func() bool { return len(marked(note)) == 0 })
		})
	}
}

// TestTimeoutFile ends the keeper of a file only after the file.
func TestTimeoutFile(t *testing.T) {
	got := see(t, fronted("-file", "KEY="+value, "-timeout", "300ms", "--", "sh", "-c", `echo "$KEY"; exec sleep 1000`))
	check(t, "code", got.Code, 124)
	if !absent(filepath.Dir(lines(got.Out)[0])) {
		t.Error("the file is left behind")
	}
}

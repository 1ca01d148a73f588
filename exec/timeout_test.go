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
		"TERM taken":       {"3s", `trap 'echo bye; exit 3' TERM; echo on; sleep 1000`, outcome{Code: 124, Out: "on\nbye\n", Errors: "Terminated\n"}},
		"TERM ignored":     {"300ms", `trap '' TERM; sleep 1000`, outcome{Code: 124}},
		"stopped":          {"300ms", `kill -STOP $$`, outcome{Code: 124}},
		"others as well":   {"300ms", `sleep 1001 & sh -c "trap '' TERM; sleep 1002" & exec sleep 1003`, outcome{Code: 124}},
		"daemons as well":  {"300ms", `(setsid sleep 1004 &) ; sleep 1000`, outcome{Code: 124}},
		"output is passed": {"3s", `echo $TOK; exec sleep 1000`, outcome{Code: 124, Out: mask + "\n"}},
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

// TestTimeoutTerminal ends all that the program started on its terminal, and beside it.
func TestTimeoutTerminal(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd := fronted("-timeout", "300ms", "--", "sh", "-c", `(setsid sleep 1000 &) ; exec sleep 1000`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark)
	check(t, "code", sit(t, cmd).end(t).Code, 124)
	eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 })
}

// TestTimeoutStopped ends a stopped program by TERM, which it gets when it is woken.
func TestTimeoutStopped(t *testing.T) {
	t.Parallel()
	got := see(t, fronted("-timeout", "3s", "--", "sh", "-c", `trap 'echo taken; exit' TERM; kill -STOP $$; sleep 100 & wait`))
	check(t, "outcome", got, outcome{Code: 124, Out: "taken\n"})
}

// TestTimeoutFile leaves no file behind.
func TestTimeoutFile(t *testing.T) {
	t.Parallel()
	got := see(t, fronted("-file", "KEY="+value, "-timeout", "3s", "--", "sh", "-c", `echo "$KEY"; exec sleep 1000`))
	check(t, "code", got.Code, 124)
	if !absent(filepath.Dir(lines(got.Out)[0])) {
		t.Error("the file is left behind")
	}
}

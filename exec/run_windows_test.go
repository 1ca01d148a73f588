package exec_test

import (
	"bytes"
	"os"
	osexec "os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStreams has both outputs on a pipe each, and both in one file: what was
// apart stays apart, and what was one sequence stays one.
func TestStreams(t *testing.T) {
	run := func(cmd *osexec.Cmd) {
		t.Helper()
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 7 {
			t.Errorf("got %v, want exit status 7", err)
		}
	}
	talk := func() *osexec.Cmd {
		return osexec.Command(os.Args[0], "front", "-use", "TOK=hunter2-hunter2", "--", os.Args[0], "talk")
	}
	const out, errs = "out [secret:tok]\n", "err [secret:tok]\n"

	var stdout, stderr bytes.Buffer
	cmd := talk()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	run(cmd)
	if diff := cmp.Diff([2]string{out + out, errs + errs}, [2]string{stdout.String(), stderr.String()}); diff != "" {
		t.Errorf("two pipes (-want +got):\n%s", diff)
	}

	file, err := os.CreateTemp("", "both")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	cmd = talk()
	cmd.Stdout, cmd.Stderr = file, file
	run(cmd)
	both, err := os.ReadFile(file.Name())
	if diff := cmp.Diff(out+errs+out+errs, string(both)); diff != "" || err != nil {
		t.Errorf("one file: %v (-want +got):\n%s", err, diff)
	}
}

//go:build linux

package exec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLeftBehind has programs that leave others running, which hold their
// output: we end with the program, and what comes later comes, masked.
func TestLeftBehind(t *testing.T) {
	for name, test := range map[string]struct{ script, want, errors string }{
		"silent":          {`echo begun; sleep 3 &`, "begun\n", ""},
		"writes later":    {`(sleep 0.5; echo "late $TOK"; echo "$TOK" >&2; echo later) & echo begun`, "begun\nlate " + mask + "\nlater\n", mask + "\n"},
		"a bit later":     {`exec > >(sleep 0.02; sed s/h/H/); echo hello`, "Hello\n", ""},
		"writes much":     {`(sleep 0.3; head -c 1000000 /dev/zero | tr '\0' x) & true`, strings.Repeat("x", 1_000_000), ""},
		"in the midst":    {`(printf %s "x ${TOK:0:10}"; sleep 0.3; printf %s "${TOK:10:5}"; sleep 0.1; echo "${TOK:15} y") &`, "x " + mask + " y\n", ""},
		"held to the end": {`(printf %s "x ${TOK:0:10}"; sleep 0.3) &`, "x " + mask, ""},
		"a session":       {`setsid sh -c 'sleep 0.4; echo $TOK' &`, mask + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			mark := filepath.Join(dir, "mark")
			cmd := through("bash", "-c", test.script)
			cmd.Env = append(cmd.Environ(), "MARK="+mark)
			out, errs := create(t, dir, "out"), create(t, dir, "err")
			cmd.Stdout, cmd.Stderr = out, errs
			start := time.Now()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			check(t, "outcome", end(t, cmd), outcome{})
			if name == "silent" && time.Since(start) > 2*time.Second {
				t.Error("we waited for the process that was left behind")
			}
			eventually(t, "all has come", func() bool {
				return read(t, out.Name()) == test.want && read(t, errs.Name()) == test.errors
			})
			eventually(t, "nothing is left", func() bool { return len(marked(mark)) == 0 && len(relays(out.Name())) == 0 })
		})
	}
}

// TestLeftBehindNoReader has nobody read what comes later: who writes it dies of
// it, as bare.
func TestLeftBehindNoReader(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	script := `"$@" bash -c '(sleep 0.3; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.05; echo $i; done; echo alive > ` + note + `) & echo begun' | head -1; sleep 1.2`
	check(t, "outcome", see(t, shell(script)), outcome{Out: "begun\n"})
	if !absent(note) {
		t.Error("it was not told that nobody reads")
	}
}

func create(t *testing.T, dir, name string) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// relays are the processes that have this file open.
func relays(path string) (holders []string) {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/1")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && target == path {
			holders = append(holders, fd)
		}
	}
	return holders
}

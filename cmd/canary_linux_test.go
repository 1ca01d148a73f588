package cmd_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// On a terminal the value is typed, replaced, shown by get and lost with the
// store. Only get may show it.
func TestCanaryOnTerminal(t *testing.T) {
	for shape, value := range canaries {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			f := newFlight(t, "file", value)
			f.take(t, outing{words: "init --key-source file"})
			f.watchKey(t)
			at := func(words string) *seat { return f.home.at(t, nil, f.arguments(words)...) }
			end := func(s *seat, status int) {
				t.Helper()
				s.end(t, status)
				if found := f.values.find([]byte(s.screen())) + f.keys.find([]byte(s.screen())); found != "" {
					t.Errorf("the screen shows %s:\n%s", found, s.screen())
				}
				f.files(t)
			}
			paste := "\x1b[200~" + strings.TrimSuffix(value, "\n") + "\x1b[201~\r"

			s := at("set {label} --env CANARY")
			s.answer(t, "(not shown): ", paste)
			s.answer(t, "The same again: ", paste)
			end(s, 0)

			s = at("set {label}")
			s.answer(t, "Replace it?", "y\r")
			s.answer(t, "(not shown): ", paste)
			s.answer(t, "The same again: ", paste[:len(paste)-1]+"\x03")
			end(s, 130)

			s = at("set {label}")
			s.answer(t, "Replace it?", "y\r")
			s.answer(t, "(not shown): ", paste)
			s.answer(t, "The same again: ", paste[:len(paste)-1]+"!\r")
			end(s, 1)

			end(at("exec --use {label} -- cat {forms}"), 0)
			end(at("exec --use {label} -- printenv CANARY"), 0)
			end(at("list"), 0)
			end(at("doctor"), 0)

			s = at("get {label}")
			s.end(t, 0)
			if f.values.find([]byte(strings.ReplaceAll(s.screen(), "\r", ""))) == "" {
				t.Errorf("get does not show the value:\n%s", s.screen())
			}

			s = at("destroy")
			s.answer(t, "Type destroy", "destroy\r")
			end(s, 0)
		})
	}
}

// While the command runs, its environment alone has the value: not ours, nor
// that of the process between us on a terminal.
func TestCanaryInProc(t *testing.T) {
	// Not a shell: while it becomes another program it has no environment. And Python
	// would not see a ^C right before it sleeps until it has slept.
	program := []string{"exec", "--use", canaryLabel, "--", "python3", "-c", `import signal, time; signal.signal(2, signal.SIG_DFL); print("ready", flush=True); time.sleep(60)`}
	for shape, value := range canaries {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			f := newFlight(t, "file", value)
			f.take(t, outing{words: "init --key-source file"})
			f.watchKey(t)
			// The test's own machine ID is in the environment, and no secret there.
			f.values = traces{}
			f.values.watch("the value", []byte(value))

			set := f.home.command(nil, "set", canaryLabel)
			stdin, err := set.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := set.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(stdin, value); err != nil {
				t.Fatal(err)
			}
			f.look(t, set.Process.Pid)
			stdin.Close()
			if err := set.Wait(); err != nil {
				t.Fatal(err)
			}

			c := f.home.command(nil, program...)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = c.Process.Signal(syscall.SIGTERM)
				_ = c.Wait()
			})
			if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
				t.Fatal(err)
			}
			if programs := f.look(t, c.Process.Pid); programs != 1 {
				t.Errorf("%d processes have the value, want 1", programs)
			}

			s := f.home.at(t, nil, program...)
			s.wait(t, "ready")
			if programs := f.look(t, s.pid); programs != 1 {
				t.Errorf("on a terminal %d processes have the value, want 1", programs)
			}
			s.press(t, "\x03")
			s.wait(t, "[end ")
		})
	}
}

// look looks at the arguments and the environment of a process and of all that
// it started. It returns how many that are not ours have the value.
func (f *flight) look(t *testing.T, pid int) (programs int) {
	t.Helper()
	for _, pid := range append(descendants(t, pid), pid) {
		proc := filepath.Join("/proc", strconv.Itoa(pid))
		comm, _ := os.ReadFile(proc + "/comm")
		ours := string(comm) == "secrets\n"
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(filepath.Join(proc, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
				t.Error(err)
			}
			switch found := f.values.find(text) + f.keys.find(text); {
			case found == "":
			case name == "environ" && !ours:
				programs++
			default:
				t.Errorf("%s of %s has %s", name, bytes.TrimSpace(comm), found)
			}
		}
	}
	return programs
}

// descendants are all that a process started, and those in turn.
func descendants(t *testing.T, pid int) (all []int) {
	t.Helper()
	lists, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lists {
		list, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(list)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			all = append(append(all, child), descendants(t, child)...)
		}
	}
	return all
}

// A crash of ours, in the middle of the output, shows where we were but not what
// we had.
func TestCanaryCrash(t *testing.T) {
	for shape, value := range canaries {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			f := newFlight(t, "file", value)
			f.take(t, outing{words: "init --key-source file"})
			f.watchKey(t)
			f.take(t, outing{words: "set {label} --env CANARY", stdin: "{value}"})
			// The command leaves us with a value that has begun.
			script := f.words.Replace(`cat {forms}; printf %s "$CANARY" | head -c 20; kill -SYS $PPID; exec sleep 60`)
			e := run(t, crashing(f.home.command([]string{"GOTRACEBACK=all"}, "exec", "--use", canaryLabel, "--", "sh", "-c", script)), "")
			if !strings.Contains(e.stderr, "SIGSYS") || !strings.Contains(e.stderr, "goroutine ") {
				t.Fatalf("it did not crash: exit status %d\n%s", e.status, e.stderr)
			}
			for stream, text := range map[string]string{"stdout": e.stdout, "stderr": e.stderr} {
				if found := f.values.find([]byte(text)) + f.keys.find([]byte(text)); found != "" {
					t.Errorf("%s has %s:\n%s", stream, found, text)
				}
			}
			f.files(t)
		})
	}
}

// crashing makes a command leave no core.
func crashing(c *exec.Cmd) *exec.Cmd {
	c.Args = append([]string{"sh", "-c", `ulimit -c 0; exec "$@"`, "sh"}, c.Args...)
	c.Path = "/bin/sh"
	return c
}

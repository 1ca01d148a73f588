//go:build linux

package exec_test

import (
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"secrets/exec"
	"secrets/redact"
)

func TestCheckName(t *testing.T) {
	for name, want := range map[string]*exec.NameError{
		"TOKEN": nil, "token": nil, "_": nil, "A1_b": nil, "PATHS": nil, "LDAP_PASSWORD": nil, "GIT_TOKEN": nil, "ENVIRONMENT": nil,
		"": {Name: ""}, "1A": {Name: "1A"}, "A-B": {Name: "A-B"}, "A=B": {Name: "A=B"}, "Ä": {Name: "Ä"}, "A B": {Name: "A B"}, "BASH_FUNC_x%%": {Name: "BASH_FUNC_x%%"},
		"PATH": {"PATH", true}, "path": {"path", true}, "LD_PRELOAD": {"LD_PRELOAD", true}, "DYLD_X": {"DYLD_X", true}, "BASH_ENV": {"BASH_ENV", true},
		"ENV": {"ENV", true}, "NODE_OPTIONS": {"NODE_OPTIONS", true}, "PYTHONSTARTUP": {"PYTHONSTARTUP", true}, "GIT_SSH_COMMAND": {"GIT_SSH_COMMAND", true},
		"GIT_CONFIG_COUNT": {"GIT_CONFIG_COUNT", true}, "PROMPT_COMMAND": {"PROMPT_COMMAND", true}, "SECRETS_DIR": {"SECRETS_DIR", true}, "https_proxy": {"https_proxy", true},
	} {
		var got *exec.NameError
		if err := exec.CheckName(name); err != nil && !errors.As(err, &got) {
			t.Errorf("CheckName(%q): %v", name, err)
		}
		check(t, name, got, want)
	}
}

// TestRefused has what is refused before anything starts.
func TestRefused(t *testing.T) {
	note := filepath.Join(t.TempDir(), "started")
	loan := func(name, text string) exec.Loan {
		return exec.Loan{Name: name, Label: strings.ToLower(name), Value: redact.NewValue([]byte(text))}
	}
	page := os.Getpagesize()
	for name, test := range map[string]struct {
		command exec.Command
		want    error
	}{
		"a bad name":        {exec.Command{Loans: []exec.Loan{loan("A-B", "x")}}, &exec.NameError{Name: "A-B"}},
		"a steering name":   {exec.Command{Files: []exec.Loan{loan("PATH", "x")}}, &exec.NameError{Name: "PATH", Steers: true}},
		"one name twice":    {exec.Command{Loans: []exec.Loan{loan("A", "x"), loan("A", "x")}}, &exec.DuplicateNameError{Name: "A"}},
		"a name for both":   {exec.Command{Loans: []exec.Loan{loan("A", "x")}, Files: []exec.Loan{loan("A", "x")}}, &exec.DuplicateNameError{Name: "A"}},
		"a NUL":             {exec.Command{Loans: []exec.Loan{loan("A", "x\x00y")}}, &exec.NULError{Label: "a"}},
		"one byte too many": {exec.Command{Loans: []exec.Loan{loan("A", strings.Repeat("x", 32*page-2))}}, &exec.TooBigError{Label: "a", Size: 32 * page, Limit: 32*page - 1}},
		"in an argument":    {exec.Command{Args: []string{"touch", note, "--x=" + value + "y"}, Loans: []exec.Loan{loan("A", value)}}, &exec.ValueInArgvError{Label: "a"}},
		"without its end":   {exec.Command{Args: []string{"touch", note, value}, Files: []exec.Loan{loan("A", value+"\n")}}, &exec.ValueInArgvError{Label: "a"}},
		"the input":         {exec.Command{Args: []string{"touch", note, value}, Input: &redact.Secret{Label: "in", Value: redact.NewValue([]byte(value))}}, &exec.ValueInArgvError{Label: "in"}},
		"not lent, masked":  {exec.Command{Args: []string{"touch", note, value}, Masked: []redact.Secret{{Label: "env", Value: redact.NewValue([]byte(value))}}}, &exec.ValueInArgvError{Label: "env"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.command
			if c.Args == nil {
				c.Args = []string{"touch", note}
			}
			c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
			status, err := c.Run()
			check(t, "status", status, exec.Status{})
			check(t, "error", err, test.want)
			if !absent(note) {
				t.Error("the program was started")
			}
			check(t, "replace", c.Replace(), test.want)
		})
	}
	if _, err := (&exec.Command{}).Run(); !errors.Is(err, exec.ErrNoCommand) {
		t.Errorf("got %v, want %v", err, exec.ErrNoCommand)
	}
}

// TestLimits has values as long as they can be, and more of them than fit.
func TestLimits(t *testing.T) {
	most := strings.Repeat("x", 32*os.Getpagesize()-len("TOK=")-1)
	got := see(t, fronted("-use", "TOK="+most, "--", "sh", "-c", `echo ${#TOK}`))
	check(t, "outcome", got, outcome{Out: strconv.Itoa(len(most)) + "\n"})

	// The kernel takes a quarter of the stack: 256 KiB here.
	source := write(t, filepath.Join(t.TempDir(), "value"), strings.Repeat("x", 100_000), 0o600)
	script := `ulimit -s 1024; export A=` + strings.Repeat("y", 100_000) + `; export B=$A; "$@"`
	got = see(t, bare(append([]string{"bash", "-c", script, "bash"}, fronted("-use", "TOK=@"+source, "--", "true").Args...)...))
	check(t, "outcome", got, outcome{Code: 125, Errors: "secrets: error: the arguments and the environment are too big\n"})
}

func TestEnvironment(t *testing.T) {
	odd := "a\n'\"$x\\ \xff\xc3ü"
	cmd := fronted("-use", "TOK="+odd, "--", "python3", "-c", `import os; print([os.environb[b"TOK"]] == [eval("b" + repr(open(0, "rb").read())[1:])])`)
	cmd.Stdin = strings.NewReader(odd)
	check(t, "odd bytes", see(t, cmd), outcome{Out: "True\n"})

	cmd = through("env")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TOK=old", "TERM=dumb", "NO_COLOR=1", "SECRETS_IDENTITY=AGE-SECRET-KEY-1", "SECRETS_DIR=/d"}
	check(t, "replaced, and ours taken out", lines(see(t, cmd).Out), []string{"PATH=" + os.Getenv("PATH"), "TERM=dumb", "NO_COLOR=1", "SECRETS_DIR=/d", "TOK=" + mask})

	cmd = fronted("-clean", "-use", "TOK="+value, "--", "env")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/h", "LC_ALL=C", "TERM=dumb", "NO_COLOR=1", "AWS_PROFILE=p", "X=y", "SSH_AUTH_SOCK=/s"}
	check(t, "clean", lines(see(t, cmd).Out), []string{"PATH=" + os.Getenv("PATH"), "HOME=/h", "LC_ALL=C", "TERM=dumb", "NO_COLOR=1", "TOK=" + mask})
}

func TestArguments(t *testing.T) {
	args := []string{"", "a b", "new\nline", "not UTF-8 \xff", "-n", "--", "--use", "*", "$HOME", "'", `"`}
	program := append([]string{"python3", "-c", `import os, sys; print([os.fsencode(a) for a in sys.argv[1:]])`}, args...)
	check(t, "outcome", see(t, through(program...)), see(t, bare(program...)))
}

// A value that is long enough to be one is refused in the arguments, but for its line
// end.
func TestValueInArguments(t *testing.T) {
	for lent, code := range map[string]int{"1234567": 0, "12345678": 125, "12345678\r\n": 125} {
		got := see(t, fronted("-use", "TOK="+lent, "--", "echo", "x12345678"))
		check(t, strconv.Quote(lent), got.Code, code)
	}
}

// forAll copies the front to where every user can run it.
func forAll(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "front-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(dir, "front"), read(t, os.Args[0]), 0o755)
}

// asNobody makes the front run as another user, from a copy that he can run.
func asNobody(t *testing.T, args ...string) *osexec.Cmd {
	t.Helper()
	return bare(append([]string{"setpriv", "--reuid", "65534", "--clear-groups", forAll(t)}, through(args...).Args[1:]...)...)
}

// TestTerminalNowhereToRead looks into who keeps the program's terminal, and has all
// of its environment.
func TestTerminalNowhereToRead(t *testing.T) {
	cmd := asNobody(t, "sh", "-c", `for file in environ mem maps auxv; do head -c 1 /proc/$PPID/$file >/dev/null 2>&1 || echo $file; done`)
	check(t, "closed", lines(strings.ReplaceAll(sit(t, cmd).end(t).Out, "\r", "")), []string{"environ", "mem", "maps", "auxv"})
}

// TestRelayNowhereToRead looks into who masks what is written when we have ended.
func TestRelayNowhereToRead(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	out := create(t, t.TempDir(), "out")
	cmd := asNobody(t, "sh", "-c", `(sleep 0.5; for pid in $(pgrep -u 65534 -f "[_]_relay$"); do head -c 1 /proc/$pid/environ >/dev/null 2>&1 || echo closed; done; echo looked) & true`)
	cmd.Env = append(cmd.Environ(), "MARK="+mark)
	cmd.Stdout = out
	check(t, "outcome", see(t, cmd), outcome{})
	eventually(t, "it has looked", func() bool { return strings.HasSuffix(read(t, out.Name()), "looked\n") })
	if seen := read(t, out.Name()); !strings.HasPrefix(seen, "closed\n") || strings.Count(seen, "\n") != strings.Count(seen, "closed")+1 {
		t.Errorf("seen: %q", seen)
	}
}

// TestNowhereToRead looks for the value where others of the same user can read.
// The program's own environment is theirs to read: that is what lending in a
// variable means.
func TestNowhereToRead(t *testing.T) {
	front := forAll(t)
	value := value + strconv.Itoa(os.Getpid()) // in no other test's command line
	source := write(t, filepath.Join(filepath.Dir(front), "value"), value, 0o644)
	script := `
		exec > out
		grep -q TOK=$TOK /proc/$$/environ && echo "the program's environment is open"
		for file in environ mem maps fd auxv; do
			{ head -c 1 /proc/$PPID/$file || test -d /proc/$PPID/$file && ls /proc/$PPID/$file; } > /dev/null 2>&1 || echo "our $file is closed"
		done
		echo $PPID > pid; exec sleep 1000`
	cmd := fronted("-use", "TOK=@"+source, "--", "sh", "-c", script)
	cmd.Path = front
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = filepath.Dir(front)
	if err := os.Chmod(cmd.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The test is root, and root may.
	pid := number(t, filepath.Join(cmd.Dir, "pid"))
	if ours := read(t, "/proc/"+strconv.Itoa(pid)+"/environ"); ours == "" || strings.Contains(ours, value) {
		t.Error("our environment has the value, or was not seen")
	}
	var everybody string
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		text, _ := os.ReadFile(path)
		everybody += string(text)
	}
	if !strings.Contains(everybody, source) || strings.Contains(everybody, value) {
		t.Error("a command line has the value, or none was seen")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	check(t, "outcome", end(t, cmd), outcome{Signal: syscall.SIGTERM})
	check(t, "open and closed", lines(read(t, filepath.Join(cmd.Dir, "out"))), []string{
		"the program's environment is open",
		"our environ is closed", "our mem is closed", "our maps is closed", "our fd is closed", "our auxv is closed",
	})
}

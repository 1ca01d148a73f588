//go:build linux

package exec_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestSameEnd runs programs bare and through us: what they print and how they
// end must be the same.
func TestSameEnd(t *testing.T) {
	for name, script := range map[string]string{
		"exit 0":                `exit 0`,
		"exit 7":                `exit 7`,
		"exit 255":              `echo out; echo err >&2; exit 255`,
		"killed by TERM":        `kill -TERM $$`,
		"killed by INT":         `kill -INT $$`,
		"killed by HUP":         `kill -HUP $$`,
		"killed by KILL":        `kill -KILL $$`,
		"killed by SEGV":        `kill -SEGV $$`,
		"killed by QUIT":        `kill -QUIT $$`,
		"killed by ABRT":        `kill -ABRT $$`,
		"killed by PIPE":        `kill -PIPE $$`,
		"killed by USR1":        `kill -USR1 $$`,
		"out and err apart":     `echo one; echo two >&2; echo three`,
		"bytes are not text":    `printf '\000\377\r\n\033[31m\303('`,
		"no newline at end":     `printf x`,
		"input whole":           `wc -c; cat`,
		"PIPE is not ignored":   `grep -i "^Sig\(Blk\|Ign\)" /proc/self/status`,
		"umask, cwd, limits":    `umask; pwd; ulimit -a`,
		"nice, cgroup, session": `nice; cat /proc/self/cgroup; cut -d' ' -f6 /proc/self/stat`,
		"fds":                   `ls /proc/self/fd; cat /proc/self/fdinfo/[12] | grep flags`,
		"a child of a child":    `sh -c 'sh -c "echo \${#TOK}"'`,
		"terminal variables":    `echo "$TERM $NO_COLOR"`,
	} {
		t.Run(name, func(t *testing.T) {
			want := see(t, bare("sh", "-c", script))
			got := see(t, through("sh", "-c", script))
			check(t, "outcome", got, want)
		})
	}
}

// TestNotStarted has the codes that a shell gives, and a message on stderr that
// is ours.
func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct {
		program string
		code    int
	}{
		"no such command":    {"no-such-command", 127},
		"nothing":            {"", 127},
		"no such file":       {filepath.Join(dir, "absent"), 127},
		"below a file":       {write(t, filepath.Join(dir, "file"), "", 0o644) + "/x", 127},
		"not executable":     {write(t, filepath.Join(dir, "plain"), "#!/bin/sh\n", 0o644), 126},
		"a directory":        {dir, 126},
		"no interpreter":     {write(t, filepath.Join(dir, "script"), "#!/no/such/interpreter\n", 0o755), 127},
		"neither ELF nor #!": {write(t, filepath.Join(dir, "text"), "echo hello\n", 0o755), 126},
	} {
		t.Run(name, func(t *testing.T) {
			got := see(t, through(test.program))
			if got.Code != test.code || got.Out != "" || !strings.HasPrefix(got.Errors, "secrets: error: ") || !strings.Contains(got.Errors, test.program) || strings.Contains(name, "interpreter") != strings.Contains(got.Errors, "first line") {
				t.Errorf("got %+v, want code %d and our message", got, test.code)
			}
		})
	}
}

// TestPath looks a program up as a shell does, but for the current directory.
func TestPath(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "both"), "#!/bin/sh\necho first", 0o644)
	write(t, filepath.Join(other, "both"), "#!/bin/sh\necho second\n", 0o755)
	write(t, filepath.Join(dir, "plain"), "", 0o644)
	write(t, filepath.Join(dir, "here"), "#!/bin/sh\necho ran\n", 0o755)
	write(t, filepath.Join(other, "folder"), "#!/bin/sh\necho second\n", 0o755)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path, program string
		code          int
		out           string
	}{
		"the first that runs":          {dir + ":" + other, "both", 0, "second\n"},
		"no folder":                    {dir + ":" + other, "folder", 0, "second\n"},
		"none runs":                    {dir + ":" + other, "plain", 126, ""},
		"current directory by a dot":   {".", "here", 126, ""},
		"current directory by nothing": {other + ":", "here", 126, ""},
		"current directory, asked for": {"", "./here", 0, "ran\n"},
		"no PATH":                      {"unset", "true", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := through(test.program)
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + test.path}
			if test.path == "unset" {
				cmd.Env = []string{"X=y"}
			}
			got := see(t, cmd)
			check(t, "code", got.Code, test.code)
			check(t, "out", got.Out, test.out)
		})
	}
}

// TestReplace has the program in our place, with our process ID, unmasked.
func TestReplace(t *testing.T) {
	cmd := fronted("-use", "TOK="+value, "-replace", "--", "sh", "-c", `echo $$ $TOK; kill -TERM $$`)
	got := see(t, cmd)
	want := outcome{Signal: syscall.SIGTERM, Out: strconv.Itoa(cmd.Process.Pid) + " " + value + "\n"}
	check(t, "outcome", got, want)

	got = see(t, fronted("-use", "TOK="+value, "-replace", "--", "no-such-command"))
	check(t, "code", got.Code, 127)
}

// TestNoTerminal has no terminal at all and next to no environment, as under
// cron, in CI, or for a command of ssh.
func TestNoTerminal(t *testing.T) {
	script := `ps -o tty= $$; for fd in 0 1 2; do test -t $fd && echo $fd; done; { : < /dev/tty; } 2>/dev/null || echo none; echo err >&2; env | sort; exit 7`
	alone := func(cmd *osexec.Cmd) outcome {
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TOK=" + value}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return see(t, cmd)
	}
	want := alone(bare("bash", "-c", script))
	want.Out = strings.ReplaceAll(want.Out, value, mask)
	check(t, "outcome", alone(through("bash", "-c", script)), want)
}

// TestNested runs us within us.
func TestNested(t *testing.T) {
	inner := append([]string{}, through("sh", "-c", `echo $OUT $TOK; exit 7`).Args...)
	got := see(t, fronted(append([]string{"-use", "OUT=outer-value", "--"}, inner...)...))
	check(t, "outcome", got, outcome{Code: 7, Out: "[secret:out] " + mask + "\n"})
}

// TestNoCore leaves no core file of ours when the program dies of one, though
// our limit allows it.
func TestNoCore(t *testing.T) {
	dir := t.TempDir()
	cmd := shell(`ulimit -c $(ulimit -H -c); exec "$@" sh -c 'ulimit -c 0; kill -SEGV $$'`)
	cmd.Dir = dir
	got := see(t, cmd)
	check(t, "outcome", got, outcome{Signal: syscall.SIGSEGV})
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.CoreDump() {
		t.Error("our core was dumped")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

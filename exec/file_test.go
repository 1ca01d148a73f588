//go:build linux

package exec_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFile lends files as programs want them: private, whole, gone at the end
// and in memory where there is some.
func TestFile(t *testing.T) {
	for name, test := range map[string]struct{ value, script, want string }{
		"its modes":        {value, `stat -c '%a %s %F' "$KEY"; stat -c '%a' "$(dirname "$KEY")"; stat -f -c %T "$KEY"`, "600 15 regular file\n700\ntmpfs\n"},
		"masked":           {value, `cat "$KEY"`, "[secret:key]"},
		"a kubeconfig":     {"apiVersion: v1\ncurrent-context: test-one\n", `awk '/current-context/ { print "context", length($2) }' "$KEY"`, "context 8\n"},
		"JSON credentials": {`{"type": "service_account", "private_key": "pk-1234567890"}`, `python3 -c 'import json, os; print(json.load(open(os.environ["KEY"]))["type"])'`, "service_account\n"},
		"any bytes":        {"a\x00b\xff\n\n", `od -An -tx1 < "$KEY"`, " 61 00 62 ff 0a 0a\n"},
		"written to":       {value, `echo more >> "$KEY"; echo lock > "$KEY.lock"; wc -c < "$KEY"`, "20\n"},
		"copied":           {value, `d=$(dirname "$KEY"); mkdir "$d/sub"; cp "$KEY" "$d/sub"; ln -s / "$d/all"; wc -c < "$d/sub/KEY"`, "15\n"},
		"removed by it":    {value, `rm "$KEY"; echo done`, "done\n"},
	} {
		t.Run(name, func(t *testing.T) {
			script := test.script + `; echo "$KEY" >&2`
			args := []string{"-file", "KEY=" + test.value, "--", "sh", "-c", script}
			var got outcome
			if strings.Contains(test.value, "\x00") {
				got = withNUL(t, test.value, script)
			} else {
				got = see(t, fronted(args...))
			}
			check(t, "out", got.Out, test.want)
			if dir := filepath.Dir(strings.TrimSpace(got.Errors)); !absent(dir) || !strings.HasPrefix(dir, "/dev/shm/secrets-") {
				t.Errorf("%s: left behind, or not in memory", dir)
			}
		})
	}
}

// withNUL lends a value that no command line can hold: the front of the tests
// reads it from a file.
func withNUL(t *testing.T, text, script string) outcome {
	t.Helper()
	source := write(t, filepath.Join(t.TempDir(), "value"), text, 0o600)
	return see(t, fronted("-file", "KEY=@"+source, "--", "sh", "-c", script))
}

// TestFileKey has an agent and its client, the way ssh keys are used.
func TestFileKey(t *testing.T) {
	key := filepath.Join(t.TempDir(), "id")
	check(t, "ssh-keygen", see(t, bare("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)), outcome{})
	got := see(t, fronted("-file", "KEY=@"+key, "--", "ssh-agent", "sh", "-c", `ssh-add -q "$KEY" && ssh-add -l | cut -d' ' -f1; cat "$KEY" >&2`))
	check(t, "out", got.Out, "256\n")
	if strings.Contains(got.Errors, lines(read(t, key))[1]) {
		t.Errorf("the key is shown: %s", got.Errors)
	}
}

// TestFileGone ends us in all ways while a file is lent.
func TestFileGone(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{
		"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL, "QUIT": syscall.SIGQUIT,
	} {
		t.Run(name, func(t *testing.T) {
			note := filepath.Join(t.TempDir(), "path")
			cmd := fronted("-file", "KEY="+value, "--", "sh", "-c", `echo "$KEY" > `+note+`; exec sleep 1000`)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the program has started", func() bool {
				text, err := os.ReadFile(note)
				return err == nil && len(text) > 0
			})
			_ = cmd.Process.Signal(sig)
			check(t, "outcome", end(t, cmd), outcome{Signal: sig})
			eventually(t, "no file", func() bool { return absent(filepath.Dir(strings.TrimSpace(read(t, note)))) })
		})
	}
	t.Run("panic", func(t *testing.T) {
		note := filepath.Join(t.TempDir(), "note")
		cmd := fronted("-panic", note, "-file", "KEY="+value, "--", "sh", "-c", `echo "$KEY" > "$0.new"; mv "$0.new" "$0"; exec sleep 1000`, note)
		cmd.Env = append(cmd.Environ(), "GOTRACEBACK=system") // the stacks of all goroutines
		got := see(t, cmd)
		check(t, "code", got.Code, 2)
		eventually(t, "no file", func() bool { return absent(filepath.Dir(strings.TrimSpace(read(t, note)))) })
		if strings.Contains(got.Errors, value) {
			t.Error("the panic shows the value")
		}
	})
	t.Run("not started", func(t *testing.T) {
		dir := inMemory(t)
		for program, code := range map[string]int{"/etc/passwd": 126, write(t, filepath.Join(t.TempDir(), "x"), "#!/no\n", 0o755): 127} {
			cmd := fronted("-file", "KEY="+value, "--", program)
			cmd.Env = append(cmd.Environ(), "XDG_RUNTIME_DIR="+dir)
			check(t, "code", see(t, cmd).Code, code)
		}
		check(t, "files", shelves(dir), nil)
	})
}

// inMemory is a directory in memory for the files that one test lends, named to
// us by XDG_RUNTIME_DIR.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func shelves(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "secrets-*"))
	return found
}

// TestNoMemory has no file system in memory to write to, and then no room.
func TestNoMemory(t *testing.T) {
	dir, err := os.MkdirTemp("/var/tmp", "on-disk") // /tmp may be in memory
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	hidden := `mount --bind ` + dir + ` /dev/shm && TMPDIR=` + dir + ` exec "$@"`
	args := append([]string{"-m", "sh", "-c", hidden, "sh"}, fronted("-file", "KEY="+value, "--", "sh", "-c", `case $KEY in `+dir+`/secrets-*) echo there;; esac`).Args...)
	check(t, "on disk", see(t, bare(append([]string{"unshare"}, args...)...)), outcome{Out: "there\n"})

	full := `mount -t tmpfs -o size=4k,mode=1777 none /dev/shm && head -c 4096 /dev/zero > /dev/shm/all; "$@"; echo $?; ls /dev/shm`
	args = append([]string{"-m", "sh", "-c", full, "sh"}, fronted("-file", "KEY="+value, "--", "echo", "started").Args...)
	got := see(t, bare(append([]string{"unshare"}, args...)...))
	if got.Out != "125\nall\n" || !strings.Contains(got.Errors, "no space left on device") {
		t.Errorf("got %+v, want 125, the cause and nothing left", got)
	}
}

// TestNowhereForFiles has no folder to write to.
func TestNowhereForFiles(t *testing.T) {
	none := `mount -t tmpfs -o ro none /dev/shm && export TMPDIR=/nowhere; "$@"; echo $?`
	args := append([]string{"-m", "sh", "-c", none, "sh"}, fronted("-file", "KEY="+value, "--", "echo", "started").Args...)
	got := see(t, bare(append([]string{"unshare"}, args...)...))
	if got.Out != "125\n" || !strings.Contains(got.Errors, "make a private file in /nowhere") {
		t.Errorf("got %+v, want 125 and the place", got)
	}
}

// TestInput lends the value as the input, as docker login --password-stdin
// wants it.
func TestInput(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"read to its end": {`IFS= read -r password || true; echo "${#password} bytes"; wc -c`, "15 bytes\n0\n"},
		"masked":          {`cat`, "[secret:input]"},
		"not read":        {`echo no`, "no\n"},
		"closed":          {`exec <&-; sleep 0.1; echo closed`, "closed\n"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := fronted("-stdin", value, "--", "sh", "-c", test.script)
			cmd.Stdin = strings.NewReader("the caller's own input")
			check(t, "outcome", see(t, cmd), outcome{Out: test.want})
		})
	}
	long := strings.Repeat("0123456789", 12_000)
	check(t, "more than a pipe holds", see(t, fronted("-stdin", long, "--", "wc", "-c")), outcome{Out: "120000\n"})
}

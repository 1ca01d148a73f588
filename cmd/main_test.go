package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/term"

	"secrets/cmd"
	"secrets/machine"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"secrets": func() { os.Exit(cmd.Main(os.Args[1:], testSystem())) },
	})
}

// testSystem is the real system but for what a script must be able to say:
//
//	TEST_KEYRING     the folder of the keyring: a file an item; "locked", or the
//	                 name of any other machine.State, in a file "state"; in
//	                 "meanwhile" what others do, once, while an item is read
//	TEST_MACHINE_ID  the ID of the machine: 32 hex digits, or whatever else a
//	                 machine-id file may hold
//	TEST_CONTAINER   set: the ID may be that of a container's image
//	TEST_TIME        the time, RFC 3339
func testSystem() cmd.Sys {
	sys := cmd.System()
	sys.Keyring = folderKeyring(os.Getenv("TEST_KEYRING"))
	sys.Hardware = func() (machine.HardwareID, error) {
		id, err := machine.NewHardwareID("machine-id", os.Getenv("TEST_MACHINE_ID"))
		id.Container = os.Getenv("TEST_CONTAINER") != ""
		return id, err
	}
	if !term.IsTerminal(int(sys.Stderr.Fd())) {
		sys.Terminal = nil // not that of whoever runs the tests
	}
	if now, err := time.Parse(time.RFC3339, os.Getenv("TEST_TIME")); err == nil {
		sys.Now = func() time.Time { return now }
	}
	return sys
}

// A folderKeyring keeps each item in a file of its folder, since every line of
// a script is a process of its own.
type folderKeyring string

func (k folderKeyring) Probe(context.Context, string) error {
	if k == "" {
		return machine.NoBus
	}
	state, err := os.ReadFile(filepath.Join(string(k), "state"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return machine.State(strings.TrimSpace(string(state)))
}

func (k folderKeyring) Get(name string) (string, error) {
	text, err := os.ReadFile(k.item(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", machine.KeyMissing
	}
	return string(text), errors.Join(err, k.meanwhile())
}

func (k folderKeyring) meanwhile() error {
	script, now := filepath.Join(string(k), "meanwhile"), filepath.Join(string(k), "now")
	if err := os.Rename(script, now); err != nil {
		return nil // nobody does anything
	}
	return exec.Command("sh", "-e", now).Run()
}

func (k folderKeyring) Set(name, text string) error {
	// "dismissed" is a keyring whose question was dismissed: it reports success
	// and keeps nothing.
	if _, err := os.Stat(filepath.Join(string(k), "dismissed")); err == nil {
		return nil
	}
	return os.WriteFile(k.item(name), []byte(text), 0o600)
}

func (k folderKeyring) Delete(name string) error {
	err := os.Remove(k.item(name))
	if errors.Is(err, fs.ErrNotExist) {
		return machine.KeyMissing
	}
	return err
}

// item is the file of one item; its name has a slash.
func (k folderKeyring) item(name string) string {
	return filepath.Join(string(k), strings.ReplaceAll(name, "/", "_"))
}

// TestScripts runs testdata/script/*.txtar, one behaviour each, through the
// program's own Main.
func TestScripts(t *testing.T) {
	dir, files := filepath.Join("testdata", "script"), []string(nil)
	if runtime.GOOS == "windows" {
		dir, files = "", portable(t, dir)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			keyring := filepath.Join(e.WorkDir, "keyring")
			format2, err := filepath.Abs(filepath.Join("..", "store", "testdata", "format1", "format2.db"))
			if err != nil {
				return err
			}
			e.Vars = append(e.Vars,
				"HOME="+e.WorkDir,
				"SECRETS_DIR="+filepath.Join(e.WorkDir, "store"),
				"SECRETS_KEY_FILE="+filepath.Join(e.WorkDir, "state", "key"),
				"FORMAT2="+format2, // a store of a later format
				"TZ=UTC",
				"GORACE="+os.Getenv("GORACE"),
				"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
				"TEST_KEYRING="+keyring,
				"TEST_MACHINE_ID=0123456789abcdef0123456789abcdef",
				"TEST_TIME=2026-11-22T12:00:00Z",
			)
			return os.Mkdir(keyring, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"plugins": plugins, "status": status},
	})
}

// portable are the scripts for where there are no programs of Unix: those that
// run secrets alone, and compare no path.
func portable(t *testing.T, dir string) (files []string) {
	t.Helper()
	others := regexp.MustCompile(`(?m)^!? ?(exec|status \d+) (secrets exec .* -- \S|[^s]|s[^e])|\$WORK/`)
	all, _ := filepath.Glob(filepath.Join(dir, "*.txtar"))
	for _, file := range all {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !others.Match(script) {
			files = append(files, file)
		}
	}
	return files
}

// plugins puts age plugins into the PATH:
//
//	plugins stick fob
func plugins(ts *testscript.TestScript, _ bool, args []string) {
	folder := ts.MkAbs("plugins")
	ts.Check(buildPlugins(folder, args...))
	ts.Setenv("PATH", folder+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}

// buildPlugins builds the plugins that machine/transfer/testdata/fob describes.
func buildPlugins(folder string, names ...string) error {
	for _, name := range names {
		build := exec.Command("go", "build", "-o", filepath.Join(folder, "age-plugin-"+name), "../machine/transfer/testdata/fob")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}

// status runs a command that must end with one exit status:
//
//	status 3 secrets show nobody
//
// Its output is left for cmp, stdout and stderr to look at.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit status %s, want %s", code, args[0])
	}
}

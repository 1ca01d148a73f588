package cmd

import (
	"cmp"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"secrets/exec"
	"secrets/machine"
	"secrets/store"
)

// Every error that the rooms below can return has one exit code and a next step.
var advised = map[string]struct {
	err  error
	code int
}{
	"machine.KeyMissing":            {machine.KeyMissing, exitKeyring},
	"machine.KeyMalformed":          {machine.KeyMalformed, exitDamaged},
	"machine.KeyExists":             {machine.KeyExists, exitRefused},
	"machine.KeyNotKept":            {machine.KeyNotKept, exitKeyring},
	"machine.NoBus":                 {machine.NoBus, exitKeyring},
	"machine.BusUnreachable":        {machine.BusUnreachable, exitKeyring},
	"machine.NoProvider":            {machine.NoProvider, exitKeyring},
	"machine.NoCollection":          {machine.NoCollection, exitKeyring},
	"machine.Locked":                {machine.Locked, exitHuman},
	"machine.TimedOut":              {machine.TimedOut, exitKeyring},
	"machine.NoLogonSession":        {machine.NoLogonSession, exitKeyring},
	"machine.Denied":                {machine.Denied, exitKeyring},
	"machine.Unsupported":           {machine.Unsupported, exitKeyring},
	"machine.Failed":                {machine.Failed, exitKeyring},
	"machine.Busy":                  {machine.Busy, exitBusy},
	"machine.HardwareAbsent":        {&hardwareError{err: machine.HardwareAbsent}, exitRefused},
	"machine.HardwareUninitialized": {&hardwareError{err: machine.HardwareUninitialized}, exitRefused},
	"machine.HardwareInvalid":       {&hardwareError{err: machine.HardwareInvalid, bound: true}, exitHardware},
	"machine.HardwareTransient":     {&hardwareError{err: machine.HardwareTransient, bound: true}, exitHardware},
	"machine.FaultSymlink":          {&machine.UnsafeFileError{Path: "key", Fault: machine.FaultSymlink}, exitRefused},
	"machine.FaultNotRegular":       {&machine.UnsafeFileError{Path: "key", Fault: machine.FaultNotRegular}, exitRefused},
	"machine.FaultOwner":            {&machine.UnsafeFileError{Path: "key", Fault: machine.FaultOwner}, exitRefused},
	"machine.FaultMode":             {&machine.UnsafeFileError{Path: "key", Fault: machine.FaultMode, Mode: 0o644}, exitRefused},
	"machine.UnsafeFileError":       {&machine.UnsafeFileError{Path: "key"}, exitRefused},
	"machine.ErrWrongKey":           {machine.ErrWrongKey, exitDamaged},
	"machine.ErrHardwareChanged":    {machine.ErrHardwareChanged, exitHardware},
	"machine.ErrSlotDamaged":        {machine.ErrSlotDamaged, exitDamaged},
	"machine.ErrUnknownPayload":     {machine.ErrUnknownPayload, exitRefused},
	"machine.ErrCipherUnavailable":  {machine.ErrCipherUnavailable, exitRefused},
	"machine.ErrNoPassphrase":       {machine.ErrNoPassphrase, exitHuman},

	"store.ErrNoStore":       {store.ErrNoStore, exitNotFound},
	"store.ErrExists":        {store.ErrExists, exitRefused},
	"store.ErrNotFound":      {store.ErrNotFound, exitNotFound},
	"store.ErrLabelTaken":    {store.ErrLabelTaken, exitRefused},
	"store.ErrEmptyValue":    {store.ErrEmptyValue, exitUsage},
	"store.ErrValueTooBig":   {store.ErrValueTooBig, exitUsage},
	"store.ErrNoteTooBig":    {store.ErrNoteTooBig, exitUsage},
	"store.ErrFull":          {store.ErrFull, exitRefused},
	"store.ErrOwnName":       {store.ErrOwnName, exitRefused},
	"store.ErrNoCipher":      {store.ErrNoCipher, exitRefused},
	"store.ErrRekeyed":       {store.ErrRekeyed, exitBusy},
	"store.DamageError":      {&store.DamageError{Path: "store.db"}, exitDamaged},
	"store.WriteError":       {&store.WriteError{Path: "store.db"}, exitFailed},
	"store.SyncError":        {&store.SyncError{Path: "store.db", Err: syscall.EIO}, exitFailed},
	"store.BusyError":        {&store.BusyError{Path: "store.lock"}, exitBusy},
	"store.NewerFormatError": {&store.NewerFormatError{Path: "store.db", Format: 2}, exitRefused},
	"store.CriticalError":    {&store.CriticalError{Where: "header"}, exitRefused},
	"store.PermissionError":  {&store.PermissionError{Path: "store.db", Mode: 0o644, Want: 0o600}, exitRefused},
	"store.OwnerError":       {&store.OwnerError{Path: "store.db"}, exitRefused},
	"store.KindError":        {&store.KindError{Path: "store.db"}, exitRefused},
	"store.RemoteError":      {&store.RemoteError{Path: "store.db"}, exitRefused},
	"store.LabelError":       {&store.LabelError{}, exitUsage},
	"store.EnvError":         {&store.EnvError{}, exitUsage},

	"exec.NameError":           {&exec.NameError{}, exitUsage},
	"exec.DuplicateNameError":  {&exec.DuplicateNameError{}, exitUsage},
	"exec.NULError":            {&exec.NULError{Label: "k"}, exitRefused},
	"exec.TooBigError":         {&exec.TooBigError{Label: "k"}, exitRefused},
	"exec.ValueInArgvError":    {&exec.ValueInArgvError{}, exitRefused},
	"exec.ErrNoInterpreter":    {&exec.StartError{Err: exec.ErrNoInterpreter}, exitNoCommand},
	"exec.ErrCurrentDirectory": {&exec.StartError{Err: exec.ErrCurrentDirectory}, exitCannotRun},
	"exec.FileError":           {&exec.FileError{}, exitFailed},
	"exec.StartError":          {&exec.StartError{Err: fs.ErrNotExist}, exitNoCommand},
	"exec.OutputError":         {&exec.OutputError{Err: syscall.ENOSPC}, exitFailed},
}

// These never end a command.
var unadvised = map[string]string{
	"store.ErrLocked":    "cmd unlocks what it opens",
	"store.ErrEpoch":     "rekey counts epochs up, by one",
	"exec.ErrNoCommand":  "execArgs refuses it first",
	"exec.TerminalError": "a warning: the command runs",
}

func TestEveryErrorHasAdvice(t *testing.T) {
	command := &cobra.Command{Use: "list"}
	for name, want := range advised {
		got := adviceFor(command, want.err)
		if got.code != want.code || got.hint == "" {
			t.Errorf("%s: got code %d and hint %q, want code %d and a hint", name, got.code, got.hint, want.code)
		}
		wrapped := adviceFor(command, errors.Join(errors.New("besides"), want.err))
		if wrapped != got {
			t.Errorf("%s, wrapped: got %v, want %v", name, wrapped, got)
		}
	}
	var names []string
	for _, room := range []string{"machine", "store", "exec"} {
		names = append(names, exportedErrors(t, room)...)
	}
	for _, name := range names {
		_, yes := advised[name]
		_, no := unadvised[name]
		if yes == no {
			t.Errorf("%s: a line in advised: %t, in unadvised: %t; it wants one", name, yes, no)
		}
	}
	for name := range advised {
		if !slices.Contains(names, name) {
			t.Errorf("%s is no exported error", name)
		}
	}
}

// exportedErrors names what a room exports to be an error, or why it is one:
// variables Err…, types with a method Error, and constants of string types that
// are errors or faults.
func exportedErrors(t *testing.T, room string) (names []string) {
	t.Helper()
	reasons := []string{"State", "HardwareState", "FileFault"}
	add := func(name *ast.Ident) {
		if name.IsExported() && !slices.Contains(reasons, name.Name) {
			names = append(names, room+"."+name.Name)
		}
	}
	eachFile(t, room, func(file *ast.File) {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "Error" && d.Recv != nil {
					receiver := d.Recv.List[0].Type
					if star, ok := receiver.(*ast.StarExpr); ok {
						receiver = star.X
					}
					add(receiver.(*ast.Ident))
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					values, ok := spec.(*ast.ValueSpec)
					if !ok {
						continue
					}
					kind, _ := values.Type.(*ast.Ident)
					for _, name := range values.Names {
						isErr := d.Tok == token.VAR && strings.HasPrefix(name.Name, "Err")
						if isErr || kind != nil && slices.Contains(reasons, kind.Name) {
							add(name)
						}
					}
				}
			}
		}
	})
	return names
}

// eachFile reads the files of a room, but not its tests.
func eachFile(t *testing.T, room string, look func(*ast.File)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", room, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", room, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		look(file)
	}
}

// crafted are the errors of cmd that only a crafted store brings about.
var crafted = []string{"errNoSlot", "errKeySource"}

// Every error that cmd itself makes is met by a test: its text stands in one.
func TestEveryErrorIsMet(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "testdata/script/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	made := 0
	eachFile(t, "cmd", func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "err") {
				return true
			}
			call, ok := spec.Values[0].(*ast.CallExpr)
			if !ok {
				return true
			}
			made++
			text, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if i := strings.IndexAny(text, "%:"); i > 0 { // what follows is filled in, or an aside
				text = text[:i]
			}
			name := spec.Names[0].Name
			text = strings.TrimLeft(text, "-")
			if met := strings.Contains(tests.String(), text); met == slices.Contains(crafted, name) {
				t.Errorf("%s: its text in a test: %t; it has to be there or in crafted: %q", name, met, text)
			}
			return true
		})
	})
	if made < 30 {
		t.Errorf("only %d errors were found", made)
	}
}

// What stops exec before the command runs is 125; what the command would have
// met itself, and what comes later, is not.
func TestAdviceForExec(t *testing.T) {
	command := &cobra.Command{Use: "exec"}
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"usage":      {usage(errNothingLent), exitNotRun},
		"no label":   {store.ErrNotFound, exitNotRun},
		"locked":     {machine.Locked, exitNotRun},
		"unforeseen": {errors.New("unforeseen"), exitNotRun},
		"not found":  {&exec.StartError{Err: fs.ErrNotExist}, exitNoCommand},
		"not run":    {&exec.StartError{Err: fs.ErrPermission}, exitCannotRun},
		"output":     {&exec.OutputError{Err: syscall.ENOSPC}, exitFailed},
	} {
		if got := adviceFor(command, c.err).code; got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

// The keyring that cannot serve init has its own advice for every state.
func TestAdviceForUnusableKeyring(t *testing.T) {
	for name, c := range advised {
		var state machine.State
		if !errors.As(c.err, &state) || state == machine.KeyExists {
			continue
		}
		got := adviceFor(&cobra.Command{Use: "init"}, &unusableError{source: "keyring", command: "init", err: c.err})
		want := exitKeyring
		if state == machine.Locked {
			want = exitHuman
		}
		if got.code != want || !strings.Contains(got.hint, "secrets init --key-source file") {
			t.Errorf("%s: got code %d and hint %q", name, got.code, got.hint)
		}
	}
}

// What a permission is missing for is a file that is there, or else its folder.
func TestAdviceForPermissions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(file)
	for what, err := range map[string]*fs.PathError{
		file:   {Op: "open", Path: file, Err: fs.ErrPermission},
		folder: {Op: "open", Path: filepath.Join(folder, "new"), Err: fs.ErrPermission},
	} {
		want := "look at the owner and permissions of " + what
		if got := adviceFor(&cobra.Command{Use: "list"}, err); got.code != exitRefused || got.hint != want {
			t.Errorf("%v: got %v, want %q", err, got, want)
		}
	}
	removed := adviceFor(&cobra.Command{Use: "list"}, &fs.PathError{Op: "remove", Path: file, Err: fs.ErrPermission})
	if want := "look at the owner and permissions of " + folder; removed.hint != want {
		t.Errorf("removing: got %q, want %q", removed.hint, want)
	}
}

// What is wrong with a backup is no reason to do something to the store.
func TestAdviceForBackups(t *testing.T) {
	for _, err := range []error{machine.ErrSlotDamaged, errNoSlot, machine.ErrWrongKey, machine.ErrHardwareChanged, machine.KeyMissing, machine.KeyMalformed, errWrongPassphrase} {
		for recovery, want := range map[bool]string{true: "install -d -m 700 /s && install -m 600 b.db /s/store.db; then: secrets recover --key-file k", false: "take another backup: this one has no recovery"} {
			backup := &backupError{&unopenedError{err, sourceFile, recovery, " --key-file k"}, "b.db", "/s/store.db", " --key-file k"}
			got := adviceFor(&cobra.Command{Use: "restore"}, backup).hint
			if !strings.HasSuffix(got, want) || strings.Contains(got, "destroy") {
				t.Errorf("%v, recovery %t: got %q", err, recovery, got)
			}
		}
	}
}

// A shell gets the path back, and a terminal shows it.
func TestQuoted(t *testing.T) {
	for _, path := range []string{"/plain/path", "a b", "it's", "-x", "red\x1b[31m", "both'\"\n\\", "ü\x1b\\", "txt.\u202ebd"} {
		text := quoted(path)
		out, err := osexec.Command("bash", "-c", "printf %s "+text).Output()
		if got := strings.TrimPrefix(string(out), "./"); got != path || err != nil {
			t.Errorf("%q as %s: got %q, %v", path, text, got, err)
		}
		if printable(text) != text || strings.HasPrefix(text, "-") {
			t.Errorf("%q is shown as %q", path, text)
		}
	}
}

func TestExitCodes(t *testing.T) {
	seen := map[int]bool{}
	for i, e := range exitTexts {
		if seen[e.code] || e.text == "" {
			t.Errorf("code %d: %q, and it was there before: %t", e.code, e.text, seen[e.code])
		}
		seen[e.code] = true
		if i > 0 && cmp.Compare(exitTexts[i-1].code, e.code) >= 0 {
			t.Errorf("code %d is behind %d", e.code, exitTexts[i-1].code)
		}
	}
	// An interface: whoever renumbers one breaks scripts.
	want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 124, 125, 126, 127}
	got := []int{
		exitOK, exitFailed, exitUsage, exitNotFound, exitHuman, exitKeyring, exitHardware, exitDamaged, exitBusy, exitRefused,
		exitTimeout, exitNotRun, exitCannotRun, exitNoCommand,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, code := range want {
		if !seen[code] {
			t.Errorf("code %d has no text", code)
		}
	}
	for _, code := range severity {
		if !seen[code] || code == exitOK {
			t.Errorf("doctor knows code %d", code)
		}
	}
}

// The README's table has every command, and those of a command in its row.
func TestReadmeNamesEachCommand(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(readme), "\n| ")
	there := func(words ...string) bool {
		return slices.ContainsFunc(rows, func(row string) bool {
			return !slices.ContainsFunc(words, func(word string) bool {
				return !regexp.MustCompile("`([a-z]+ )?(--)?" + word + "[` ]").MatchString(row)
			})
		})
	}
	for _, c := range New(Sys{}).Commands() {
		if c.Hidden || c.Name() == "help" {
			continue
		}
		for _, sub := range c.Commands() {
			if !there(c.Name(), sub.Name()) {
				t.Errorf("%s is not there", sub.CommandPath())
			}
		}
		if !there(c.Name()) {
			t.Errorf("%s is not there", c.CommandPath())
		}
	}
	if !there("exec", "mask-env", "timeout") || !there("doctor", "deep", "repair") {
		t.Error("flags of exec or doctor are not there")
	}
}

func TestHelpOfEachCommand(t *testing.T) {
	root := New(Sys{})
	root.InitDefaultHelpCmd()
	commands := []*cobra.Command{root}
	for len(commands) > 0 {
		c := commands[0]
		commands = append(commands[1:], c.Commands()...)
		name := c.CommandPath()
		if !strings.Contains(c.Example, "  "+name) {
			t.Errorf("%s: no example of it in %q", name, c.Example)
		}
		if c != root && !strings.Contains(c.Long, "\n\nExit status:\n\n      0  done\n") {
			t.Errorf("%s: no exit status in its help", name)
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q", name, c.Short)
		}
		c.InitDefaultHelpFlag()
		for line := range strings.Lines(c.Long + "\n\n" + c.UsageString()) {
			if width := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > helpWidth {
				t.Errorf("%s: a line of %d characters: %q", name, width, line)
			}
		}
	}
}

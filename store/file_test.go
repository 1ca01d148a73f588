package store

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func TestFilesThatAreNoStore(t *testing.T) {
	whole := contents(t, golden(t, "one.db"))
	for what, b := range map[string][]byte{
		"0 bytes":   {},
		"1 byte":    whole[:1],
		"one page":  whole[:pageSize],
		"two pages": whole[:2*pageSize],
		"half":      whole[:len(whole)/2],
		"zeros":     make([]byte, len(whole)),
		"text":      []byte("this is no store"),
	} {
		path := golden(t, "one.db")
		writeFile(t, path, b)
		_, err := Open(path, Options{})
		checkDamage(t, what, err)
		if got := contents(t, path); len(got) != len(b) {
			t.Errorf("%s: the file has %d bytes now, not %d", what, len(got), len(b))
		}
	}
}

func TestTooLargeFile(t *testing.T) {
	path := golden(t, "one.db")
	if err := os.Truncate(path, maxFile+1); err != nil { // sparse
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	checkDamage(t, "open", err)
}

func TestNoStore(t *testing.T) {
	folder := privateFolder(t)
	for _, path := range []string{filepath.Join(folder, FileName), filepath.Join(folder, "no", "folder", FileName)} {
		_, err := Open(path, Options{})
		checkError(t, path, err, ErrNoStore)
	}
	checkFolderHolds(t, folder)
}

func TestFolderInTheStoresPlace(t *testing.T) {
	path := filepath.Join(privateFolder(t), FileName)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	checkErrorAs(t, "open", err, &KindError{Path: path, Mode: fs.ModeDir | 0o700})

	file := golden(t, "one.db")
	_, err = Open(filepath.Join(file, FileName), Options{})
	checkErrorAs(t, "below a file", err, &KindError{Path: file, Mode: 0o600})
}

// Until a file is whole its name is free, and what was written under it meanwhile stays.
func TestWriteNew(t *testing.T) {
	failure := errors.New("failure")
	for what, c := range map[string]struct {
		name      string
		meanwhile string
		fails     error
		want      error
		holds     []string
	}{
		"whole":   {holds: []string{"new"}},
		"long":    {name: strings.Repeat("n", 255), holds: []string{strings.Repeat("n", 255)}},
		"wide":    {name: "n" + strings.Repeat("ä", 127), holds: []string{"n" + strings.Repeat("ä", 127)}},
		"failed":  {fails: failure, want: failure},
		"overrun": {meanwhile: "theirs", want: fs.ErrExist, holds: []string{"new"}},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, cmp.Or(c.name, "new"))
		err := WriteNew(path, 0o644, func(f *os.File) error {
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: the name is there before the file is: %v", what, err)
			}
			if !utf8.ValidString(f.Name()) {
				t.Errorf("%s: the name is cut within a character: %q", what, f.Name())
			}
			if c.meanwhile != "" {
				writeFile(t, path, []byte(c.meanwhile))
			}
			_, err := f.WriteString("ours")
			return errors.Join(err, c.fails)
		})
		checkError(t, what, err, c.want)
		checkFolderHolds(t, folder, c.holds...)
		if len(c.holds) > 0 && string(contents(t, path)) != cmp.Or(c.meanwhile, "ours") {
			t.Errorf("%s: the file is not as it was written", what)
		}
	}
	source := &fs.PathError{Op: "read", Path: "store.db", Err: syscall.EIO}
	err := WriteNew(filepath.Join(t.TempDir(), "new"), 0o600, func(*os.File) error { return source })
	if got, want := err.Error(), "read store.db: input/output error"; got != want {
		t.Errorf("a source that cannot be read: got %s, want %s", got, want)
	}
	target := filepath.Join(t.TempDir(), "new")
	err = WriteNew(target, 0o600, func(f *os.File) error { return asWritten(f.Name(), syscall.EIO) })
	checkErrorAs(t, "a copy that is not whole", err, &WriteError{Path: target, Reason: syscall.EIO.Error()})
	nowhere := filepath.Join(t.TempDir(), "no", "new")
	err = WriteNew(nowhere, 0o600, func(*os.File) error { return nil })
	if want := "open " + nowhere + ": "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("no folder: got %v, want %s…", err, want)
	}
}

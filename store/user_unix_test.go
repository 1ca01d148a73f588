//go:build unix

package store

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Root passes every permission, so these tests act as somebody else: as nobody
// where they are started by root, as themselves where not.

// actAsNobody makes a command run as nobody, from a copy of the program that
// nobody can reach.
func actAsNobody(t *testing.T, cmd *exec.Cmd, folder string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	cmd.Path = filepath.Join(folder, "program")
	copyProgram(t, os.Args[0], cmd.Path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	// A process that another test starts meanwhile would inherit the open file, and
	// a program that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// giveAway makes nobody the owner of a store and its folder.
func giveAway(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, p := range []string{path, filepath.Dir(path), filepath.Join(filepath.Dir(path), LockName)} {
		if err := os.Chown(p, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
}

// publicFolder is one that everybody can pass through.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for f := folder; f != filepath.Clean(os.TempDir()); f = filepath.Dir(f) {
		if err := os.Chmod(f, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestReadOnlyFolder(t *testing.T) {
	public := publicFolder(t)
	s := newStore(t, "key")
	folder := filepath.Join(public, "secrets")
	if err := os.Rename(filepath.Dir(s.path), folder); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, FileName)
	before := contents(t, path)
	giveAway(t, path)
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, 0o700) })

	reader := child(t, "read", path, "key")
	actAsNobody(t, reader, publicFolder(t))
	if out, err := reader.CombinedOutput(); err != nil {
		t.Errorf("read: %v: %s", err, out)
	}
	writer := child(t, "write", path, "key")
	actAsNobody(t, writer, publicFolder(t))
	out, err := writer.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "permission denied") {
		t.Errorf("write: got %v: %s", err, out)
	}
	if got := contents(t, path); string(got) != string(before) {
		t.Error("the file changed")
	}
}

// Another user cannot even look into the folder: he is told whose it is.
func TestStoreOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := Open("/root/"+FileName, Options{})
		checkErrorAs(t, "open", err, &OwnerError{Path: "/root", UID: 0})
		return
	}
	public := publicFolder(t)
	s := newStore(t, "key")
	folder := filepath.Join(public, "secrets")
	if err := os.Rename(filepath.Dir(s.path), folder); err != nil {
		t.Fatal(err)
	}
	reader := child(t, "read", filepath.Join(folder, FileName), "key")
	actAsNobody(t, reader, publicFolder(t))
	out, err := reader.CombinedOutput()
	if want := (&OwnerError{Path: folder, UID: 0}).Error() + "\n"; err == nil || string(out) != want {
		t.Errorf("got %v: %q, want %q", err, out, want)
	}
}

//go:build unix

package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestSymbolicLinkIsRefused(t *testing.T) {
	target := golden(t, "one.db")
	path := filepath.Join(privateFolder(t), FileName)
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	checkErrorAs(t, "open", err, &KindError{Path: path, Mode: fs.ModeSymlink | 0o777})
	// What a link leads to may change between the look and the opening.
	_, err = openNoFollow(path, os.O_RDONLY)
	checkErrorAs(t, "open the link itself", err, &KindError{Path: path, Mode: fs.ModeSymlink})
}

func TestLinkedLockIsRefused(t *testing.T) {
	s := newStore(t, "key")
	target := filepath.Join(t.TempDir(), "target")
	writeFile(t, target, []byte("not a lock"))
	lock := filepath.Join(filepath.Dir(s.path), LockName)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, lock); err != nil {
		t.Fatal(err)
	}
	err := s.Update(func(tx *Tx) error { return tx.Remove("key") })
	checkErrorAs(t, "update", err, &KindError{Path: lock, Mode: fs.ModeSymlink})
	if got := string(contents(t, target)); got != "not a lock" {
		t.Errorf("the link's target is now %q", got)
	}
}

// A folder that is a link is followed: what it leads to is what is checked.
func TestLinkedFolderIsFollowed(t *testing.T) {
	path := golden(t, "one.db")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(path), link); err != nil {
		t.Fatal(err)
	}
	checkValueOf(t, unlocked(t, filepath.Join(link, FileName), goldenKey()), "openai-api-key", "sk-golden")
}

func TestPipeIsRefusedAtOnce(t *testing.T) {
	path := filepath.Join(privateFolder(t), FileName)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() {
		_, err := Open(path, Options{})
		done <- err
		f, err := openNoFollow(path, os.O_RDONLY) // it became one after the look
		if err == nil {
			err = f.Close()
		}
		done <- err
	}()
	for range 2 {
		select {
		case err := <-done:
			if err != nil {
				checkErrorAs(t, "open", err, &KindError{Path: path, Mode: fs.ModeNamedPipe | 0o600})
			}
		case <-time.After(30 * time.Second):
			t.Fatal("it waits for the pipe's other end")
		}
	}
}

func TestOpenToOthersIsRefused(t *testing.T) {
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601} {
		path := golden(t, "one.db")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path, Options{})
		checkErrorAs(t, mode.String(), err, &PermissionError{Path: path, Mode: mode, Want: 0o600})
	}
	for _, mode := range []fs.FileMode{0o755, 0o750, 0o705, 0o710, 0o701, 0o770, 0o777} {
		path := golden(t, "one.db")
		folder := filepath.Dir(path)
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		want := &PermissionError{Path: folder, Mode: fs.ModeDir | mode, Want: 0o700}
		_, err := Open(path, Options{})
		checkErrorAs(t, mode.String(), err, want)
		checkErrorAs(t, "destroy", Destroy(path, Options{}), want)
		fresh := filepath.Join(folder, "fresh.db")
		h := Header{StoreID: NewID(), Epoch: 1}
		checkErrorAs(t, "create", Create(fresh, Options{}, h, vaultKey()), want)
		checkFolderHolds(t, folder, FileName)
	}
}

// Whatever the umask, the files of a store are the owner's to read and write,
// and nobody else's. The umask is the process's, so this cannot be parallel.
func TestModesUnderEveryUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		folder := privateFolder(t)
		path := filepath.Join(folder, FileName)
		old := syscall.Umask(mask)
		err := Create(path, Options{}, Header{StoreID: NewID(), Epoch: 1}, vaultKey())
		syscall.Umask(old)
		if err != nil {
			t.Errorf("umask %03o: %v", mask, err)
			continue
		}
		for _, name := range []string{FileName, LockName} {
			info, err := os.Stat(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := info.Mode().Perm(), fs.FileMode(0o600); got != want {
				t.Errorf("umask %03o: %s has mode %04o, want %04o", mask, name, got, want)
			}
		}
	}
}

// root may hand a file to somebody else; who is not root finds folders of root.
func TestOtherOwnerIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := Open("/usr/"+FileName, Options{})
		checkErrorAs(t, "folder of root", err, &OwnerError{Path: "/usr", UID: 0})
		return
	}
	path := golden(t, "one.db")
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	checkErrorAs(t, "file", err, &OwnerError{Path: path, UID: nobody})
	checkErrorAs(t, "destroy", Destroy(path, Options{}), &OwnerError{Path: path, UID: nobody})

	path = golden(t, "one.db")
	if err := os.Chown(filepath.Dir(path), nobody, nobody); err != nil {
		t.Fatal(err)
	}
	_, err = Open(path, Options{})
	checkErrorAs(t, "folder", err, &OwnerError{Path: filepath.Dir(path), UID: nobody})
}

const nobody = 65534

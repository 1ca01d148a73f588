package store

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"secrets/redact"
)

func backup(t testing.TB, s *Store) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backup")
	if _, err := s.Backup(to); err != nil {
		t.Fatal(err)
	}
	return to
}

func openBackup(t testing.TB, path string, key redact.Value) *Backup {
	t.Helper()
	b, err := OpenBackup(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.Unlock(key); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBackupAndRestore(t *testing.T) {
	s := newStore(t, "a", "b", "c")
	to := filepath.Join(t.TempDir(), "backup")
	if n, err := s.Backup(to); n != 3 || err != nil {
		t.Fatalf("got %d secrets, %v, want 3", n, err)
	}
	if !bytes.Equal(contents(t, to), contents(t, s.path)) {
		t.Error("the copy differs")
	}
	put(t, s, "b", "newer value")
	update(t, s, func(tx *Tx) error { return tx.Edit("c", note("edited")) })
	update(t, s, func(tx *Tx) error { return tx.Remove("a") })
	put(t, s, "d", "came later")
	present := contents(t, s.path)

	b := openBackup(t, to, vaultKey())
	if got := b.Header(); got.StoreID != s.header.StoreID || got.Epoch != 1 {
		t.Errorf("header: got %+v", got)
	}
	metas, err := b.List()
	if len(metas) != 3 || err != nil {
		t.Errorf("list: got %v, %v", metas, err)
	}
	changes, err := b.Changes(s)
	want := Changes{Added: []string{"a"}, Removed: []string{"d"}, Changed: []string{"b", "c"}}
	if diff := cmp.Diff(want, changes); diff != "" || err != nil {
		t.Errorf("changes -want +got:\n%s%v", diff, err)
	}

	kept, err := b.Restore(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"a", "b", "c"} {
		checkValueOf(t, s, label, "value of "+label)
	}
	if got := labels(t, s); len(got) != 3 {
		t.Errorf("labels: got %q", got)
	}
	if !bytes.Equal(contents(t, kept), present) {
		t.Error("the store that was there is not as it was")
	}
	if changes, err := b.Changes(s); !cmp.Equal(changes, Changes{}) || err != nil {
		t.Errorf("changes once restored: got %+v, %v", changes, err)
	}
	if _, err := b.Restore(s.path, Options{}); err != nil {
		t.Fatal(err)
	}
	checkFolderHolds(t, filepath.Dir(s.path), FileName, FileName+".kept-1", FileName+".kept-2", LockName)
	put(t, s, "e", "a restored store can be written to")
}

// What is kept can be restored in its turn.
func TestRestoredAndBack(t *testing.T) {
	s := newStore(t, "a")
	to := backup(t, s)
	put(t, s, "a", "newer value")
	kept, err := openBackup(t, to, vaultKey()).Restore(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkValueOf(t, s, "a", "value of a")
	if _, err := openBackup(t, kept, vaultKey()).Restore(s.path, Options{}); err != nil {
		t.Fatal(err)
	}
	checkValueOf(t, s, "a", "newer value")
}

func TestBackupReplacesNothing(t *testing.T) {
	s := newStore(t, "a")
	to := filepath.Join(t.TempDir(), "there")
	writeFile(t, to, []byte("something else"))
	_, err := s.Backup(to)
	checkError(t, "backup", err, fs.ErrExist)
	if got := string(contents(t, to)); got != "something else" {
		t.Errorf("the file is now %q", got)
	}
	checkFolderHolds(t, filepath.Dir(to), "there")
	if err := os.Remove(filepath.Join(filepath.Dir(s.path), LockName)); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{FileName + draftSuffix, LockName} {
		_, err = s.Backup(filepath.Join(filepath.Dir(s.path), own))
		checkError(t, own, err, ErrOwnName)
	}
	checkFolderHolds(t, filepath.Dir(s.path), FileName)
	_, err = s.Backup(filepath.Join(t.TempDir(), "no", "folder"))
	checkError(t, "no folder", err, fs.ErrNotExist)
}

func TestDamagedStoreGivesNoBackup(t *testing.T) {
	s := newStore(t, "a", "b")
	spoilPart(t, s, "a", suffixValue)
	to := filepath.Join(t.TempDir(), "backup")
	_, err := s.Backup(to)
	checkDamage(t, "backup", err)
	if _, err := os.Lstat(to); !os.IsNotExist(err) {
		t.Errorf("there is a backup: %v", err)
	}
	s.Close()
	_, err = s.Backup(to)
	checkError(t, "locked", err, ErrLocked)
}

// A store that has the same index as its backup may be damaged below that.
func TestDamageIsNoSameness(t *testing.T) {
	s := newStore(t, "a", "b")
	b := openBackup(t, backup(t, s), vaultKey())
	spoilPart(t, s, "a", suffixValue)
	checkError(t, "a whole backup", b.Check(), nil)
	_, err := b.Changes(s)
	checkDamage(t, "a damaged store", err)
	damaged := openBackup(t, s.path, vaultKey())
	checkDamage(t, "a damaged backup", damaged.Check())

	other := newStore(t, "a")
	if err := unlocked(t, other.path, vaultKey()).Rekey(begins(nextEpoch(other), newVaultKey())); err != nil {
		t.Fatal(err)
	}
	checkError(t, "a store that was rekeyed", other.Check(), ErrRekeyed)
	damaged.Close()
	checkError(t, "locked", damaged.Check(), ErrLocked)
}

// A backup is of one moment, however others write.
func TestBackupWhileOthersWrite(t *testing.T) {
	const rounds = 20
	s := newStore(t)
	pair := func(n int) {
		update(t, s, func(tx *Tx) error {
			if err := tx.Put(about("left"), text(strconv.Itoa(n))); err != nil {
				return err
			}
			return tx.Put(about("right"), text(strconv.Itoa(n)))
		})
	}
	pair(0)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				pair(n)
			}
		}
	})
	for range rounds {
		b := openBackup(t, backup(t, s), vaultKey())
		_, left, err := b.store.Get("left")
		if err != nil {
			t.Error(err)
		}
		if _, right, err := b.store.Get("right"); err != nil || !right.Equal(left) {
			t.Errorf("left %q, right %q, %v", left.Expose(), right.Expose(), err)
		}
	}
	close(stop)
	wait.Wait()
}

// A backup that is not whole replaces nothing; a store that is damaged is
// replaced and kept.
func TestRestoreLooksFirst(t *testing.T) {
	s := newStore(t, "a", "b")
	to := backup(t, s)
	good := contents(t, to)
	put(t, s, "a", "newer value")
	present := contents(t, s.path)

	damaged := newStore(t, "a", "b")
	spoilPart(t, damaged, "a", suffixValue)
	_, err := openBackup(t, damaged.path, vaultKey()).Restore(s.path, Options{})
	checkDamage(t, "a damaged backup", err)
	wrong := openBackup(t, to, newVaultKey())
	_, err = wrong.Restore(s.path, Options{})
	checkDamage(t, "a wrong key", err)
	wrong.Close()
	_, err = wrong.Restore(s.path, Options{})
	checkError(t, "no key", err, ErrLocked)
	if !bytes.Equal(contents(t, s.path), present) {
		t.Error("the store changed")
	}
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)

	writeFile(t, s.path, []byte("junk"))
	kept, err := openBackup(t, to, vaultKey()).Restore(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(contents(t, kept)); got != "junk" {
		t.Errorf("kept: got %q", got)
	}
	checkValueOf(t, s, "a", "value of a")
	if !bytes.Equal(contents(t, to), good) {
		t.Error("the backup changed")
	}
}

func TestRestoreWhereThereIsNoStore(t *testing.T) {
	s := newStore(t, "a")
	b := openBackup(t, backup(t, s), vaultKey())
	path := filepath.Join(t.TempDir(), "new", FileName)
	kept, err := b.Restore(path, Options{})
	if kept != "" || err != nil {
		t.Fatalf("kept %q, %v", kept, err)
	}
	checkValueOf(t, unlocked(t, path, vaultKey()), "a", "value of a")
}

func TestRestoreReplacesNoFolder(t *testing.T) {
	b := openBackup(t, backup(t, newStore(t, "a")), vaultKey())
	path := filepath.Join(privateFolder(t), FileName)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := b.Restore(path, Options{})
	checkErrorAs(t, "restore", err, &KindError{Path: path, Mode: fs.ModeDir | 0o700})
	checkFolderHolds(t, filepath.Dir(path), FileName, LockName)
}

// A backup may lie anywhere: on a stick that knows no permissions, say.
func TestBackupMayLieAnywhere(t *testing.T) {
	s := newStore(t, "a")
	to := backup(t, s)
	if err := os.Chmod(to, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, link); err != nil {
		t.Fatal(err)
	}
	if _, err := openBackup(t, link, vaultKey()).Restore(s.path, Options{}); err != nil {
		t.Error(err)
	}
	folder := privateFolder(t)
	_, err := OpenBackup(folder)
	checkErrorAs(t, "a folder", err, &KindError{Path: folder, Mode: fs.ModeDir | 0o700})
	_, err = OpenBackup(filepath.Join(t.TempDir(), "nowhere"))
	checkError(t, "nowhere", err, fs.ErrNotExist)
}

// Between two epochs every sealed part differs, and that is what it says.
func TestRestoreOfAnotherEpoch(t *testing.T) {
	s := newStore(t, "a")
	to := backup(t, s)
	if err := s.Rekey(begins(nextEpoch(s), newVaultKey())); err != nil {
		t.Fatal(err)
	}
	b := openBackup(t, to, vaultKey())
	changes, err := b.Changes(s)
	if diff := cmp.Diff(Changes{Changed: []string{"a"}}, changes, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("changes -want +got:\n%s%v", diff, err)
	}
	if _, err := b.Restore(s.path, Options{}); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Get("a")
	checkError(t, "the newer key", err, ErrRekeyed)
	checkValueOf(t, unlocked(t, s.path, vaultKey()), "a", "value of a")
}

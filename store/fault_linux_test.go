package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// strace(1) makes the Nth call of one kind that touches the store fail, once or
// from then on, for every N until none is left. Whatever fails: who was told of
// an error finds the store as it was, who was not finds it changed, and the next
// writer is not hindered.

var faultyCalls = []string{"openat", "flock", "pwrite64", "fsync", "fdatasync", "renameat", "linkat", "unlinkat", "fchmod", "mkdirat", "write"}

// A fault is one way in which a system call fails.
type fault struct {
	call, errno string
	n           int
	onward      bool
}

func (f fault) String() string {
	when := strconv.Itoa(f.n)
	if f.onward {
		when += "+"
	}
	return fmt.Sprintf("%s:error=%s:when=%s", f.call, f.errno, when)
}

// eachFault calls try with one fault after the other, until a kind of call is
// not made so often.
func eachFault(try func(fault) (met bool)) (faults int) {
	for i, call := range faultyCalls {
		for j, errno := range []string{"EIO", "ENOSPC"} {
			for k, onward := range []bool{false, true} {
				if !torture && (j != k || j != i%2) {
					continue
				}
				for n := 1; try(fault{call, errno, n, onward}); n++ {
					faults++
				}
			}
		}
	}
	return faults
}

// suffer runs a role under a fault, and returns what it said of an error.
func suffer(t *testing.T, f fault, path string, role *exec.Cmd) (met bool, said string, err error) {
	t.Helper()
	folder := filepath.Dir(path)
	return sufferOn(t, f, role, filepath.Dir(folder), folder, path, path+draftSuffix, filepath.Join(folder, LockName),
		filepath.Join(folder, RepairedName), filepath.Join(folder, RepairedName)+draftSuffix, path+keptSuffix+"1")
}

// sufferOn is suffer for calls that touch one of these files.
func sufferOn(t *testing.T, f fault, role *exec.Cmd, files ...string) (met bool, said string, err error) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	args := []string{"-f", "-qq", "-o", trace, "-e", "signal=none", "-e", "trace=" + f.call, "-e", "inject=" + f.String()}
	for _, p := range files {
		args = append(args, "-P", p)
	}
	cmd := exec.CommandContext(t.Context(), "strace", append(args, role.Args...)...)
	cmd.Env = append(role.Env, "GOMAXPROCS=1") // strace counts for each thread
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	said = stderr.String()
	if strings.Contains(said, "panic") || err != nil && said == "" {
		t.Errorf("%v: %v: %s", f, err, said)
	}
	return bytes.Contains(contents(t, trace), []byte("(INJECTED)")), said, err
}

func TestTortureFaultsOfAStep(t *testing.T) {
	path, m := newModelStore(t)
	faults, refused := 0, 0
	for m.steps < allSteps {
		file := contents(t, path)
		if torture || m.steps == 3 { // a new key; the others write no otherwise
			faults += eachFault(func(f fault) bool {
				path, m := elsewhere(t, file), m.clone()
				met, said, err := suffer(t, f, path, child(t, "step", path, strconv.Itoa(m.steps)))
				if err != nil {
					refused++
				}
				if err := m.checkAfter(path, said, err); err != nil {
					t.Errorf("step %d, %v: %q: %v", m.steps, f, said, err)
				}
				if err := m.stepStore(path); err != nil {
					t.Errorf("step %d, after %v: %v", m.steps, f, err)
				}
				return met
			})
		}
		if err := m.stepStore(path); err != nil {
			t.Fatal(err)
		}
		m.step()
	}
	figures(t, "faults: %d; refused: %d", faults, refused)
	if faults == 0 || refused == 0 {
		t.Error("no fault was met")
	}
}

// checkAfter wants the store to be where a writer says who ended with an error,
// or with none, and takes the model there.
func (m *model) checkAfter(path, said string, ended error) error {
	switch {
	case ended == nil:
		m.step()
		return m.check(path)
	case strings.Contains(said, "may not outlast"), m.steps%allSteps == 6: // a repair writes more than once
		return m.checkEither(path)
	default:
		return m.check(path)
	}
}

// stepOnce makes one step.
func stepOnce(path, at string) error {
	n, err := strconv.Atoi(at)
	if err != nil {
		return err
	}
	m := newModel()
	for m.steps < n {
		m.step()
	}
	return m.stepStore(path)
}

func TestTortureFaultsOfInit(t *testing.T) {
	refused := 0
	faults := eachFault(func(f fault) bool {
		path := filepath.Join(t.TempDir(), "secrets", FileName)
		met, said, err := suffer(t, f, path, child(t, "init", path, ""))
		if err != nil {
			refused++
			if _, err := Open(path, Options{}); !errors.Is(err, ErrNoStore) {
				t.Errorf("%v: %q: %v", f, said, err)
			}
			if err := createEmpty(path); err != nil {
				t.Errorf("%v: init again: %v", f, err)
			}
		}
		put(t, unlocked(t, path, vaultKey()), "key", "value")
		return met
	})
	figures(t, "faults: %d; refused: %d", faults, refused)
	if faults == 0 || refused == 0 {
		t.Error("no fault was met")
	}
}

// A backup that could not be made or restored leaves nothing behind.
func TestFaultsLeaveNothing(t *testing.T) {
	path, m := newModelStore(t)
	if err := m.stepStore(path); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Unlock(keyOfEpoch(m.epoch)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(copied); err != nil {
		t.Fatal(err)
	}
	for call, file := range map[string]string{"fchmod": path + draftSuffix, "linkat": path, "renameat": path} {
		f := fault{call, "EIO", 1, false}
		if met, said, err := sufferOn(t, f, child(t, "restore", path, copied), file); !met || err == nil {
			t.Errorf("%v was met: %t, %q", f, met, said)
		}
		left, err := filepath.Glob(path + ".*")
		if err != nil || len(left) > 0 {
			t.Errorf("%v: %q stay (%v)", f, left, err)
		}
	}
}

func restoreCopy(path, copied string) error {
	b, err := OpenBackup(copied)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.Unlock(keyOfEpoch(b.Header().Epoch)); err != nil {
		return err
	}
	_, err = b.Restore(path, Options{})
	return err
}

func init() {
	roles["restore"] = restoreCopy
	roles["step"] = stepOnce
	roles["full"] = fillDisk
	roles["read-only"] = writeReadOnly
}

// ownMounts lets a child mount what nobody else sees.
func ownMounts(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
}

func TestDisks(t *testing.T) {
	for _, role := range []string{"full", "read-only"} {
		cmd := child(t, role, filepath.Join(t.TempDir(), "secrets", FileName), "")
		ownMounts(cmd)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", role, err, out)
		}
	}
}

// smallDisk mounts one of 400 KiB above the folder of a store.
func smallDisk(path string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("tmpfs", filepath.Dir(filepath.Dir(path)), "tmpfs", 0, "size=400k")
}

// fillDisk writes until there is no room. What was written is all there then, and
// removing makes room again.
func fillDisk(path, _ string) error {
	if err := smallDisk(path); err != nil {
		return err
	}
	if err := createEmpty(path); err != nil {
		return err
	}
	s, err := openAs(path)
	if err != nil {
		return err
	}
	written := 0
	for ; err == nil; written++ {
		if written == 1000 {
			return errors.New("the disk has no end")
		}
		label := fmt.Sprintf("label/%03d", written)
		err = s.Update(func(tx *Tx) error { return tx.Put(about(label), text(strings.Repeat(label, 500))) })
	}
	written--
	if !errors.Is(err, syscall.ENOSPC) || written < 2 {
		return fmt.Errorf("%d written, then: %w", written, err)
	}
	metas, err := s.List()
	if err != nil || len(metas) != written {
		return fmt.Errorf("%d of %d are there: %w", len(metas), written, err)
	}
	for _, m := range metas {
		if _, v, err := s.Get(m.Label); err != nil || !v.Equal(text(strings.Repeat(m.Label, 500))) {
			return fmt.Errorf("%s: %w", m.Label, err)
		}
	}
	if err := s.Update(func(tx *Tx) error { return tx.Remove("label/000") }); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	_, err = s.Backup(filepath.Join(filepath.Dir(path), "backup"))
	for err == nil { // backups fill the disk too
		_, err = s.Backup(filepath.Join(filepath.Dir(path), fmt.Sprint("backup", NewID())))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("backup: %w", err)
	}
	_, _, err = s.Get("label/001")
	return err
}

func writeReadOnly(path, _ string) error {
	if err := smallDisk(path); err != nil {
		return err
	}
	if err := createEmpty(path); err != nil {
		return err
	}
	if err := writeOne(path, "key"); err != nil {
		return err
	}
	if err := unix.Mount("", filepath.Dir(filepath.Dir(path)), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := writeOne(path, "other"); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("write: %w", err)
	}
	return readOne(path, "key")
}

func TestFolderRemovedUnderneath(t *testing.T) {
	s := newStore(t, "key")
	err := s.Update(func(tx *Tx) error {
		if err := os.RemoveAll(filepath.Dir(s.path)); err != nil {
			t.Fatal(err)
		}
		return tx.Put(about("key"), text("newer value"))
	})
	checkError(t, "removed while it writes", err, fs.ErrNotExist)
	_, _, err = s.Get("key")
	checkError(t, "get", err, ErrNoStore)
	checkError(t, "update", s.Update(func(*Tx) error { return nil }), ErrNoStore)
}

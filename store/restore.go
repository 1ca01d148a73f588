package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// keptSuffix and a number make a store's path that of one that Restore replaced.
const keptSuffix = ".kept-"

// Restore puts the backup, checked down to each value, in the place of the store
// at path, in one step and under its lock. The store that was there, damaged or
// not, stays beside it: kept is its path, "" where there was none. After an
// error it is in its place still, but for a *SyncError, as with Update.
func (b *Backup) Restore(path string, opt Options) (kept string, err error) {
	if b.store.keys == nil {
		return "", ErrLocked
	}
	folder := filepath.Dir(path)
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	l, err := lockStore(path, opt)
	if err != nil {
		return "", err
	}
	defer l.release()
	if err := removeDraft(path); err != nil {
		return "", err
	}
	fresh := path + draftSuffix
	if err = b.copyTo(fresh); err == nil {
		kept, err = keep(path)
	}
	if err == nil {
		err = rename(fresh, path)
	}
	if err != nil {
		_ = os.Remove(fresh)
		unkeep(kept, path)
		return "", err
	}
	if err := syncFolder(folder); err != nil {
		return kept, &SyncError{Path: path, Err: err}
	}
	return kept, nil
}

// copyTo copies the backup to a new file.
func (b *Backup) copyTo(path string) error {
	return b.store.verified(func(snap *snapshot) error {
		if err := snap.openAll(); err != nil {
			return err
		}
		f, err := createNew(path)
		if err != nil {
			return err
		}
		return errors.Join(snap.copyTo(f), f.Close())
	})
}

// keep gives the file at path a second name, the first that is free.
func keep(path string) (string, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return "", &KindError{Path: path, Mode: info.Mode()}
	}
	for n := 1; ; n++ {
		kept := path + keptSuffix + strconv.Itoa(n)
		switch err := os.Link(path, kept); {
		case err == nil:
			return kept, nil
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case !errors.Is(err, fs.ErrExist):
			return "", err
		}
	}
}

// unkeep takes that name away again, unless it is the file's only one by now: a
// network file system may report a rename to have failed that was done.
func unkeep(kept, path string) {
	second, err := os.Lstat(kept)
	if err != nil {
		return
	}
	if first, err := os.Lstat(path); err == nil && os.SameFile(first, second) {
		_ = os.Remove(kept)
	}
}

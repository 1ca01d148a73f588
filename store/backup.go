package store

import (
	"io"
	"os"
	"path/filepath"
	"slices"

	"secrets/redact"
)

// Backup copies the store, as it is at one moment, to a new file, and makes sure
// that the copy lasts and is whole, down to each value. It returns the number of
// secrets in it. Others may write meanwhile. A file that is there is not
// replaced: the error is fs.ErrExist, and ErrOwnName where the store would write over
// the copy. After an error there is no copy.
func (s *Store) Backup(to string) (secrets int, err error) {
	if OwnName(s.path, to) {
		return 0, ErrOwnName
	}
	err = s.current(func(snap *snapshot) error {
		if err := snap.openAll(); err != nil {
			return err
		}
		secrets = int(snap.manifest.count)
		return WriteNew(to, 0o600, snap.copyTo)
	})
	return secrets, err
}

// OwnName says whether a path is that of a store's draft or of its lock, which the next
// writer writes over.
func OwnName(store, path string) bool {
	if name := filepath.Base(path); name != filepath.Base(store)+draftSuffix && name != LockName {
		return false
	}
	theirs, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false
	}
	ours, err := os.Stat(filepath.Dir(store))
	return err == nil && os.SameFile(ours, theirs)
}

// copyTo copies the file behind a snapshot, makes it last, and checks the copy.
func (s *snapshot) copyTo(f *os.File) error {
	_, err := io.Copy(f, io.NewSectionReader(s.file, 0, s.size))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = asWritten(f.Name(), checkWhole(f, s.keys))
	}
	return err
}

// A Backup is a store file that is no store in use: it may lie anywhere, with
// any permissions, since what it holds is sealed.
type Backup struct{ store Store }

// OpenBackup reads and checks the header of a file that Backup or Save made, or
// that was a store.
func OpenBackup(path string) (*Backup, error) {
	b := &Backup{Store{path: path, opt: Options{anywhere: true}}}
	err := b.store.read(func(c *content) error {
		b.store.header = c.head
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Header is the backup's header: it tells which key it needs.
func (b *Backup) Header() Header { return b.store.Header() }

// Unlock derives the keys from the vault key, as Store.Unlock does.
func (b *Backup) Unlock(vaultKey redact.Value) error { return b.store.Unlock(vaultKey) }

// Check makes sure that the backup is whole, as Store.Check does.
func (b *Backup) Check() error { return b.store.Check() }

// Close wipes the keys.
func (b *Backup) Close() { b.store.Close() }

// List returns what the backup knows about each secret, sorted by label.
func (b *Backup) List() ([]Meta, error) { return b.store.List() }

// Changes says what restoring a backup does to a store, by sorted labels.
type Changes struct {
	Added   []string // will be there again
	Removed []string // will be there no more
	Changed []string // will have another value, or something else known about them
}

// Changes compares the backup with the store as it is now, which is unlocked and
// must be whole: a *DamageError is the store's. It compares sealed parts, so between
// two epochs everything counts as changed.
func (b *Backup) Changes(s *Store) (Changes, error) {
	var c Changes
	if err := s.Check(); err != nil {
		return c, err
	}
	then, err := b.store.sealedParts()
	if err != nil {
		return c, err
	}
	now, err := s.sealedParts()
	if err != nil {
		return c, err
	}
	for label, part := range then {
		if present, ok := now[label]; !ok {
			c.Added = append(c.Added, label)
		} else if present != part {
			c.Changed = append(c.Changed, label)
		}
	}
	for label := range now {
		if _, ok := then[label]; !ok {
			c.Removed = append(c.Removed, label)
		}
	}
	for _, labels := range [][]string{c.Added, c.Removed, c.Changed} {
		slices.Sort(labels)
	}
	return c, nil
}

// sealedParts maps each label to its index entry, which has the digests of its
// parts.
func (s *Store) sealedParts() (map[string]indexEntry, error) {
	entries := map[string]indexEntry{}
	err := s.verified(func(snap *snapshot) error {
		index, err := snap.entries()
		if err != nil {
			return err
		}
		metas, err := snap.list() // in the order of the index
		for i, m := range metas {
			entries[m.Label] = index[i]
		}
		return err
	})
	return entries, err
}

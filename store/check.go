package store

import (
	"errors"
	"io"
	"os"
)

// A deep check opens everything that a file holds and uses none of it. It is
// for a file that shall be relied on: a backup, a repaired one, one in doubt.
//
// It runs in this process. bbolt's own check would have to run in another one,
// since a damaged file may end the process whatever guards it; but nothing here
// is read by bbolt, see page.go: each read is bounded by the file's size and each
// walk by its number of pages, so that the check ends, and with an error.

// Check makes sure that the store, as it is now, is whole, down to each value: the
// error is a *DamageError where it is not.
func (s *Store) Check() error {
	if s.keys == nil {
		return ErrLocked
	}
	return s.followed(func() error {
		f, err := openFile(s.path, s.opt)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		return locate(s.path, checkAll(f, s.keys))
	})
}

// checkWhole makes sure that a file holds a whole store of these keys, down to
// each value.
func checkWhole(f *os.File, k *keys) error {
	err := checkAll(f, k)
	if errors.Is(err, ErrRekeyed) { // but nobody did: the keys are those of another header in the file
		err = damaged("header", "it belongs to another store, or to another epoch")
	}
	return err
}

func checkAll(f *os.File, k *keys) error {
	if err := checkMetaPages(f); err != nil {
		return err
	}
	return readFile(f, func(c *content) error {
		snap, err := c.verify(k)
		for _, bucket := range []tree{c.meta, c.index, c.record} {
			if err == nil {
				err = bucket.check()
			}
		}
		if err != nil {
			return err
		}
		return snap.openAll()
	})
}

// openAll opens every part of every record.
func (s *snapshot) openAll() error {
	records, err := s.records()
	if err != nil {
		return err
	}
	for key, r := range records {
		if _, _, err := s.keys.openMeta(key, r.id, r.meta); err != nil {
			return err
		}
		value, _, err := s.keys.open(purposeValue, r.id, r.value)
		if err != nil {
			return err
		}
		clear(value)
	}
	return nil
}

// checkMetaPages wants both meta pages to be whole. A reader makes do with one.
func checkMetaPages(r io.ReaderAt) error {
	p := &pages{r: r}
	for id := range uint64(2) {
		data, err := p.read(id, pageSize)
		if err != nil {
			return err
		}
		if _, _, ok := parseMeta(data[pageHead:][:metaSize]); !ok {
			return damaged(wherePages, "meta page %d is not whole", id)
		}
	}
	return nil
}

package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"
)

// draftSuffix makes a store's path that of its draft.
const draftSuffix = ".new"

// A draft is all that the next store file shall hold. It is built beside the
// present one and then takes its place in one step.
type draft struct {
	header     []byte
	generation uint64
	records    map[indexKey]*record
}

// replace puts the draft in the place of the store at path. The caller holds
// the lock.
func (d draft) replace(path string, k *keys) error {
	return d.place(path, k, rename)
}

// place builds the file, puts it where it belongs and makes that last.
func (d draft) place(path string, k *keys, put func(from, to string) error) error {
	if err := removeDraft(path); err != nil {
		return err
	}
	fresh := path + draftSuffix
	err := d.build(fresh, k)
	if err == nil {
		err = readBack(fresh, k)
	}
	if err == nil {
		err = put(fresh, path)
	}
	if err != nil {
		_ = os.Remove(fresh)
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return &SyncError{Path: path, Err: err}
	}
	return nil
}

// readBack makes sure that a file holds a whole store before it takes the place
// of one.
func readBack(path string, k *keys) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	err = readFile(f, func(c *content) error {
		snap, err := c.verify(k)
		if err != nil {
			return err
		}
		_, err = snap.records()
		return err
	})
	return asWritten(path, err)
}

// asWritten makes what is wrong with a fresh file an error of writing it.
func asWritten(path string, err error) error {
	if err == nil {
		return nil
	}
	return &WriteError{Path: path, Reason: err.Error()}
}

// removeDraft removes what a writer left who was killed.
func removeDraft(path string) error {
	err := os.Remove(path + draftSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// build writes the file and syncs it once, at the end: until it is renamed,
// nobody reads it.
func (d draft) build(path string, k *keys) (err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		OpenFile:     func(path string, _ int, _ os.FileMode) (*os.File, error) { return createNew(path) },
		PageSize:     pageSize,
		NoSync:       true,
		NoGrowSync:   true,
		NoStatistics: true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Update(func(tx *bbolt.Tx) error { return d.fill(tx, k) }); err != nil {
		return err
	}
	// bbolt keeps two meta pages and writes them in turns. This second, empty
	// transaction makes both lead to the same content, so that no damage to one
	// can bring back the empty file that it began with.
	if err := db.Update(func(*bbolt.Tx) error { return nil }); err != nil {
		return err
	}
	return db.Sync()
}

// fill puts the content in, keys in order: bbolt is many times slower without.
func (d draft) fill(tx *bbolt.Tx, k *keys) error {
	entries := d.entries()
	m := manifest{generation: d.generation, count: uint64(len(entries)), shards: shardDigests(entries)}
	signed, err := m.sign(k, d.header)
	if err != nil {
		return err
	}
	err = putAll(tx, bucketMeta, func(put func(k, v []byte) bool) {
		_ = put([]byte(keyHeader), d.header) && put([]byte(keyManifest), signed)
	})
	if err != nil {
		return err
	}
	err = putAll(tx, bucketIndex, func(put func(k, v []byte) bool) {
		for _, e := range entries {
			if !put(e.key[:], e.encode()) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b indexEntry) int { return bytes.Compare(a.id[:], b.id[:]) })
	return putAll(tx, bucketRecord, func(put func(k, v []byte) bool) {
		for _, e := range entries {
			r := d.records[e.key]
			if !put(partKey(e.id, suffixMeta), r.meta) || !put(partKey(e.id, suffixValue), r.value) {
				return
			}
		}
	})
}

// putAll fills a bucket with pairs that come in the order of their keys.
func putAll(tx *bbolt.Tx, name string, pairs iter.Seq2[[]byte, []byte]) error {
	b, err := tx.CreateBucket([]byte(name))
	if err != nil {
		return err
	}
	b.FillPercent = 1
	for k, v := range pairs {
		if err := b.Put(k, v); err != nil {
			return err
		}
	}
	return nil
}

// entries is the draft's index, in order.
func (d draft) entries() []indexEntry {
	entries := make([]indexEntry, 0, len(d.records))
	for key, r := range d.records {
		entries = append(entries, indexEntry{
			key:   key,
			id:    r.id,
			meta:  sha256.Sum256(r.meta),
			value: sha256.Sum256(r.value),
		})
	}
	slices.SortFunc(entries, func(a, b indexEntry) int { return bytes.Compare(a.key[:], b.key[:]) })
	return entries
}

package store

import (
	"errors"

	"secrets/redact"
)

// ErrEpoch says that a new vault key came with a header that does not continue
// the store: one with another id, or with an epoch that is not a later one.
var ErrEpoch = errors.New("the header does not continue the store's epochs")

// Rekey puts the store under a new vault key, in one step: every record is
// sealed anew and every label blinded anew, into one fresh file. It takes the
// lock, checks every record, and then has begin make the key: begin gets the
// header as it is in the file and returns it with a later epoch and the new
// key's slots, and the vault key of 32 bytes, which Rekey neither keeps nor
// wipes. So no two processes begin the same epoch. Afterwards s is unlocked with
// the new key.
//
// The old key opens nothing that Rekey wrote, and the new one no older file.
// After an error the store has its old key, but for a *SyncError: then it has
// the new one, and a loss of power may bring the old one back, so both must be
// kept. ErrRekeyed means that somebody else was first; begin is not called then.
func (s *Store) Rekey(begin func(now Header) (Header, redact.Value, error)) error {
	if s.keys == nil {
		return ErrLocked
	}
	l, err := lockStore(s.path, s.opt)
	if err != nil {
		return err
	}
	defer l.release()

	var d draft
	var now Header
	err = s.verified(func(snap *snapshot) error {
		now = snap.head
		d, err = snap.draft()
		return err
	})
	if err != nil {
		return err
	}
	h, vaultKey, err := begin(now)
	if err != nil {
		return err
	}
	if h.StoreID != now.StoreID || h.Epoch <= now.Epoch {
		return ErrEpoch
	}
	next, err := newKeys(vaultKey, h.StoreID, h.Epoch)
	if err != nil {
		return err
	}
	h.Format = Format
	if err = next.vouch(&h); err == nil {
		err = d.replaceUnder(s.path, h, s.keys, next)
	}
	if err != nil && !errors.As(err, new(*SyncError)) {
		next.wipe()
		return locate(s.path, err)
	}
	s.keys.wipe()
	s.keys, s.header = next, h
	return err
}

// replaceUnder replaces the file by the draft with another header and all its
// records, which old opens, under other keys.
func (d draft) replaceUnder(path string, h Header, old, next *keys) (err error) {
	if d.header, err = h.encode(); err != nil {
		return err
	}
	if d.records, err = resealed(d.records, old, next); err != nil {
		return err
	}
	return d.replace(path, next)
}

// resealed opens records with one set of keys and seals them with another.
func resealed(records map[indexKey]*record, from, to *keys) (map[indexKey]*record, error) {
	fresh := make(map[indexKey]*record, len(records))
	for key, r := range records {
		meta, _, err := from.openMeta(key, r.id, r.meta)
		if err != nil {
			return nil, err
		}
		next := &record{id: r.id}
		if next.meta, err = reseal(purposeMeta, r.id, r.meta, from, to); err != nil {
			return nil, err
		}
		if next.value, err = reseal(purposeValue, r.id, r.value, from, to); err != nil {
			return nil, err
		}
		fresh[to.blind(meta.Label)] = next
	}
	return fresh, nil
}

// reseal seals one part anew, its plaintext as it is to the byte: a later version
// may have written more into it than this one knows.
func reseal(purpose string, id ID, sealed []byte, from, to *keys) ([]byte, error) {
	plain, h, err := from.open(purpose, id, sealed)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	h.revision++
	return to.seal(purpose, id, h, plain)
}

package store

import (
	"errors"

	"secrets/redact"
)

// ErrEpoch says that a new vault key came with a header that does not continue
// the store: one with another id, or with an epoch that is not a later one.
var ErrEpoch = errors.New("the header does not continue the store's epochs")

// Rekey puts the store under a new vault key of 32 bytes, in one step: every
// record is sealed anew and every label blinded anew, into one fresh file. h is
// the present header with a later epoch and the new key's slots; its public key
// is set here. Afterwards s is unlocked with the new key.
//
// The old key opens nothing that Rekey wrote, and the new one no older file.
// After an error the store has its old key, but for a *SyncError: then it has
// the new one, and a loss of power may bring the old one back, so both must be
// kept. ErrRekeyed means that somebody else was first.
func (s *Store) Rekey(h Header, vaultKey redact.Value) error {
	if s.keys == nil {
		return ErrLocked
	}
	if h.StoreID != s.header.StoreID || h.Epoch <= s.header.Epoch {
		return ErrEpoch
	}
	next, err := newKeys(vaultKey, h.StoreID, h.Epoch)
	if err != nil {
		return err
	}
	h.Format = Format
	if err = next.vouch(&h); err == nil {
		err = s.replaceUnder(h, next)
	}
	if err != nil && !errors.As(err, new(*SyncError)) {
		next.wipe()
		return locate(s.path, err)
	}
	s.keys.wipe()
	s.keys, s.header = next, h
	return err
}

// replaceUnder replaces the file by one with another header, under other keys.
func (s *Store) replaceUnder(h Header, next *keys) error {
	header, err := h.encode()
	if err != nil {
		return err
	}
	l, err := lockStore(s.path, s.opt)
	if err != nil {
		return err
	}
	defer l.release()

	var d draft
	err = s.verified(func(snap *snapshot) error {
		d, err = snap.draft()
		return err
	})
	if err != nil {
		return err
	}
	d.header = header
	if d.records, err = resealed(d.records, s.keys, next); err != nil {
		return err
	}
	return d.replace(s.path, next)
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

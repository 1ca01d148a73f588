package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"secrets/redact"
)

// A Tx is one change of a store, all of it or nothing. It is good only within
// the function that Update calls.
type Tx struct {
	keys    *keys
	header  Header
	slots   bool // the header's were changed
	records map[indexKey]*record
	changed bool
}

// record is one secret as it lies in the file.
type record struct {
	id          ID
	meta, value []byte
}

// Update changes the store. It takes the lock (or returns a *BusyError), checks
// every record, calls change, and if that changed anything and returned no error,
// puts a fresh file into place. A damaged store is left alone. After an error the
// store is as before, but for a *SyncError. While change runs, other writers wait:
// it must not wait for a human.
func (s *Store) Update(change func(*Tx) error) error {
	return s.followed(func() error { return s.update(change) })
}

func (s *Store) update(change func(*Tx) error) error {
	if s.keys == nil {
		return ErrLocked
	}
	l, err := lockStore(s.path, s.opt)
	if err != nil {
		return err
	}
	defer l.release()

	var next draft
	tx := &Tx{keys: s.keys}
	err = s.verified(func(snap *snapshot) error {
		next, err = snap.draft()
		tx.header, tx.records = snap.head, next.records
		return err
	})
	if err != nil {
		return err
	}
	if err := change(tx); err != nil || !tx.changed {
		return locate(s.path, err)
	}
	if tx.slots {
		if next.header, err = tx.header.encode(); err != nil {
			return err
		}
	}
	return next.replace(s.path, s.keys)
}

// draft is the next file as it is before anything is changed: all that is in
// this one, loaded and checked but not opened.
func (s *snapshot) draft() (draft, error) {
	records, err := s.records()
	return draft{header: s.header, generation: s.manifest.generation + 1, records: records}, err
}

// records loads and checks the whole store but opens nothing.
func (s *snapshot) records() (map[indexKey]*record, error) {
	entries, err := s.entries()
	if err != nil {
		return nil, err
	}
	metas, err := s.parts(suffixMeta)
	if err != nil {
		return nil, err
	}
	values, err := s.parts(suffixValue)
	if err != nil {
		return nil, err
	}
	records := make(map[indexKey]*record, len(entries))
	for _, e := range entries {
		if err := checkPart(metas[e.id], e.meta, e.id, suffixMeta); err != nil {
			return nil, err
		}
		if err := checkPart(values[e.id], e.value, e.id, suffixValue); err != nil {
			return nil, err
		}
		records[e.key] = &record{id: e.id, meta: metas[e.id], value: values[e.id]}
	}
	return records, nil
}

// Slots are the key slots in the header as it is now.
func (tx *Tx) Slots() []json.RawMessage { return slices.Clone(tx.header.Slots) }

// SetSlots puts others in their place, all of them, within the same epoch. The
// store does not know what they hold: whoever leaves out the one that opens it
// has locked it for ever.
func (tx *Tx) SetSlots(slots []json.RawMessage) {
	tx.header.Slots = slots
	tx.slots, tx.changed = true, true
}

// Meta returns what is known about a secret, or ErrNotFound.
func (tx *Tx) Meta(label string) (Meta, error) {
	_, meta, _, err := tx.find(label)
	return meta, err
}

// Put stores a value under m.Label, in place of the one that is there if there
// is one. A secret that stays keeps its time of creation and what a later
// version wrote about it; all else is taken from m.
func (tx *Tx) Put(m Meta, value redact.Value) error {
	if err := cmp.Or(m.check(), checkValue(value)); err != nil {
		return err
	}
	r, old, h, err := tx.writable(m.Label)
	switch {
	case err == nil:
		m.Created, m.Critical, m.later = old.Created, old.Critical, old.later
	case !errors.Is(err, ErrNotFound):
		return err
	case len(tx.records) >= MaxSecrets:
		return ErrFull
	default:
		r = &record{id: NewID()}
		h = partHeader{keyVersion: firstKeyVersion}
	}
	sealed, err := tx.sealValue(r, value)
	if err != nil {
		return err
	}
	if err := tx.sealMeta(r, m, h); err != nil {
		return err
	}
	r.value = sealed
	tx.records[tx.keys.blind(m.Label)] = r
	return nil
}

// Edit changes what is known about a secret, but neither its label nor its
// value. What edit returns, Edit returns, and nothing is changed.
func (tx *Tx) Edit(label string, edit func(*Meta) error) error {
	r, old, h, err := tx.writable(label)
	if err != nil {
		return err
	}
	m := old
	if err := edit(&m); err != nil {
		return err
	}
	m.Label = label
	if err := m.check(); err != nil {
		return err
	}
	before, err := old.encode()
	if err != nil {
		return err
	}
	if after, err := m.encode(); err != nil || bytes.Equal(before, after) {
		return err
	}
	return tx.sealMeta(r, m, h)
}

// Rename gives a secret another label, ErrLabelTaken if that is in use. The
// value's part stays as it is.
func (tx *Tx) Rename(label, to string) error {
	if err := CheckLabel(to); err != nil {
		return err
	}
	r, m, h, err := tx.writable(label)
	if err != nil {
		return err
	}
	if _, taken := tx.records[tx.keys.blind(to)]; taken {
		return ErrLabelTaken
	}
	m.Label = to
	if err := tx.sealMeta(r, m, h); err != nil {
		return err
	}
	delete(tx.records, tx.keys.blind(label))
	tx.records[tx.keys.blind(to)] = r
	return nil
}

// Remove takes a secret out of the store. Nothing of it stays in the file.
func (tx *Tx) Remove(label string) error {
	if _, _, _, err := tx.writable(label); err != nil {
		return err
	}
	delete(tx.records, tx.keys.blind(label))
	tx.changed = true
	return nil
}

func (tx *Tx) find(label string) (*record, Meta, partHeader, error) {
	key := tx.keys.blind(label)
	r, ok := tx.records[key]
	if !ok {
		return nil, Meta{}, partHeader{}, ErrNotFound
	}
	meta, h, err := tx.keys.openMeta(key, r.id, r.meta)
	return r, meta, h, err
}

// writable finds a record that this version understands enough to change.
func (tx *Tx) writable(label string) (*record, Meta, partHeader, error) {
	r, meta, h, err := tx.find(label)
	if err == nil {
		err = meta.understood()
	}
	return r, meta, h, err
}

// sealMeta seals m as the record's next meta part; h is the present one's head.
func (tx *Tx) sealMeta(r *record, m Meta, h partHeader) error {
	plain, err := m.encode()
	if err != nil {
		return err
	}
	h.revision++
	sealed, err := tx.keys.seal(purposeMeta, r.id, h, plain)
	if err != nil {
		return err
	}
	r.meta = sealed
	tx.changed = true
	return nil
}

// sealValue seals a value as the record's next value part.
func (tx *Tx) sealValue(r *record, value redact.Value) ([]byte, error) {
	h, replaced := readPartHeader(r.value)
	if !replaced {
		h.keyVersion = firstKeyVersion
	}
	h.revision++
	return tx.keys.seal(purposeValue, r.id, h, value.Expose())
}

package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"secrets/redact"
)

func newVaultKey() redact.Value { return redact.NewValue(bytes.Repeat([]byte{8}, vaultKeySize)) }

// nextEpoch is the header that continues a store under another key.
func nextEpoch(s *Store) Header {
	h := s.Header()
	h.Epoch++
	h.KeySource = "keyring"
	h.Slots = []json.RawMessage{[]byte(`{"id":2}`)}
	return h
}

// keyAt finds the key that a store has at an epoch.
func keyAt(h Header) (redact.Value, error) { return keyOfEpoch(h.Epoch), nil }

// Who follows a store sees no rekey, however many there are, and not a store
// that took its place.
func TestFollow(t *testing.T) {
	path, m := newModelStore(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UnlockWith(keyAt); err != nil {
		t.Fatal(err)
	}
	s.Follow(keyAt)
	for m.steps < 2*allSteps { // two rekeys in each
		if err := m.stepStore(path); err != nil {
			t.Fatal(err)
		}
		m.step()
		if m.steps%2 == 0 {
			checkValueOf(t, s, "a", m.values["a"])
		}
	}
	rekey := func() {
		t.Helper()
		other := unlocked(t, path, keyOfEpoch(m.epoch))
		m.epoch++
		if err := other.Rekey(begins(nextEpoch(other), keyOfEpoch(m.epoch))); err != nil {
			t.Fatal(err)
		}
	}
	rekey()
	put(t, s, "a", "written under the next key")
	rekey()
	if _, err := s.Backup(filepath.Join(t.TempDir(), "backup")); err != nil {
		t.Error(err)
	}
	rekey()
	if got := labels(t, s); len(got) != len(m.values) {
		t.Errorf("got labels %q", got)
	}
	checkValueOf(t, s, "a", "written under the next key")

	rekey()
	missing := errors.New("its key is missing")
	s.Follow(func(Header) (redact.Value, error) { return redact.Value{}, missing })
	_, _, err = s.Get("a")
	checkError(t, "without the key", err, missing)
	s.Follow(keyAt)
	checkValueOf(t, s, "a", "written under the next key")

	if err := Destroy(path, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, Options{}, Header{StoreID: NewID(), Epoch: m.epoch + 1}, keyOfEpoch(m.epoch+1)); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Get("a")
	checkError(t, "another store", err, ErrRekeyed)
}

// A rekey may come between a header and its key.
func TestUnlockWith(t *testing.T) {
	path, _ := newModelStore(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("the key is gone")
	find := func(h Header) (redact.Value, error) {
		if h.Epoch < 3 {
			other := unlocked(t, path, keyOfEpoch(h.Epoch))
			return redact.Value{}, errors.Join(gone, other.Rekey(begins(nextEpoch(other), keyOfEpoch(h.Epoch+1))))
		}
		return keyAt(h)
	}
	if key, err := s.UnlockWith(find); err != nil || !key.Equal(keyOfEpoch(3)) {
		t.Errorf("got %v", err)
	}
	put(t, s, "a", "value")
	_, err = s.UnlockWith(func(Header) (redact.Value, error) { return redact.Value{}, gone })
	checkError(t, "gone for good", err, gone)
}

// begins is a rekey whose key is there already.
func begins(h Header, key redact.Value) func(Header) (Header, redact.Value, error) {
	return func(Header) (Header, redact.Value, error) { return h, key, nil }
}

func TestRekey(t *testing.T) {
	s := newStore(t, "a", "b")
	update(t, s, func(tx *Tx) error {
		m := about("c")
		m.Note, m.later = "a note", laterFields{"tags": json.RawMessage(`["x"]`)}
		return tx.Put(m, text("value of c"))
	})
	before, old := dump(t, s.path), contents(t, s.path)
	seen := unlocked(t, s.path, vaultKey())

	if err := s.Rekey(begins(nextEpoch(s), newVaultKey())); err != nil {
		t.Fatal(err)
	}
	for _, again := range []*Store{s, unlocked(t, s.path, newVaultKey())} {
		for _, label := range []string{"a", "b", "c"} {
			checkValueOf(t, again, label, "value of "+label)
		}
		h := again.Header()
		if h.Epoch != 2 || h.KeySource != "keyring" || len(h.Slots) != 1 || string(h.Slots[0]) != `{"id":2}` || !h.Created.Equal(noon) {
			t.Errorf("header: got %+v", h)
		}
	}
	m, err := s.Meta("c")
	if err != nil || m.Note != "a note" || string(m.later["tags"]) != `["x"]` {
		t.Errorf("meta: got %+v, %v", m, err)
	}
	put(t, s, "d", "written under the new key")

	for bucket, pairs := range dump(t, s.path) {
		for key, value := range pairs {
			if bytes.Equal(before[bucket][key], value) {
				t.Errorf("%s/%q is as it was", bucket, key)
			}
			if _, same := before[bucketIndex][key]; same {
				t.Errorf("a label is blinded as it was: %x", key)
			}
		}
	}

	_, _, err = seen.Get("a")
	checkError(t, "one that was open meanwhile", err, ErrRekeyed)
	checkError(t, "its update", seen.Update(func(*Tx) error { return nil }), ErrRekeyed)
	checkError(t, "its rekey", seen.Rekey(begins(nextEpoch(seen), vaultKey())), ErrRekeyed)
	refused(t, "the old key, the new file", s.path, vaultKey())
	writeFile(t, s.path, old)
	refused(t, "the new key, the old file", s.path, newVaultKey())
	checkValueOf(t, unlocked(t, s.path, vaultKey()), "a", "value of a")
}

// refused wants a file not to open under a key.
func refused(t *testing.T, what, path string, key redact.Value) {
	t.Helper()
	s := unlocked(t, path, key)
	_, _, err := s.Get("a")
	checkDamage(t, what+": get", err)
	_, err = s.List()
	checkDamage(t, what+": list", err)
	checkNotWritten(t, s)
}

func TestRekeyRefusals(t *testing.T) {
	for what, spoil := range map[string]func(*Header){
		"the same epoch": func(h *Header) { h.Epoch-- },
		"an older epoch": func(h *Header) { h.Epoch = 0 },
		"another store":  func(h *Header) { h.StoreID = NewID() },
	} {
		s := newStore(t, "key")
		h := nextEpoch(s)
		spoil(&h)
		before := contents(t, s.path)
		checkError(t, what, s.Rekey(begins(h, newVaultKey())), ErrEpoch)
		if !bytes.Equal(before, contents(t, s.path)) {
			t.Errorf("%s: the file changed", what)
		}
		checkValueOf(t, s, "key", "value of key")
	}
	s := newStore(t, "key")
	if err := s.Rekey(begins(nextEpoch(s), text("short"))); err == nil || !strings.Contains(err.Error(), "32 bytes") {
		t.Errorf("a short key: got %v", err)
	}
	skipped := nextEpoch(s)
	skipped.Epoch = 9 // a key of an epoch between may have been made and lost
	if err := s.Rekey(begins(skipped, newVaultKey())); err != nil {
		t.Errorf("epochs skipped: %v", err)
	}
	s.Close()
	checkError(t, "locked", s.Rekey(begins(nextEpoch(s), newVaultKey())), ErrLocked)
}

func TestRekeyLeavesADamagedStoreAlone(t *testing.T) {
	s := newStore(t, "key", "other")
	e := indexEntryOf(t, s, "key")
	tamper(t, s.path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketRecord)).Put(partKey(e.id, suffixValue), []byte{1})
	})
	before := contents(t, s.path)
	checkDamage(t, "rekey", s.Rekey(begins(nextEpoch(s), newVaultKey())))
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("a damaged store was written over")
	}
	checkValueOf(t, s, "other", "value of other")
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)
}

// What a later version wrote, and this one may not lend, outlives a new key.
func TestRekeyKeepsWhatIsCritical(t *testing.T) {
	s := unlocked(t, golden(t, "later.db"), goldenKey())
	if err := s.Rekey(begins(nextEpoch(s), newVaultKey())); err != nil {
		t.Fatal(err)
	}
	want := &CriticalError{Where: `"guarded"`, Fields: map[string]string{"policy": "0.9.0"}}
	_, _, err := s.Get("guarded")
	checkErrorAs(t, "get", err, want)
	if diff := cmp.Diff([]string{"guarded", "kept"}, labels(t, s)); diff != "" {
		t.Errorf("labels -want +got:\n%s", diff)
	}
	if got, want := string(unlocked(t, s.path, newVaultKey()).header.later["grants"]), `{"count":2}`; got != want {
		t.Errorf("grants: got %s, want %s", got, want)
	}
}

// The key is made while nobody else can write, from the header as it is then.
func TestRekeyBeginsUnderTheLock(t *testing.T) {
	s := newStore(t, "key")
	seen := unlocked(t, s.path, vaultKey())
	update(t, s, func(tx *Tx) error {
		tx.SetSlots([]json.RawMessage{[]byte(`{"id":7}`)})
		return nil
	})
	err := seen.Rekey(func(now Header) (Header, redact.Value, error) {
		if len(now.Slots) != 1 || string(now.Slots[0]) != `{"id":7}` {
			t.Errorf("slots: got %s", now.Slots)
		}
		l, err := openNoFollow(filepath.Join(filepath.Dir(s.path), LockName), os.O_RDWR)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if held, err := tryLock(l); held || err != nil {
			t.Errorf("the lock can be had: %v, %v", held, err)
		}
		now.Epoch++
		return now, newVaultKey(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkValueOf(t, unlocked(t, s.path, newVaultKey()), "key", "value of key")

	stop, before := errors.New("stop"), contents(t, s.path)
	checkError(t, "a rekey that does not begin", seen.Rekey(func(Header) (Header, redact.Value, error) {
		return Header{}, redact.Value{}, stop
	}), stop)
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("the file changed")
	}
	err = s.Rekey(func(Header) (Header, redact.Value, error) {
		t.Error("a rekey began that somebody else had finished")
		return Header{}, redact.Value{}, stop
	})
	checkError(t, "a rekey that comes second", err, ErrRekeyed)
}

// Other slots change neither the key nor what a later version wrote.
func TestSetSlots(t *testing.T) {
	s := unlocked(t, golden(t, "later.db"), goldenKey())
	want := []json.RawMessage{[]byte(`{"id":1,"type":"file"}`), []byte(`{"id":2,"type":"recovery"}`)}
	update(t, s, func(tx *Tx) error {
		tx.SetSlots(want)
		if diff := cmp.Diff(want, tx.Slots()); diff != "" {
			t.Errorf("within: -want +got:\n%s", diff)
		}
		return nil
	})
	again := unlocked(t, s.path, goldenKey())
	if diff := cmp.Diff(want, again.Header().Slots); diff != "" {
		t.Errorf("slots -want +got:\n%s", diff)
	}
	if got, want := string(again.header.later["grants"]), `{"count":2}`; got != want {
		t.Errorf("grants: got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"guarded", "kept"}, labels(t, again)); diff != "" {
		t.Errorf("labels -want +got:\n%s", diff)
	}
}

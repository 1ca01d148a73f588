package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"secrets/redact"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func vaultKey() redact.Value { return redact.NewValue(bytes.Repeat([]byte{7}, vaultKeySize)) }

func text(s string) redact.Value { return redact.NewValue([]byte(s)) }

// newStore makes a store with the given labels, each with the value
// "value of LABEL", in a folder of its own, and unlocks it.
func newStore(t testing.TB, labels ...string) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets", FileName)
	h := Header{StoreID: NewID(), Epoch: 1, Created: noon, KeySource: "file"}
	if err := Create(path, Options{}, h, vaultKey()); err != nil {
		t.Fatal(err)
	}
	s := unlocked(t, path, vaultKey())
	update(t, s, func(tx *Tx) error {
		for _, label := range labels {
			if err := tx.Put(about(label), text("value of "+label)); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func unlocked(t testing.TB, path string, key redact.Value) *Store {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(key); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func about(label string) Meta { return Meta{Label: label, Created: noon, Updated: noon} }

func update(t testing.TB, s *Store, change func(*Tx) error) {
	t.Helper()
	if err := s.Update(change); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func put(t testing.TB, s *Store, label, value string) {
	t.Helper()
	update(t, s, func(tx *Tx) error { return tx.Put(about(label), text(value)) })
}

func checkValueOf(t testing.TB, s *Store, label, want string) {
	t.Helper()
	_, v, err := s.Get(label)
	if err != nil {
		t.Errorf("get %s: %v", label, err)
		return
	}
	if got := string(v.Expose()); got != want {
		t.Errorf("value of %s: got %q, want %q", label, got, want)
	}
}

func checkError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// checkErrorAs wants an error of one type, with these fields.
func checkErrorAs[E error](t testing.TB, what string, err error, want E) {
	t.Helper()
	var got E
	if !errors.As(err, &got) {
		t.Errorf("%s: got error %v (%T), want a %T", what, err, err, want)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: error -want +got:\n%s", what, diff)
	}
}

func checkDamage(t testing.TB, what string, err error) {
	t.Helper()
	var damage *DamageError
	if !errors.As(err, &damage) {
		t.Errorf("%s: got error %v, want a *DamageError", what, err)
		return
	}
	if damage.Path == "" || damage.Where == "" || damage.What == "" {
		t.Errorf("%s: the error leaves something out: %+v", what, damage)
	}
}

func labels(t testing.TB, s *Store) []string {
	t.Helper()
	metas, err := s.List()
	if err != nil {
		t.Errorf("list: %v", err)
	}
	labels := []string{}
	for _, m := range metas {
		labels = append(labels, m.Label)
	}
	return labels
}

func TestPutAndGet(t *testing.T) {
	s := newStore(t)
	want := Meta{
		Label: "a@b/c", Env: "TOKEN", Created: noon, Updated: noon.Add(time.Hour),
		Expires: noon.Add(24 * time.Hour), Note: "<for> the nightly job", Unmasked: true,
	}
	update(t, s, func(tx *Tx) error { return tx.Put(want, text("first")) })
	got, v, err := s.Get(want.Label)
	if err != nil || !v.Equal(text("first")) {
		t.Errorf("got %d bytes, error %v", v.Len(), err)
	}
	unseen := cmpopts.IgnoreUnexported(Meta{})
	if diff := cmp.Diff(want, got, unseen); diff != "" {
		t.Errorf("meta -want +got:\n%s", diff)
	}
	alone, err := s.Meta(want.Label)
	if diff := cmp.Diff(want, alone, unseen); diff != "" || err != nil {
		t.Errorf("meta alone -want +got:\n%s%v", diff, err)
	}
	checkValueOf(t, unlocked(t, s.path, vaultKey()), want.Label, "first")
}

func TestValuesOfEverySizeComeBack(t *testing.T) {
	s := newStore(t)
	for _, size := range []int{1, 63, 64, 65, 127, 128, 4096, MaxValue - 1, MaxValue} {
		want := redact.NewValue(bytes.Repeat([]byte{0x80, 0}, size)[:size])
		update(t, s, func(tx *Tx) error { return tx.Put(about("sized"), want) })
		if _, got, err := s.Get("sized"); err != nil || !got.Equal(want) {
			t.Errorf("%d bytes: got %d, error %v", size, got.Len(), err)
		}
	}
}

func TestReplacingKeepsCreationAndTakesTheRest(t *testing.T) {
	s := newStore(t, "key")
	later := Meta{Label: "key", Created: noon.Add(time.Hour), Updated: noon.Add(time.Hour), Note: "new"}
	update(t, s, func(tx *Tx) error { return tx.Put(later, text("second")) })
	got, err := s.Meta("key")
	if err != nil {
		t.Fatal(err)
	}
	if !got.Created.Equal(noon) || !got.Updated.Equal(later.Updated) || got.Note != "new" {
		t.Errorf("got %+v", got)
	}
	checkValueOf(t, s, "key", "second")
}

func TestEditKeepsTheValue(t *testing.T) {
	s := newStore(t, "key", "other")
	update(t, s, func(tx *Tx) error {
		return tx.Edit("key", func(m *Meta) error { m.Note, m.Label = "edited", "ignored"; return nil })
	})
	m, v, err := s.Get("key")
	if err != nil || m.Note != "edited" || !v.Equal(text("value of key")) {
		t.Errorf("got %+v, %d bytes, error %v", m, v.Len(), err)
	}
}

func note(s string) func(*Meta) error {
	return func(m *Meta) error { m.Note = s; return nil }
}

func TestEditThatRefuses(t *testing.T) {
	s := newStore(t, "key")
	stop := errors.New("stop")
	before := contents(t, s.path)
	err := s.Update(func(tx *Tx) error {
		return tx.Edit("key", func(m *Meta) error { m.Note = "half done"; return stop })
	})
	checkError(t, "edit", err, stop)
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("the file changed")
	}
}

func TestRenameMovesOneEntry(t *testing.T) {
	s := newStore(t, "old", "other")
	before := partsOf(t, s)
	update(t, s, func(tx *Tx) error { return tx.Rename("old", "new") })
	checkValueOf(t, s, "new", "value of old")
	_, _, err := s.Get("old")
	checkError(t, "old label", err, ErrNotFound)
	if diff := cmp.Diff([]string{"new", "other"}, labels(t, s)); diff != "" {
		t.Errorf("labels -want +got:\n%s", diff)
	}
	// The record stays: its id, and its value part to the byte.
	for key, part := range partsOf(t, s) {
		if strings.HasSuffix(key, suffixValue) && !bytes.Equal(part, before[key]) {
			t.Errorf("the value part of %x was written anew", key)
		}
	}
}

func TestRemoveTakesOneAway(t *testing.T) {
	s := newStore(t, "a", "b", "c")
	update(t, s, func(tx *Tx) error { return tx.Remove("b") })
	_, _, err := s.Get("b")
	checkError(t, "removed", err, ErrNotFound)
	if diff := cmp.Diff([]string{"a", "c"}, labels(t, s)); diff != "" {
		t.Errorf("labels -want +got:\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	s := newStore(t, "here", "there")
	long := about("new")
	long.Note = strings.Repeat("n", MaxNote+1)
	for _, c := range []struct {
		what   string
		change func(*Tx) error
		want   error
	}{
		{"empty value", func(tx *Tx) error { return tx.Put(about("new"), text("")) }, ErrEmptyValue},
		{"big value", func(tx *Tx) error {
			return tx.Put(about("new"), redact.NewValue(make([]byte, MaxValue+1)))
		}, ErrValueTooBig},
		{"long note", func(tx *Tx) error { return tx.Put(long, text("v")) }, ErrNoteTooBig},
		{"remove nothing", func(tx *Tx) error { return tx.Remove("nowhere") }, ErrNotFound},
		{"edit nothing", func(tx *Tx) error { return tx.Edit("nowhere", note("n")) }, ErrNotFound},
		{"rename nothing", func(tx *Tx) error { return tx.Rename("nowhere", "new") }, ErrNotFound},
		{"rename over", func(tx *Tx) error { return tx.Rename("here", "there") }, ErrLabelTaken},
		{"rename to itself", func(tx *Tx) error { return tx.Rename("here", "here") }, ErrLabelTaken},
	} {
		before := contents(t, s.path)
		checkError(t, c.what, s.Update(c.change), c.want)
		if !bytes.Equal(before, contents(t, s.path)) {
			t.Errorf("%s: the file changed", c.what)
		}
	}
	var label *LabelError
	if err := s.Update(func(tx *Tx) error { return tx.Put(about("bad label"), text("v")) }); !errors.As(err, &label) {
		t.Errorf("bad label: got error %v", err)
	}
	if err := s.Update(func(tx *Tx) error { return tx.Rename("here", "-x") }); !errors.As(err, &label) {
		t.Errorf("rename to a bad label: got error %v", err)
	}
	var env *EnvError
	bad := about("new")
	bad.Env = "1A"
	if err := s.Update(func(tx *Tx) error { return tx.Put(bad, text("v")) }); !errors.As(err, &env) {
		t.Errorf("bad variable: got error %v", err)
	}
}

// An update that fails half-way has done nothing, one that changes nothing
// writes nothing.
func TestUpdateIsAllOrNothing(t *testing.T) {
	s := newStore(t, "key")
	before := contents(t, s.path)
	stop := errors.New("stop")
	err := s.Update(func(tx *Tx) error {
		if err := tx.Put(about("more"), text("v")); err != nil {
			return err
		}
		return stop
	})
	checkError(t, "stopped", err, stop)
	update(t, s, func(*Tx) error { return nil })
	update(t, s, func(tx *Tx) error { return tx.Edit("key", note("")) })
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("the file changed")
	}
}

func TestViewIsOneState(t *testing.T) {
	s := newStore(t, "first", "second")
	err := s.View(func(v View) error {
		for _, label := range []string{"first", "second"} {
			put(t, s, "second", "written meanwhile")
			if _, value, err := v.Get(label); err != nil || string(value.Expose()) != "value of "+label {
				t.Errorf("%s: got %q, %v", label, value.Expose(), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkValueOf(t, s, "second", "written meanwhile")
}

func TestFull(t *testing.T) {
	s := newStore(t)
	update(t, s, func(tx *Tx) error {
		for i := range MaxSecrets {
			if err := tx.Put(about(fmt.Sprintf("n%d", i)), text("v")); err != nil {
				return err
			}
		}
		return nil
	})
	put(t, s, "n7", "replaced") // a full store can still change
	err := s.Update(func(tx *Tx) error { return tx.Put(about("one-more"), text("v")) })
	checkError(t, "one more", err, ErrFull)
	checkValueOf(t, s, "n7", "replaced")
	if got, want := len(labels(t, s)), MaxSecrets; got != want {
		t.Errorf("got %d labels, want %d", got, want)
	}
}

func TestLockedStore(t *testing.T) {
	s := newStore(t, "key")
	s.Close()
	_, _, err := s.Get("key")
	checkError(t, "get", err, ErrLocked)
	_, err = s.List()
	checkError(t, "list", err, ErrLocked)
	checkError(t, "update", s.Update(func(*Tx) error { return nil }), ErrLocked)
}

func TestCloseWipesTheKeys(t *testing.T) {
	s := newStore(t)
	k := s.keys
	s.Close()
	for name, b := range map[string][]byte{"prk": k.prk.Expose(), "index": k.index.Expose()} {
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("the %s key is still there", name)
		}
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	s := newStore(t, "key")
	h := Header{StoreID: NewID(), Epoch: 1, Created: noon}
	checkError(t, "create", Create(s.path, Options{}, h, vaultKey()), ErrExists)
	checkValueOf(t, s, "key", "value of key")
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)

	empty := filepath.Join(filepath.Dir(s.path), "empty")
	writeFile(t, empty, nil)
	checkError(t, "over an empty file", Create(empty, Options{}, h, vaultKey()), ErrExists)
	if got := contents(t, empty); len(got) != 0 {
		t.Errorf("the empty file has %d bytes now", len(got))
	}
}

func TestDestroy(t *testing.T) {
	s := newStore(t, "key")
	writeFile(t, s.path+draftSuffix, []byte("left by a killed writer"))
	if err := Destroy(s.path, Options{}); err != nil {
		t.Fatal(err)
	}
	checkFolderHolds(t, filepath.Dir(s.path), LockName)
	checkError(t, "again", Destroy(s.path, Options{}), ErrNoStore)
	_, err := Open(s.path, Options{})
	checkError(t, "open", err, ErrNoStore)
}

// A store that got another key, or was replaced by another store, since it was
// opened is not damaged.
func TestRekeyedMeanwhile(t *testing.T) {
	s := newStore(t, "key")
	if err := Destroy(s.path, Options{}); err != nil {
		t.Fatal(err)
	}
	h := Header{StoreID: s.header.StoreID, Epoch: 2, Created: noon}
	if err := Create(s.path, Options{}, h, vaultKey()); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Get("key")
	checkError(t, "get", err, ErrRekeyed)
	checkError(t, "update", s.Update(func(*Tx) error { return nil }), ErrRekeyed)
}

// A file that is not what it should be never takes the place of a store.
func TestFreshFileIsReadBack(t *testing.T) {
	s := newStore(t, "key")
	before := contents(t, s.path)
	foreign, err := Header{Format: Format, StoreID: NewID(), Epoch: 1}.encode()
	if err != nil {
		t.Fatal(err)
	}
	var failed *WriteError
	if err := (draft{header: foreign, generation: 9}).replace(s.path, s.keys); !errors.As(err, &failed) {
		t.Errorf("got error %v, want a %T", err, failed)
	}
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("the store was replaced")
	}
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func checkFolderHolds(t testing.TB, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s -want +got:\n%s", folder, diff)
	}
}

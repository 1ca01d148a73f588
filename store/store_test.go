package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"secrets/redact"
	"secrets/store"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func vaultKey() redact.Value { return redact.NewValue(bytes.Repeat([]byte{7}, 32)) }

func value(s string) redact.Value { return redact.NewValue([]byte(s)) }

// newStore makes a store in a folder of its own and opens it.
func newStore(t testing.TB) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets", "store.db")
	h := store.Header{StoreID: store.NewID(), Epoch: 1, Created: noon, KeySource: "file"}
	if err := store.Create(path, store.Options{}, h, vaultKey()); err != nil {
		t.Fatal(err)
	}
	return open(t, path), path
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(vaultKey()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func put(t testing.TB, s *store.Store, label, text string) {
	t.Helper()
	err := s.Update(func(tx *store.Tx) error {
		return tx.Put(store.Meta{Label: label, Created: noon, Updated: noon}, value(text))
	})
	if err != nil {
		t.Fatalf("put %s: %v", label, err)
	}
}

func get(t testing.TB, s *store.Store, label string) string {
	t.Helper()
	_, v, err := s.Get(label)
	if err != nil {
		t.Fatalf("get %s: %v", label, err)
	}
	return string(v.Expose())
}

func TestPutGetListRenameRemove(t *testing.T) {
	s, path := newStore(t)
	put(t, s, "b/key", "first")
	put(t, s, "a@key", "second")
	if got, want := get(t, s, "b/key"), "first"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s = open(t, path)
	if err := s.Update(func(tx *store.Tx) error { return tx.Rename("b/key", "c") }); err != nil {
		t.Fatal(err)
	}
	if got, want := get(t, s, "c"), "first"; got != want {
		t.Errorf("renamed: got %q, want %q", got, want)
	}
	if _, _, err := s.Get("b/key"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("old label: got %v, want %v", err, store.ErrNotFound)
	}
	metas, err := s.List()
	if err != nil || len(metas) != 2 || metas[0].Label != "a@key" || metas[1].Label != "c" {
		t.Errorf("list: %v, %v", metas, err)
	}
	if err := s.Update(func(tx *store.Tx) error { return tx.Remove("c") }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get("c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed: got %v, want %v", err, store.ErrNotFound)
	}
	if got, want := get(t, s, "a@key"), "second"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	info, _ := os.Stat(path)
	t.Log(info.Size())
}

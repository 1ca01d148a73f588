package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"secrets/redact"
)

// The files in testdata/format1 were written when format 1 was laid down. Each
// opens for ever; new ones may be added, none changed.

func goldenKey() redact.Value {
	key := make([]byte, vaultKeySize)
	for i := range key {
		key[i] = byte(i)
	}
	return redact.NewValue(key)
}

// golden copies a file to where it may be opened: git keeps no permissions.
func golden(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(privateFolder(t), FileName)
	writeFile(t, path, contents(t, filepath.Join("testdata", "format1", name)))
	return path
}

func privateFolder(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "secrets")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func day(n int) time.Time { return time.Date(2026, 11, n, 8, 30, 0, 0, time.UTC) }

func TestGoldenHeader(t *testing.T) {
	s, err := Open(golden(t, "one.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := Header{
		Format: 1, StoreID: ID(bytes.Repeat([]byte{0xa1}, 16)), Epoch: 3, Created: day(1),
		KeySource: "keyring", HardwareSource: "machine-id",
	}
	got := s.Header()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Header{}), cmpopts.IgnoreFields(Header{}, "Slots")); diff != "" {
		t.Errorf("header -want +got:\n%s", diff)
	}
	if len(got.Slots) != 1 || string(got.Slots[0]) != `{"id":1,"type":"keyring","salt":"c2FsdA=="}` {
		t.Errorf("slots: got %s", got.Slots)
	}
}

func TestGoldenEmpty(t *testing.T) {
	s := unlocked(t, golden(t, "empty.db"), goldenKey())
	if got := labels(t, s); len(got) != 0 {
		t.Errorf("got labels %q", got)
	}
	_, _, err := s.Get("openai-api-key")
	checkError(t, "get", err, ErrNotFound)
}

func TestGoldenOne(t *testing.T) {
	s := unlocked(t, golden(t, "one.db"), goldenKey())
	checkValueOf(t, s, "openai-api-key", "sk-golden")
	put(t, s, "another", "more")
	checkValueOf(t, s, "openai-api-key", "sk-golden")
	checkValueOf(t, s, "another", "more")
}

// The public key came into the header later; both kinds of header stay good.
func TestGoldenSignKey(t *testing.T) {
	for name, want := range map[string]bool{"one.db": false, "signkey.db": true} {
		s := unlocked(t, golden(t, name), goldenKey())
		if got := s.header.SignKey != nil && s.header.SignKeyTag != nil; got != want {
			t.Errorf("%s: it has a public key: got %v, want %v", name, got, want)
		}
		checkValueOf(t, s, "openai-api-key", "sk-golden")
		put(t, s, "another", "more")
		checkValueOf(t, s, "another", "more")
	}
}

func TestGoldenFifty(t *testing.T) {
	s := unlocked(t, golden(t, "fifty.db"), goldenKey())
	for i := range 47 {
		checkValueOf(t, s, fmt.Sprintf("label/%02d", i), fmt.Sprintf("value-%02d", i))
	}
	binary := make([]byte, 300)
	for i := range binary {
		binary[i] = byte(i)
	}
	checkValueOf(t, s, "binary", string(binary))
	checkValueOf(t, s, "largest", string(bytes.Repeat([]byte("0123456789abcdef"), 4096)))

	want := Meta{
		Label: "every.field@host", Env: "TOKEN", Created: day(2), Updated: day(3), Expires: day(30),
		Note: "for the nightly job, ünï", Unmasked: true,
	}
	got, err := s.Meta(want.Label)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Meta{})); diff != "" || err != nil {
		t.Errorf("meta -want +got:\n%s%v", diff, err)
	}
	if got := len(labels(t, s)); got != 50 {
		t.Errorf("got %d labels, want 50", got)
	}
}

// A later version of format 1 may have added fields. What it wrote outlives an
// edit by this one, and what it calls critical stops this one.
func TestGoldenLaterMinor(t *testing.T) {
	s := unlocked(t, golden(t, "later.db"), goldenKey())
	update(t, s, func(tx *Tx) error { return tx.Edit("kept", note("edited")) })
	update(t, s, func(tx *Tx) error { return tx.Put(about("kept"), text("replaced")) })
	update(t, s, func(tx *Tx) error { return tx.Rename("kept", "moved") })
	m, v, err := s.Get("moved")
	if err != nil || !v.Equal(text("replaced")) {
		t.Errorf("got %d bytes, error %v", v.Len(), err)
	}
	if got, want := string(m.later["tags"]), `["a","b"]`; got != want {
		t.Errorf("tags: got %s, want %s", got, want)
	}
	if got, want := string(unlocked(t, s.path, goldenKey()).header.later["grants"]), `{"count":2}`; got != want {
		t.Errorf("grants: got %s, want %s", got, want)
	}

	want := &CriticalError{Where: `"guarded"`, Fields: map[string]string{"policy": "0.9.0"}}
	_, _, err = s.Get("guarded")
	checkErrorAs(t, "lend", err, want)
	for what, change := range map[string]func(*Tx) error{
		"replace": func(tx *Tx) error { return tx.Put(about("guarded"), text("v")) },
		"edit":    func(tx *Tx) error { return tx.Edit("guarded", note("n")) },
		"rename":  func(tx *Tx) error { return tx.Rename("guarded", "free") },
		"remove":  func(tx *Tx) error { return tx.Remove("guarded") },
	} {
		checkErrorAs(t, what, s.Update(change), want)
	}
	if diff := cmp.Diff([]string{"guarded", "moved"}, labels(t, s)); diff != "" {
		t.Errorf("labels -want +got:\n%s", diff)
	}
}

func TestGoldenCriticalHeader(t *testing.T) {
	s, err := Open(golden(t, "critical.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := &CriticalError{Where: "the store", Fields: map[string]string{"sealing": "2.0.0"}}
	checkErrorAs(t, "unlock", s.Unlock(goldenKey()), want)
}

// It stops those too who opened the store before a later version changed it.
func TestHeaderBecomesCritical(t *testing.T) {
	s := newStore(t, "key")
	h := s.header
	h.Critical = map[string]string{"sealing": "2.0.0"}
	header, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	if err := (draft{header: header, generation: 9}).build(s.path, s.keys); err != nil {
		t.Fatal(err)
	}
	want := &CriticalError{Where: "the store", Fields: h.Critical}
	_, _, err = s.Get("key")
	checkErrorAs(t, "get", err, want)
	checkErrorAs(t, "update", s.Update(func(*Tx) error { return nil }), want)
}

func TestGoldenNewerFormatIsRefusedUntouched(t *testing.T) {
	path := golden(t, "format2.db")
	before := contents(t, path)
	_, err := Open(path, Options{})
	checkErrorAs(t, "open", err, &NewerFormatError{Path: path, Format: 2})
	if !bytes.Equal(before, contents(t, path)) {
		t.Error("the file changed")
	}
}

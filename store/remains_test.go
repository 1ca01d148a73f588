package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.etcd.io/bbolt"
	"secrets/redact"
)

func remains(t testing.TB, path string, key redact.Value) *Remains {
	t.Helper()
	r, err := ReadRemains(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	if err := r.Unlock(key); err != nil {
		t.Fatal(err)
	}
	return r
}

// checkSaved repairs a store and wants the report, and in the new file what it
// says. The damaged file stays as it is.
func checkSaved(t *testing.T, path string, want Report, values map[string]string) {
	t.Helper()
	before := contents(t, path)
	r := remains(t, path, vaultKey())
	to, got, err := r.Save()
	if err != nil {
		t.Errorf("save: %v", err)
		return
	}
	if got.Damage != nil {
		checkDamage(t, "damage", got.Damage)
	}
	if (got.Damage != nil) != (want.Damage != nil) {
		t.Errorf("damage: got %v, want %v", got.Damage, want.Damage)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Report{}, "Damage"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("report -want +got:\n%s", diff)
	}
	alone, err := r.Report()
	if diff := cmp.Diff(got, alone, cmpopts.IgnoreFields(Report{}, "Damage")); diff != "" || err != nil {
		t.Errorf("report alone: %v, -want +got:\n%s", err, diff)
	}
	if !bytes.Equal(before, contents(t, path)) {
		t.Error("the damaged file was changed")
	}
	s := unlocked(t, to, vaultKey())
	for label, value := range values {
		checkValueOf(t, s, label, value)
	}
	if got := labels(t, s); len(got) != len(values) {
		t.Errorf("saved: got %q, want %d", got, len(values))
	}
	put(t, s, "more", "a saved store can be written to")
	_, _, err = r.Save()
	checkError(t, "save again", err, fs.ErrExist)
}

func valuesOf(labels ...string) map[string]string {
	values := map[string]string{}
	for _, label := range labels {
		values[label] = "value of " + label
	}
	return values
}

var anyDamage = &DamageError{}

// rebuild makes the file anew with other content: bbolt, where it changes a file,
// leaves in its free pages what was there before, and the search finds that.
func rebuild(t testing.TB, path string, change func(map[string]map[string][]byte)) {
	t.Helper()
	content := dump(t, path)
	change(content)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	assemble(t, path, content)
}

// emptyFile is one that bbolt need not initialise, and sync, first.
var emptyFile = sync.OnceValue(func() []byte {
	f, err := os.CreateTemp("", "empty")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{PageSize: pageSize})
	if err != nil {
		panic(err)
	}
	if err := errors.Join(db.Close(), f.Close()); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		panic(err)
	}
	return b
})

// assemble makes a file of buckets with keys and values.
func assemble(t testing.TB, path string, content map[string]map[string][]byte) {
	t.Helper()
	writeFile(t, path, emptyFile())
	tamper(t, path, func(tx *bbolt.Tx) error {
		for name, pairs := range content {
			b, err := tx.CreateBucket([]byte(name))
			if err != nil {
				return err
			}
			for k, v := range pairs {
				if err := b.Put([]byte(k), v); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// spoilPart flips a bit in one part.
func spoilPart(t testing.TB, s *Store, label, suffix string) {
	t.Helper()
	key := string(partKey(indexEntryOf(t, s, label).id, suffix))
	rebuild(t, s.path, func(content map[string]map[string][]byte) {
		part := content[bucketRecord][key]
		part[len(part)-1] ^= 1
	})
}

func dropManifest(content map[string]map[string][]byte) { delete(content[bucketMeta], keyManifest) }

func TestNothingIsWrong(t *testing.T) {
	s := newStore(t, "a", "b")
	checkSaved(t, s.path, Report{Header: true, Proven: []string{"a", "b"}}, valuesOf("a", "b"))
	s = newStore(t)
	checkSaved(t, s.path, Report{Header: true}, nil)
}

// Neither the meta pages nor the branches are needed to find what the leaves
// have.
func TestSavedWithoutAnyStructure(t *testing.T) {
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("label/%03d", i))
	}
	s := newStore(t, many...)
	b := contents(t, s.path)
	clear(b[:2*pageSize])
	branches := 0
	for at := 2 * pageSize; at < len(b); at += pageSize {
		if le.Uint16(b[at+8:]) == pageBranch && le.Uint64(b[at:]) == uint64(at/pageSize) { // no chance bytes of a value
			clear(b[at:][:pageSize])
			branches++
		}
	}
	if branches < 2 {
		t.Fatalf("the file has %d branch pages", branches)
	}
	writeFile(t, s.path, b)
	_, err := Open(s.path, Options{})
	checkDamage(t, "open", err)
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: many}, valuesOf(many...))
}

func TestSavedWithoutOneMetaPage(t *testing.T) {
	s := newStore(t, "a")
	b := contents(t, s.path)
	clear(b[:pageSize])
	writeFile(t, s.path, b)
	checkValueOf(t, s, "a", "value of a")
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: []string{"a"}}, valuesOf("a"))
}

func TestLostParts(t *testing.T) {
	s := newStore(t, "a", "b")
	spoilPart(t, s, "a", suffixValue)
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: []string{"b"}, Lost: []string{"a"}}, valuesOf("b"))

	s = newStore(t, "a", "b")
	id := indexEntryOf(t, s, "a").id
	spoilPart(t, s, "a", suffixMeta)
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: []string{"b"}, Unnamed: 1},
		map[string]string{"b": "value of b", unnamed + id.String(): "value of a"})

	s = newStore(t, "a", "b")
	spoilPart(t, s, "a", suffixMeta)
	spoilPart(t, s, "a", suffixValue)
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: []string{"b"}, Gone: 1}, valuesOf("b"))
}

// Where the shard is lost, nothing proves that its secrets are current; the
// others are not touched by that.
func TestLostIndexEntry(t *testing.T) {
	s := newStore(t, "a", "b", "c")
	e := indexEntryOf(t, s, "a")
	rebuild(t, s.path, func(content map[string]map[string][]byte) { delete(content[bucketIndex], string(e.key[:])) })
	want := Report{Damage: anyDamage, Header: true, Proven: []string{"b", "c"}, Unproven: []string{"a"}}
	checkSaved(t, s.path, want, valuesOf("a", "b", "c"))
}

func TestLostManifest(t *testing.T) {
	s := newStore(t, "a", "b")
	rebuild(t, s.path, dropManifest)
	checkSaved(t, s.path, Report{Damage: anyDamage, Unproven: []string{"a", "b"}}, valuesOf("a", "b"))
}

// A header that nothing vouches for is named: its slots may be somebody else's.
func TestForgedHeaderIsNamed(t *testing.T) {
	s := newStore(t, "a")
	h := s.Header()
	h.KeySource, h.SignKey = "keyring", signKey(t, mustKeys(t, NewID(), 1))
	forged, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	rebuild(t, s.path, func(content map[string]map[string][]byte) { content[bucketMeta][keyHeader] = forged })
	checkSaved(t, s.path, Report{Damage: anyDamage, Unproven: []string{"a"}}, valuesOf("a"))
}

// What the manifest says is over is not brought back.
func TestOlderRecordsAreNotSaved(t *testing.T) {
	s := newStore(t, "key", "gone", "other")
	old := dump(t, s.path)
	put(t, s, "key", "newer value")
	update(t, s, func(tx *Tx) error { return tx.Remove("gone") })
	newer := contents(t, s.path)
	rebuild(t, s.path, func(content map[string]map[string][]byte) { maps.Copy(content[bucketRecord], old[bucketRecord]) })
	want := Report{Damage: anyDamage, Header: true, Proven: []string{"other"}, Gone: 1} // both of key's parts are old ones
	checkSaved(t, s.path, want, valuesOf("other"))

	// Without the manifest nothing tells that they are over: they are named.
	s = unlocked(t, elsewhere(t, newer), vaultKey())
	rebuild(t, s.path, func(content map[string]map[string][]byte) { maps.Copy(content[bucketRecord], old[bucketRecord]) })
	rebuild(t, s.path, dropManifest)
	want = Report{Damage: anyDamage, Unproven: []string{"gone", "key", "other"}}
	checkSaved(t, s.path, want, valuesOf("gone", "key", "other"))
}

// elsewhere is a store of its own with the same bytes.
func elsewhere(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(privateFolder(t), FileName)
	writeFile(t, path, b)
	return path
}

// Of two records under one label, neither proven, the one last updated counts.
func TestNewerOfTwoIsSaved(t *testing.T) {
	s := newStore(t, "key")
	old := dump(t, s.path)
	update(t, s, func(tx *Tx) error { return tx.Remove("key") })
	update(t, s, func(tx *Tx) error {
		return tx.Put(Meta{Label: "key", Created: noon, Updated: noon.AddDate(0, 0, 1)}, text("newer value"))
	})
	rebuild(t, s.path, func(content map[string]map[string][]byte) { maps.Copy(content[bucketRecord], old[bucketRecord]) })
	rebuild(t, s.path, dropManifest)
	for range 10 { // whatever the order of a map
		checkSaved(t, elsewhere(t, contents(t, s.path)), Report{Damage: anyDamage, Unproven: []string{"key"}},
			map[string]string{"key": "newer value"})
	}
}

// The records of another store under the same key are no survivors of this one.
func TestRecordsOfAnotherStoreAreNotSaved(t *testing.T) {
	s, other := newStore(t, "a"), newStore(t, "b")
	theirs := dump(t, other.path)[bucketRecord]
	rebuild(t, s.path, func(content map[string]map[string][]byte) { maps.Copy(content[bucketRecord], theirs) })
	checkSaved(t, s.path, Report{Damage: anyDamage, Header: true, Proven: []string{"a"}}, valuesOf("a"))
}

// A header with a change that does not matter to the key still leads to all that
// is left; where the change is in its digest, it is as good as new.
func TestSavedWithDamagedHeader(t *testing.T) {
	for _, test := range []struct {
		what   string
		change func(header []byte)
		whole  bool
	}{
		{"created", func(h []byte) { h[bytes.Index(h, []byte(`"created":"`))+11] ^= 1 }, false},
		{"key source", func(h []byte) { h[bytes.Index(h, []byte(`"key_source":"`))+14] ^= 1 }, false},
		{"digest", func(h []byte) { h[len(h)-1] ^= 1 }, true},
	} {
		t.Run(test.what, func(t *testing.T) {
			s := newStore(t, "a", "b")
			rebuild(t, s.path, func(content map[string]map[string][]byte) { test.change(content[bucketMeta][keyHeader]) })
			checkSaved(t, s.path, Report{Damage: anyDamage, Header: test.whole, Proven: []string{"a", "b"}}, valuesOf("a", "b"))
		})
	}
}

func TestNoHeaderIsLeft(t *testing.T) {
	s := newStore(t, "a")
	for what, b := range map[string][]byte{
		"empty": {},
		"short": {1, 2, 3},
		"zeros": make([]byte, 64*pageSize),
		"junk":  bytes.Repeat([]byte{0xff}, 64*pageSize),
		"ones":  bytes.Repeat([]byte{1}, 64*pageSize),
		"half":  contents(t, s.path)[:2*pageSize],
	} {
		writeFile(t, s.path, b)
		_, err := ReadRemains(s.path, Options{})
		checkDamage(t, what, err)
	}
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)
}

func TestRemainsNeedTheKey(t *testing.T) {
	s := newStore(t, "a")
	r, err := ReadRemains(s.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.Report()
	checkError(t, "report", err, ErrLocked)
	_, _, err = r.Save()
	checkError(t, "save", err, ErrLocked)
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	_, err = ReadRemains(s.path, Options{})
	checkError(t, "no file", err, ErrNoStore)
}

// A later version's secrets are saved as they are.
func TestSavedLaterMinor(t *testing.T) {
	path := golden(t, "later.db")
	b := contents(t, path)
	clear(b[:2*pageSize])
	writeFile(t, path, b)
	to, report, err := remains(t, path, goldenKey()).Save()
	if err != nil || !slices.Equal(report.Proven, []string{"guarded", "kept"}) {
		t.Fatalf("got %+v, %v", report, err)
	}
	s := unlocked(t, to, goldenKey())
	m, err := s.Meta("kept")
	if got, want := string(m.later["tags"]), `["a","b"]`; got != want || err != nil {
		t.Errorf("tags: got %s, %v, want %s", got, err, want)
	}
	if !strings.HasSuffix(to, RepairedName) {
		t.Errorf("saved to %s", to)
	}
}

// Buckets that lie in buckets, each level two hundred times in the one before,
// are more than anybody can look at: the search gives up on them.
func TestForgedPagesDoNotMultiply(t *testing.T) {
	s := newStore(t, "a")
	const levels, n = 8, 200
	forged := make([]byte, levels*pageSize)
	le.PutUint32(forged[12:], levels-1)
	for level := range levels {
		start := level * pageSize
		le.PutUint16(forged[start+10:], n)
		for i := range n {
			at := start + pageHead + i*elementSize
			next := min(start+pageSize, len(forged)) - bucketHead
			le.PutUint32(forged[at:], elementBucket)
			le.PutUint32(forged[at+4:], uint32(next-at))
			le.PutUint32(forged[at+12:], uint32(len(forged)-next))
		}
	}
	writeFile(t, s.path, append(contents(t, s.path), forged...))
	if got, err := remains(t, s.path, vaultKey()).Report(); err != nil || !slices.Equal(got.Proven, []string{"a"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A page of another store that has a header, in a file whose own header is left
// elsewhere: that is damage, and nobody changed the key.
func TestHeaderOfAnotherStore(t *testing.T) {
	s, other := newStore(t, "key"), newStore(t, "key")
	if err := s.Rekey(begins(nextEpoch(s), vaultKey())); err != nil { // and so it is the one that is found
		t.Fatal(err)
	}
	file, theirs := contents(t, s.path), contents(t, other.path)
	at, from := pageOf(t, file, keyHeader), pageOf(t, theirs, keyHeader)
	own := bytes.Clone(file[at:][:pageSize])
	copy(file[at:], theirs[from:][:pageSize])
	le.PutUint64(file[at:], uint64(at/pageSize))
	path := elsewhere(t, append(file, own...))
	r, err := ReadRemains(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Unlock(vaultKey()); err != nil {
		t.Fatal(err)
	}
	report, err := r.Report()
	if err != nil {
		t.Fatal(err)
	}
	checkErrorAs(t, "damage", report.Damage, &DamageError{Path: path, Where: "header", What: "it belongs to another store, or to another epoch"})
}

// pageOf is where the page lies that holds a text.
func pageOf(t *testing.T, file []byte, text string) int {
	t.Helper()
	at := bytes.LastIndex(file, []byte(text))
	if at < 0 {
		t.Fatalf("no page has %q", text)
	}
	return at / pageSize * pageSize
}

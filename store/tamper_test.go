package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// Here someone who can write the file but has no key tries to change what the
// store says. He may take from older files of the same store and from other
// stores. Whatever he does ends in the current value or in a *DamageError,
// never in "no such label".

// dump reads a store file with bbolt itself: bucket → key → value.
func dump(t testing.TB, path string) map[string]map[string][]byte {
	t.Helper()
	found := map[string]map[string][]byte{}
	tamper(t, path, func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			found[string(name)] = map[string][]byte{}
			return b.ForEach(func(k, v []byte) error {
				found[string(name)][string(k)] = bytes.Clone(v)
				return nil
			})
		})
	})
	return found
}

func partsOf(t testing.TB, s *Store) map[string][]byte { return dump(t, s.path)[bucketRecord] }

func tamper(t testing.TB, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: pageSize, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// overwrite puts back keys of one bucket as they were in another dump.
func overwrite(t testing.TB, path, bucket string, pairs map[string][]byte) {
	t.Helper()
	tamper(t, path, func(tx *bbolt.Tx) error {
		for k, v := range pairs {
			if err := tx.Bucket([]byte(bucket)).Put([]byte(k), v); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkRefused wants every way in to say that the store is damaged.
func checkRefused(t testing.TB, s *Store, label string) {
	t.Helper()
	_, _, err := s.Get(label)
	checkDamage(t, "get", err)
	checkNotWritten(t, s)
}

// checkNotWritten wants a writer to leave the store as it is.
func checkNotWritten(t testing.TB, s *Store) {
	t.Helper()
	before := contents(t, s.path)
	err := s.Update(func(tx *Tx) error { return tx.Put(about("more"), text("v")) })
	checkDamage(t, "update", err)
	if !bytes.Equal(before, contents(t, s.path)) {
		t.Error("a damaged store was written over")
	}
}

func indexEntryOf(t testing.TB, s *Store, label string) indexEntry {
	t.Helper()
	key := s.keys.blind(label)
	e, err := decodeIndexEntry(key[:], dump(t, s.path)[bucketIndex][string(key[:])])
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSwappedRecords(t *testing.T) {
	for _, suffix := range []string{suffixMeta, suffixValue} {
		s := newStore(t, "a", "b", "c")
		parts := partsOf(t, s)
		a := string(partKey(indexEntryOf(t, s, "a").id, suffix))
		b := string(partKey(indexEntryOf(t, s, "b").id, suffix))
		overwrite(t, s.path, bucketRecord, map[string][]byte{a: parts[b], b: parts[a]})
		checkRefused(t, s, "a")
		checkRefused(t, s, "b")
		checkValueOf(t, s, "c", "value of c")
	}
}

func TestSwappedIndexEntries(t *testing.T) {
	s := newStore(t, "a", "b", "c")
	a, b := indexEntryOf(t, s, "a"), indexEntryOf(t, s, "b")
	overwrite(t, s.path, bucketIndex, map[string][]byte{
		string(a.key[:]): b.encode(),
		string(b.key[:]): a.encode(),
	})
	checkRefused(t, s, "a")
	checkRefused(t, s, "b")
	checkValueOf(t, s, "c", "value of c")
}

func TestOldContentReplayed(t *testing.T) {
	for _, buckets := range [][]string{
		{bucketRecord},
		{bucketIndex},
		{bucketIndex, bucketRecord},
		{bucketMeta},
		{bucketMeta, bucketRecord},
		{bucketMeta, bucketIndex},
	} {
		t.Run(strings.Join(buckets, "+"), func(t *testing.T) {
			s := newStore(t, "key", "other")
			old := dump(t, s.path)
			put(t, s, "key", "newer value")
			for _, bucket := range buckets {
				overwrite(t, s.path, bucket, old[bucket])
			}
			checkRefused(t, s, "key")
		})
	}
}

// Restoring a backup is legitimate, so an older file that is whole opens.
func TestWholeOldFileOpens(t *testing.T) {
	s := newStore(t, "key")
	old := contents(t, s.path)
	put(t, s, "key", "newer value")
	writeFile(t, s.path, old)
	checkValueOf(t, s, "key", "value of key")
}

func TestRemovedBehindOurBack(t *testing.T) {
	s := newStore(t, "key", "other")
	e := indexEntryOf(t, s, "key")
	tamper(t, s.path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketRecord)).Delete(partKey(e.id, suffixValue))
	})
	checkRefused(t, s, "key")

	s = newStore(t, "key", "other")
	e = indexEntryOf(t, s, "key")
	tamper(t, s.path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketIndex)).Delete(e.key[:]) })
	checkRefused(t, s, "key")
	_, err := s.List()
	checkDamage(t, "list", err)
}

func TestAddedBehindOurBack(t *testing.T) {
	s := newStore(t, "key")
	last := ID(bytes.Repeat([]byte{0xff}, len(ID{})))
	overwrite(t, s.path, bucketRecord, map[string][]byte{string(partKey(last, suffixValue)): {1}})
	checkValueOf(t, s, "key", "value of key")
	checkNotWritten(t, s)

	s = newStore(t, "key")
	e := indexEntryOf(t, s, "key")
	e.key[31] ^= 1 // another label of the same shard
	overwrite(t, s.path, bucketIndex, map[string][]byte{string(e.key[:]): e.encode()})
	checkRefused(t, s, "key")
}

// Signed even, a record is good only under the label that is sealed in it.
func TestRecordUnderAnotherLabel(t *testing.T) {
	s := newStore(t, "key")
	update(t, s, func(tx *Tx) error {
		tx.records[tx.keys.blind("other")] = tx.records[tx.keys.blind("key")]
		delete(tx.records, tx.keys.blind("key"))
		tx.changed = true
		return nil
	})
	_, _, err := s.Get("other")
	checkDamage(t, "get", err)
	_, err = s.List()
	checkDamage(t, "list", err)
	checkDamage(t, "rename", s.Update(func(tx *Tx) error { return tx.Rename("other", "key") }))
}

func TestBucketsAndKeysMissing(t *testing.T) {
	for _, name := range []string{bucketMeta, bucketIndex, bucketRecord} {
		s := newStore(t, "key")
		tamper(t, s.path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(name)) })
		_, err := Open(s.path, Options{})
		checkDamage(t, "without "+name, err)
		checkRefused(t, s, "key")
	}
	for _, key := range []string{keyHeader, keyManifest} {
		s := newStore(t, "key")
		tamper(t, s.path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Delete([]byte(key)) })
		checkRefused(t, s, "key")
	}
}

// The records of one store are worth nothing in another, under the same labels,
// epoch and vault key even.
func TestContentOfAnotherStore(t *testing.T) {
	for _, buckets := range [][]string{{bucketRecord}, {bucketIndex, bucketRecord}, {bucketMeta, bucketIndex, bucketRecord}} {
		mine, other := newStore(t, "key"), newStore(t, "key")
		theirs := dump(t, other.path)
		if len(buckets) == 3 {
			delete(theirs[bucketMeta], keyHeader)
		}
		tamper(t, mine.path, func(tx *bbolt.Tx) error {
			for _, name := range buckets[:len(buckets)-1] {
				if name == bucketIndex {
					_ = tx.DeleteBucket([]byte(name))
					_, _ = tx.CreateBucket([]byte(name))
				}
			}
			return nil
		})
		for _, bucket := range buckets {
			overwrite(t, mine.path, bucket, theirs[bucket])
		}
		if slices.Contains(buckets, bucketIndex) {
			checkRefused(t, mine, "key")
		} else {
			checkValueOf(t, mine, "key", "value of key")
			checkNotWritten(t, mine)
		}
	}
}

// A header is anybody's to write, digest and all; the signature covers it.
func TestChangedHeader(t *testing.T) {
	for what, change := range map[string]func(string) string{
		"key source":  func(h string) string { return strings.Replace(h, `"file"`, `"keyring"`, 1) },
		"extra slot":  func(h string) string { return strings.Replace(h, `"slots":null`, `"slots":[{}]`, 1) },
		"extra field": func(h string) string { return strings.Replace(h, `{`, `{"a":1,`, 1) },
		"created":     func(h string) string { return strings.Replace(h, `2026`, `2025`, 1) },
		"white space": func(h string) string { return h + " " },
	} {
		s := newStore(t, "key")
		old, _ := splitHeader(dump(t, s.path)[bucketMeta][keyHeader])
		forged := []byte(change(string(old)))
		if bytes.Equal(forged, old) {
			t.Fatalf("%s: nothing was changed in %s", what, old)
		}
		digest := sha256.Sum256(forged)
		overwrite(t, s.path, bucketMeta, map[string][]byte{keyHeader: append(forged, digest[:]...)})
		if _, err := Open(s.path, Options{}); err != nil {
			t.Errorf("%s: open: %v", what, err)
		}
		checkRefused(t, s, "key")
	}
}

// Someone with a signing key of his own, but without the vault key, cannot make
// a store that passes for this one: not with his key in the header, not by taking
// key or tag out of it.
func TestForgedSignKey(t *testing.T) {
	theirs := mustKeys(t, NewID(), 1)
	for what, forge := range map[string]func(h *Header){
		"their key":                func(h *Header) { h.SignKey = signKey(t, theirs) },
		"their key, their tag":     func(h *Header) { h.SignKey, h.SignKeyTag = signKey(t, theirs), vouched(t, theirs).SignKeyTag },
		"their key, no tag":        func(h *Header) { h.SignKey, h.SignKeyTag = signKey(t, theirs), nil },
		"no key, but a tag":        func(h *Header) { h.SignKey = nil },
		"neither":                  func(h *Header) { h.SignKey, h.SignKeyTag = nil, nil },
		"a key cut short":          func(h *Header) { h.SignKey = h.SignKey[:31] },
		"a tag cut short":          func(h *Header) { h.SignKeyTag = h.SignKeyTag[:31] },
		"a key with a flipped bit": func(h *Header) { h.SignKey[0] ^= 1 },
	} {
		s := newStore(t, "key")
		forged, err := decodeHeader(dump(t, s.path)[bucketMeta][keyHeader])
		if err != nil {
			t.Fatal(err)
		}
		forge(&forged)
		header, err := forged.encode()
		if err != nil {
			t.Fatal(err)
		}
		// They sign the present content with their key, under this store's id.
		signer := *theirs
		signer.id, signer.epoch = s.keys.id, s.keys.epoch
		content := dump(t, s.path)[bucketMeta][keyManifest][:manifestBody]
		private, err := theirs.signer()
		if err != nil {
			t.Fatal(err)
		}
		signature := ed25519.Sign(private, signer.manifestMessage(header, content))
		overwrite(t, s.path, bucketMeta, map[string][]byte{
			keyHeader:   header,
			keyManifest: append(bytes.Clone(content), signature...),
		})
		if _, err := Open(s.path, Options{}); err != nil {
			t.Errorf("%s: open: %v", what, err)
		}
		checkRefused(t, s, "key")
	}
}

// vouched is a header with a public key and its tag.
func vouched(t testing.TB, k *keys) Header {
	t.Helper()
	var h Header
	if err := k.vouch(&h); err != nil {
		t.Fatal(err)
	}
	return h
}

func signKey(t testing.TB, k *keys) []byte { t.Helper(); return vouched(t, k).SignKey }

// Without its digest put right, a changed header is found before any key is
// tried.
func TestDamagedHeader(t *testing.T) {
	s := newStore(t, "key")
	header := dump(t, s.path)[bucketMeta][keyHeader]
	for i := range header {
		broken := bytes.Clone(header)
		broken[i] ^= 1
		_, err := decodeHeader(broken)
		checkDamage(t, fmt.Sprintf("byte %d", i), locate("p", err))
		_, err = decodeHeader(header[:i])
		checkDamage(t, fmt.Sprintf("cut at %d", i), locate("p", err))
	}
}

// Every bit and every length of a part, and every place it does not belong to.
func TestPartOpensOnlyAsItIs(t *testing.T) {
	k, err := newKeys(vaultKey(), NewID(), 1)
	if err != nil {
		t.Fatal(err)
	}
	id, h := NewID(), partHeader{keyVersion: 1, revision: 1}
	sealed, err := k.seal(purposeValue, id, h, []byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, k *keys, purpose string, id ID, sealed []byte) {
		t.Helper()
		_, _, err := k.open(purpose, id, sealed)
		// All failures read the same: none tells how far a forgery came.
		checkErrorAs(t, what, err, &DamageError{Where: "record " + id.String(), What: "it does not open"})
	}
	for i := range len(sealed) * 8 {
		broken := bytes.Clone(sealed)
		broken[i/8] ^= 1 << (i % 8)
		refused(fmt.Sprintf("bit %d", i), k, purposeValue, id, broken)
	}
	for n := range sealed {
		refused(fmt.Sprintf("cut at %d", n), k, purposeValue, id, sealed[:n])
	}
	refused("longer", k, purposeValue, id, append(bytes.Clone(sealed), 0))
	refused("other purpose", k, purposeMeta, id, sealed)
	refused("other record", k, purposeValue, NewID(), sealed)
	for what, other := range map[string]*keys{
		"other store": mustKeys(t, NewID(), 1),
		"other epoch": mustKeys(t, k.id, 2),
	} {
		refused(what, other, purposeValue, id, sealed)
	}
	if plain, _, err := k.open(purposeValue, id, sealed); err != nil || string(plain) != "value" {
		t.Errorf("as it is: got %q, %v", plain, err)
	}
}

func mustKeys(t testing.TB, id ID, epoch uint64) *keys {
	t.Helper()
	k, err := newKeys(vaultKey(), id, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPadding(t *testing.T) {
	for _, c := range []struct {
		padded []byte
		want   string
		ok     bool
	}{
		{pad(nil), "", true},
		{pad([]byte{0x80}), "\x80", true},
		{pad(make([]byte, 64)), string(make([]byte, 64)), true},
		{[]byte{}, "", false},
		{make([]byte, 64), "", false},
		{[]byte{0x80, 1}, "", false},
	} {
		got, ok := unpad(c.padded)
		if string(got) != c.want || ok != c.ok {
			t.Errorf("unpad(%x): got %q, %v, want %q, %v", c.padded, got, ok, c.want, c.ok)
		}
		if len(c.padded)%padding != 0 && ok {
			t.Errorf("%d bytes are no multiple of %d", len(c.padded), padding)
		}
	}
}

// Neither labels nor values lie in the file, nor does a value that was removed
// or replaced, sealed as it was.
func TestFileHoldsNoPlaintextAndNoPast(t *testing.T) {
	s := newStore(t, "canary-label", "other")
	gone := [][]byte{[]byte("canary-label"), []byte("value of canary-label")}
	e := indexEntryOf(t, s, "canary-label")
	parts := partsOf(t, s)
	first := parts[string(partKey(e.id, suffixValue))][partHead:]
	put(t, s, "canary-label", "another canary")
	gone = append(gone, first, []byte("another canary"))
	checkAbsent(t, s.path, gone)

	parts = partsOf(t, s)
	gone = append(gone, parts[string(partKey(e.id, suffixValue))][partHead:], parts[string(partKey(e.id, suffixMeta))][partHead:])
	update(t, s, func(tx *Tx) error { return tx.Remove("canary-label") })
	checkAbsent(t, s.path, append(gone, e.key[:], e.id[:]))
}

func checkAbsent(t testing.TB, path string, gone [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gone {
		if bytes.Contains(b, g) {
			t.Errorf("the file holds %q", g)
		}
	}
}

func TestBlindTellsLabelsApart(t *testing.T) {
	k := mustKeys(t, NewID(), 1)
	seen := map[indexKey]string{}
	for _, label := range []string{"a", "A", "ab", "a/b", "a.b", "a-b", "a_b", "a@b"} {
		if other, ok := seen[k.blind(label)]; ok {
			t.Errorf("%q and %q are blinded alike", label, other)
		}
		seen[k.blind(label)] = label
	}
	if k.blind("a") == mustKeys(t, k.id, 2).blind("a") || k.blind("a") == mustKeys(t, NewID(), 1).blind("a") {
		t.Error("a label is blinded alike in another epoch or store")
	}
}

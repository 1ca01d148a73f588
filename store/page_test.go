package store

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// The reader sees in a file what bbolt sees in it, at sizes with inline
// buckets, one leaf, one and two levels of branches, and overflow pages.
func TestReaderSeesWhatBboltSees(t *testing.T) {
	for _, c := range []struct{ secrets, size int }{{0, 1}, {1, 1}, {2, 1}, {5, 1}, {50, 1}, {3, MaxValue}, {40, 5000}, {2000, 1}} {
		t.Run(fmt.Sprintf("%dx%d", c.secrets, c.size), func(t *testing.T) {
			s := newStore(t)
			update(t, s, func(tx *Tx) error {
				for i := range c.secrets {
					if err := tx.Put(about(fmt.Sprintf("n%d", i)), text(string(make([]byte, c.size)))); err != nil {
						return err
					}
				}
				return nil
			})
			want := dump(t, s.path)
			root := rootOf(t, s.path)
			for name, pairs := range want {
				bucket, err := root.bucket(name)
				if err != nil {
					t.Fatal(err)
				}
				got := map[string][]byte{}
				if err := bucket.scan(nil, func(e element) bool { got[string(e.key)] = e.value; return true }); err != nil {
					t.Fatal(err)
				}
				if !cmp.Equal(pairs, got) {
					t.Errorf("%s: scan differs: %d keys, want %d", name, len(got), len(pairs))
				}
				for key, value := range pairs {
					if got, err := bucket.get([]byte(key)); err != nil || !bytes.Equal(got, value) {
						t.Errorf("%s/%x: got %d bytes, error %v, want %d bytes", name, key, len(got), err, len(value))
					}
					if got, err := bucket.get([]byte(key + "x")); err != nil || got != nil {
						t.Errorf("%s/%xx: got %d bytes, error %v, want none", name, key, len(got), err)
					}
				}
			}
		})
	}
}

func rootOf(t testing.TB, path string) tree {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	root, err := rootTree(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// What we write, bbolt's own check finds in order.
func TestBboltFindsTheFileInOrder(t *testing.T) {
	s := newStore(t, "a", "b", "c")
	tamper(t, s.path, func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
}

// Every number that a page gives is checked before it is used.
func TestBadPages(t *testing.T) {
	leaf := func(number uint64, kind, count uint16, overflow uint32, pos, key, value uint32) []byte {
		b := make([]byte, 3*pageSize)
		at := b[2*pageSize:]
		le.PutUint64(at, number)
		le.PutUint16(at[8:], kind)
		le.PutUint16(at[10:], count)
		le.PutUint32(at[12:], overflow)
		le.PutUint32(at[pageHead+4:], pos)
		le.PutUint32(at[pageHead+8:], key)
		le.PutUint32(at[pageHead+12:], value)
		return b
	}
	const room, most = pageSize - pageHead, 1<<32 - 1
	for what, b := range map[string][]byte{
		"the number of another":     leaf(3, pageLeaf, 1, 0, elementSize, 1, 1),
		"a meta page":               leaf(2, pageMeta, 1, 0, elementSize, 1, 1),
		"no kind":                   leaf(2, 0, 1, 0, elementSize, 1, 1),
		"two kinds":                 leaf(2, pageLeaf|pageBranch, 1, 0, elementSize, 1, 1),
		"too many elements":         leaf(2, pageLeaf, room/elementSize+1, 0, elementSize, 1, 1),
		"overflow out of the file":  leaf(2, pageLeaf, 1, 1, elementSize, 1, 1),
		"greatest overflow":         leaf(2, pageLeaf, 1, most, elementSize, 1, 1),
		"a value one byte too long": leaf(2, pageLeaf, 1, 0, elementSize, 1, room-elementSize),
		"a key one byte too long":   leaf(2, pageLeaf, 1, 0, elementSize, room-elementSize+1, 0),
		"a position out of it":      leaf(2, pageLeaf, 1, 0, room+1, 0, 0),
		"the greatest of all":       leaf(2, pageLeaf, 1, 0, most, most, most),
		"a branch out of the file":  leaf(2, pageBranch, 1, 0, 1, 3, 0),
		"a branch to a meta page":   leaf(2, pageBranch, 1, 0, 1, 1, 0),
		"a branch to itself":        leaf(2, pageBranch, 1, 0, 1, 2, 0),
	} {
		bucket := tree{pages: &pages{r: bytes.NewReader(b), count: 3}, root: 2}
		err := bucket.scan(nil, func(element) bool { return true })
		checkDamage(t, what, locate("p", err))
	}
	whole := tree{pages: &pages{r: bytes.NewReader(leaf(2, pageLeaf, 1, 0, elementSize, 1, room-elementSize-1)), count: 3}, root: 2}
	if err := whole.scan(nil, func(element) bool { return true }); err != nil {
		t.Errorf("a page that is full to its last byte: %v", err)
	}
}

// A branch that leads to itself makes bbolt recurse until the process dies.
func TestPagesInACircle(t *testing.T) {
	path := golden(t, "fifty.db")
	b := contents(t, path)
	branches := 0
	for at := 2 * pageSize; at < len(b); at += pageSize {
		if le.Uint16(b[at+8:]) != pageBranch || le.Uint64(b[at:]) != uint64(at/pageSize) {
			continue
		}
		branches++
		for i := range int(le.Uint16(b[at+10:])) {
			le.PutUint64(b[at+pageHead+i*elementSize+8:], uint64(at/pageSize))
		}
	}
	if branches == 0 {
		t.Fatal("the file has no branch page")
	}
	writeFile(t, path, b)
	s := unlocked(t, path, goldenKey())
	_, _, err := s.Get("label/07")
	checkDamage(t, "get", err)
	_, err = s.List()
	checkDamage(t, "list", err)
}

// A branch key that was changed keeps a search from what a scan still finds, and
// so does an element that is not in its place: no reader misses it, and the deep
// check does not find that whole.
func TestSearchedAndScanned(t *testing.T) {
	whole := contents(t, golden(t, "fifty.db"))
	kinds := map[uint16]int{}
	for at := 2 * pageSize; at < len(whole); at += pageSize {
		kind := le.Uint16(whole[at+8:])
		if kind != pageBranch && kind != pageLeaf || le.Uint64(whole[at:]) != uint64(at/pageSize) || le.Uint16(whole[at+10:]) < 2 {
			continue
		}
		pg, err := parsePage(whole[at:][:pageSize])
		if err != nil {
			continue // it goes on in the next
		}
		last, err := pg.key(pg.count - 1)
		if err != nil {
			continue
		}
		kinds[kind]++
		for _, bit := range []byte{0x80, 1} {
			last[0] ^= bit
			path := elsewhere(t, whole)
			last[0] ^= bit
			r, err := ReadRemains(path, Options{})
			if err != nil {
				continue // that was the header's
			}
			defer r.Close()
			if err := r.Unlock(goldenKey()); err != nil {
				t.Fatal(err)
			}
			report, err := r.Report()
			if err != nil {
				t.Error(err)
			}
			checkDamage(t, fmt.Sprintf("page %d of kind %d", at/pageSize, kind), report.Damage)
		}
	}
	if kinds[pageBranch] == 0 || kinds[pageLeaf] == 0 {
		t.Errorf("kinds of pages: %v", kinds)
	}
}

// Both meta pages lead to the same content, so one of them may be lost; an
// emptied store or an older state never comes of it.
func TestLostMetaPages(t *testing.T) {
	for _, lost := range [][]int{{0}, {1}, {0, 1}} {
		s := newStore(t, "key")
		put(t, s, "key", "newer value")
		b := contents(t, s.path)
		for _, page := range lost {
			clear(b[page*pageSize:][:pageSize])
		}
		writeFile(t, s.path, b)
		if len(lost) == 1 {
			checkValueOf(t, s, "key", "newer value")
			continue
		}
		_, err := Open(s.path, Options{})
		checkDamage(t, "open", err)
		checkRefused(t, s, "key")
	}
	for page := range 2 { // one whose checksum does not fit counts as lost
		s := newStore(t, "key")
		b := contents(t, s.path)
		b[page*pageSize+pageHead+16] ^= 1
		writeFile(t, s.path, b)
		checkValueOf(t, s, "key", "value of key")
	}
}

// FuzzOpen changes bytes of a store file: what comes out is the value or an
// error, never another value, never "no such label" and never a panic.
func FuzzOpen(f *testing.F) {
	whole := map[bool][]byte{}
	for large, name := range map[bool]string{false: "one.db", true: "fifty.db"} {
		b, err := os.ReadFile("testdata/format1/" + name)
		if err != nil {
			f.Fatal(err)
		}
		whole[large] = b
		f.Add(large, uint32(0), []byte{}, uint32(len(b)))
		f.Add(large, uint32(pageSize+16), []byte{0xff, 0xff}, uint32(len(b)))
		f.Add(large, uint32(2*pageSize+8), []byte{1, 0, 255, 255}, uint32(len(b)))
		f.Add(large, uint32(5*pageSize), []byte{1}, uint32(6*pageSize))
		f.Add(large, uint32(9*pageSize+12), []byte{255, 255, 255, 127}, uint32(len(b)))
	}
	f.Fuzz(func(t *testing.T, large bool, at uint32, change []byte, length uint32) {
		b := bytes.Clone(whole[large])
		if int(at) < len(b) {
			copy(b[at:], change)
		}
		b = b[:min(int(length), len(b))]
		label, want := "openai-api-key", "sk-golden"
		if large {
			label, want = "label/07", "value-07"
		}
		checkOpens(t, b, label, want)
	})
}

func checkOpens(t *testing.T, b []byte, label, want string) {
	c, err := readContent(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	k, err := newKeys(goldenKey(), c.head.StoreID, c.head.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := c.verify(k)
	if err != nil {
		return
	}
	_, v, err := snap.get(label)
	if err == nil && string(v.Expose()) != want {
		t.Errorf("got %q, want %q", v.Expose(), want)
	}
	if err != nil {
		checkDamage(t, "get", locate("p", err))
	}
	if metas, err := snap.list(); err == nil && len(metas) != int(snap.manifest.count) {
		t.Errorf("list has %d secrets, the manifest %d", len(metas), snap.manifest.count)
	}
}

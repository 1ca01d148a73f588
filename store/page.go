package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"sort"
)

// A store file is written by bbolt and read by this file. bbolt trusts its
// pages: on a damaged file it panics, faults in mapped memory, loops, or
// recurses until the stack overflows, which ends the process whatever guards
// it. (Of the 56 flips of one bit in the child numbers of a branch page of a
// store with 50 secrets, three did that.) Here each length is checked against
// its page, each page against the file, and a walk ends after as many pages as
// the file has. No lock and no mapping are needed either. The layout is bbolt's
// version 2, little-endian, with pages of 4096 bytes; docs/format.md repeats it.
const (
	pageSize    = 4096
	pageHead    = 16 // id ‖ kind ‖ element count ‖ overflow pages
	elementSize = 16

	pageBranch = 0x01
	pageLeaf   = 0x02
	pageMeta   = 0x04

	maxKept = 64 // pages

	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaSize    = 64

	elementBucket = 0x01
	bucketHead    = 16 // root page ‖ sequence

	wherePages = "page structure"
)

var le = binary.LittleEndian

// pages reads the pages of one file.
type pages struct {
	r     io.ReaderAt
	count uint64

	// kept are the first pages that were read: the way to a secret leads over the
	// same few again and again.
	kept map[uint64]page
}

// page is one page with those it overflows into.
type page struct {
	kind  uint16
	count int
	data  []byte
}

// element is a leaf's: a key and its value, which for a bucket tells its root.
type element struct {
	bucket     bool
	key, value []byte
}

func (p *pages) read(id uint64, size int) ([]byte, error) {
	data := make([]byte, size)
	_, err := p.r.ReadAt(data, int64(id)*pageSize)
	if errors.Is(err, io.EOF) {
		return nil, damaged(wherePages, "page %d is cut short", id)
	}
	return data, err
}

// page reads one branch or leaf page.
func (p *pages) page(id uint64) (page, error) {
	if id < 2 || id >= p.count {
		return page{}, damaged(wherePages, "page %d of %d", id, p.count)
	}
	if pg, ok := p.kept[id]; ok {
		return pg, nil
	}
	data, err := p.read(id, pageSize)
	if err != nil {
		return page{}, err
	}
	if le.Uint64(data) != id {
		return page{}, damaged(wherePages, "page %d says it is another", id)
	}
	if overflow := uint64(le.Uint32(data[12:])); overflow > 0 {
		if overflow >= p.count-id {
			return page{}, damaged(wherePages, "page %d is longer than the file", id)
		}
		if data, err = p.read(id, int(1+overflow)*pageSize); err != nil {
			return page{}, err
		}
	}
	pg, err := parsePage(data)
	if err == nil && len(p.kept) < maxKept {
		if p.kept == nil {
			p.kept = map[uint64]page{}
		}
		p.kept[id] = pg
	}
	return pg, err
}

// beginsWith makes sure that a page's first key is the one its branch says.
func (p *pages) beginsWith(id uint64, key []byte) error {
	pg, err := p.page(id)
	if err != nil {
		return err
	}
	var first []byte
	if pg.count > 0 {
		first, err = pg.key(0)
	}
	if err == nil && !bytes.Equal(first, key) {
		err = damaged(wherePages, "page %d begins with another key than its branch says", id)
	}
	return err
}

func parsePage(data []byte) (page, error) {
	if len(data) < pageHead {
		return page{}, damaged(wherePages, "a page is cut short")
	}
	pg := page{kind: le.Uint16(data[8:]), count: int(le.Uint16(data[10:])), data: data}
	if pg.kind != pageBranch && pg.kind != pageLeaf {
		return page{}, damaged(wherePages, "a page is of kind %d", pg.kind)
	}
	if pageHead+pg.count*elementSize > len(data) {
		return page{}, damaged(wherePages, "a page has no room for its %d elements", pg.count)
	}
	return pg, nil
}

// slice cuts what element i says lies pos bytes behind its own beginning.
func (pg page) slice(i int, pos, size uint64) ([]byte, error) {
	start := uint64(pageHead+i*elementSize) + pos
	if end := start + size; end <= uint64(len(pg.data)) {
		return pg.data[start:end:end], nil
	}
	return nil, damaged(wherePages, "an element lies outside its page")
}

func (pg page) leaf(i int) (element, error) {
	e := pg.data[pageHead+i*elementSize:]
	pos, keySize, valueSize := uint64(le.Uint32(e[4:])), uint64(le.Uint32(e[8:])), uint64(le.Uint32(e[12:]))
	both, err := pg.slice(i, pos, keySize+valueSize)
	if err != nil {
		return element{}, err
	}
	return element{bucket: le.Uint32(e)&elementBucket != 0, key: both[:keySize], value: both[keySize:]}, nil
}

func (pg page) branch(i int) (key []byte, child uint64, err error) {
	e := pg.data[pageHead+i*elementSize:]
	key, err = pg.slice(i, uint64(le.Uint32(e)), uint64(le.Uint32(e[4:])))
	return key, le.Uint64(e[8:]), err
}

func (pg page) key(i int) ([]byte, error) {
	if pg.kind == pageBranch {
		key, _, err := pg.branch(i)
		return key, err
	}
	e, err := pg.leaf(i)
	return e.key, err
}

// search returns the first element whose key is not below the given one.
func (pg page) search(key []byte) (int, error) {
	var failed error
	i := sort.Search(pg.count, func(i int) bool {
		k, err := pg.key(i)
		if err != nil {
			failed = err
		}
		return bytes.Compare(k, key) >= 0
	})
	return i, failed
}

// A tree is one bucket: a root page of its own, or, where it is small, one that
// lies within its parent's.
type tree struct {
	pages  *pages
	root   uint64
	inline []byte
}

// scan visits the elements from a key on, in order, until visit says false.
func (t tree) scan(from []byte, visit func(element) bool) error {
	return t.walk(&walk{pages: t.pages, left: t.pages.count, visit: visit}, from)
}

func (t tree) walk(w *walk, from []byte) error {
	if t.inline != nil {
		pg, err := parsePage(t.inline)
		if err != nil {
			return err
		}
		_, err = w.elements(pg, from)
		return err
	}
	_, err := w.page(t.root, from)
	return err
}

// check makes sure that a search finds what a scan does. A scan takes pages and
// elements as they come; a search goes by the keys of branches and by order.
func (t tree) check() error {
	w := walk{pages: t.pages, left: t.pages.count, visit: func(element) bool { return true }, strict: true}
	return t.walk(&w, nil)
}

// get returns the value of a key, nil where there is none.
func (t tree) get(key []byte) ([]byte, error) {
	var value []byte
	err := t.scan(key, func(e element) bool {
		if bytes.Equal(e.key, key) && !e.bucket {
			value = e.value
		}
		return false
	})
	return value, err
}

// walk is one scan under way.
type walk struct {
	pages *pages
	left  uint64 // pages that may still be read: more than the file has is a loop
	visit func(element) bool

	strict bool   // nothing but what every search finds will do
	last   []byte // where strict, the key visited last
}

func (w *walk) page(id uint64, from []byte) (more bool, err error) {
	pg, err := w.pages.page(id)
	if err != nil {
		return false, err
	}
	size := uint64(len(pg.data) / pageSize)
	if size > w.left {
		return false, damaged(wherePages, "its pages lead in a circle")
	}
	w.left -= size
	if pg.kind == pageLeaf {
		return w.elements(pg, from)
	}
	return w.children(pg, from)
}

// children descends into a branch. A child's key is its smallest, so the first
// that can hold from is the one before the first that is greater.
func (w *walk) children(pg page, from []byte) (more bool, err error) {
	i, err := pg.search(from)
	if err != nil {
		return false, err
	}
	if i > 0 {
		i--
	}
	for ; i < pg.count; i++ {
		key, child, err := pg.branch(i)
		if err == nil && w.strict {
			err = w.pages.beginsWith(child, key)
		}
		if err != nil {
			return false, err
		}
		if more, err := w.page(child, from); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func (w *walk) elements(pg page, from []byte) (more bool, err error) {
	i, err := pg.search(from)
	if err != nil {
		return false, err
	}
	for ; i < pg.count; i++ {
		e, err := pg.leaf(i)
		if err == nil && w.strict && w.last != nil && bytes.Compare(w.last, e.key) >= 0 {
			err = damaged(wherePages, "its keys are out of order")
		}
		if err != nil {
			return false, err
		}
		if w.last = e.key; !w.visit(e) {
			return false, nil
		}
	}
	return true, nil
}

// rootTree finds the tree of buckets by the newer of the two meta pages that
// are whole. A store's both lead to the same one: see draft.build.
func rootTree(r io.ReaderAt, size int64) (tree, error) {
	p := &pages{r: r, count: uint64(size) / pageSize}
	var root, newest uint64
	for id := range uint64(2) {
		data, err := p.read(id, pageSize)
		if err != nil {
			return tree{}, err
		}
		if pgid, txid, ok := parseMeta(data[pageHead:][:metaSize]); ok && txid >= newest {
			root, newest = pgid, txid
		}
	}
	if root == 0 {
		return tree{}, damaged(wherePages, "neither meta page is whole")
	}
	return tree{pages: p, root: root}, nil
}

// parseMeta reads magic, version, page size, flags, root page, root sequence,
// freelist, high water mark and transaction, behind them their FNV-1a.
func parseMeta(b []byte) (root, txid uint64, ok bool) {
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	ok = le.Uint32(b) == metaMagic && le.Uint32(b[4:]) == metaVersion && le.Uint32(b[8:]) == pageSize &&
		le.Uint64(b[metaSize-8:]) == sum.Sum64()
	return le.Uint64(b[16:]), le.Uint64(b[48:]), ok
}

// bucket finds the tree of a bucket by its name.
func (t tree) bucket(name string) (tree, error) {
	var found *tree
	err := t.scan([]byte(name), func(e element) bool {
		if string(e.key) == name && e.bucket && len(e.value) >= bucketHead {
			found = &tree{pages: t.pages, root: le.Uint64(e.value)}
			if found.root == 0 {
				found.inline = e.value[bucketHead:]
			}
		}
		return false
	})
	if err == nil && found == nil {
		err = damaged(wherePages, "the bucket %q is missing", name)
	}
	if err != nil {
		return tree{}, err
	}
	return *found, nil
}

package store

import (
	"os"
	"slices"

	"secrets/redact"
)

// Remains is what can be read of a store file, whole or damaged. Nothing leads
// the way in a damaged file, so every page of it is searched, whatever the
// branches and meta pages say. What is found counts only as far as it verifies:
//
//   - proven is what the signed manifest says belongs to the store;
//   - where the part of the manifest or of the index that would say so is lost, a
//     secret that opens was in this store once, but may be an older one that
//     somebody put back;
//   - what the manifest says does not belong is left out.
type Remains struct {
	path string
	opt  Options
	file *os.File

	rawHeader []byte
	header    Header
	whole     bool // its digest fits
	manifests [][]byte
	index     map[indexKey][]indexEntry
	metas     map[ID][][]byte
	values    map[ID][][]byte

	// left bounds the elements to look at, so that no forged page makes a search
	// last: in a file as it is written each takes 16 bytes and more.
	left int

	keys *keys
}

// ReadRemains searches the file at path. It returns a *DamageError where not
// even the header is left: without it no key is found. The file is never
// written to. Close ends it.
func ReadRemains(path string, opt Options) (*Remains, error) {
	f, err := openFile(path, opt)
	if err != nil {
		return nil, err
	}
	r := &Remains{
		path: path, opt: opt, file: f,
		index: map[indexKey][]indexEntry{}, metas: map[ID][][]byte{}, values: map[ID][][]byte{},
	}
	if err := r.search(); err != nil {
		_ = f.Close()
		return nil, locate(path, err)
	}
	return r, nil
}

// Header is the header that was found.
func (r *Remains) Header() Header { return r.header }

// Unlock derives the keys from the vault key, as Store.Unlock does.
func (r *Remains) Unlock(vaultKey redact.Value) error {
	if err := r.header.understood(); err != nil {
		return err
	}
	k, err := newKeys(vaultKey, r.header.StoreID, r.header.Epoch)
	r.keys = k
	return err
}

// Close wipes the keys and closes the file.
func (r *Remains) Close() {
	if r.keys != nil {
		r.keys.wipe()
		r.keys = nil
	}
	_ = r.file.Close()
}

// maxOverflow bounds the pages that one page may have behind it: bbolt puts up
// to four of our largest values into one leaf.
const maxOverflow = 128

// search looks for everything that has the shape of a store's content.
func (r *Remains) search() error {
	b, err := readAll(r.file)
	if err != nil {
		return err
	}
	r.left = 2 * len(b) / elementSize
	for at := 2 * pageSize; at+pageHead <= len(b); at += pageSize {
		size := pageSize
		if overflow := le.Uint32(b[at+12:]); overflow <= maxOverflow {
			size += int(overflow) * pageSize
		}
		r.page(b[at:min(at+size, len(b))])
	}
	if r.rawHeader == nil {
		return damaged("header", "it is nowhere in the file")
	}
	return nil
}

func readAll(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, damaged("file", "it is larger than %d bytes", maxFile)
	}
	b := make([]byte, info.Size())
	n, err := f.ReadAt(b, 0)
	if n == len(b) {
		err = nil
	}
	return b, err
}

// page sorts what a page holds if it is taken for a leaf. What its kind is said
// to be does not matter.
func (r *Remains) page(data []byte) {
	pg := page{data: data}
	pg.count = min(int(le.Uint16(data[10:])), (len(data)-pageHead)/elementSize)
	for i := range pg.count {
		if r.left--; r.left < 0 {
			return
		}
		e, err := pg.leaf(i)
		if err != nil {
			continue
		}
		if e.bucket && len(e.value) > bucketHead+pageHead {
			r.page(e.value[bucketHead:])
		}
		r.element(e)
	}
}

// element keeps what has the shape of something of ours.
func (r *Remains) element(e element) {
	id, suffix := splitPartKey(e.key)
	switch {
	case string(e.key) == keyHeader:
		r.takeHeader(e.value)
	case string(e.key) == keyManifest && len(e.value) == manifestSize:
		r.manifests = append(r.manifests, e.value)
	case suffix == suffixMeta:
		r.metas[id] = append(r.metas[id], e.value)
	case suffix == suffixValue:
		r.values[id] = append(r.values[id], e.value)
	default:
		if entry, err := decodeIndexEntry(e.key, e.value); err == nil && !slices.Contains(r.index[entry.key], entry) {
			r.index[entry.key] = append(r.index[entry.key], entry)
		}
	}
}

// takeHeader keeps the newest header that is whole, or one that can be read at
// least: what is wrong in it may not matter to the key and the slots.
func (r *Remains) takeHeader(b []byte) {
	h, err := decodeHeader(b)
	whole := err == nil
	if !whole {
		text, _ := splitHeader(b)
		h, err = parseHeader(text)
	}
	if err == nil && (whole && !r.whole || whole == r.whole && h.Epoch > r.header.Epoch) {
		r.rawHeader, r.header, r.whole = b, h, whole
	}
}

// splitPartKey reverses partKey; the suffix is "" where it is no part's.
func splitPartKey(key []byte) (id ID, suffix string) {
	if len(key) < len(id) {
		return id, ""
	}
	return ID(key[:len(id)]), string(key[len(id):])
}

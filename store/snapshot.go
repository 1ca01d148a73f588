package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"secrets/redact"
)

// The buckets of a store file and the keys in the first of them. A record's
// parts lie flat in theirs, under its id and a suffix.
const (
	bucketMeta   = "meta"
	bucketIndex  = "index"
	bucketRecord = "record"

	keyHeader   = "header"
	keyManifest = "manifest"

	suffixMeta  = "/meta"
	suffixValue = "/value"
)

// content is an open store file whose header is whole. Nothing else of it has
// been checked.
type content struct {
	file io.ReaderAt
	size int64

	meta, index, record tree

	header []byte
	head   Header
}

func readContent(r io.ReaderAt, size int64) (*content, error) {
	switch {
	case size == 0:
		return nil, damaged("file", "it is empty")
	case size > maxFile:
		return nil, damaged("file", "it is larger than %d bytes", maxFile)
	}
	root, err := rootTree(r, size)
	if err != nil {
		return nil, err
	}
	c := content{file: r, size: size}
	if c.meta, err = root.bucket(bucketMeta); err != nil {
		return nil, err
	}
	if c.header, err = c.meta.get([]byte(keyHeader)); err != nil {
		return nil, err
	}
	if c.head, err = decodeHeader(c.header); err != nil {
		return nil, err
	}
	if c.index, err = root.bucket(bucketIndex); err != nil {
		return nil, err
	}
	if c.record, err = root.bucket(bucketRecord); err != nil {
		return nil, err
	}
	return &c, nil
}

// A snapshot is an open store file whose manifest is verified. What it returns
// has been checked against that.
type snapshot struct {
	*content
	keys     *keys
	manifest manifest
}

// verify makes sure that the keys are this content's and that they signed it.
func (c *content) verify(k *keys) (*snapshot, error) {
	if c.head.StoreID != k.id || c.head.Epoch != k.epoch {
		return nil, ErrRekeyed
	}
	if err := c.head.understood(); err != nil {
		return nil, err
	}
	b, err := c.meta.get([]byte(keyManifest))
	if err != nil {
		return nil, err
	}
	public, err := k.publicKey(c.head)
	if err != nil {
		return nil, err
	}
	m, err := verifyManifest(k, public, c.header, b)
	if err != nil {
		return nil, err
	}
	return &snapshot{content: c, keys: k, manifest: m}, nil
}

// about opens what is known about one secret, having checked the one shard that
// has it or would have it.
func (s *snapshot) about(label string) (indexEntry, Meta, error) {
	e, err := s.find(label)
	if err != nil {
		return e, Meta{}, err
	}
	sealed, err := s.part(e.id, suffixMeta, e.meta)
	if err != nil {
		return e, Meta{}, err
	}
	meta, _, err := s.keys.openMeta(e.key, e.id, sealed)
	return e, meta, err
}

// get opens the value too, if this version understands enough to lend it.
func (s *snapshot) get(label string) (Meta, redact.Value, error) {
	e, meta, err := s.about(label)
	if err == nil {
		err = meta.understood()
	}
	if err != nil {
		return Meta{}, redact.Value{}, err
	}
	sealed, err := s.part(e.id, suffixValue, e.value)
	if err != nil {
		return Meta{}, redact.Value{}, err
	}
	value, _, err := s.keys.open(purposeValue, e.id, sealed)
	return meta, redact.NewValue(value), err
}

// list opens the meta part of every record.
func (s *snapshot) list() ([]Meta, error) {
	entries, err := s.entries()
	if err != nil {
		return nil, err
	}
	parts, err := s.parts(suffixMeta)
	if err != nil {
		return nil, err
	}
	metas := make([]Meta, 0, len(entries))
	for _, e := range entries {
		if err := checkPart(parts[e.id], e.meta, e.id, suffixMeta); err != nil {
			return nil, err
		}
		meta, _, err := s.keys.openMeta(e.key, e.id, parts[e.id])
		if err != nil {
			return nil, err
		}
		metas = append(metas, meta)
	}
	return metas, nil
}

// find returns the index entry of a label, or ErrNotFound once the shard that
// would have it is known to be whole.
func (s *snapshot) find(label string) (indexEntry, error) {
	key := s.keys.blind(label)
	shard, err := s.shard(key[0])
	if err != nil {
		return indexEntry{}, err
	}
	for _, e := range shard {
		if e.key == key {
			return e, nil
		}
	}
	return indexEntry{}, ErrNotFound
}

// shard returns the index entries whose keys begin with b, in order.
func (s *snapshot) shard(b byte) ([]indexEntry, error) {
	entries, err := scanIndex(s.index, []byte{b}, func(key []byte) bool { return key[0] == b })
	if err != nil {
		return nil, err
	}
	if shardDigest(entries) != s.manifest.shards[b] {
		return nil, damaged("index", "shard %d is not what the manifest says", b)
	}
	return entries, nil
}

// entries returns the whole index, in order.
func (s *snapshot) entries() ([]indexEntry, error) {
	entries, err := scanIndex(s.index, nil, func([]byte) bool { return true })
	if err != nil {
		return nil, err
	}
	for b, digest := range shardDigests(entries) {
		if digest != s.manifest.shards[b] {
			return nil, damaged("index", "shard %d is not what the manifest says", b)
		}
	}
	if uint64(len(entries)) != s.manifest.count {
		return nil, damaged("index", "it has %d entries, the manifest says %d", len(entries), s.manifest.count)
	}
	return entries, nil
}

// scanIndex reads entries from a key on, while it is in range.
func scanIndex(index tree, from []byte, in func(key []byte) bool) ([]indexEntry, error) {
	var entries []indexEntry
	var bad error
	err := index.scan(from, func(el element) bool {
		var e indexEntry
		if e, bad = decodeIndexEntry(el.key, el.value); bad != nil || !in(el.key) {
			return false
		}
		entries = append(entries, e)
		return true
	})
	if err == nil {
		err = bad
	}
	return entries, err
}

// part reads one part of a record.
func (s *snapshot) part(id ID, suffix string, digest [sha256.Size]byte) ([]byte, error) {
	sealed, err := s.record.get(partKey(id, suffix))
	if err != nil {
		return nil, err
	}
	return sealed, checkPart(sealed, digest, id, suffix)
}

// parts reads one part of every record. Anything else in their bucket is
// damage.
func (s *snapshot) parts(suffix string) (map[ID][]byte, error) {
	parts := make(map[ID][]byte, s.manifest.count)
	var count uint64
	err := s.record.scan(nil, func(e element) bool {
		if count++; count > 2*s.manifest.count {
			return false
		}
		if len(e.key) == len(ID{})+len(suffix) && bytes.HasSuffix(e.key, []byte(suffix)) {
			parts[ID(e.key[:len(ID{})])] = bytes.Clone(e.value)
		}
		return true
	})
	if err == nil && (count != 2*s.manifest.count || uint64(len(parts)) != s.manifest.count) {
		err = damaged("records", "there are not as many as the manifest says")
	}
	return parts, err
}

func partKey(id ID, suffix string) []byte { return append(id[:], suffix...) }

func checkPart(sealed []byte, digest [sha256.Size]byte, id ID, suffix string) error {
	if sum := sha256.Sum256(sealed); sum != digest {
		return damaged(fmt.Sprintf("record %s%s", id, suffix), "it is not what the index says")
	}
	return nil
}

// openMeta opens a meta part and makes sure that it belongs to the label under
// which it was found.
func (k *keys) openMeta(key indexKey, id ID, sealed []byte) (Meta, partHeader, error) {
	plain, h, err := k.open(purposeMeta, id, sealed)
	if err != nil {
		return Meta{}, h, err
	}
	meta, err := decodeMeta(plain)
	if err != nil || k.blind(meta.Label) != key {
		return Meta{}, h, damaged("record "+id.String(), "it belongs to another label")
	}
	return meta, h, nil
}

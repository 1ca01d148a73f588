package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// The manifest says what belongs to the store, so that nothing can be removed,
// added, swapped or brought back behind its owner's back:
//
//	version 0x01 ‖ generation ‖ count ‖ 256 shard digests ‖ Ed25519 signature
//
// Shard b is the sorted index entries whose key begins with byte b, its digest
// the SHA-256 over lp(key) lp(value) of each. So a read checks one shard, not
// the store.
const (
	manifestVersion = 0x01
	shards          = 256
	manifestBody    = 1 + 8 + 8 + shards*sha256.Size
	manifestSize    = manifestBody + ed25519.SignatureSize

	purposeManifest = "secrets/v1/manifest"
)

type manifest struct {
	generation uint64 // one more with each write
	count      uint64 // secrets in the store
	shards     [shards][sha256.Size]byte
}

// sign encodes m with the signature that binds it to its header.
func (m manifest) sign(k *keys, header []byte) ([]byte, error) {
	private, err := k.signer()
	if err != nil {
		return nil, err
	}
	defer clear(private)
	b := make([]byte, 0, manifestSize)
	b = append(b, manifestVersion)
	b = binary.BigEndian.AppendUint64(b, m.generation)
	b = binary.BigEndian.AppendUint64(b, m.count)
	for _, sum := range m.shards {
		b = append(b, sum[:]...)
	}
	return append(b, ed25519.Sign(private, k.manifestMessage(header, b))...), nil
}

// verifyManifest reverses sign.
func verifyManifest(k *keys, public ed25519.PublicKey, header, b []byte) (manifest, error) {
	if len(b) != manifestSize {
		return manifest{}, damaged("manifest", "it has %d bytes, not %d", len(b), manifestSize)
	}
	body, signature := b[:manifestBody], b[manifestBody:]
	if body[0] != manifestVersion || !ed25519.Verify(public, k.manifestMessage(header, body), signature) {
		return manifest{}, damaged("manifest", "its signature does not fit")
	}
	m := manifest{
		generation: binary.BigEndian.Uint64(body[1:]),
		count:      binary.BigEndian.Uint64(body[9:]),
	}
	for i := range m.shards {
		copy(m.shards[i][:], body[17+i*sha256.Size:])
	}
	return m, nil
}

// prepareVerify verifies a signature that is none. The first verification in a
// process builds a table, which costs as much as the rest of a read: it can be
// built while the store's key is fetched.
var prepareVerify = sync.OnceFunc(func() {
	public := bytes.Repeat([]byte{0x66}, ed25519.PublicKeySize)
	public[0] = 0x58 // the base point of RFC 8032, a public key like any other
	ed25519.Verify(public, nil, make([]byte, ed25519.SignatureSize))
})

// manifestMessage is what is signed: the manifest's body and all that it must
// not be parted from.
func (k *keys) manifestMessage(header, body []byte) []byte {
	_, digest := splitHeader(header)
	message := []byte(purposeManifest + "\x00")
	message = lp(message, k.id[:])
	message = lp64(message, k.epoch)
	message = lp(message, digest)
	return lp(message, body)
}

// An indexEntry tells where the record of a label lies and what its parts are.
type indexEntry struct {
	key         indexKey
	id          ID
	meta, value [sha256.Size]byte // digests of the sealed parts
}

const indexValueSize = 4 + len(ID{}) + 2*sha256.Size

// encode is lp(record id) ‖ SHA-256(meta part) ‖ SHA-256(value part).
func (e indexEntry) encode() []byte {
	b := lp(make([]byte, 0, indexValueSize), e.id[:])
	b = append(b, e.meta[:]...)
	return append(b, e.value[:]...)
}

func decodeIndexEntry(key, value []byte) (indexEntry, error) {
	var e indexEntry
	if len(key) != len(e.key) || len(value) != indexValueSize {
		return e, damaged("index", "an entry has %d and %d bytes", len(key), len(value))
	}
	copy(e.key[:], key)
	copy(e.id[:], value[4:])
	copy(e.meta[:], value[4+len(e.id):])
	copy(e.value[:], value[4+len(e.id)+sha256.Size:])
	if !bytes.Equal(e.encode(), value) {
		return e, damaged("index", "an entry is malformed")
	}
	return e, nil
}

// shardDigest digests the sorted entries of one shard.
func shardDigest(entries []indexEntry) [sha256.Size]byte {
	h := sha256.New()
	var b []byte
	for _, e := range entries {
		b = lp(lp(b[:0], e.key[:]), e.encode())
		h.Write(b)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// shardDigests digests all shards of a whole index in order.
func shardDigests(entries []indexEntry) [shards][sha256.Size]byte {
	var digests [shards][sha256.Size]byte
	for b := range digests {
		n := 0
		for n < len(entries) && entries[n].key[0] == byte(b) {
			n++
		}
		digests[b] = shardDigest(entries[:n])
		entries = entries[n:]
	}
	return digests
}

package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"secrets/redact"
)

// testdata/format1/vectors.json was computed by reader.py beside it. A vector
// that no longer fits means stores that no longer open.
func TestVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/format1/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]any
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	raw := func(name string) []byte {
		b, err := hex.DecodeString(vectors[name].(string))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	number := func(name string) uint64 { return uint64(vectors[name].(float64)) }

	k, err := newKeys(redact.NewValue(raw("vault_key")), ID(raw("store_id")), number("epoch"))
	if err != nil {
		t.Fatal(err)
	}
	record := ID(raw("record_id"))
	part := partHeader{keyVersion: number("key_version"), revision: number("revision")}
	blind := k.blind("openai-api-key")
	index := []indexEntry{vectorEntry(0), vectorEntry(7), vectorEntry(255)}
	m := manifest{generation: 9, count: 3, shards: shardDigests(index)}
	header := []byte(`{"format":1}`)
	digest := sha256.Sum256(header)
	header = append(header, digest[:]...)
	signed, err := m.sign(k, header)
	if err != nil {
		t.Fatal(err)
	}
	public := vouched(t, k)
	shardBytes := signed[17:manifestBody]

	for name, got := range map[string][]byte{
		"prk":                  k.prk.Expose(),
		purposeIndex:           k.index.Expose(),
		purposeSign:            expand(t, k, purposeSign),
		purposeSignTag:         expand(t, k, purposeSignTag),
		"secrets/v1/activity":  expand(t, k, "secrets/v1/activity"),
		purposeMeta:            recordKey(t, k, purposeMeta, record, part.keyVersion),
		purposeValue:           recordKey(t, k, purposeValue, record, part.keyVersion),
		"public_key":           public.SignKey,
		"public_key_tag":       public.SignKeyTag,
		"blind openai-api-key": blind[:],
		"aad " + purposeMeta:   k.partAAD(purposeMeta, record, part),
		"aad " + purposeValue:  k.partAAD(purposeValue, record, part),
		"header_digest":        digest[:],
		"shard_digests":        sum(shardBytes),
		"manifest_message":     sum(k.manifestMessage(header, signed[:manifestBody])),
	} {
		if want := raw(name); !slices.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

func vectorEntry(n byte) indexEntry {
	e := indexEntry{key: indexKey{n}}
	for i := range e.meta {
		e.meta[i], e.value[i] = n, n
	}
	return e
}

func expand(t *testing.T, k *keys, purpose string) []byte {
	t.Helper()
	b, err := k.expand(purpose, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func recordKey(t *testing.T, k *keys, purpose string, id ID, version uint64) []byte {
	t.Helper()
	b, err := k.record(purpose, id, version)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:]
}

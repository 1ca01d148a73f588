package store

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"path/filepath"
	"slices"
)

// A Report says what is left of a store. Labels are sorted.
type Report struct {
	Damage   error    // the first thing that is wrong, a *DamageError; nil where nothing is
	Header   bool     // the manifest vouches for the header, and so for the slots in it
	Proven   []string // secrets that are whole and current
	Unproven []string // whole, but perhaps not the newest
	Lost     []string // the label is left, the value is not
	Unnamed  int      // the value is left, the label is not
	Gone     int      // neither is left; 0 where no manifest tells how many there were
}

// Report reads everything that is left, each value too.
func (r *Remains) Report() (Report, error) {
	if r.keys == nil {
		return Report{}, ErrLocked
	}
	report, _, err := r.salvage()
	return report, err
}

// RepairedName is what a store is called that Save made, in the folder of the
// damaged one.
const RepairedName = FileName + ".repaired"

// unnamed begins the labels that Save makes up; a record's id follows.
const unnamed = "unnamed/"

// Save writes what is whole into a new store beside the damaged one, under the
// same key, reads it back and returns its path. A value whose label is lost gets
// the label unnamed/ID. The damaged file stays as it is, and so does one that
// was saved before: that is an error that is fs.ErrExist.
func (r *Remains) Save() (string, Report, error) {
	if r.keys == nil {
		return "", Report{}, ErrLocked
	}
	report, d, err := r.salvage()
	if err != nil {
		return "", report, err
	}
	l, err := lockStore(r.path, r.opt)
	if err != nil {
		return "", report, err
	}
	defer l.release()
	to := filepath.Join(filepath.Dir(r.path), RepairedName)
	return to, report, d.place(to, r.keys, link)
}

// salvage sorts out what is left, and makes a draft of what is whole.
func (r *Remains) salvage() (Report, draft, error) {
	report := Report{Damage: locate(r.path, checkWhole(r.file, r.keys))}
	p, err := r.proof()
	if err != nil {
		return report, draft{}, err
	}
	report.Header = p.known && r.whole
	survivors, err := r.survivors(p)
	if err != nil {
		return report, draft{}, err
	}
	records := map[indexKey]*record{}
	for key, s := range survivors {
		switch {
		case s.value == nil:
			report.Lost = append(report.Lost, s.about.Label)
			continue
		case s.unnamed:
			report.Unnamed++
		case s.proven:
			report.Proven = append(report.Proven, s.about.Label)
		default:
			report.Unproven = append(report.Unproven, s.about.Label)
		}
		records[key] = &s.record
	}
	for _, labels := range [][]string{report.Proven, report.Unproven, report.Lost} {
		slices.Sort(labels)
	}
	report.Gone = max(0, int(p.count)-len(survivors))
	header, err := r.savedHeader(p)
	return report, draft{header: header, generation: p.generation + 1, records: records}, err
}

// savedHeader is the header as it was found, its public key set anew where
// nothing vouches for it.
func (r *Remains) savedHeader(p proof) ([]byte, error) {
	if p.known && r.whole {
		return r.rawHeader, nil
	}
	h := r.header
	if err := r.keys.vouch(&h); err != nil {
		return nil, err
	}
	return h.encode()
}

// A proof is what the signed manifest says, as far as it and the index are left.
type proof struct {
	manifest
	known   bool              // there is a manifest
	shards  [shards]bool      // of which the index has all entries
	entries map[ID]indexEntry // in these shards
}

// complete reports whether nothing can belong to the store but what has an entry.
func (p proof) complete() bool { return p.known && !slices.Contains(p.shards[:], false) }

// proof finds the newest manifest whose signature fits, and what it vouches for.
func (r *Remains) proof() (proof, error) {
	p := proof{entries: map[ID]indexEntry{}}
	public, err := r.keys.publicKey(Header{}) // derived: the one at hand may be what is damaged
	if err != nil {
		return p, err
	}
	for _, b := range r.manifests {
		m, err := verifyManifest(r.keys, public, r.rawHeader, b)
		if err != nil && !r.whole { // it may be the digest alone that is damaged
			text, _ := splitHeader(r.rawHeader)
			mended := withDigest(text)
			if m, err = verifyManifest(r.keys, public, mended, b); err == nil {
				r.rawHeader, r.whole = mended, true
			}
		}
		if err == nil && (!p.known || m.generation > p.generation) {
			p.manifest, p.known = m, true
		}
	}
	if !p.known {
		return p, nil
	}
	var shard [shards][]indexEntry
	for _, key := range slices.SortedFunc(maps.Keys(r.index), func(a, b indexKey) int { return bytes.Compare(a[:], b[:]) }) {
		shard[key[0]] = append(shard[key[0]], r.index[key]...)
	}
	for b, entries := range shard {
		if p.shards[b] = shardDigest(entries) == p.manifest.shards[b]; p.shards[b] {
			for _, e := range entries {
				p.entries[e.id] = e
			}
		}
	}
	return p, nil
}

// A survivor is what is left of one secret.
type survivor struct {
	record       // a part that is lost is nil
	about   Meta // what the meta part says
	proven  bool // the manifest says that these are the current parts
	unnamed bool // the label is made up
}

// survivors finds what is left of each secret that belongs to the store, or may.
func (r *Remains) survivors(p proof) (map[indexKey]survivor, error) {
	ids := map[ID]bool{}
	for id := range r.metas {
		ids[id] = true
	}
	for id := range r.values {
		ids[id] = true
	}
	found := map[indexKey]survivor{}
	for id := range ids {
		s, err := r.survivor(id, p)
		if err != nil {
			return nil, err
		}
		if s.meta == nil {
			continue
		}
		key := r.keys.blind(s.about.Label)
		if other, twice := found[key]; !twice || s.over(other) {
			found[key] = s
		}
	}
	return found, nil
}

// over reports whether s counts where two records have one label.
func (s survivor) over(t survivor) bool {
	if (s.value == nil) != (t.value == nil) {
		return t.value == nil
	}
	return s.about.Updated.After(t.about.Updated)
}

// survivor finds what is left of one record. It has no meta part where that is
// nothing, or nothing that belongs to the store.
func (r *Remains) survivor(id ID, p proof) (survivor, error) {
	e, proven := p.entries[id]
	s := survivor{record: record{id: id}, proven: proven}
	var plain []byte
	s.meta, plain = r.newest(purposeMeta, id, r.metas[id], e.meta, proven)
	s.value, _ = r.newest(purposeValue, id, r.values[id], e.value, proven)
	if s.meta == nil {
		if s.value == nil || !proven && p.complete() {
			return survivor{}, nil
		}
		return s, r.name(&s)
	}
	var err error
	if s.about, err = decodeMeta(plain); err != nil {
		return survivor{}, nil //nolint:nilerr // sealed by somebody with the key, and no secret all the same
	}
	if shard := r.keys.blind(s.about.Label)[0]; !proven && p.shards[shard] {
		return survivor{}, nil // the manifest knows the label, and not with this record
	}
	return s, nil
}

// newest returns the part with the greatest revision that opens; where the index
// tells a digest, none but that.
func (r *Remains) newest(purpose string, id ID, parts [][]byte, digest [sha256.Size]byte, proven bool) (newest, plain []byte) {
	var revision uint64
	for _, sealed := range parts {
		if proven && sha256.Sum256(sealed) != digest {
			continue
		}
		if p, h, err := r.keys.open(purpose, id, sealed); err == nil && (newest == nil || h.revision > revision) {
			newest, plain, revision = sealed, p, h.revision
		}
	}
	return newest, plain
}

// name makes up a label for a value that has lost its own.
func (r *Remains) name(s *survivor) (err error) {
	s.unnamed = true
	s.about = Meta{
		Label: unnamed + s.id.String(), Created: r.header.Created, Updated: r.header.Created,
		Note: "the label was lost",
	}
	plain, err := s.about.encode()
	if err == nil {
		s.meta, err = r.keys.seal(purposeMeta, s.id, partHeader{keyVersion: firstKeyVersion, revision: 1}, plain)
	}
	return err
}

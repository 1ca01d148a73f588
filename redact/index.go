package redact

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// How many byte strings are found at once: sampled grams.
//
// In every pattern a window of m bytes is chosen, m being at most the length of
// the shortest pattern. In the text only every (m-q+1)th group of q bytes, a
// gram, is looked at: wherever a pattern lies, exactly one of the grams looked
// at lies in its window. A filter, small enough for the cache, says "no" for most
// grams. For one that passes, a table tells at which offsets of windows it stands,
// and so where in the text a window may begin. What is there is hashed, and a second
// filter says "no" where no window has that hash. Only then is the text compared
// with the pattern. What is asked so often has a bounded size, however many patterns
// there are, and no place of the text is hashed twice. Every occurrence is found on
// its own, so overlaps need no care.

const (
	minGram = 4
	maxGram = 6 // hex digits say half a byte each, so four are too few to tell many values apart
	word64  = 8 // bytes that are read at once
)

// An index finds the patterns of one class of lengths.
type index struct {
	*arena        // the patterns of all classes
	gram   int    // bytes
	mask   uint64 // of those of a gram in a word
	window int    // bytes
	stride int    // the distance of the grams looked at, and how many a window has

	grams   filter // those of windows
	offsets offsets
	hashes  filter // those of windows

	entries []entry // one for each pattern, sorted by hash
	starts  []int32 // by the upper bits of a hash: where its entries begin; they end where the next ones begin
	shift   int
}

// An entry says that the window of a pattern has a hash, and how many bytes of the
// pattern are before it.
type entry struct {
	hash    uint32
	pattern int32
	before  uint8
}

// The logarithms of how large a table of a class gets at most: the filters of grams
// and of windows 1 MiB and 1/4 MiB, which the second level of a cache holds or nearly
// so, and the offsets 4 MiB, which are asked for less. With 1,000 values larger ones
// tell more apart, but take longer to answer.
const (
	maxGrams   = 17 // words
	maxHashes  = 15 // words
	maxOffsets = 16 // lines
)

// hash spreads a word over 32 bits, more over the upper ones.
func hash(word uint64) uint32 { return uint32(word * 0x9e3779b97f4a7c15 >> 32) }

// A filter knows a set of hashes, and takes a few others for them: a Bloom filter
// with two bits for each, in one word, so that one access to the memory tells.
type filter struct {
	words []uint64
	shift int
}

// newFilter makes a filter of n words or more, but of no more than 1<<most.
func newFilter(n, most int) filter {
	size := min(max(bits.Len(uint(n)), 8), most)
	return filter{make([]uint64, 1<<size), 32 - size}
}

func (f *filter) add(hash uint32) {
	f.words[hash>>f.shift] |= 1<<(hash&63) | 1<<(hash>>6&63)
}

// has is 1 if the filter has a hash, and 0 otherwise.
func (f *filter) has(hash uint32) int { return both(f.words[hash>>(f.shift&31)], hash) }

// both is 1 if a word of a filter has both bits of a hash, and 0 otherwise.
func both(word uint64, hash uint32) int {
	return int(word >> (hash & 63) & (word >> (hash >> 6 & 63)) & 1)
}

// offsets know at which offsets of windows each gram stands, and at times name
// others: a Bloom filter for each offset, of which a word has a bit for every one of
// them. The two words of a gram are in one line of the cache.
type offsets struct {
	lines [][16]uint32
	shift int
}

// newOffsets makes offsets of n lines or more, but of no more than 1<<maxOffsets.
func newOffsets(n int) offsets {
	size := min(max(bits.Len(uint(n)), 4), maxOffsets)
	return offsets{make([][16]uint32, 1<<size), 32 - size}
}

// words are those of a gram. A second hash chooses the line: the filter is wrong about
// grams of which some bits of the first are those of another one.
func (o *offsets) words(gram uint32) (a, b *uint32) {
	line := &o.lines[gram*0x85ebca6b>>(o.shift&31)]
	return &line[gram&7], &line[8+gram>>3&7]
}

func (o *offsets) add(gram uint32, offset int) {
	a, b := o.words(gram)
	*a |= 1 << offset
	*b |= 1 << offset
}

// newIndex indexes the patterns that ids names.
func newIndex(forms *arena, ids []int32) *index {
	size := maxWindow
	for _, id := range ids {
		size = min(size, int(forms.least[id]))
	}
	x := &index{arena: forms, gram: minGram, window: size}
	if size >= 2*maxGram {
		x.gram = maxGram
	}
	x.mask = 1<<(8*x.gram) - 1
	x.stride = size - x.gram + 1
	n := len(ids) * x.stride
	// Up to their limits the tables have 16 bits for each gram or window, or more.
	x.grams, x.offsets, x.hashes = newFilter(n/4, maxGrams), newOffsets(n/16), newFilter(len(ids), maxHashes)
	x.entries = make([]entry, 0, len(ids)) // all of its room is wiped
	rarity := newRarity(forms, ids)
	defer clear(rarity[:])
	for _, id := range ids {
		before := rarity.window(forms.head(id), size)
		from := int(forms.bounds[id]) + before
		for i := range x.stride {
			gram := x.hash(forms.bytes[from+i:])
			x.grams.add(gram)
			x.offsets.add(gram, i)
		}
		hashed := hashWindow(forms.bytes[from : from+size])
		x.hashes.add(hashed)
		x.entries = append(x.entries, entry{hashed, id, uint8(before)})
	}
	x.sort()
	return x
}

// sort sorts the entries and notes where they begin.
func (x *index) sort() {
	slices.SortFunc(x.entries, func(d, e entry) int { return cmp.Compare(d.hash, e.hash) })
	size := bits.Len(uint(len(x.entries)))
	x.shift = 32 - size
	x.starts = make([]int32, 1<<size+1)
	for _, e := range x.entries {
		x.starts[e.hash>>x.shift+1]++
	}
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
}

// hash hashes the gram that text begins with, of which it reads a word.
func (x *index) hash(text []byte) uint32 {
	return hash(binary.LittleEndian.Uint64(text) & x.mask)
}

// multipliers keep the words of a window apart, of which the last has none.
var multipliers = [(maxWindow - 1) / word64]uint64{0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}

// hashWindow hashes a window, whose last bytes it may read twice. The words do not
// wait for each other.
func hashWindow(window []byte) uint32 {
	n := len(window)
	if n < word64 {
		return hash(firstGram(window) | firstGram(window[n-minGram:])<<32)
	}
	h := binary.LittleEndian.Uint64(window[n-word64:])
	if n == maxWindow { // the most frequent one, at which no branch can be guessed wrongly
		w := (*[maxWindow]byte)(window)
		h += binary.LittleEndian.Uint64(w[0:]) * multipliers[0]
		h += binary.LittleEndian.Uint64(w[8:]) * multipliers[1]
		h += binary.LittleEndian.Uint64(w[16:]) * multipliers[2]
		return hash(h)
	}
	for i := 0; i+word64 < n; i += word64 {
		h += binary.LittleEndian.Uint64(window[i:]) * multipliers[i/word64]
	}
	return hash(h)
}

// A match is an occurrence of a pattern, or of so many bytes of it as count.
type match struct {
	pattern int32
	n       int32 // bytes
	at      int
}

// A hit is a place in a text, in the upper half, and the hash of what is there: of a
// gram or of a window.
type hit uint64

func newHit(hash uint32, at int) hit { return hit(at)<<32 | hit(hash) }

func (h hit) at() int      { return int(h >> 32) }
func (h hit) hash() uint32 { return uint32(h) }

// Hits are looked up by the batch, so that the memory can fetch for all of them at
// once: with many patterns little of them is in the cache.
const batch = 32

// sieved has room for what was left of one sieve, less than a batch, and the next.
const sieved = 2 * batch

// find calls f with every occurrence of a pattern in text, in no order.
func (x *index) find(text []byte, f func(match)) {
	var (
		hits [sieved]hit // grams that the filter has
		n, i int
	)
	for i+word64 <= len(text) {
		grams := min((len(text)-word64-i)/x.stride+1, batch)
		n = sieve(&hits, n, text[:i+(grams-1)*x.stride+word64], i, x.stride, x.grams.words, x.grams.shift, x.mask)
		i += grams * x.stride
		if n >= batch {
			x.verify(text, hits[:n], f)
			n = 0
		}
	}
	for ; i+x.gram <= len(text); i += x.stride {
		var word [word64]byte
		copy(word[:], text[i:])
		hits[n] = newHit(x.hash(word[:]), i)
		n += x.grams.has(hits[n].hash())
	}
	if n > 0 {
		x.verify(text, hits[:n], f)
	}
}

// sieve looks at every stride-th gram of text from i on, a batch at most, and adds to
// the n hits those that the filter of these words has. Most of the time goes to this:
// it is a function of its own, for the registers, and no branch depends on the text.
//
//go:noinline
func sieve(hits *[sieved]hit, n int, text []byte, i, stride int, words []uint64, shift int, mask uint64) int {
	for ; i < len(text)-(word64-1); i += stride {
		gram := hash(binary.LittleEndian.Uint64(text[i:]) & mask)
		hits[n&(sieved-1)] = newHit(gram, i)
		n += both(words[gram>>(shift&31)], gram)
	}
	return n
}

// verify looks for windows around the grams that are hits.
func (x *index) verify(text []byte, grams []hit, f func(match)) {
	var (
		all  [sieved]uint32 // the offsets of each gram
		hits [sieved]hit    // windows that the filter has
		n    int
	)
	for k, gram := range grams { // in two steps, of which the first fetches the lines
		a, _ := x.offsets.words(gram.hash())
		all[k&(sieved-1)] = *a
	}
	for k, gram := range grams {
		_, b := x.offsets.words(gram.hash())
		all[k&(sieved-1)] &= *b
	}
	for k, gram := range grams {
		for offsets := all[k&(sieved-1)]; offsets != 0; offsets &= offsets - 1 {
			at := gram.at() - bits.TrailingZeros32(offsets)
			if at < 0 || at+x.window > len(text) {
				continue
			}
			hits[n] = newHit(hashWindow(text[at:at+x.window]), at)
			if n += x.hashes.has(hits[n].hash()); n == len(hits) {
				x.compare(text, hits[:n], f)
				n = 0
			}
		}
	}
	x.compare(text, hits[:n], f)
}

// compare compares the text with the patterns whose windows have the hashes of hits.
func (x *index) compare(text []byte, hits []hit, f func(match)) {
	for _, h := range hits {
		upper := h.hash() >> x.shift
		for _, e := range x.entries[x.starts[upper]:x.starts[upper+1]] {
			if e.hash != h.hash() {
				continue
			}
			at, head := h.at()-int(e.before), x.head(e.pattern)
			if at < 0 || !bytes.HasPrefix(text[at:], head) {
				continue
			}
			n, form := len(head), x.form(e.pattern)
			for n < len(form) && at+n < len(text) && text[at+n] == form[n] {
				n++
			}
			f(match{e.pattern, int32(n), at})
		}
	}
}

func (x *index) wipe() {
	clear(x.grams.words)
	clear(x.offsets.lines)
	clear(x.hashes.words)
	clear(x.entries)
	clear(x.starts)
}

// A rarity knows how often each group of four bytes stands in a set of patterns,
// by a hash.
type rarity [1 << 12]uint16

func newRarity(forms *arena, ids []int32) *rarity {
	r := new(rarity)
	for _, id := range ids {
		form := forms.head(id)
		for i := 0; i+minGram <= len(form); i++ {
			if n := r.of(form, i); *n < 1<<15 {
				*n++
			}
		}
	}
	return r
}

func (r *rarity) of(form []byte, i int) *uint16 {
	return &r[hash(firstGram(form[i:]))>>20]
}

// window chooses where the window of m bytes lies in a pattern: where few patterns
// share its grams, so that fewer offsets are tried for each and fewer windows are the
// same, and where their bytes are rare in text.
func (r *rarity) window(form []byte, m int) int {
	var costs [maxForm]int32
	sum := int32(0)
	best, least := 0, int32(0)
	grams := m - minGram + 1
	for i := range len(form) - minGram + 1 {
		costs[i] = 8*int32(*r.of(form, i)) + commonness[form[i]]
		sum += costs[i]
		if i < grams {
			least = sum
			continue
		}
		if sum -= costs[i-grams]; sum < least {
			best, least = i-grams+1, sum
		}
	}
	return best
}

// commonness weighs bytes by how often they stand in the output of programs.
var commonness = func() (w [256]int32) {
	for c := range w {
		switch {
		case c == ' ' || c == 0 || c == '0':
			w[c] = 64
		case c >= 'a' && c <= 'z', c >= '1' && c <= '9':
			w[c] = 24
		case c == '-' || c == '=' || c == '.' || c == '/' || c == ':' || c == ',' || c == '"':
			w[c] = 32
		case c >= 'A' && c <= 'Z':
			w[c] = 12
		}
	}
	return w
}()

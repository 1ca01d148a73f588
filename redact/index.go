package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// How many byte strings are found at once: sampled grams.
//
// In every pattern a window of m bytes is chosen, m being at most the length of
// the shortest pattern. In the text only every (m-q+1)th group of q bytes, a
// gram, is looked at: wherever a pattern lies, exactly one of the grams looked
// at lies in its window. A table of bits, small enough for the cache, says "no"
// for almost every gram; one that passes is looked up among the grams of the
// windows, and the bytes around it are hashed and compared with the hash of each
// window that it may stand in. Only then is the text compared with the pattern.
// Every occurrence is found on its own, so overlaps need no care.

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
	stride int    // the distance of the grams looked at

	seen      []uint64 // two bits of a word for every hash of a gram in a window
	seenShift int
	starts    []int32 // by hash: where its places begin; they end where the next ones begin
	shift     int
	places    []place
}

// A place says that a gram stands at some offset of the window of a pattern. From
// the lowest bit on it has the pattern, the offset, eight bits of the gram's hash
// and 24 of the window's. The bytes themselves are far away in the memory; most
// texts that only look like a pattern are told apart without them.
type place uint64

const patternBits = 27

func newPlace(id int32, offset int, gram, window uint32) place {
	return place(window>>8)<<40 | place(uint8(gram))<<32 | place(offset)<<patternBits | place(id)
}

func (p place) pattern() int32          { return int32(p & (1<<patternBits - 1)) }
func (p place) offset() int             { return int(uint32(p) >> patternBits) }
func (p place) isOf(gram uint32) bool   { return uint8(p>>32) == uint8(gram) }
func (p place) isIn(window uint32) bool { return uint32(p>>40) == window>>8 }

const maxSeen = 18 // the logarithm of the most words of seen: 2 MiB, which a cache still holds

// mix spreads a word over 64 bits: more over the upper ones, which are its hash.
func mix(word uint64) uint64 { return word * 0x9e3779b97f4a7c15 }

func hash(word uint64) uint32 { return uint32(mix(word) >> 32) }

// newIndex indexes the patterns that ids names.
func newIndex(forms *arena, ids []int32) *index {
	window := maxWindow
	for _, id := range ids {
		window = min(window, int(forms.least[id]))
	}
	x := &index{arena: forms, gram: minGram, window: window}
	if window >= 2*maxGram {
		x.gram = maxGram
	}
	x.mask = 1<<(8*x.gram) - 1
	x.stride = window - x.gram + 1
	n := len(ids) * x.stride
	size := bits.Len(uint(n)) - 1
	x.seenShift = 32 - min(max(size-1, 8), maxSeen)
	x.seen = make([]uint64, 1<<(32-x.seenShift))
	x.shift = 32 - size
	x.starts = make([]int32, 1<<size+1)
	rarity := newRarity(forms, ids)
	for _, id := range ids {
		forms.windows[id] = uint8(rarity.window(forms.head(id), window))
	}
	for _, id := range ids {
		x.each(id, func(gram uint32, _ int) {
			x.seen[gram>>x.seenShift] |= 1<<(gram&63) | 1<<(gram>>6&63)
			x.starts[gram>>x.shift+1]++
		})
	}
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.places = make([]place, n+1) // the last is behind all
	for _, id := range ids {
		from := int(forms.bounds[id]) + int(forms.windows[id])
		hashed := hashWindow(forms.bytes[from : from+window])
		x.each(id, func(gram uint32, offset int) {
			next := &x.starts[gram>>x.shift]
			x.places[*next] = newPlace(id, offset, gram, hashed)
			*next++
		})
	}
	copy(x.starts[1:], x.starts) // each was counted up to where the next ones begin
	x.starts[0] = 0
	return x
}

// each calls f for every gram of the window of a pattern, by its hash.
func (x *index) each(id int32, f func(gram uint32, offset int)) {
	from := int(x.bounds[id]) + int(x.windows[id])
	for offset := range x.stride {
		f(hash(binary.LittleEndian.Uint64(x.bytes[from+offset:])&x.mask), offset)
	}
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

// A hit is a gram of a text that may stand in a window. Hits are looked up by the
// batch, step by step, so that the memory can fetch for all of them at once: with
// many patterns little of them is in the cache.
type hit struct {
	gram     uint32 // its hash
	at       int
	from, to int32 // its places
	ends     place // the first of them and the one behind, which brings them into the cache
}

const batch = 32

// sieved has room for what was left of one sieve, less than a batch, and the next.
const sieved = 2 * batch

// find adds every occurrence of a pattern in text to found, in no order.
func (x *index) find(text []byte, found []match) []match {
	var (
		passed [sieved]int32 // where grams stand that seen has
		hits   [sieved]hit
		n, i   int
	)
	for i+word64 <= len(text) {
		grams := min((len(text)-word64-i)/x.stride+1, batch)
		n = sieve(&passed, n, text[:i+(grams-1)*x.stride+word64], i, x.stride, x.seen, x.seenShift, x.mask)
		i += grams * x.stride
		if n < batch && i+word64 <= len(text) {
			continue
		}
		for k, at := range passed[:n] {
			hits[k] = hit{gram: hash(binary.LittleEndian.Uint64(text[at:]) & x.mask), at: int(at)}
		}
		found = x.verify(text, hits[:n], found)
		n = 0
	}
	for ; i+x.gram <= len(text); i += x.stride {
		var word [word64]byte
		copy(word[:], text[i:])
		hits[0] = hit{gram: hash(binary.LittleEndian.Uint64(word[:]) & x.mask), at: i}
		found = x.verify(text, hits[:1], found)
	}
	return found
}

// sieve looks at every stride-th gram of text from i on, a batch at most, and adds to
// the n offsets in passed those of grams that seen has. Most of the time goes to this:
// it is a function of its own, for the registers, and no branch depends on the text.
//
//go:noinline
func sieve(passed *[sieved]int32, n int, text []byte, i, stride int, seen []uint64, shift int, mask uint64) int {
	for ; i < len(text)-(word64-1); i += stride {
		gram := hash(binary.LittleEndian.Uint64(text[i:]) & mask)
		passed[n&(sieved-1)] = int32(i)
		n += int(both(seen[gram>>(shift&31)], gram))
	}
	return n
}

// both is 1 if a word of seen has both bits of a gram, and 0 otherwise.
func both(word uint64, gram uint32) uint64 {
	return word >> (gram & 63) & (word >> (gram >> 6 & 63)) & 1
}

// verify compares the text around the hits with the patterns that have their grams.
func (x *index) verify(text []byte, hits []hit, found []match) []match {
	for k := range hits {
		h := hits[k].gram >> x.shift
		hits[k].from, hits[k].to = x.starts[h], x.starts[h+1]
	}
	for k := range hits {
		hits[k].ends = x.places[hits[k].from] ^ x.places[hits[k].to]
	}
	possible := found
	for k := range hits {
		h := &hits[k]
		last, window := -1, uint32(0)
		for _, p := range x.places[h.from:h.to] {
			if !p.isOf(h.gram) {
				continue
			}
			if offset := p.offset(); offset != last {
				from := h.at - offset
				if from < 0 || from+x.window > len(text) {
					continue
				}
				last, window = offset, hashWindow(text[from:from+x.window])
			}
			if p.isIn(window) {
				possible = append(possible, match{pattern: p.pattern(), at: h.at - last - int(x.windows[p.pattern()])})
			}
		}
	}
	found = possible[:len(found)] // whose room is used again
	for _, m := range possible[len(found):] {
		head := x.head(m.pattern)
		if m.at < 0 || !bytes.HasPrefix(text[m.at:], head) {
			continue
		}
		n, form := len(head), x.form(m.pattern)
		for n < len(form) && m.at+n < len(text) && text[m.at+n] == form[n] {
			n++
		}
		m.n = int32(n)
		found = append(found, m)
	}
	return found
}

func (x *index) wipe() {
	clear(x.places)
	clear(x.seen)
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

// window chooses where the window of m bytes lies in a pattern: where its grams
// cost least, that is, where few patterns share them and their bytes are rare in
// text.
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

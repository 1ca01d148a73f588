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
// windows, and only then is the text compared with the patterns it may be in.
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
	stride int    // the distance of the grams looked at

	seen      []uint64 // a bit for every hash of a gram in a window
	seenShift int
	starts    []int32 // by hash: where its places begin; they end where the next ones begin
	shift     int
	places    []place
}

// A place says that a gram stands at some offset of a pattern.
type place struct {
	low     uint32
	high    uint16
	offset  uint8
	pattern int32
}

const maxSeen = 18 // the logarithm of the most words of seen: it must stay in the cache

func hash(gram uint64) uint32 { return uint32(gram * 0x9e3779b97f4a7c15 >> 32) }

// newIndex indexes the patterns that ids names.
func newIndex(forms *arena, ids []int32) *index {
	window := maxWindow
	for _, id := range ids {
		window = min(window, len(forms.form(id)))
	}
	x := &index{arena: forms, gram: minGram}
	if window >= 2*maxGram {
		x.gram = maxGram
	}
	x.mask = 1<<(8*x.gram) - 1
	x.stride = window - x.gram + 1
	size := bits.Len(uint(len(ids) * x.stride))
	x.seenShift = 32 - min(max(size, 10)-1, maxSeen)
	x.seen = make([]uint64, 1<<(32-x.seenShift))
	x.shift = 32 - size
	x.starts = make([]int32, 1<<size+1)

	windows := make([]uint8, len(ids))
	rarity := newRarity(forms, ids)
	for i, id := range ids {
		windows[i] = uint8(rarity.window(forms.form(id), window))
	}
	x.each(ids, windows, func(gram uint64, _ int32, _ int) {
		h := hash(gram)
		x.seen[h>>x.seenShift] |= 1 << (h & 63)
		x.starts[h>>x.shift+1]++
	})
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.places = make([]place, len(ids)*x.stride)
	x.each(ids, windows, func(gram uint64, id int32, offset int) {
		next := &x.starts[hash(gram)>>x.shift]
		x.places[*next] = place{uint32(gram), uint16(gram >> 32), uint8(offset), id}
		*next++
	})
	copy(x.starts[1:], x.starts) // each was counted up to where the next ones begin
	x.starts[0] = 0
	return x
}

// each calls f for every gram of the windows.
func (x *index) each(ids []int32, windows []uint8, f func(gram uint64, id int32, offset int)) {
	for i, id := range ids {
		from := int(x.bounds[id])
		for k := range x.stride {
			offset := int(windows[i]) + k
			f(binary.LittleEndian.Uint64(x.bytes[from+offset:])&x.mask, id, offset)
		}
	}
}

// A match is an occurrence of a pattern.
type match struct {
	pattern int32
	at      int
}

// A hit is a gram of a text that may stand in a window. Hits are looked up by the
// batch, step by step, so that the memory can fetch for all of them at once: with
// many patterns little of them is in the cache.
type hit struct {
	gram     uint64
	at       int
	from, to int32 // its places
}

const batch = 16

// find adds every occurrence of a pattern in text to found, in no order.
func (x *index) find(text []byte, found []match) []match {
	seen, shift, stride, mask := x.seen, x.seenShift&31, x.stride, x.mask
	var hits [batch]hit
	n := 0
	i := 0
	for ; i+word64 <= len(text); i += stride {
		gram := binary.LittleEndian.Uint64(text[i:]) & mask
		h := hash(gram)
		if seen[h>>shift]>>(h&63)&1 != 0 {
			hits[n] = hit{gram: gram, at: i}
			if n++; n == batch {
				found = x.verify(text, hits[:], found)
				n = 0
			}
		}
	}
	found = x.verify(text, hits[:n], found)
	for ; i+x.gram <= len(text); i += stride {
		var word [word64]byte
		copy(word[:], text[i:])
		hits[0] = hit{gram: binary.LittleEndian.Uint64(word[:]) & mask, at: i}
		found = x.verify(text, hits[:1], found)
	}
	return found
}

// verify compares the text around the hits with the patterns that have their grams.
func (x *index) verify(text []byte, hits []hit, found []match) []match {
	for k := range hits {
		h := hash(hits[k].gram) >> x.shift
		hits[k].from, hits[k].to = x.starts[h], x.starts[h+1]
	}
	possible := found
	for k := range hits {
		low, high := uint32(hits[k].gram), uint16(hits[k].gram>>32)
		for _, p := range x.places[hits[k].from:hits[k].to] {
			if p.low == low && p.high == high {
				possible = append(possible, match{p.pattern, hits[k].at - int(p.offset)})
			}
		}
	}
	for _, m := range possible[len(found):] {
		form := x.form(m.pattern)
		if m.at >= 0 && m.at+len(form) <= len(text) && bytes.Equal(text[m.at:m.at+len(form)], form) {
			found = append(found, m)
		}
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
		form := forms.form(id)
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
	var costs [maxForm]int
	sum := 0
	best, least := 0, 0
	for i := 0; i+minGram <= len(form); i++ {
		costs[i] = 8 * int(*r.of(form, i))
		for _, c := range form[i : i+minGram] {
			costs[i] += int(commonness[c])
		}
		sum += costs[i]
		from := i + minGram - m
		if from > 0 {
			sum -= costs[from-1]
		}
		if from == 0 || from > 0 && sum < least {
			best, least = from, sum
		}
	}
	return best
}

// commonness weighs bytes by how often they stand in the output of programs.
var commonness = func() (w [256]uint8) {
	for c := range w {
		switch {
		case c == ' ' || c == 0 || c == '0':
			w[c] = 16
		case c >= 'a' && c <= 'z', c >= '1' && c <= '9':
			w[c] = 6
		case c == '-' || c == '=' || c == '.' || c == '/' || c == ':' || c == ',' || c == '"':
			w[c] = 8
		case c >= 'A' && c <= 'Z':
			w[c] = 3
		}
	}
	return w
}()

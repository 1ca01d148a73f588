package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// How many byte strings are found at once: sampled grams.
//
// In every pattern a window of m bytes is chosen, m being at most the length of
// the shortest pattern. In the text only every (m-3)th group of four bytes, a
// gram, is looked at: wherever a pattern lies, exactly one of the grams looked
// at lies in its window. A table of bits, small enough for the cache, says "no"
// for almost every gram; one that passes is looked up among the grams of the
// windows, and only then is the text compared with the patterns it may be in.
// Every occurrence is found on its own, so overlaps need no care.

const gram = 4

// An index finds the patterns of one class of lengths.
type index struct {
	patterns []pattern // of all classes
	stride   int       // the distance of the grams looked at

	seen      []uint64 // a bit for every hash of a gram in a window
	seenShift int
	first     []int32 // by hash: the first place in places, or -1
	shift     int
	places    []place
}

// A place says that a gram stands at some offset of a pattern.
type place struct {
	gram    uint32
	pattern int32
	offset  int32
	next    int32 // another place with the same hash, or -1
}

func hash(g uint32) uint32 { return g * 0x9e3779b1 }

// newIndex indexes the patterns that ids names.
func newIndex(patterns []pattern, ids []int32) *index {
	window := maxWindow
	for _, id := range ids {
		window = min(window, len(patterns[id].form))
	}
	x := &index{patterns: patterns, stride: window - gram + 1}
	n := len(ids) * x.stride
	size := bits.Len(uint(n))
	x.seenShift = 32 - min(max(size, 10)-1, 18)
	x.seen = make([]uint64, 1<<(32-x.seenShift))
	x.shift = 32 - min(size+1, 24)
	x.first = make([]int32, 1<<(32-x.shift))
	for i := range x.first {
		x.first[i] = -1
	}
	x.places = make([]place, 0, n)
	rarity := newRarity(patterns, ids)
	for _, id := range ids {
		from := rarity.window(patterns[id].form, window)
		for k := range x.stride {
			x.add(id, from+k)
		}
	}
	return x
}

func (x *index) add(id int32, offset int) {
	g := binary.LittleEndian.Uint32(x.patterns[id].form[offset:])
	h := hash(g)
	x.seen[h>>x.seenShift] |= 1 << (h & 63)
	first := &x.first[h>>x.shift]
	x.places = append(x.places, place{g, id, int32(offset), *first})
	*first = int32(len(x.places) - 1)
}

// A match is an occurrence of a pattern.
type match struct {
	pattern int32
	at      int
}

// find adds every occurrence of a pattern in text to found, in no order.
func (x *index) find(text []byte, found []match) []match {
	seen, shift, stride := x.seen, x.seenShift&31, x.stride
	for i := 0; i+gram <= len(text); i += stride {
		h := hash(binary.LittleEndian.Uint32(text[i:]))
		if seen[h>>shift]>>(h&63)&1 != 0 {
			found = x.verify(text, i, found)
		}
	}
	return found
}

// verify compares the text around the gram at i with the patterns that have it.
func (x *index) verify(text []byte, i int, found []match) []match {
	g := binary.LittleEndian.Uint32(text[i:])
	for k := x.first[hash(g)>>x.shift]; k >= 0; k = x.places[k].next {
		p := &x.places[k]
		if p.gram != g {
			continue
		}
		form := x.patterns[p.pattern].form
		at := i - int(p.offset)
		if at < 0 || at+len(form) > len(text) {
			continue
		}
		if bytes.Equal(text[at:at+len(form)], form) {
			found = append(found, match{p.pattern, at})
		}
	}
	return found
}

func (x *index) wipe() {
	clear(x.places)
	clear(x.seen)
}

// A rarity knows how often each gram stands in a set of patterns, by a hash.
type rarity [1 << 12]uint16

func newRarity(patterns []pattern, ids []int32) *rarity {
	r := new(rarity)
	for _, id := range ids {
		form := patterns[id].form
		for i := 0; i+gram <= len(form); i++ {
			if n := r.of(form, i); *n < 1<<15 {
				*n++
			}
		}
	}
	return r
}

func (r *rarity) of(form []byte, i int) *uint16 {
	return &r[hash(binary.LittleEndian.Uint32(form[i:]))>>20]
}

// cost is what the gram at i costs: the patterns that share it, and how common
// its bytes are in text.
func (r *rarity) cost(form []byte, i int) int {
	cost := 8 * int(*r.of(form, i))
	for _, c := range form[i : i+gram] {
		cost += int(commonness[c])
	}
	return cost
}

// window chooses where the window of m bytes lies in a pattern: where its grams
// cost least.
func (r *rarity) window(form []byte, m int) int {
	sum := 0
	for i := range m - gram + 1 {
		sum += r.cost(form, i)
	}
	best, least := 0, sum
	for from := 1; from+m <= len(form); from++ {
		sum += r.cost(form, from+m-gram) - r.cost(form, from-1)
		if sum < least {
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

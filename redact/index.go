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
	starts    []int32 // by hash: where its places begin; they end where the next ones begin
	shift     int
	places    []place
}

// A place says that a gram stands at some offset of a pattern, and what stands
// beside it, so that most wrong places are told without a look at the pattern.
type place struct {
	gram, beside uint32
	pattern      int32
	offset       uint8
	side         int8 // where from the gram the others stand
}

const maxSeen = 18 // the logarithm of the most words of seen: it must stay in the cache

func hash(g uint32) uint32 { return g * 0x9e3779b1 }

func gramAt(text []byte, i int) uint32 { return binary.LittleEndian.Uint32(text[i:]) }

// newIndex indexes the patterns that ids names.
func newIndex(patterns []pattern, ids []int32) *index {
	window := maxWindow
	for _, id := range ids {
		window = min(window, len(patterns[id].form))
	}
	x := &index{patterns: patterns, stride: window - gram + 1}
	size := bits.Len(uint(len(ids) * x.stride))
	x.seenShift = 32 - min(max(size, 10)-1, maxSeen)
	x.seen = make([]uint64, 1<<(32-x.seenShift))
	x.shift = 32 - min(size+1, 24)
	x.starts = make([]int32, 1<<(32-x.shift)+1)

	rarity := newRarity(patterns, ids)
	windows := make([]uint8, len(ids))
	for i, id := range ids {
		windows[i] = uint8(rarity.window(patterns[id].form, window))
	}
	x.each(ids, windows, func(h uint32, _ int32, _ int) {
		x.seen[h>>x.seenShift] |= 1 << (h & 63)
		x.starts[h>>x.shift+1]++
	})
	for i := 1; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.places = make([]place, len(ids)*x.stride)
	x.each(ids, windows, func(h uint32, id int32, offset int) {
		next := &x.starts[h>>x.shift]
		x.places[*next] = newPlace(patterns[id].form, id, offset)
		*next++
	})
	copy(x.starts[1:], x.starts) // each was counted up to where the next ones begin
	x.starts[0] = 0
	return x
}

// each calls f for every gram of the windows.
func (x *index) each(ids []int32, windows []uint8, f func(h uint32, id int32, offset int)) {
	for i, id := range ids {
		for k := range x.stride {
			offset := int(windows[i]) + k
			f(hash(gramAt(x.patterns[id].form, offset)), id, offset)
		}
	}
}

func newPlace(form []byte, id int32, offset int) place {
	p := place{gram: gramAt(form, offset), pattern: id, offset: uint8(offset)}
	switch {
	case offset+2*gram <= len(form):
		p.side = gram
	case offset >= gram:
		p.side = -gram
	}
	p.beside = gramAt(form, offset+int(p.side))
	return p
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
		h := hash(gramAt(text, i))
		if seen[h>>shift]>>(h&63)&1 != 0 {
			found = x.verify(text, i, h, found)
		}
	}
	return found
}

// verify compares the text around the gram at i, of which h is the hash, with the
// patterns that have it.
func (x *index) verify(text []byte, i int, h uint32, found []match) []match {
	g := gramAt(text, i)
	places := x.places[x.starts[h>>x.shift]:x.starts[h>>x.shift+1]]
	for k := range places {
		p := &places[k]
		side := i + int(p.side)
		if p.gram != g || side < 0 || side+gram > len(text) || gramAt(text, side) != p.beside {
			continue
		}
		form := x.patterns[p.pattern].form
		at := i - int(p.offset)
		if at >= 0 && at+len(form) <= len(text) && bytes.Equal(text[at:at+len(form)], form) {
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
	return &r[hash(gramAt(form, i))>>20]
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

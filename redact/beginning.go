package redact

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sort"
)

// What is held back: the longest end of the text that is the beginning of a
// pattern, without being all of it. Nothing else can become a match.

// beginnings finds it, by search in the sorted patterns.
type beginnings struct {
	*arena
	patterns []pattern
	sorted   []int32    // by form
	first    [257]int32 // by first byte: where in sorted its patterns begin; they end where the next ones begin
	grams    []uint64   // a bit for the hash of every first gram
	shift    int
}

// newBeginnings is made of patterns in the order of their forms, by which ids is
// sorted too.
func newBeginnings(forms *arena, patterns []pattern, ids []int32) *beginnings {
	b := &beginnings{arena: forms, patterns: patterns, sorted: ids}
	size := max(bits.Len(uint(len(ids)))-2, 10) // the logarithm of the words, of which few bits are set
	b.grams, b.shift = make([]uint64, 1<<size), 32-size
	for _, id := range ids {
		form := forms.form(id)
		b.first[int(form[0])+1]++
		h := hash(firstGram(form))
		b.grams[h>>b.shift] |= 1 << (h & 63)
	}
	for c := range 256 {
		b.first[c+1] += b.first[c]
	}
	return b
}

func (b *beginnings) wipe() {
	clear(b.grams)
	b.first = [len(b.first)]int32{}
}

// end returns where the longest such end of text that begins at reach or behind
// it begins, and a pattern that begins with it, or -1.
func (b *beginnings) end(text []byte, reach int) (at int, id int32) {
	for i := reach; i < len(text); i++ {
		if c := int(text[i]); b.first[c] == b.first[c+1] {
			continue
		}
		if len(text)-i >= minGram {
			h := hash(firstGram(text[i:]))
			if b.grams[h>>b.shift]>>(h&63)&1 == 0 {
				continue
			}
		}
		if id := b.longer(text[i:]); id >= 0 {
			return i, id
		}
	}
	return len(text), -1
}

// longer is a pattern that begins with s and has more bytes, or -1.
func (b *beginnings) longer(s []byte) int32 {
	if behind := b.behind(s); len(behind) > 0 && bytes.HasPrefix(b.form(behind[0]), s) {
		return behind[0]
	}
	return -1
}

// behind are the patterns that come after s, of those that begin with its first byte.
func (b *beginnings) behind(s []byte) []int32 {
	alike := b.sorted[b.first[s[0]]:b.first[int(s[0])+1]]
	return alike[sort.Search(len(alike), func(i int) bool {
		return bytes.Compare(b.form(alike[i]), s) > 0
	}):]
}

// public is how many bytes of s are no secret of any pattern that begins with it.
func (b *beginnings) public(s []byte) int {
	least := len(s)
	for _, id := range b.behind(s) {
		if least == 0 || !bytes.HasPrefix(b.form(id), s) {
			break
		}
		least = min(least, b.patterns[id].public)
	}
	return least
}

func firstGram(text []byte) uint64 { return uint64(binary.LittleEndian.Uint32(text)) }

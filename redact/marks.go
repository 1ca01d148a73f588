package redact

import (
	"encoding/binary"
	"math/bits"
)

// Where a view may differ from the text it is made of: at some control characters
// and at the bytes an escape can begin with. They are marked by a bit each, in
// one pass, so that going from one to the next costs as much as they are many,
// and not as far as they are apart.

// breakers are the control characters that the first view looks at.
const breakers = "\a\b\n\r\x0e\x0f\x1b"

var isMarked = func() (is [256]bool) {
	for _, c := range []byte(breakers + starters) {
		is[c] = true
	}
	return is
}()

// marks finds them in order.
type marks struct {
	words []uint64 // bit i%64 of word i/64 stands for byte i
	size  int      // of the text
}

func (m *marks) reset(text []byte) {
	n := (len(text) + 63) / 64
	if cap(m.words) < n {
		m.words = make([]uint64, n)
	}
	m.words, m.size = m.words[:n], len(text)
	whole := len(text) &^ 63
	markGroups(m.words, text[:whole])
	if whole < len(text) {
		m.words[n-1] = markedIn(text[whole:])
	}
}

// next is the first one from i on, or the length of the text.
func (m *marks) next(i int) int {
	k := i >> 6
	if k >= len(m.words) {
		return m.size
	}
	word := m.words[k] &^ (1<<(i&63) - 1)
	for word == 0 {
		if k++; k == len(m.words) {
			return m.size
		}
		word = m.words[k]
	}
	return k<<6 + bits.TrailingZeros64(word)
}

// markedIn has a bit for each of 64 bytes at most.
func markedIn(text []byte) (word uint64) {
	for i, c := range text {
		if isMarked[c] {
			word |= 1 << i
		}
	}
	return word
}

// markInWords is markGroups for a machine of which no more is known than that
// its words have 64 bits.
func markInWords(words []uint64, text []byte) {
	for k := range words[:len(text)/64] {
		group := (*[64]byte)(text[k*64:])
		words[k] = 0
		for i := 0; i < 64; i += 8 {
			for may := mayBeMarked(binary.LittleEndian.Uint64(group[i:])); may != 0; may &= may - 1 {
				at := i + bits.TrailingZeros64(may)/8
				if isMarked[group[at]] {
					words[k] |= 1 << at
				}
			}
		}
	}
}

// mayBeMarked sets the top bit of each of eight bytes that is to be marked, and
// of some others.
func mayBeMarked(x uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	below := (x - ' '*ones) &^ x
	a, b, c := x^'%'*ones, x^'&'*ones, x^'\\'*ones
	d, e, f := x^0xe2*ones, x^0xef*ones, x^0xc2*ones
	equal := (a-ones)&^a | (b-ones)&^b | (c-ones)&^c | (d-ones)&^d | (e-ones)&^e | (f-ones)&^f
	return (below | equal) & tops
}

package redact

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// markers are all ways to mark whole groups of 64 bytes.
var markers = map[string]func([]uint64, []byte){"groups": markGroups, "words": markInWords}

// What is marked is the same however it is found.
func TestMarks(t *testing.T) {
	s := &scene{Rand: rand.New(rand.NewPCG(5, 5))}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, among := range []string{string(all), someLetters, someLetters + breakers, someLetters + starters} {
		for range 100 {
			text := []byte(s.bytes(64*(1+s.IntN(5)), among))
			want := make([]uint64, len(text)/64)
			for k := range want {
				want[k] = markedIn(text[64*k : 64*k+64])
			}
			for name, mark := range markers {
				got := make([]uint64, len(want))
				mark(got, text)
				if !slices.Equal(got, want) {
					t.Fatalf("%s of %q: got %x, want %x", name, text, got, want)
				}
			}
		}
	}
}

func BenchmarkMarks(b *testing.B) {
	text := logText()[:block]
	words := make([]uint64, block/64)
	for name, mark := range markers {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(block)
			for b.Loop() {
				mark(words, text)
			}
		})
	}
}

package redact

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every occurrence of a pattern is found, and once: also at the ends of the text,
// over others, and where all of the text looks like patterns.
func TestIndex(t *testing.T) {
	s := &scene{Rand: rand.New(rand.NewPCG(6, 6))}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, among := range []string{"a", "ab", "0123456789abcdef", someLetters, string(all)} {
		for _, class := range append(classes[:], maxWindow) {
			for range 20 {
				p := new(patterns)
				for range []int{1, 2, 20, 400}[s.IntN(4)] {
					least := class + s.IntN(2)*s.IntN(maxForm/2)
					form := []byte(s.bytes(least+s.IntN(2)*s.IntN(30), among))
					p.all = append(p.all, pattern{form: form, least: least})
				}
				p.gather()
				ids := make([]int32, len(p.all))
				for i := range ids {
					ids[i] = int32(i)
				}
				var text []byte
				for size := s.IntN(300 << (4 * s.IntN(2))); len(text) < size; {
					form := p.all[s.IntN(len(p.all))].form
					text = append(text, form[s.IntN(len(form)):]...)
					text = append(text, form[:s.IntN(len(form)+1)]...)
					text = append(text, s.bytes(s.IntN(9), among)...)
				}
				x := newIndex(&p.forms, ids)
				var got []match
				x.find(text, func(m match) { got = append(got, m) })
				want := plainFind(p, text)
				slices.SortFunc(got, compareMatches)
				if !slices.Equal(got, want) {
					t.Fatalf("%d patterns, windows of %d bytes, %q: got %d matches, want %d", len(ids), x.window, text, len(got), len(want))
				}
			}
		}
	}
}

// plainFind looks for every pattern at every place.
func plainFind(p *patterns, text []byte) (found []match) {
	for id := range p.all {
		form, least := p.all[id].form, p.all[id].least
		for at := range text {
			if !bytes.HasPrefix(text[at:], form[:least]) {
				continue
			}
			n := least
			for n < len(form) && bytes.HasPrefix(text[at:], form[:n+1]) {
				n++
			}
			found = append(found, match{int32(id), int32(n), at})
		}
	}
	slices.SortFunc(found, compareMatches)
	return found
}

func compareMatches(x, y match) int {
	return cmp.Or(int(x.pattern-y.pattern), x.at-y.at, int(x.n-y.n))
}

// Of forms that are equal one is kept, and none stays behind elsewhere.
func TestEqualForms(t *testing.T) {
	f := new(forms)
	f.of([]byte(token))
	p := &patterns{all: slices.Clone(f.patterns)}
	if p.sort(); len(p.all) == len(f.patterns) {
		t.Fatal("no two forms are equal")
	}
	p.gather()
	for _, old := range f.patterns {
		if len(bytes.Trim(old.form, "\x00")) > 0 {
			t.Errorf("%q is still there", old.form)
		}
	}
}

// Values that are found everywhere, each over all others, leave a span each.
func TestSpansMerge(t *testing.T) {
	p := newPatterns([][]byte{[]byte(fmt.Sprintf("%064x", 0xabcd00)), []byte(fmt.Sprintf("%064x", 0xabcd01))})
	s := newScanner(p)
	for range 2 {
		if s.scan(bytes.Repeat([]byte("0"), block), 0, true, true); len(s.spans) > 2*p.labels {
			t.Errorf("got %d spans of %d values", len(s.spans), p.labels)
		}
	}
}

package redact

import "sort"

// A view is a text made out of another by leaving out or undoing what a program
// put between or in place of the bytes of a value. It remembers where each of
// its bytes came from, so that what is found in it can be masked in the source.
type view struct {
	text   []byte
	pieces []piece

	// rest is where, in the text it was made of, an unfinished sequence at the
	// end begins, of which only the next write can tell what it means.
	rest int

	marks    marks // of that text
	lines    []int // where, in that text, a line begins that may be of a dump
	starters []int // where, in the view, an escape may begin
}

// A piece says where the bytes of a view from at on, up to the next piece, come
// from. They were copied one by one, or, if wide is not zero, all of them stand
// for one sequence of that many bytes. Each sequence that was left out is
// followed by a piece of its own, maybe without any bytes.
type piece struct{ at, from, wide int }

func (v *view) reset() {
	v.text, v.pieces, v.lines, v.starters = v.text[:0], v.pieces[:0], v.lines[:0], v.starters[:0]
}

// room gives b room for n more bytes. What it leaves behind is wiped.
func room(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	more := append(make([]byte, 0, 2*len(b)+n), b...)
	clear(b[:cap(b)])
	return more
}

// run begins a piece that copies one by one.
func (v *view) run(from int) {
	v.pieces = append(v.pieces, piece{len(v.text), from, 0})
}

// pieceOf finds the piece that byte i of the view lies in.
func (v *view) pieceOf(i int) piece {
	return v.pieces[sort.Search(len(v.pieces), func(k int) bool { return v.pieces[k].at > i })-1]
}

// span maps bytes a to b of the view, at least one, to where they came from.
func (v *view) span(a, b int) (from, to int) {
	p := v.pieceOf(a)
	from = p.from
	if p.wide == 0 {
		from += a - p.at
	}
	if p = v.pieceOf(b - 1); p.wide == 0 {
		return from, p.from + b - p.at
	}
	return from, p.from + p.wide
}

// boundary is the last place at or before k, in the text that v was made of, at
// which no sequence is under way.
func (v *view) boundary(k int) int {
	k = min(k, v.rest)
	i := sort.Search(len(v.pieces), func(i int) bool { return v.pieces[i].from > k }) - 1
	if i < 0 {
		return 0
	}
	p := v.pieces[i]
	if p.wide > 0 {
		return p.from
	}
	next := len(v.text)
	if i+1 < len(v.pieces) {
		next = v.pieces[i+1].at
	}
	return min(k, p.from+next-p.at)
}

// gaps calls f for every stretch that v left out of the text it was made of.
func (v *view) gaps(f func(from, to int)) {
	for i := 1; i < len(v.pieces); i++ {
		p, before := v.pieces[i], v.pieces[i-1]
		f(before.from+p.at-before.at, p.from)
	}
}

// wipe overwrites the copied text.
func (v *view) wipe() {
	clear(v.text[:cap(v.text)])
	v.reset()
}

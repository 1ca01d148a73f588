package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// classes are the lengths at which classes of patterns begin. Each is searched on
// its own: one short pattern would have all of the text looked at more closely.
var classes = [...]int{minWord, minForm, 16}

// maxWindow bounds the window of a class, and so how many grams are indexed.
const maxWindow = 32

// patterns are all forms of a set of values, ready to be searched. They do not
// change, so that any number of streams can share them.
type patterns struct {
	all        []pattern // sorted by form, each form once
	labels     int
	forms      arena
	words      []int32
	indexes    []*index
	beginnings [2]*beginnings // of those in the first view, and in the others
}

func newPatterns(values [][]byte) *patterns {
	p := &patterns{labels: len(values)}
	for i, value := range values {
		f := forms{label: int32(i)}
		f.of(value)
		p.all = append(p.all, f.patterns...)
	}
	p.sort()
	p.gather()
	p.index()
	return p
}

// sort sorts the patterns by form, and wipes all but the first of each.
func (p *patterns) sort() {
	slices.SortFunc(p.all, func(x, y pattern) int {
		return cmp.Or(bytes.Compare(x.form, y.form), int(x.origin)-int(y.origin), int(x.label-y.label), int(x.kind)-int(y.kind), x.least-y.least, y.public-x.public)
	})
	distinct := p.all[:0]
	for _, next := range p.all {
		if n := len(distinct); n > 0 && bytes.Equal(distinct[n-1].form, next.form) {
			clear(next.form)
			continue
		}
		distinct = append(distinct, next)
	}
	p.all = distinct
}

// index sorts the patterns by how they are searched.
func (p *patterns) index() {
	var members [len(classes)][]int32
	var first, others []int32
	for i := range p.all {
		id := int32(i)
		class := 0
		for class+1 < len(classes) && p.all[i].least >= classes[class+1] {
			class++
		}
		members[class] = append(members[class], id)
		switch p.all[i].kind {
		case word:
			p.words = append(p.words, id)
		case bare:
			first = append(first, id)
		default:
			first, others = append(first, id), append(others, id)
		}
	}
	for _, ids := range members {
		if len(ids) > 0 {
			p.indexes = append(p.indexes, newIndex(&p.forms, ids))
		}
	}
	p.beginnings = [2]*beginnings{newBeginnings(&p.forms, p.all, first), newBeginnings(&p.forms, p.all, others)}
}

// An arena holds the forms of patterns side by side, in their order, which is
// easier on the cache and leaves no copies behind.
type arena struct {
	bytes  []byte   // and a word, so that any byte of a form can be read with the seven behind it
	bounds []uint32 // by pattern: where its form begins; it ends where the next one begins
	least  []uint8  // by pattern: how many bytes of its form count as it
}

func (a *arena) form(id int32) []byte { return a.bytes[a.bounds[id]:a.bounds[id+1]] }

// head is what of a form must be there.
func (a *arena) head(id int32) []byte { return a.form(id)[:a.least[id]] }

// gather moves the forms of all patterns into the arena.
func (p *patterns) gather() {
	size := 0
	for i := range p.all {
		size += len(p.all[i].form)
	}
	a := arena{make([]byte, 0, size+word64), make([]uint32, 1, len(p.all)+1), make([]uint8, 0, len(p.all))}
	for i := range p.all {
		old := p.all[i].form
		a.bytes = append(a.bytes, old...)
		a.bounds = append(a.bounds, uint32(len(a.bytes)))
		a.least = append(a.least, uint8(p.all[i].least))
		p.all[i].form = a.bytes[a.bounds[i]:len(a.bytes):len(a.bytes)]
		clear(old)
	}
	a.bytes = a.bytes[:size+word64]
	p.forms = a
}

func (p *patterns) wipe() {
	for _, x := range p.indexes {
		x.wipe()
	}
	for _, b := range p.beginnings {
		b.wipe()
	}
	clear(p.forms.bytes)
	*p = patterns{}
}

package redact

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// Where it is searched: a stretch of the stream, in each of its views.

const (
	rounds    = 3    // how often escapes are undone
	maxSpan   = 1024 // the most bytes of the stream that one match may take
	minEnding = 8    // the least bytes of a form that are masked at the end of the stream
)

// A span of the text is a match. Its label is that of the longest match in it.
type span struct {
	from, to int
	label    int32
	longest  int
}

// A scanner searches one stretch of text after the other; its memory is used
// again. After scan its fields say what was found.
type scanner struct {
	*patterns
	text  []byte
	floor int  // what begins before has been dealt with
	end   bool // nothing follows the text

	layers    [1 + rounds]layer
	dump      view
	dumpShown view
	lines     []dumpLine
	units     []unit // of one of them

	spans  []span
	latest []int // by label: which of them was added last, of this text or of one before

	// live is the first place from which the text may still become a match, and
	// held how many bytes of a form stand there.
	live, held int

	escaped []span // the escapes near the end of the text
}

// A layer is a view of the layer under it, or of the text. Those above the first
// are made in regions, one after the other.
type layer struct {
	view
	under *layer

	begun    bool // a region is
	copied   int  // up to here from the layer below
	indented bool // an indent was undone right before
}

// source maps bytes a to b of the layer to the text.
func (l *layer) source(a, b int) (from, to int) {
	for ; l != nil; l = l.under {
		a, b = l.span(a, b)
	}
	return a, b
}

func newScanner(p *patterns) *scanner {
	s := &scanner{patterns: p, latest: make([]int, p.labels)}
	for i := range s.layers[1:] {
		s.layers[i+1].under = &s.layers[i]
	}
	return s
}

// scan searches a text for what begins at floor or behind it; first says that the
// stream begins with it, end that it ends so.
func (s *scanner) scan(text []byte, floor int, first, end bool) {
	s.text, s.floor, s.end = text, floor, end
	s.spans, s.escaped = s.spans[:0], s.escaped[:0]
	s.live, s.held = len(text), 0
	shown := &s.layers[0]
	shown.strip(text, end)
	s.search(shown, true)
	s.undo(1, true)
	if first && mayBeDump(text) {
		shown.lines = slices.Insert(shown.lines, 0, 0)
	}
	s.dumps()
	slices.SortFunc(s.spans, func(x, y span) int {
		return cmp.Or(x.from-y.from, y.longest-x.longest, int(x.label-y.label))
	})
}

// search finds the matches in a layer and, if it reaches the end of the text,
// what is live in it.
func (s *scanner) search(l *layer, last bool) {
	for _, x := range s.indexes {
		x.find(l.text, func(m match) { s.match(l, m) })
	}
	if last {
		s.ending(l)
	}
}

func (s *scanner) match(l *layer, m match) {
	p := &s.all[m.pattern]
	from, to := s.source(l, m.at, m.at+int(m.n))
	switch {
	case p.kind == word:
		s.wordMatch(l, m)
	case p.kind == bare && l.under != nil:
	case to-from <= maxSpan:
		s.add(span{from, to, p.label, to - from})
	default:
		s.shorter(l, m)
	}
}

// shorter takes as much of a match that takes too much of the stream as may be one, if
// that much of the form counts.
func (s *scanner) shorter(l *layer, m match) {
	p := &s.all[m.pattern]
	more := sort.Search(int(m.n)-p.least, func(i int) bool {
		from, to := s.source(l, m.at, m.at+p.least+i)
		return to-from > maxSpan
	})
	if more > 0 {
		from, to := s.source(l, m.at, m.at+p.least+more-1)
		s.add(span{from, to, p.label, to - from})
	}
}

// wordMatch takes a short value only in one piece, and where no word goes on.
func (s *scanner) wordMatch(l *layer, m match) {
	p := &s.all[m.pattern]
	n := len(p.form)
	_, to := l.source(m.at, m.at+n)
	from := to - n
	switch {
	case from < 0 || !bytes.Equal(s.text[from:to], p.form) || !l.wordBegins(m.at, from) || !l.wordEnds(m.at+n, to):
	case s.mayGoOn(to):
		s.hold(from, n)
	default:
		s.add(span{from, to, p.label, n})
	}
}

// mayGoOn tells whether more bytes could make a word go on at a place of the text:
// a line that may be under what follows does, if nothing follows that it is under.
func (s *scanner) mayGoOn(to int) bool {
	return !s.end && (to == len(s.text) || to == s.layers[0].rest && s.text[to] == '_')
}

// wordBegins tells whether no word goes on before byte i of the layer, which
// comes from a place in the text. Where something was left out between, none does.
func (l *layer) wordBegins(i, from int) bool {
	for i == 0 && l.under != nil { // of a region, before which the layer is as the one below
		i, l = l.pieces[0].from, l.under
	}
	if i == 0 || !isWordByte(l.text[i-1]) {
		return true
	}
	_, before := l.source(i-1, i)
	return before != from
}

// wordEnds tells so of byte i, before which the word ends at a place in the text.
func (l *layer) wordEnds(i, to int) bool {
	for i == len(l.text) && l.under != nil {
		i, l = l.rest, l.under
	}
	if i == len(l.text) || !isWordByte(l.text[i]) {
		return true
	}
	behind, _ := l.source(i, i+1)
	return behind != to
}

// source maps to the text. The percent sign of a first byte that is escaped is
// not masked: it may have been written before, since nothing else speaks for a
// match then, and a prompt ("10%") must not wait for what follows it.
func (s *scanner) source(l *layer, a, b int) (from, to int) {
	from, to = l.source(a, b)
	if s.text[from] == '%' {
		if _, first := l.source(a, a+1); first-from > 1 {
			from++
		}
	}
	return from, to
}

// add keeps a span. One that overlaps the last one of its label, and cannot change
// the label of their mask, becomes a part of it: a value that repeats itself has many.
func (s *scanner) add(new span) {
	if new.from < s.floor {
		return
	}
	if i := s.latest[new.label]; i < len(s.spans) {
		old := &s.spans[i]
		if old.label == new.label && new.longest <= old.longest && new.from < old.to && old.from < new.to {
			old.from, old.to = min(old.from, new.from), max(old.to, new.to)
			return
		}
	}
	s.latest[new.label] = len(s.spans)
	s.spans = append(s.spans, new)
}

// ending finds the longest end of a layer that may become a match; at the end
// of the stream it is one, if it is long enough.
func (s *scanner) ending(l *layer) {
	if s.end {
		s.cutOff(l)
		return
	}
	if at, id := s.longestEnd(l); id >= 0 {
		s.holdFrom(l, at)
	} else if l.under != nil && l.rest < len(l.under.text) {
		s.unfinished(l)
	}
	s.wordEnding(l)
	if l.under == nil {
		s.doubtful(l.rest)
	}
}

// holdFrom holds the ends of a layer that are beginnings of patterns, of which the
// longest begins at at. What anybody may read of it does not count.
func (s *scanner) holdFrom(l *layer, at int) {
	n := len(l.text)
	for id := int32(0); id >= 0; at, id = s.beginningsIn(l).end(l.text, at+1) {
		from, _ := s.source(l, at, n)
		public := s.beginningsIn(l).public(l.text[at:])
		s.hold(from, max(0, n-at-public))
		if public == 0 {
			return
		}
	}
}

// longestEnd is the longest end of a layer that is the beginning of a pattern: where
// it begins, and the pattern or -1.
func (s *scanner) longestEnd(l *layer) (at int, id int32) {
	return s.beginningsIn(l).end(l.text, s.reach(l))
}

func (s *scanner) beginningsIn(l *layer) *beginnings {
	if l.under != nil {
		return s.beginnings[1]
	}
	return s.beginnings[0]
}

// cutOff masks the beginning of a value that the end of the stream cuts off.
func (s *scanner) cutOff(l *layer) {
	n := len(l.text)
	if at, id := s.longestEnd(l); id >= 0 && n-at >= s.all[id].ending {
		from, _ := s.source(l, at, n)
		s.add(span{from, len(s.text), s.all[id].label, len(s.text) - from})
	}
}

// doubtful holds what may be a match, or begin as one, in a sequence that the end of
// the text cuts off, if it turns out to be none.
func (s *scanner) doubtful(from int) {
	rest := s.text[from:]
	if at, id := s.beginnings[0].end(rest, 0); id >= 0 {
		s.hold(from+at, len(rest)-at)
	}
	for _, x := range s.indexes {
		x.find(rest, func(m match) { s.hold(from+m.at, int(m.n)) })
	}
	for _, id := range s.words {
		for n := min(len(s.all[id].form)-1, len(rest)); n > 0; n-- {
			if bytes.HasSuffix(rest, s.all[id].form[:n]) && len(s.text)-n >= s.floor {
				s.hold(len(s.text)-n, n)
				break
			}
		}
	}
	if string(rest) == `\` {
		s.hold(from, 0)
	}
	if s.held > 0 && len(trimOpen(rest)) == 0 && len(rest) == 1 { // it may belong to the beginning before it
		s.held++
	}
	if bytes.ContainsAny(rest, "%&") { // an escape may follow the beginning of a value
		s.hold(max(from, s.floor), 0)
	}
}

// reach is the first place in a layer from which a match can go on beyond the
// end of the text.
func (s *scanner) reach(l *layer) int {
	n := len(l.text)
	first := max(0, n-maxForm+1)
	least := max(len(s.text)-maxSpan, s.floor)
	return first + sort.Search(n-first, func(i int) bool {
		from, _ := s.source(l, first+i, first+i+1)
		return from >= least
	})
}

// unfinished holds an escape that the end of the text cuts off.
func (s *scanner) unfinished(l *layer) {
	from, _ := l.under.source(l.rest, l.rest+1)
	s.escaped = append(s.escaped, span{from: from, to: len(s.text) + 1})
	if s.text[from] == '%' {
		from++
	}
	s.hold(from, 0)
}

// wordEnding holds the beginning of a short value.
func (s *scanner) wordEnding(l *layer) {
	for _, id := range s.words {
		form := s.all[id].form
		for n := min(len(form)-1, len(l.text)); n > 0; n-- {
			at := len(l.text) - n
			if !bytes.Equal(l.text[at:], form[:n]) {
				continue
			}
			_, to := l.source(at, len(l.text))
			from := to - n
			if from >= s.floor && bytes.Equal(s.text[from:to], form[:n]) && l.wordBegins(at, from) {
				s.hold(from, n)
				break
			}
		}
	}
}

func (s *scanner) hold(from, n int) {
	if from < s.floor {
		return
	}
	s.live, s.held = min(s.live, from), max(s.held, n)
}

// margin is how far from an escape a layer still differs from the one below, as
// far as matches go.
const margin = maxForm + maxEscape

// undo makes the layer of one round, and those above it, around the escapes of
// the layer below, region by region. The last region may reach the end of the
// text.
func (s *scanner) undo(round int, last bool) {
	l := &s.layers[round]
	text := l.under.text
	l.begun = false
	next, stop := 0, len(text) // or where an unfinished escape begins
	for _, i := range l.under.starters {
		if i < next { // it belongs to the escape before
			continue
		}
		e, whole, goesOn := undoShown(text[i:], l.begun && l.indented && l.copied == i)
		if !whole && last {
			if !s.end {
				stop = i
				break
			}
			s.cutOffWithin(l, i)
		}
		if e.n == 0 {
			continue
		}
		if l.begun && i-l.copied > 2*margin {
			s.finish(round, l.copied+margin, false)
		}
		if !l.begun {
			l.begin(i)
		}
		s.noteEscape(l.under, i, i+e.n)
		l.put(i, e)
		next = i + e.n
		l.indented = goesOn
	}
	s.undoEnd(round, stop, last)
}

// cutOffWithin is cutOff for a value that ends within the escape at i.
func (s *scanner) cutOffWithin(l *layer, i int) {
	begun := l.begun
	if !begun {
		l.begin(i)
	}
	n := len(l.text)
	l.text = append(l.text, l.under.text[l.copied:i]...)
	s.cutOff(l)
	l.text, l.begun = l.text[:n], begun
}

// undoEnd finishes the last region, which goes on to an unfinished escape.
func (s *scanner) undoEnd(round, stop int, last bool) {
	l := &s.layers[round]
	if stop == len(l.under.text) {
		if l.begun {
			to := min(l.copied+margin, stop)
			s.finish(round, to, last && to == stop)
		}
		return
	}
	if l.begun && stop-l.copied > 2*margin {
		s.finish(round, l.copied+margin, false)
	}
	if !l.begun {
		l.begin(stop)
	}
	s.finish(round, stop, true)
}

// finish completes a region of a layer, and searches it and what is above it.
func (s *scanner) finish(round, to int, last bool) {
	l := &s.layers[round]
	l.text = append(l.text, l.under.text[l.copied:to]...)
	l.rest = to
	l.begun = false
	s.search(l, last)
	if round < rounds {
		l.start()
		s.undo(round+1, last)
	}
}

// start finds where an escape may begin in the layer.
func (l *layer) start() {
	l.marks.reset(l.text)
	for i := l.marks.next(0); i < len(l.text); i = l.marks.next(i + 1) {
		if isStarter[l.text[i]] {
			l.starters = append(l.starters, i)
		}
	}
}

// begin begins a region before the escape at i.
func (l *layer) begin(i int) {
	l.reset()
	l.text = room(l.text, len(l.under.text)) // an escape is never shorter than what it stands for
	l.copied = max(0, i-margin)
	l.run(l.copied)
	l.begun, l.indented = true, false
}

// put copies the text up to i and puts what the escape at i stands for in its place.
func (l *layer) put(i int, e escape) {
	l.text = append(l.text, l.under.text[l.copied:i]...)
	if e.size > 0 {
		l.pieces = append(l.pieces, piece{len(l.text), i, e.n})
		l.text = e.append(l.text)
	}
	l.copied = i + e.n
	l.run(l.copied)
}

// noteEscape remembers where in the text an escape near its end lies.
func (s *scanner) noteEscape(under *layer, a, b int) {
	if len(under.text)-a <= maxSpan+maxWait {
		from, to := under.source(a, b)
		s.escaped = append(s.escaped, span{from: from, to: to})
	}
}

// boundary is the last place at or before k at which no sequence is under way in
// any layer: the text can be cut there.
func (s *scanner) boundary(k int) int {
	for {
		at := s.layers[0].boundary(k)
		for _, e := range s.escaped {
			if e.from < at && at < e.to {
				at = e.from
			}
		}
		if i := min(at, len(s.text)-1); i > 0 && s.text[i] == '\b' && s.text[i-1] != '\b' {
			at = i - 1 // what is struck over counts
		}
		if at == k {
			return k
		}
		k = at
	}
}

func (s *scanner) wipe() {
	for i := range s.layers {
		s.layers[i].wipe()
	}
	s.dump.wipe()
	s.dumpShown.wipe()
	s.text = nil
}

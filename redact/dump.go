package redact

import (
	"bytes"
	"unicode/utf8"
)

// The third view: the bytes that a dump spells, line after line.
//
//	00000010  6b 65 6e 41 31 62 32 43  33 64 34 45 35 66 36 47  |kenA1b2C3d4E5f6G|
//	00000010: 6b65 6e41 3162 3243 3364 3445 3566 3647  kenA1b2C3d4E5f6G
//	 6b 65 6e 41 31 62 32 43 33 64 34 45 35 66 36 47
//	  0x6b, 0x65, 0x6e, 0x41, 0x31, 0x62, 0x32, 0x43,
//	0x0010:  6b65 6e41 3162 3243 3364 3445 3566 3647  kenA1b2C3d4E5f6G
//	0010 - 6b 65 6e 41 31 62 32 43-33 64 34 45 35 66 36 47   kenA1b2C3d4E5f6G
//	6b 65 6e 41 31 62 32 43 33 64 34 45 35 66 36 47
//	0000020 107 101 110  65  49  98
//	  107, 101, 110,  65,  49,  98,
//	0000020 153 145 156 101 061 142
//	0000020 062553 040556 061061
//	00000010: 01101011 01100101 01101110 01000001  kenA
//	0000020   k   e   n   A   1   b  \n     303 251
//	0040: kenA1b2C3d4E5f6G
//	  'k', 'e', 'n', 'A', '1', 'b',
//
// A line of a dump begins with an offset, with blanks, or with a byte and a blank.
// An offset has six digits or more, or four and something behind that marks it.
// Then come groups of digits between blanks or commas, which are read in several
// ways, cells of characters, or, behind four digits and a colon, text. What else
// there is on a line of digits or cells is taken for the bytes as text, and masked
// with them. Behind blanks there may be characters in quotes. Lines that follow
// each other go on with each other.

// dumps searches what the lines that may be of a dump spell.
func (s *scanner) dumps() {
	s.lines = s.lines[:0]
	var held [allReadings]bool // does any line hold something in a reading
	for _, at := range s.layers[0].lines {
		if at == len(s.text) { // no line yet, and no end of those before
			break
		}
		line := newDumpLine(s.text, at, s.end)
		if !line.open && line.groups < 0 && line.cells < 0 && line.plain < 0 && line.quoted < 0 {
			continue
		}
		if len(s.text)-line.next <= maxSpan+maxWait {
			s.escaped = append(s.escaped, span{from: max(at-1, 0), to: line.next - 1})
		}
		for r := range held {
			held[r] = held[r] || line.may(reading(r))
		}
		s.lines = append(s.lines, line)
	}
	longest := 0
	for r, any := range held {
		if any && (reading(r) != inSwapped || longest > 2) {
			longest = s.dumpsIn(reading(r))
		}
	}
}

// dumpsIn searches them in one reading and returns the length of the longest unit.
func (s *scanner) dumpsIn(r reading) (longest int) {
	s.dump.reset()
	next := -1 // where a line would go on with those before
	for _, line := range s.lines {
		if line.at != next {
			s.dumped(r, false)
		}
		units, pending := line.read(s.text, r, s.units)
		if pending >= 0 {
			s.hold(pending, 0)
		}
		if next = line.next; len(units) == 0 && !line.open {
			next = -1
		}
		for _, u := range units {
			s.spell(u, r)
			longest = max(longest, u.to-u.from)
		}
		s.units = units
	}
	s.dumped(r, next >= len(s.text))
	return longest
}

// spell adds the bytes of a unit to the view.
func (s *scanner) spell(u unit, r reading) {
	text := s.text[u.from:u.to]
	switch r {
	case inHex:
		for i := 0; i < len(text); i += 2 {
			s.spellByte(u.from+i, 2, hexByte(text[i:]))
		}
	case inSwapped:
		for i := len(text) - 2; i >= 0; i -= 2 {
			s.spellByte(u.from+i, 2, hexByte(text[i:]))
		}
	case inCells:
		c, _ := cellByte(text)
		s.spellByte(u.from, len(text), c)
	case inQuotes:
		if text[0] == '\\' {
			e, _ := undo(text)
			for _, c := range e.append(make([]byte, 0, utf8.UTFMax)) {
				s.spellByte(u.from, len(text), c)
			}
			return
		}
		fallthrough
	case inText:
		for i, c := range text {
			s.spellByte(u.from+i, 1, c)
		}
	default:
		n, _ := number(text, groupings[r].base, len(text), len(text))
		s.spellByte(u.from, len(text), byte(n))
		if r == inOctal && len(text) == twoBytes {
			s.spellByte(u.from, len(text), byte(n>>8))
		}
	}
}

// spellByte adds a byte that n bytes of the text stand for.
func (s *scanner) spellByte(from, n int, c byte) {
	l := &s.dump
	l.pieces = append(l.pieces, piece{len(l.text), from, n})
	l.text = append(l.text, c)
}

// dumped searches the bytes of lines that go on with each other, as the first view
// shows them; if they are the last of the text, what follows may go on with them.
func (s *scanner) dumped(r reading, last bool) {
	if len(s.dump.text) == 0 {
		return
	}
	l := &s.dumpShown
	l.strip(s.dump.text, s.end || !last)
	l.gaps(func(a, b int) { // what is left out belongs together, also where it is on two lines
		if from, to := s.spelling(a, b); from < to && len(s.text)-from <= maxSpan+maxWait {
			s.escaped = append(s.escaped, span{from: from, to: to})
		}
	})
	for _, x := range s.indexes {
		x.find(l.text, func(m match) { s.dumpMatch(m, r) })
	}
	if last {
		s.dumpEnding()
	}
	s.dump.reset()
}

func (s *scanner) dumpMatch(m match, r reading) {
	p := &s.all[m.pattern]
	from, to := s.dumpSpan(m.at, m.at+int(m.n))
	whole := s.end
	if r == inText || r == inQuotes {
		whole = true
	} else if n := bytes.IndexByte(s.text[to:], '\n'); n >= 0 {
		to, whole = to+len(bytes.TrimSuffix(s.text[to:to+n], []byte("\r"))), true
	} else {
		to = len(s.text)
	}
	switch {
	case p.kind != anywhere || to-from > maxSpan:
	case !whole:
		s.hold(from, int(m.n))
	default:
		s.add(span{from, to, p.label, to - from})
	}
}

// dumpEnding is what ending is for the other views.
func (s *scanner) dumpEnding() {
	l := &s.dumpShown
	n := len(l.text)
	reach, least := n, max(len(s.text)-maxSpan, s.floor)
	for reach > max(0, n-maxForm+1) {
		if from, _ := s.dumpSpan(reach-1, reach); from < least {
			break
		}
		reach--
	}
	switch at, id := s.beginnings[1].end(l.text, reach); {
	case id >= 0 && !s.end: // what is left out behind its last byte may be before it in the text
		begins, _ := l.span(at, at+1)
		from, _ := s.spelling(begins, len(s.dump.text))
		s.hold(from, n-at)
	case id >= 0 && n-at >= s.all[id].ending:
		from, _ := s.dumpSpan(at, n)
		s.add(span{from, len(s.text), s.all[id].label, len(s.text) - from})
	}
	if l.rest < len(s.dump.text) { // it may begin in what is not shown yet
		from, _ := s.spelling(l.rest, len(s.dump.text))
		s.hold(from, 0)
	}
}

// dumpSpan maps bytes a to b of what a dump shows to the text.
func (s *scanner) dumpSpan(a, b int) (from, to int) { return s.spelling(s.dumpShown.span(a, b)) }

// spelling is where the text spells bytes a to b of a dump, of which each has a piece
// of its own: a swapped group has them in another order.
func (s *scanner) spelling(a, b int) (from, to int) {
	from = len(s.text)
	for _, p := range s.dump.pieces[a:b] {
		from, to = min(from, p.from), max(to, p.from+p.wide)
	}
	return from, to
}

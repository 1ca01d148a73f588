package redact

import (
	"bytes"
	"math/bits"
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
//
// A line of a dump begins with an offset, with blanks, or with a byte and a blank.
// An offset has six digits or more, or four and something behind that marks it.
// Then come groups of hex digits between blanks or commas, all of as many bytes;
// the last may have fewer. What else there is on the line is taken for the bytes
// as text, and masked with them. Lines that follow each other go on with each
// other. Where groups are longer than a byte they are read in both byte orders.

const (
	leastOffset = 6  // digits
	leastMarked = 4  // … of one with a mark behind
	mostGroup   = 32 // digits
	mostIndent  = 8  // blanks
	longestLine = 254
)

// A dumpLine is what could be read of one line of the text.
type dumpLine struct {
	groups  []span // of hex digits, each of an even number
	pending int    // where an unfinished group begins at the end of the text, or -1
	long    bool
	end     int // where the next line begins, or well behind the text
}

// readDumpLine reads the line that begins at i. It is no line of a dump if it has
// no groups. At the end of the stream nothing is unfinished.
func readDumpLine(text []byte, i int, end bool, groups []span) dumpLine {
	n := bytes.IndexByte(text[i:], '\n')
	line := dumpLine{groups: groups[:0], pending: -1, end: i + n + 1}
	if n < 0 {
		n, line.end = len(text)-i, len(text)+2
	}
	if line.long = n > longestLine; line.long {
		return line
	}
	first := skipBlanks(text, i)
	if first-i > mostIndent {
		return line
	}
	begins := first > i || beginsWithByte(text[first:])
	i = first
	if n := offset(text[first:]); n > 0 {
		begins, i = true, skipBlanks(text, first+n)
	}
	for more, size := begins, 0; more; {
		var group span
		group, i, more = readDumpGroup(text, i)
		switch {
		case group.to == len(text) && !end:
			line.pending = group.from
		case size > 0 && group.longest > size: // the column of text
			return line
		case group.longest > 0:
			line.groups = append(line.groups, group)
			more = more && (size == 0 || group.longest == size)
			size = group.longest
		}
	}
	return line
}

// beginsWithByte tells whether a line begins with two digits and a blank.
func beginsWithByte(line []byte) bool {
	return len(line) > 2 && digit(line[0]) < 16 && digit(line[1]) < 16 && isBlank(line[2])
}

// offset measures the offset that a line begins with, and what marks it.
func offset(line []byte) int {
	digitsOf := bytes.TrimPrefix(line, []byte("0x"))
	n := digits(digitsOf, 16, longestLine)
	hex := len(line) - len(digitsOf)
	rest := digitsOf[n:]
	colon := len(rest) > 1 && rest[0] == ':' && isBlank(rest[1])
	switch {
	case n >= leastMarked && colon:
		return hex + n + 1
	case hex > 0 || n < leastMarked:
		return 0
	case bytes.HasPrefix(rest, []byte(" - ")):
		return n + 2
	case n >= leastOffset && len(rest) > 0 && isBlank(rest[0]):
		return n
	case len(rest) > 1 && isBlank(rest[0]) && isBlank(rest[1]):
		return n
	}
	return 0
}

// readDumpGroup reads the group at i and what divides it from the next one. A
// group of no use has no longest; it may still get longer at the end of the text.
func readDumpGroup(text []byte, i int) (group span, next int, more bool) {
	from := i
	if bytes.HasPrefix(text[i:], []byte("0x")) {
		from += 2
	}
	n := digits(text[from:], 16, mostGroup+1)
	to := from + n
	group = span{from: from, to: to}
	if n == 0 || n%2 != 0 || n > mostGroup {
		return group, i, false
	}
	next = to
	if next < len(text) && (text[next] == ',' || text[next] == '-' && n == 2) {
		next++
	}
	blanks := skipBlanks(text, next)
	if blanks == to && to < len(text) && text[to] != '\n' && text[to] != '\r' {
		return span{}, i, false
	}
	group.longest = n
	gap := blanks - next
	return group, blanks, blanks < len(text) && (gap < 2 || gap == 2 && n == 2)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func skipBlanks(text []byte, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

// mayBeDump tells, at low cost, whether a line may be one of a dump.
func mayBeDump(line []byte) bool {
	if len(line) > 0 && isBlank(line[0]) {
		line = line[skipBlanks(line[:min(len(line), mostIndent)], 0):]
		line = bytes.TrimPrefix(line, []byte("0x"))
		return digits(line, 16, 2) >= min(2, len(line)) || len(line) == 1
	}
	if len(line) > 1 && line[0] == '0' && line[1] == 'x' {
		line = line[2:]
	}
	n := digits(line, 16, leastOffset)
	return n == len(line) || mayBeginDump(n, line[n])
}

// mayBeginDump tells so of a line that begins with n digits and another byte.
func mayBeginDump(n int, behind byte) bool {
	return n >= leastOffset || n == 2 && isBlank(behind) || n >= leastMarked && (behind == ':' || isBlank(behind))
}

// hexDigits counts the hex digits that the eight bytes of a word begin with.
func hexDigits(word uint64) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	low := word &^ tops
	lower := low | ' '*ones
	digit := (low + (0x80-'0')*ones) &^ (low + (0x80-'9'-1)*ones)
	letter := (lower + (0x80-'a')*ones) &^ (lower + (0x80-'f'-1)*ones)
	return bits.TrailingZeros64(^((digit|letter)&^word)&tops) / 8
}

// dumps searches what the lines that may be of a dump spell.
func (s *scanner) dumps() {
	lines := s.layers[0].lines
	if len(lines) > 0 && s.dumpsIn(lines, false) {
		s.dumpsIn(lines, true)
	}
}

// dumpsIn does so in one byte order, and tells whether another is to be tried.
func (s *scanner) dumpsIn(lines []int, swapped bool) (wide bool) {
	s.dump.reset()
	next := -1 // where a line would go on with those before
	for _, at := range lines {
		if at == len(s.text) { // no line yet, and no end of those before
			break
		}
		if at != next {
			s.dumped(false)
		}
		line := readDumpLine(s.text, at, s.end, s.groups)
		s.groups = line.groups
		if !line.long && len(s.text)-line.end <= maxSpan+maxWait {
			s.escaped = append(s.escaped, span{from: max(at-1, 0), to: line.end - 1})
		}
		if line.pending >= 0 {
			s.hold(line.pending, 0)
		}
		if next = line.end; line.long || len(line.groups) == 0 && (line.end <= len(s.text) || s.end) {
			next = -1
		}
		for _, g := range line.groups {
			s.spell(g, swapped)
			wide = wide || g.longest > 2
		}
	}
	s.dumped(next >= len(s.text))
	return wide
}

// spell adds the bytes of a group to the view.
func (s *scanner) spell(g span, swapped bool) {
	l := &s.dump
	step, at := 2, g.from
	if swapped {
		step, at = -2, g.to-2
	}
	for range g.longest / 2 {
		l.pieces = append(l.pieces, piece{len(l.text), at, 2})
		c, _ := number(s.text[at:], 16, 2, 2)
		l.text = append(l.text, byte(c))
		at += step
	}
}

// dumped searches the bytes of lines that go on with each other; if they are the
// last of the text, what follows may go on with them.
func (s *scanner) dumped(last bool) {
	l := &s.dump
	for _, x := range s.indexes {
		s.found = x.find(l.text, s.found[:0])
		for _, m := range s.found {
			s.dumpMatch(m)
		}
	}
	if last {
		s.dumpEnding()
	}
	l.reset()
}

func (s *scanner) dumpMatch(m match) {
	p := &s.all[m.pattern]
	from, to := s.dumpSpan(m.at, m.at+len(p.form))
	whole := s.end
	if n := bytes.IndexByte(s.text[to:], '\n'); n >= 0 {
		to, whole = to+len(bytes.TrimSuffix(s.text[to:to+n], []byte("\r"))), true
	} else {
		to = len(s.text)
	}
	switch {
	case p.kind != anywhere || to-from > maxSpan:
	case !whole:
		s.hold(from, len(p.form))
	default:
		s.add(span{from, to, p.label, to - from})
	}
}

// dumpEnding is what ending is for the other views.
func (s *scanner) dumpEnding() {
	n := len(s.dump.text)
	reach, least := n, max(len(s.text)-maxSpan, s.floor)
	for reach > max(0, n-maxForm+1) && s.dump.pieces[reach-1].from >= least {
		reach--
	}
	at, id := s.beginnings[1].end(s.dump.text, reach)
	if id < 0 {
		return
	}
	from, _ := s.dumpSpan(at, n)
	switch {
	case !s.end:
		s.hold(from, n-at)
	case n-at >= minEnding:
		s.add(span{from, len(s.text), s.all[id].label, len(s.text) - from})
	}
}

// dumpSpan maps bytes a to b of the dump to the text, where a swapped group may
// have them in another order. Every byte has a piece of its own.
func (s *scanner) dumpSpan(a, b int) (from, to int) {
	from = len(s.text)
	for _, p := range s.dump.pieces[a:b] {
		from, to = min(from, p.from), max(to, p.from+p.wide)
	}
	return from, to
}

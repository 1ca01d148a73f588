package redact

import (
	"bytes"
	"unicode/utf8"
)

// What a line of a dump holds: groups of digits, cells of characters, text, or
// characters in quotes.

const (
	leastOffset = 6  // digits
	mostOffset  = 8  // … of one before cells
	mostDigits  = 16 // … of any
	oddOffset   = 7  // … of one that is no group
	leastMarked = 4  // … of one with a mark behind
	mostIndent  = 8  // blanks
	longestLine = 254
	half        = 8 // groups, behind which a row may have a wider gap
)

// A reading is one of the ways to read what a line of a dump consists of.
type reading int

const (
	inHex     reading = iota
	inSwapped         // hex with the last byte of each group first
	inDecimal
	inOctal // bytes, or pairs of them as a number
	inBinary
	inCells
	inText
	inQuotes
	allReadings
)

// A grouping says which groups of digits there are in a reading: least to most
// digits, in steps, all groups but the last of as many if they are alike, and so
// many blanks between them at most; between groups of two or four digits as many
// may be, everywhere on a line or behind half of a row. Behind a group without a mark
// none has one, but for OpenSSL's dash in the middle of a row. Else the column of text
// begins there, which may look like one group more.
type grouping struct {
	base, least, most, step int
	alike                   bool
	gap                     int
}

var groupings = [...]grouping{
	inHex:     {16, 2, 32, 2, true, 1},
	inSwapped: {16, 2, 32, 2, true, 1},
	inDecimal: {10, 1, 3, 1, false, 4},
	inOctal:   {8, 3, 6, 3, true, 4},
	inBinary:  {2, 8, 8, 8, true, 1},
}

// A dumpLine is a line of the text that may be of a dump.
type dumpLine struct {
	at      int
	groups  int  // where groups of digits begin, or -1
	size    int  // how many hex digits the first one has
	base    int  // the least base that they can be of
	cells   int  // where cells begin, or -1
	plain   int  // where text begins, or -1
	quoted  int  // where characters in quotes begin, or -1
	to      int  // where it ends, as far as the text goes
	next    int  // where the next line begins, or well behind the text
	open    bool // it may go on
	unclear bool // the first group may turn out to be an offset
}

// A unit is a group of digits, a cell, or what stands between quotes.
type unit struct{ from, to int }

// newDumpLine finds out what the line that begins at i may hold. At the end of the
// stream nothing is open.
func newDumpLine(text []byte, i int, end bool) dumpLine {
	line := dumpLine{at: i, groups: -1, cells: -1, plain: -1, quoted: -1, to: len(text), next: len(text) + 2, open: !end}
	if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
		line.to, line.next, line.open = i+n, i+n+1, false
	}
	line.to = i + len(bytes.TrimSuffix(text[i:line.to], []byte("\r")))
	if line.to-i > longestLine {
		line.open = false
		return line
	}
	text = text[:line.to]
	if n := digits(text[i:], 16, mostOffset+1); n == 0 || n >= leastOffset && n <= mostOffset {
		line.cells = line.firstCell(text, i+n)
	}
	if digits(text[i:], 16, leastMarked) == leastMarked && bytes.HasPrefix(text[i+leastMarked:], []byte(": ")) {
		line.plain = i + leastMarked + len(": ")
	}
	first := skipBlanks(text, i)
	if first-i > mostIndent || first == len(text) {
		return line
	}
	if first > i && mayBeQuoted(text[first:]) {
		line.quoted = first
	}
	if line.unclear = first > i && line.open && mayBeOffset(text[first:]); line.unclear {
		line.groups = first
		return line
	}
	if n := offset(text[first:], first > i); n > 0 {
		line.groups = skipBlanks(text, first+n)
	} else if first > i || beginsWithByte(text[i:], line.open) {
		line.groups = first
	} else {
		return line
	}
	g := nextGroup(text, line.groups, 16, groupings[inHex].most)
	line.size = g.to - g.from
	for _, c := range text[g.from:g.to] {
		line.base = max(line.base, digit(c)+1)
	}
	return line
}

// firstCell is where the first of the cells begins that begin at i, or -1. BSD's od
// has a blank more before it.
func (line dumpLine) firstCell(text []byte, i int) int {
	from := i
	for from < len(text) && text[from] == ' ' {
		from++
	}
	to := from
	for to < len(text) && text[to] != ' ' && to-from < 4 {
		to++
	}
	switch indent := to - i; {
	case to == len(text) && line.open && from > i && mayGrow(text[from:to]):
		return from - 1
	case from == i || from == to || indent%4 > 1 || i == line.at && indent != 4 && indent != 8:
		return -1
	default:
		return i + indent%4
	}
}

// may tells, at low cost, whether the line may hold anything in a reading.
func (line dumpLine) may(r reading) bool {
	switch r {
	case inCells:
		return line.cells >= 0
	case inText:
		return line.plain >= 0
	case inQuotes:
		return line.quoted >= 0
	}
	in, n := groupings[r], line.size
	return line.groups >= 0 && (line.open || line.base <= in.base && n >= in.least && n <= in.most && n%in.step == 0)
}

// read finds what the line holds in one reading: units, and where an unfinished
// one begins at the end of the text, or -1.
func (line dumpLine) read(text []byte, r reading, units []unit) (_ []unit, pending int) {
	units, text = units[:0], text[:line.to]
	switch {
	case !line.may(r):
		return units, -1
	case r == inCells:
		return line.readCells(text, units)
	case r == inText:
		return append(units, unit{line.plain, line.to}), -1
	case r == inQuotes:
		return line.readQuotes(text, units)
	default:
		return line.readGroups(text, r, units)
	}
}

func (line dumpLine) readGroups(text []byte, r reading, units []unit) (_ []unit, pending int) {
	in := groupings[r]
	i, size, narrow, unmarked := line.groups, 0, false, false
	if line.unclear {
		return units, i
	}
	for more := true; more; {
		g := nextGroup(text, i, in.base, in.most)
		n := g.to - g.from
		if g.to == len(text) && line.open {
			return units, g.from
		}
		if i = in.divide(text, g); i < 0 || in.alike && size > 0 && n > size { // the column of text
			break
		}
		gap := i - g.to
		if gap > 0 && !isBlank(text[g.to]) {
			if unmarked && (text[g.to] == ',' || len(units) >= half) {
				break
			}
			gap--
		} else {
			unmarked = true
		}
		units = append(units, g)
		wide := gap == n && n <= 4 && (!narrow || len(units) == half)
		more = i < len(text) && (!in.alike || size == 0 || n == size) && (gap <= in.gap || wide)
		size, narrow = n, narrow || gap <= in.gap
	}
	return units, -1
}

// nextGroup measures the digits at i.
func nextGroup(text []byte, i, base, most int) unit {
	if base == 16 && bytes.HasPrefix(text[i:], []byte("0x")) {
		i += 2
	}
	return unit{i, i + digits(text[i:], base, most+1)}
}

// divide is where what divides a group from the next one ends, or -1 if it is no
// group.
func (in grouping) divide(text []byte, g unit) int {
	n := g.to - g.from
	if n < in.least || n > in.most || n%in.step != 0 || in.base != 16 && tooLarge(text[g.from:g.to], in.base) {
		return -1
	}
	i := g.to
	if i < len(text) && (text[i] == ',' || text[i] == '-' && in.base == 16 && n == 2) {
		i++
	}
	if i = skipBlanks(text, i); i == g.to && i < len(text) {
		return -1
	}
	return i
}

// beginsWithByte tells whether a line begins with two digits and a blank, or has only
// them, as the last one of a dump can; if it is open, whether it may.
func beginsWithByte(line []byte, open bool) bool {
	n := digits(line, 16, 2)
	if n == len(line) {
		return n == 2 || open
	}
	return n == 2 && isBlank(line[n])
}

// offset measures the offset that a line begins with, and what marks it. Behind
// an indent, something must.
func offset(line []byte, indented bool) int {
	digitsOf := bytes.TrimPrefix(line, []byte("0x"))
	n := digits(digitsOf, 16, mostDigits)
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
	case len(rest) > 1 && isBlank(rest[0]) && isBlank(rest[1]):
		return n
	case (n >= leastOffset && !indented || n == oddOffset) && len(rest) > 0 && isBlank(rest[0]):
		return n
	}
	return 0
}

// mayBeOffset tells whether digits, and one blank behind them, may turn out to be an
// offset if the line goes on.
func mayBeOffset(line []byte) bool {
	n := digits(line, 16, mostDigits)
	rest := string(line[n:])
	return n >= leastMarked && (rest == " " || rest == "\t" || rest == " -")
}

// twoBytes are the octal digits of two bytes.
const twoBytes = 6

// tooLarge tells whether a number is none of a byte, or of two.
func tooLarge(digits []byte, base int) bool {
	n, _ := number(digits, base, len(digits), len(digits))
	return n > 0xffff || n > 0xff && len(digits) != twoBytes
}

// readCells reads characters as od -c and od -a show them: four bytes each, blanks
// and then what it is.
func (line dumpLine) readCells(text []byte, units []unit) (_ []unit, pending int) {
	i := line.cells
	for ; i+4 <= len(text); i += 4 {
		cell := bytes.TrimLeft(text[i:i+4], " ")
		if len(cell) == 0 { // a blank
			cell = text[i+3 : i+4]
		}
		if _, ok := cellByte(cell); !ok {
			return units, -1
		}
		units = append(units, unit{i + 4 - len(cell), i + 4})
	}
	if rest := bytes.TrimLeft(text[i:], " "); line.open && len(rest) < len(text)-i && mayGrow(rest) {
		return units, len(text) - len(rest)
	}
	return units, -1
}

// readQuotes reads characters as node shows an array of many: in quotes, with
// commas and blanks between.
func (line dumpLine) readQuotes(text []byte, units []unit) (_ []unit, pending int) {
	for i := line.quoted; i < len(text); i = skipBlanks(text, i+1) {
		n, whole := quotedChar(text[i:])
		if !whole && line.open {
			return units, i
		}
		if n == 0 {
			break
		}
		units = append(units, unit{i + 1, i + 1 + n})
		if i += n + 2; i < len(text) && text[i] != ',' {
			break
		}
	}
	return units, -1
}

// quotedChar measures the character, or its escape, between the quotes that s begins
// with; it is not whole if more bytes could make one.
func quotedChar(s []byte) (n int, whole bool) {
	switch {
	case !mayBeQuoted(s):
		return 0, true
	case len(s) == 1:
		return 0, false
	case s[1] == '\\':
		var e escape
		e, whole = undo(s[1:])
		n = e.n
	default:
		_, n = utf8.DecodeRune(s[1:])
		whole = utf8.FullRune(s[1:])
	}
	if 1+n >= len(s) {
		return 0, false
	}
	if !whole || s[1+n] != s[0] {
		return 0, whole
	}
	return n, true
}

// mayBeQuoted tells, at low cost, whether s may begin with a character in quotes.
func mayBeQuoted(s []byte) bool {
	if len(s) == 0 || s[0] != '\'' && s[0] != '"' {
		return false
	}
	return len(s) < 3 || s[2] == s[0] || s[1] == '\\' || s[1] >= utf8.RuneSelf
}

// cellByte is what a cell stands for: a character, its name, or its octal number.
func cellByte(cell []byte) (c byte, ok bool) {
	switch name := string(cell); len(name) {
	case 1:
		return name[0], name[0] >= ' ' && name[0] <= '~'
	case 2:
		c, ok = cellNames[name]
		return c, ok
	case 3:
		n, _ := number(cell, 8, 3, 3)
		return byte(n), n >= 0 && n <= 0xff
	}
	return 0, false
}

var cellNames = map[string]byte{
	`\0`: 0, `\a`: '\a', `\b`: '\b', `\t`: '\t', `\n`: '\n', `\v`: '\v', `\f`: '\f', `\r`: '\r',
	"ht": '\t', "nl": '\n', "cr": '\r', "sp": ' ',
}

// mayGrow tells whether the beginning of a cell may become a longer one, of a byte
// that a value can begin with: those that have names are blanks.
func mayGrow(cell []byte) bool {
	switch len(cell) {
	case 1:
		return bytes.IndexByte([]byte(`\0123`), cell[0]) >= 0
	case 2:
		return digits(cell, 8, 2) == 2 && cell[0] <= '3'
	}
	return false
}

// mayBeCells tells, at low cost, whether a line without an offset may begin with a
// cell, or with a blank and a cell.
func mayBeCells(line []byte) bool {
	for _, end := range [...]int{4, 8} {
		if len(line) <= end {
			return true
		}
		if c := line[end-1]; c != ' ' {
			return c > ' ' && line[end] <= ' '
		}
	}
	return false
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
		rest := line[skipBlanks(line[:min(len(line), mostIndent)], 0):]
		rest = bytes.TrimPrefix(rest, []byte("0x"))
		return digits(rest, 16, 2) >= min(2, len(rest)) || len(rest) == 1 || mayBeQuoted(rest) || mayBeCells(line)
	}
	line = bytes.TrimPrefix(line, []byte("0x"))
	n := digits(line, 16, leastOffset)
	return n == len(line) || n >= leastOffset || n == 2 && line[n] <= ' ' || n >= leastMarked && (line[n] == ':' || isBlank(line[n]))
}

// beginsAsText tells so of most lines that are none, at next to no cost: by what
// stands where two digits or an offset would end.
func beginsAsText(line []byte) bool {
	return len(line) > leastMarked &&
		(!opensDump[line[0]] || !isBlank(line[0]) && line[2] > ' ' && !opensDump[line[leastMarked]])
}

// opensDump are the bytes that an offset consists of, or a mark or blank behind it.
var opensDump = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF: \t") {
		is[c] = true
	}
	return is
}()

func hexByte(text []byte) byte { return byte(digit(text[0])<<4 | digit(text[1])) }

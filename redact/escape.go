package redact

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The second view: the text with escapes undone, in up to three rounds, since
// JSON is put into JSON and percent codes are percent-encoded again. One table
// serves all: which program escaped, and for whom, cannot be known.
//
//   %41 %u0041                     URLs, forms; their % also doubled: %%41
//   &amp; &#65; &#x41;             XML and HTML
//   \n \" \\ \101 \x41 \u0041      C, Go, Python, JavaScript, JSON, shells
//   \u{41} \x{41} \U00000041       (an unknown \c is c, as shells have it)
//   U+200B … U+200F, U+2060 … U+2064, U+FEFF, U+00AD
//                                  invisible characters: left out
//
// A line break that was undone is left out with the indent behind it, as in the
// first view. A value is looked for after each round, because one more round
// could undo what is its own.

// starters are the bytes an escape can begin with.
const starters = "%&\\\xe2\xef\xc2"

var isStarter = func() (is [256]bool) {
	for _, c := range []byte(starters) {
		is[c] = true
	}
	return is
}()

// maxEscape bounds the length of an escape.
const maxEscape = 2 + maxIndent

// An escape is what a sequence of n bytes stands for: nothing, a byte or a
// character, by its size in bytes. n is 0 if it is text.
type escape struct {
	n    int
	size int
	char rune
}

// append adds what e stands for.
func (e escape) append(dst []byte) []byte {
	switch e.size {
	case 0:
		return dst
	case 1:
		return append(dst, byte(e.char))
	}
	return utf8.AppendRune(dst, e.char)
}

func escapedByte(n int, c byte) escape { return escape{n, 1, rune(c)} }

func escapedRune(n int, r rune) escape {
	size := utf8.RuneLen(r)
	if size < 0 {
		r, size = utf8.RuneError, utf8.RuneLen(utf8.RuneError)
	}
	return escape{n, size, r}
}

// undo reads the escape at the beginning of s, as it is if nothing follows. It
// is not whole if more bytes could change what it is.
func undo(s []byte) (e escape, whole bool) {
	switch s[0] {
	case '=': // of a soft line break, or no starter
		return escape{n: 1}, true
	case '%':
		return undoPercent(s)
	case '&':
		return undoEntity(s)
	case '\\':
		return undoBackslash(s)
	default:
		return undoInvisible(s)
	}
}

func undoPercent(s []byte) (escape, bool) {
	switch {
	case len(s) > 1 && s[1] == 'u':
		return undoUnits(s)
	case len(s) > 1 && s[1] == '%':
		code, whole := number(s[2:], 16, 2, 2)
		if code < 0 {
			return escape{}, whole
		}
		return escapedByte(2, '%'), true
	case len(s) > 1 && digit(s[1]) == 16:
		return escape{}, true
	}
	r, whole := number(s[1:], 16, 2, 2)
	if r < 0 {
		return escape{}, whole
	}
	return escapedByte(3, byte(r)), true
}

func undoBackslash(s []byte) (escape, bool) {
	if len(s) == 1 {
		return escape{}, false
	}
	switch c := s[1]; c {
	case 'n', 'r', 't', 'b', 'f', 'v', 'a', 'e':
		return escapedByte(2, "\n\r\t\b\f\v\a\x1b"[strings.IndexByte("nrtbfvae", c)]), true
	case 'x':
		if len(s) > 2 && s[2] == '{' {
			return undoBraced(s)
		}
		r, whole := number(s[2:], 16, 2, 2)
		if r < 0 {
			return escapedByte(2, c), whole
		}
		return escapedByte(4, byte(r)), true
	case 'u':
		return undoUnicode(s)
	case 'U':
		r, whole := number(s[2:], 16, 8, 8)
		if r < 0 {
			return escapedByte(2, c), whole
		}
		return escapedRune(10, r), true
	case '0', '1', '2', '3', '4', '5', '6', '7':
		r, whole := number(s[1:], 8, 1, 3)
		return escapedByte(1+digits(s[1:], 8, 3), byte(r)), whole
	}
	return escapedByte(2, s[1]), true
}

// undoUnicode reads \u0041, \u{41} and a pair of surrogates.
func undoUnicode(s []byte) (escape, bool) {
	if len(s) > 2 && s[2] == '{' {
		return undoBraced(s)
	}
	e, whole := undoUnits(s)
	if e.n == 0 {
		e = escapedByte(2, 'u')
	}
	return e, whole
}

// undoUnits reads a unit of UTF-16 behind the two bytes that mark it, or a pair of
// surrogates.
func undoUnits(s []byte) (escape, bool) {
	mark := s[:2]
	r, whole := number(s[2:], 16, 4, 4)
	switch {
	case r < 0:
		return escape{}, whole
	case !utf16.IsSurrogate(r):
		return escapedRune(6, r), true
	}
	lone, rest := escapedRune(6, utf8.RuneError), s[6:]
	if !bytes.HasPrefix(rest, mark) {
		return lone, !bytes.HasPrefix(mark, rest)
	}
	low, whole := number(rest[2:], 16, 4, 4)
	if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
		return escapedRune(12, both), true
	}
	return lone, whole
}

// undoBraced reads \u{41} and \x{41}.
func undoBraced(s []byte) (escape, bool) {
	n := 3 + digits(s[3:], 16, 6)
	if n > 3 && n < len(s) && s[n] == '}' {
		r, _ := number(s[3:n], 16, n-3, n-3)
		return escapedRune(n+1, r), true
	}
	return escapedByte(2, s[1]), n < len(s)
}

// entities are the named ones that stand for a character of ASCII.
var entities = map[string]byte{
	"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "nbsp": ' ',
	"excl": '!', "num": '#', "dollar": '$', "percnt": '%', "lpar": '(', "rpar": ')',
	"ast": '*', "midast": '*', "Tab": '\t', "NewLine": '\n', "plus": '+', "comma": ',', "period": '.', "sol": '/', "colon": ':',
	"semi": ';', "equals": '=', "quest": '?', "commat": '@', "lsqb": '[', "lbrack": '[',
	"bsol": '\\', "rsqb": ']', "rbrack": ']', "Hat": '^', "lowbar": '_', "UnderBar": '_', "grave": '`',
	"lcub": '{', "lbrace": '{', "verbar": '|', "vert": '|', "rcub": '}', "rbrace": '}',
}

const maxEntity = len("&#1114111;")

func undoEntity(s []byte) (escape, bool) {
	end := 1
	for end < min(len(s), maxEntity) && (isLetterOrDigit(s[end]) || s[end] == '#') {
		end++
	}
	switch {
	case end == maxEntity:
		return escape{}, true
	case end == len(s):
		return escape{}, !entityBegins(s[1:])
	case s[end] != ';':
		return escape{}, true
	}
	name := s[1:end]
	if c, ok := entities[string(name)]; ok {
		return escapedByte(end+1, c), true
	}
	base, from := entityBase(name)
	if n := len(name) - from; base > 0 && n > 0 && n <= 7 {
		if r, _ := number(name[from:], base, n, n); r >= 0 {
			return escapedRune(end+1, r), true
		}
	}
	return escape{}, true
}

// entityBase is the base of the number in a numeric entity and where it begins.
func entityBase(name []byte) (base, from int) {
	switch {
	case len(name) > 1 && name[0] == '#' && (name[1] == 'x' || name[1] == 'X'):
		return 16, 2
	case len(name) > 0 && name[0] == '#':
		return 10, 1
	}
	return 0, 0
}

// entityBegins tells whether more bytes could make an entity of s.
func entityBegins(s []byte) bool {
	if base, from := entityBase(s); base > 0 {
		return from+digits(s[from:], base, len(s)) == len(s)
	}
	for name := range entities {
		if strings.HasPrefix(name, string(s)) {
			return true
		}
	}
	return false
}

// undoInvisible reads a character that is not shown.
func undoInvisible(s []byte) (escape, bool) {
	if !utf8.FullRune(s) {
		return escape{}, false
	}
	switch r, n := utf8.DecodeRune(s); {
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r == 0xad:
		return escape{n: n}, true
	}
	return escape{}, true
}

// undoShown is undo for a view: a line break stands for nothing, together with
// the indent behind it. So does an escaped blank, if indented says that it goes on
// with the indent.
func undoShown(s []byte, indented bool) (e escape, whole, goesOn bool) {
	e, whole = undo(s)
	if e.size != 1 {
		return e, whole, false
	}
	switch e.char {
	case '\n':
		n, all := indent(s[e.n:])
		return escape{n: e.n - 1 + n}, whole && all, true
	case '\r', '\a', 0x0e, 0x0f:
		return escape{n: e.n}, whole, false
	case ' ', '\t':
		if indented {
			return escape{n: e.n}, whole, true
		}
	}
	return e, whole, false
}

// number reads least to most digits. It is -1 if there are too few or no rune
// is that large; it is not whole if more bytes could change that.
func number(s []byte, base, least, most int) (r rune, whole bool) {
	n := digits(s, base, most)
	whole = n == most || n < len(s)
	if n < least {
		return -1, whole
	}
	for _, c := range s[:n] {
		if r = r*rune(base) + rune(digit(c)); r > utf8.MaxRune {
			return -1, whole
		}
	}
	return r, whole
}

// digits counts the digits that s begins with, up to most.
func digits(s []byte, base, most int) int {
	s = s[:min(len(s), most)]
	for n, c := range s {
		if digit(c) >= base {
			return n
		}
	}
	return len(s)
}

// digit is the value of a hex digit, or 16.
func digit(c byte) int { return int(digitValues[c]) }

var digitValues = func() (values [256]uint8) {
	for c := range values {
		values[c] = 16
	}
	for i, c := range []byte("0123456789abcdef") {
		values[c] = uint8(i)
	}
	for i, c := range []byte("ABCDEF") {
		values[c] = uint8(10 + i)
	}
	return values
}()

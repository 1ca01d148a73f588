package redact

import (
	"math/bits"
	"strings"
)

// The first view: the text without what a terminal does not show as a character.
//
// Left out are
//   - line breaks, CR and LF, the blanks that indent the next line (64 at most),
//     and a backslash that continues the line: wrapped base64, folded and
//     indented values, CRLF;
//   - escape sequences (ECMA-48): CSI, charset and two-byte ones, and the
//     introducer and terminator of a string such as OSC, whose body stays: a
//     link in it may hold a value;
//   - a character struck over itself (c BS c), which is how man prints bold, and
//     the line under or over one (_ BS c, c BS _).
//
// A "=" before a line break stays, since values and base64 end so, but may be left
// out in the next view: quoted-printable breaks lines with it (RFC 2045).
//
// A value is searched in this view only: of the text as it is nothing a value
// can hold is left out, and a form goes through the same treatment.

const (
	maxIndent = 64 // blanks after a line break that count as its indent
	maxCSI    = 64 // bytes of a control sequence; longer ones are text
)

// twoByte are the characters that make a whole sequence with the ESC before.
const twoByte = `78=>DEHMNOPXZ\]^_c`

// strip makes v of text. At the end of the stream an unfinished sequence is text.
func (v *view) strip(text []byte, end bool) {
	v.reset()
	v.text = room(v.text, len(text))
	v.run(0)
	v.marks.reset(text)
	v.rest = len(text)
	copied := v.stripMarked(text, end)
	if v.rest == len(text) && !end {
		v.rest = copied + len(trimOpen(text[copied:]))
	}
	v.append(text[copied:v.rest])
}

// stripMarked does so up to the last sequence, or to an unfinished one, and
// returns where the text goes on behind.
func (v *view) stripMarked(text []byte, end bool) (copied int) {
	next := 0 // behind the last mark and what belongs to it
	for k, word := range v.marks.words {
		for ; word != 0; word &= word - 1 {
			i := k<<6 + bits.TrailingZeros64(word)
			if i < next {
				continue
			}
			c := text[i]
			if c >= ' ' {
				v.starters = append(v.starters, len(v.text)+i-copied)
				continue
			}
			if c == '\n' && i > 0 && isPlainBreak(text[i-1], text[i+1:]) {
				v.text = append(v.text, text[copied:i]...)
				copied = i + 1
				next = copied
				v.run(copied)
				continue
			}
			n, whole := v.sequence(text, i)
			if !whole && !end {
				v.rest = i
				if c == '\n' || c == '\b' {
					v.rest = copied + len(trimOpen(text[copied:i]))
				}
				return copied
			}
			if n > 0 {
				v.appendBefore(c, n, text[copied:i])
				copied = i + n
				v.run(copied)
				next = copied
			}
		}
	}
	return copied
}

// isPlainBreak tells of most line breaks, at little cost, that nothing but they
// themselves is left out, neither what is before them nor an indent, and that no line
// of a dump follows, which beginsAsText rules out.
func isPlainBreak(before byte, after []byte) bool { return !isOpen[before] && beginsAsText(after) }

// appendBefore adds text before a sequence of n bytes that begins with c.
func (v *view) appendBefore(c byte, n int, text []byte) {
	if len(text) > 0 {
		switch last := text[len(text)-1]; {
		case last == '=' && (c == '\n' || c == '\r'): // it may be left out in the next view
			v.starters = append(v.starters, len(v.text)+len(text)-1)
		case last == '\\' && (c == '\n' || c == '\r'), last == '_' && c == '\b' && n == 1:
			text = text[:len(text)-1]
		}
	}
	v.append(text)
}

// append adds text to the view. Starters beyond it were left out.
func (v *view) append(text []byte) {
	v.text = append(v.text, text...)
	for n := len(v.starters); n > 0 && v.starters[n-1] >= len(v.text); n-- {
		v.starters = v.starters[:n-1]
	}
}

// isOpen are the characters that may turn out to be left out: a backslash or "="
// before a line break, a line under another character.
var isOpen = [256]bool{'\\': true, '=': true, '_': true}

// trimOpen takes off such a character.
func trimOpen(text []byte) []byte {
	if n := len(text); n > 0 && isOpen[text[n-1]] {
		return text[:n-1]
	}
	return text
}

// sequence measures the sequence that begins with the control character at i;
// its length is 0 if it is text. It is not whole if more bytes could change that.
func (v *view) sequence(text []byte, i int) (n int, whole bool) {
	if text[i] == '\n' {
		return v.lineBreak(text, i)
	}
	return control(text, i)
}

func control(text []byte, i int) (n int, whole bool) {
	switch text[i] {
	case '\r', '\a', 0x0e, 0x0f: // the last two shift character sets
		return 1, true
	case '\b':
		if i == 0 || text[i-1] == '\b' {
			return 0, true
		}
		if i+1 == len(text) {
			return 0, false
		}
		if text[i-1] == text[i+1] || text[i+1] == '_' {
			return 2, true
		}
		if text[i-1] == '_' {
			return 1, true
		}
	case 0x1b:
		return escapeSequence(text[i:])
	}
	return 0, true
}

// lineBreak measures the line break at i with the indent behind it, and notes
// whether a line of a dump may follow.
func (v *view) lineBreak(text []byte, i int) (n int, whole bool) {
	after := text[i+1:]
	if !beginsAsText(after) && mayBeDump(after) {
		v.lines = append(v.lines, i+1)
	}
	return indent(after)
}

func indent(after []byte) (n int, whole bool) {
	for k, c := range after {
		if k == maxIndent || c != ' ' && c != '\t' {
			return 1 + k, true
		}
	}
	return 1 + len(after), len(after) >= maxIndent
}

// escapeSequence measures the sequence at the beginning of s, which is an ESC.
func escapeSequence(s []byte) (n int, whole bool) {
	if len(s) == 1 {
		return 0, false
	}
	k := 1
	if s[1] == '[' {
		for k = 2; k < len(s) && s[k] >= '0' && s[k] <= '?'; k++ {
		}
	} else if strings.IndexByte(twoByte, s[1]) >= 0 {
		return 2, true
	}
	first, final := k, byte('0')
	if s[1] == '[' {
		first, final = 0, '@'
	}
	for ; k < len(s) && s[k] >= ' ' && s[k] <= '/'; k++ {
	}
	switch {
	case k >= maxCSI:
		return 0, true
	case k == len(s):
		return 0, false
	case k > first && s[k] >= final && s[k] <= '~':
		return k + 1, true
	}
	return 0, true
}

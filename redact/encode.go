package redact

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// How programs spell a value so that no view can undo it.

const (
	nearForm   = 16 // from here on a value is known without its first or last byte
	maxPrefix  = 8  // the most bytes of a word that tells whose a token is
	mostBlanks = 8  // of a value that may be folded
)

// encoded adds every other spelling of a value. Each rests on programs that were
// seen to write it; the tests run them.
func (f *forms) encoded(value []byte) {
	f.spelled, f.enough = len(value), f.enoughOf(value)
	f.base64(value)
	f.bare(hex.AppendEncode(nil, value))
	f.bare(upper(hex.AppendEncode(nil, value)))
	f.otherBreaks(value)
	f.add(wide(value, binary.LittleEndian))
	f.quoted(value)
	if len(value) > longText {
		return
	}
	f.add(wide(value, binary.BigEndian))
	f.hexLists(value)
	f.decimalLists(value)
	f.base32(value)
	f.characters(value)
	f.twice(value)
	f.altered(value)
}

// number adds the spellings of a number of a key.
func (f *forms) number(text []byte) {
	f.spelled, f.enough = len(text), len(text)
	f.add(bytes.Clone(text))
	f.base64(text)
	digits := hex.AppendEncode(nil, text)
	if digits[0] == '0' { // numbers are written without it
		f.bare(upper(bytes.Clone(digits[1:])))
		f.bare(bytes.Clone(digits[1:]))
	}
	f.bare(upper(bytes.Clone(digits)))
	f.bare(digits)
	list := joined(text, ":", func(dst []byte, c byte) []byte { return hex.AppendEncode(dst, []byte{c}) })
	f.bare(upper(bytes.Clone(list)))
	f.bare(list)
}

// base64 adds base64, standard and URL, wherever in a longer text the value may
// stand: what its bytes share with their neighbours is left out.
func (f *forms) base64(value []byte) {
	for _, e := range aligned(value, base64.RawStdEncoding, 3, 4) {
		if bytes.ContainsAny(e, "+/") {
			url := bytes.ReplaceAll(e, []byte("+"), []byte("-"))
			f.add(bytes.ReplaceAll(url, []byte("/"), []byte("_")))
			clear(url)
		}
		f.add(e)
	}
}

// otherBreaks adds what becomes of lines that have been through Windows, or back,
// before they are encoded. The first view takes no notice of how a line ends.
func (f *forms) otherBreaks(value []byte) {
	if bytes.IndexByte(value, '\n') < 0 {
		return
	}
	from, to := []byte("\n"), []byte("\r\n")
	if bytes.Contains(value, to) {
		from, to = to, from
	}
	other := bytes.ReplaceAll(value, from, to)
	f.base64(other)
	f.bare(hex.AppendEncode(nil, other))
	f.bare(upper(hex.AppendEncode(nil, other)))
	clear(other)
}

// base32 adds the five alignments of base32 (RFC 4648).
func (f *forms) base32(value []byte) {
	for _, e := range aligned(value, base32.StdEncoding.WithPadding(base32.NoPadding), 5, 8) {
		f.bare(e)
	}
}

// An encoding writes groups of bytes as groups of digits.
type encoding interface {
	AppendEncode(dst, src []byte) []byte
}

// aligned encodes value at each alignment, without the digits that depend on
// what stands before or behind it.
func aligned(value []byte, enc encoding, bytesIn, digitsOut int) (forms [][]byte) {
	bitsPer := 8 * bytesIn / digitsOut
	for before := range bytesIn {
		padded := append(make([]byte, before, before+len(value)), value...)
		all := enc.AppendEncode(nil, padded)
		from := (8*before + bitsPer - 1) / bitsPer
		to := 8 * len(padded) / bitsPer
		if from < to {
			forms = append(forms, all[from:to])
		}
		clear(padded)
	}
	return forms
}

// hexLists adds the bytes as hex numbers with something between: colons, blanks,
// dashes, C arrays, quoted-printable, and the pairs of xxd.
func (f *forms) hexLists(value []byte) {
	for _, between := range []string{":", " ", "-", ",", ", ", ", 0x", ",0x", " 0x", "="} {
		list := joined(value, between, func(dst []byte, c byte) []byte { return hex.AppendEncode(dst, []byte{c}) })
		f.bare(upperDigits(list))
		f.bare(list)
	}
	if slices.ContainsFunc(value, func(c byte) bool { return c < 0x10 }) { // Go's %#v
		f.bare(joined(value, ", 0x", func(dst []byte, c byte) []byte { return strconv.AppendUint(dst, uint64(c), 16) }))
	}
	for phase := range 2 {
		var pairs []byte
		for i, c := range value {
			if i > 0 && i%2 == phase {
				pairs = append(pairs, ' ')
			}
			pairs = hex.AppendEncode(pairs, []byte{c})
		}
		f.bare(pairs)
	}
}

// decimalLists adds the bytes as decimal numbers: Go's %v, Python's list, JSON,
// Perl's %vd, od in columns. The numbers of characters are others in Unicode.
func (f *forms) decimalLists(value []byte) {
	for _, between := range []string{" ", ",", ", ", ".", ""} { // "" is one a line
		f.bare(joined(value, between, func(dst []byte, c byte) []byte { return strconv.AppendUint(dst, uint64(c), 10) }))
	}
	f.bare(joined(value, " ", func(dst []byte, c byte) []byte { return fmt.Appendf(dst, "%3d", c) }))
	if utf8.RuneCount(value) == len(value) || !utf8.Valid(value) {
		return
	}
	for _, between := range []string{" ", ",", ", ", ""} { // Go's %v, jq's explode, Python's ord
		f.bare(eachOf(value, between, func(dst, char []byte) []byte {
			r, _ := utf8.DecodeRune(char)
			return strconv.AppendInt(dst, int64(r), 10)
		}))
	}
}

func joined(value []byte, between string, spell func(dst []byte, c byte) []byte) (list []byte) {
	list = make([]byte, 0, len(value)*(len(between)+3)) // so that no copy is left behind
	for i, c := range value {
		if i > 0 {
			list = append(list, between...)
		}
		list = spell(list, c)
	}
	return list
}

// characters adds one character after the other, escaped (a pattern in bash's
// trace) or in quotes (lists of Python and JSON).
func (f *forms) characters(value []byte) {
	f.bare(eachOf(value, "", func(dst, char []byte) []byte { return append(append(dst, '\\'), char...) }))
	python := func(dst, char []byte) []byte {
		if char[0] == '\'' {
			return append(dst, `"'"`...)
		}
		return append(append(append(dst, '\''), char...), '\'')
	}
	inJSON := func(dst, char []byte) []byte { return append(append(append(dst, '"'), char...), '"') }
	f.add(eachOf(value, ", ", python))
	f.add(eachOf(value, ",", python)) // and one a line, of Perl as well
	f.add(eachOf(value, ", ", inJSON))
	f.add(eachOf(value, ",", inJSON))
}

func eachOf(value []byte, between string, spell func(dst, char []byte) []byte) (list []byte) {
	for i := 0; i < len(value); {
		if i > 0 {
			list = append(list, between...)
		}
		_, n := utf8.DecodeRune(value[i:])
		list = spell(list, value[i:i+n])
		i += n
	}
	return list
}

// twice adds what really occurs of one encoding in another: base64 of base64
// (a registry login in a Kubernetes secret), of hex, of UTF-16 (PowerShell's
// -EncodedCommand), of JSON (a token's claims), also in JSON (a record of a queue), and
// of a URL's; hex of base64, of JSON and of UTF-16 (PowerShell's
// ConvertFrom-SecureString where there is no DPAPI).
func (f *forms) twice(value []byte) {
	inner := aligned(value, base64.RawStdEncoding, 3, 4)
	f.bare(hex.AppendEncode(nil, inner[0]))
	units := bytes.TrimSuffix(wide(value, binary.LittleEndian), []byte{0}) // so those of ASCII are in both byte orders
	f.bare(hex.AppendEncode(nil, units))
	f.bare(upper(hex.AppendEncode(nil, units)))
	inner = append(inner, hex.AppendEncode(nil, value), units, base64.RawURLEncoding.AppendEncode(nil, value))
	if utf8.RuneCount(value) < len(value) {
		inner = append(inner, wide(value, binary.BigEndian))
	}
	for _, text := range inJSON(value) {
		if bytes.Equal(text, value) {
			clear(text)
			continue
		}
		f.bare(hex.AppendEncode(nil, text))
		again := inJSON(text)
		inner = append(inner, text, again[0]) // the second time as Go writes it
		clear(again[1])
		clear(again[2])
	}
	if text := inURL(value); bytes.Equal(text, value) {
		clear(text)
	} else {
		inner = append(inner, text)
	}
	for _, text := range inner {
		f.base64(text)
		clear(text)
	}
}

// inURL is the value with all percent-encoded that RFC 3986 does not leave alone.
func inURL(value []byte) (b []byte) {
	for _, c := range value {
		if isWordByte(c) || c == '-' || c == '.' || c == '~' {
			b = append(b, c)
		} else {
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	return b
}

// inJSON is the value in a JSON string as Go writes it, as most others do, and
// in ASCII only.
func inJSON(value []byte) (forms [][]byte) {
	var html, plain, ascii []byte
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		char := value[i : i+n]
		switch {
		case r == '"' || r == '\\':
			char = []byte{'\\', byte(r)}
		case r < ' ':
			char = controlInJSON(byte(r))
		case r == utf8.RuneError && n == 1, r == '\u2028', r == '\u2029':
			char = escapedUnits(nil, r)
		}
		plain = append(plain, char...)
		switch {
		case r == '<' || r == '>' || r == '&':
			html, ascii = escapedUnits(html, r), append(ascii, char...)
		case r >= utf8.RuneSelf:
			html, ascii = append(html, char...), escapedUnits(ascii, r)
		default:
			html, ascii = append(html, char...), append(ascii, char...)
		}
		i += n
	}
	return [][]byte{html, plain, ascii}
}

func controlInJSON(c byte) []byte {
	if i := bytes.IndexByte([]byte("\b\f\n\r\t"), c); i >= 0 {
		return []byte{'\\', "bfnrt"[i]}
	}
	return escapedUnits(nil, rune(c))
}

// escapedUnits appends \u and four digits for each UTF-16 unit of a character.
func escapedUnits(dst []byte, r rune) []byte {
	for _, unit := range utf16.AppendRune(nil, r) {
		dst = fmt.Appendf(dst, `\u%04x`, unit)
	}
	return dst
}

// quoted adds the quoting that no escape table undoes, or that one would undo
// further, with what is the value's own.
func (f *forms) quoted(value []byte) {
	f.inQuotes(value)
	if undone := unescaped(value); !bytes.Equal(undone, value) {
		f.inQuotes(undone)
		clear(undone)
	}
	f.quotedPrintable(value)
	f.folded(value)
	f.latin1(value)
	f.addOther(byteByByte(value), value)
	f.visible(value, "\n\t") // cat -v
	f.visible(value, "\n")   // cat -A
}

func (f *forms) inQuotes(value []byte) {
	for _, q := range []struct{ char, by string }{
		{`"`, `""`},                  // CSV, PowerShell, batch files
		{`'`, `''`},                  // SQL, YAML, PowerShell
		{`$`, `$$`},                  // make, compose files
		{`%`, `%%`},                  // printf, batch files, systemd
		{`${`, `$${`}, {`%{`, `%%{`}, // Terraform
		{`'`, `'\''`}, {`'`, `'"'"'`}, // shells, inside single quotes
		{` `, `+`}, // forms; the rest of it the second view undoes
	} {
		if bytes.Contains(value, []byte(q.char)) {
			f.add(bytes.ReplaceAll(value, []byte(q.char), []byte(q.by)))
		}
	}
	if bytes.Contains(value, []byte("''")) {
		f.add(quotedRuns(value))
	}
	if bytes.IndexByte(value, '!') >= 0 { // git
		marks := bytes.ReplaceAll(value, []byte(`'`), []byte(`'\''`))
		f.add(bytes.ReplaceAll(marks, []byte(`!`), []byte(`'\!'`)))
		clear(marks)
	}
	f.prefixed(value, '^', "&<>|^")
	f.prefixed(value, '^', "&<>|^!%")
	f.prefixed(value, '^', "&<>|^()%!\"")
	f.prefixed(value, '`', "$\"`")
}

// quotedRuns is the value as dash has it inside single quotes: those of its own that
// stand together are in double quotes together.
func quotedRuns(value []byte) (b []byte) {
	b = make([]byte, 0, len(value)+4*bytes.Count(value, []byte("'")))
	for i, c := range value {
		if c == '\'' && (i == 0 || value[i-1] != '\'') {
			b = append(b, `'"`...)
		}
		b = append(b, c)
		if c == '\'' && (i+1 == len(value) || value[i+1] != '\'') {
			b = append(b, `"'`...)
		}
	}
	return b
}

// prefixed adds the value with escape before each of chars: cmd.exe, PowerShell.
func (f *forms) prefixed(value []byte, escape byte, chars string) {
	if !bytes.ContainsAny(value, chars) {
		return
	}
	var b []byte
	for _, c := range value {
		if bytes.IndexByte([]byte(chars), c) >= 0 {
			b = append(b, escape)
		}
		b = append(b, c)
	}
	f.add(b)
}

// quotedPrintable adds the spellings of mail: RFC 2045 in a body, with its blanks
// quoted or not, RFC 2047 in a header.
func (f *forms) quotedPrintable(value []byte) {
	var body, blanks, header []byte
	for _, c := range value {
		code := append([]byte{'='}, upper(hex.AppendEncode(nil, []byte{c}))...)
		if c == '=' || c >= utf8.RuneSelf {
			body, blanks = append(body, code...), append(blanks, code...)
		} else if body = append(body, c); isBlank(c) {
			blanks = append(blanks, code...)
		} else {
			blanks = append(blanks, c)
		}
		switch {
		case c == ' ':
			header = append(header, '_')
		case isLetterOrDigit(c) || bytes.IndexByte([]byte("-!*+/"), c) >= 0:
			header = append(header, c)
		default:
			header = append(header, code...)
		}
	}
	f.addOther(body, value)
	f.addOther(blanks, value)
	f.addOther(header, value)
}

// addOther adds a spelling, unless it is the value as it is.
func (f *forms) addOther(form, value []byte) {
	if !bytes.Equal(form, value) {
		f.add(form)
	}
}

// folded adds the value without its blanks, or without one or two of them, where
// folded lines were broken; the break itself the first view leaves out.
func (f *forms) folded(value []byte) {
	n := bytes.Count(value, []byte(" "))
	if n == 0 || n > mostBlanks {
		return
	}
	f.add(without(value, func(int) bool { return true }))
	for i := range n {
		for j := i; j < n; j++ {
			f.add(without(value, func(blank int) bool { return blank == i || blank == j }))
		}
	}
}

// without is the value without some of its blanks, by their number.
func without(value []byte, leave func(blank int) bool) (b []byte) {
	blank := 0
	for _, c := range value {
		if c == ' ' {
			if blank++; leave(blank - 1) {
				continue
			}
		}
		b = append(b, c)
	}
	return b
}

// latin1 adds the value with a byte for each character that ISO 8859-1 has, as
// Python's ascii and JavaScript's escape give it.
func (f *forms) latin1(value []byte) {
	if !utf8.Valid(value) {
		return
	}
	var b []byte
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		if r <= 0xff {
			b = append(b, byte(r))
		} else {
			b = append(b, value[i:i+n]...)
		}
		i += n
	}
	f.addOther(b, value)
}

// byteByByte is the value with a character for each of its bytes, as if it were in
// ISO 8859-1: what Perl makes of the environment, and others of a wrong setting.
func byteByByte(value []byte) (b []byte) {
	for _, c := range value {
		b = utf8.AppendRune(b, rune(c))
	}
	return b
}

// visible adds the value with control characters as ^X, and bytes of the upper half
// as M- and what the lower half has in their place.
func (f *forms) visible(value []byte, asTheyAre string) {
	var b []byte
	for _, c := range value {
		if strings.IndexByte(asTheyAre, c) >= 0 {
			b = append(b, c)
			continue
		}
		if c >= utf8.RuneSelf {
			b = append(b, "M-"...)
			c -= utf8.RuneSelf
		}
		if c < ' ' || c == 0x7f {
			b = append(b, '^')
			c ^= '@'
		}
		b = append(b, c)
	}
	f.addOther(b, value)
}

// wide is the value in UTF-16; bytes that are no UTF-8 become one unit each.
func wide(value []byte, order binary.AppendByteOrder) (b []byte) {
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		if r == utf8.RuneError && n == 1 {
			r = rune(value[i])
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b = order.AppendUint16(b, unit)
		}
		i += n
	}
	return b
}

// altered adds what is still the value to whoever sees it: without its first character
// or last byte, cut short (strace, columns of tables), without its prefix, a UUID
// without its dashes, in another case, letter by letter, in groups of four, backwards, by rot13.
func (f *forms) altered(value []byte) {
	if len(value) < nearForm {
		return
	}
	_, first := utf8.DecodeRune(value)
	f.add(bytes.Clone(value[first:]))
	f.cutShort(value)
	f.unprefixed(value)
	f.uuid(value)
	if bytes.ContainsAny(value, "0123456789") {
		f.add(bytes.ToUpper(value))
		f.add(upper(bytes.Clone(value)))
		f.add(bytes.ToLower(value))
	}
	for _, size := range []int{1, 4} {
		for _, between := range []string{"-", " "} {
			f.add(grouped(value, size, between))
		}
	}
	for _, between := range []string{",", ", "} { // of an array that is taken for a string
		f.add(grouped(value, 1, between))
	}
	var reversed, rotated []byte
	for i := len(value); i > 0; {
		_, n := utf8.DecodeLastRune(value[:i])
		reversed = append(reversed, value[i-n:i]...)
		i -= n
	}
	for _, c := range value {
		rotated = append(rotated, rot13(c))
	}
	f.add(reversed)
	f.add(rotated)
}

// enoughOf is how many bytes of the value's beginning count as it, where it is cut
// short: half of a token, but no less than strace shows.
func (f *forms) enoughOf(value []byte) int {
	n := len(value)
	if n <= maxWindow || n > maxForm || f.composed || !isToken(value) {
		return n
	}
	return max(n/2, maxWindow)
}

// cutShort has a beginning of the value count, or all but the last byte.
func (f *forms) cutShort(value []byte) {
	if f.enough == len(value) {
		f.add(bytes.Clone(value[:len(value)-1]))
	} else {
		f.keep(value, anywhere, f.enough)
	}
}

// unprefixed adds the value without the one or two words that tell whose it is:
// ghp_, sk-proj-.
func (f *forms) unprefixed(value []byte) {
	if !isToken(value) {
		return
	}
	rest := value
	for range 2 {
		n := slices.IndexFunc(rest, func(c byte) bool { return !isLetterOrDigit(c) })
		if n < 0 || n > maxPrefix || rest[n] != '_' && rest[n] != '-' || len(rest)-n-1 < nearForm {
			return
		}
		rest = rest[n+1:]
		f.add(bytes.Clone(rest))
	}
}

// uuid adds a UUID without its dashes, and 32 hex digits as one, in small letters and
// in capitals.
func (f *forms) uuid(value []byte) {
	var other []byte
	switch {
	case isUUID(value):
		other = bytes.ReplaceAll(value, []byte("-"), nil)
	case len(value) == 32 && digits(value, 16, len(value)) == len(value):
		for i, c := range value {
			if i == 8 || i == 12 || i == 16 || i == 20 {
				other = append(other, '-')
			}
			other = append(other, c)
		}
	default:
		return
	}
	f.add(upper(bytes.Clone(other)))
	f.add(bytes.ToLower(other))
	f.add(other)
}

// isUUID tells whether a value is written as RFC 9562 has it.
func isUUID(value []byte) bool {
	if len(value) != len("6f9619ff-8b86-d011-b42d-00c04fc964ff") {
		return false
	}
	for i, c := range value {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && digit(c) == 16 {
			return false
		}
	}
	return true
}

// isToken tells whether the beginning of a value says as much as the rest of it:
// that of a name, a phrase, a path or a URL does not.
func isToken(value []byte) bool {
	return isLetterOrDigit(value[0]) && bytes.ContainsAny(value, "0123456789") && !bytes.Contains(value, []byte("://")) &&
		!slices.ContainsFunc(value, func(c byte) bool { return c <= ' ' || c > '~' })
}

// grouped is the value with something between groups of so many characters.
func grouped(value []byte, size int, between string) (b []byte) {
	for i := 0; len(value) > 0; i++ {
		if i > 0 && i%size == 0 {
			b = append(b, between...)
		}
		_, n := utf8.DecodeRune(value)
		b = append(b, value[:n]...)
		value = value[n:]
	}
	return b
}

func rot13(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a' + (c-'a'+13)%26
	case c >= 'A' && c <= 'Z':
		return 'A' + (c-'A'+13)%26
	}
	return c
}

// upper turns ASCII letters to capitals, in place.
func upper(b []byte) []byte {
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return b
}

// upperDigits is a copy of a list with capital hex digits; the x of 0x stays.
func upperDigits(list []byte) []byte {
	all := upper(bytes.Clone(list))
	defer clear(all)
	return bytes.ReplaceAll(all, []byte("0X"), []byte("0x"))
}

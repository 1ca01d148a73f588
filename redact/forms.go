package redact

import (
	"bytes"
	"slices"
)

// What is searched: the forms of a value.
//
// The text is searched in views (terminal.go, escape.go, dump.go) that undo line
// wraps, colours and escapes, so a form is only needed for what they cannot
// undo: another alphabet (base64, hex, numbers, UTF-16), doubled or
// broken quotes, another case, and a value without its first or last byte.
//
//   - Below four bytes a value has no forms: masking it would destroy the output.
//   - From four to seven bytes it is looked for as it is, between characters that
//     cannot belong to a word, and so is a longer one that is a word of the trade
//     (production …). Literals (true, null …) are not looked for.
//   - From eight bytes on, in all forms, and line by line.
//   - What in it is a secret by itself is looked for by itself (parts.go).
//   - The blanks and quotes around a value do not belong to it, nor a byte order mark
//     before or zero bytes behind it, nor the armour of a PEM file: a header says nothing.

const (
	minForm  = 8    // the least bytes a form has, but for short values
	maxForm  = 128  // the most: a longer form is looked for in pieces
	minWord  = 4    // the least bytes of a value that is masked
	maxWord  = 11   // the most bytes of a value that may be a plain word
	longText = 4096 // a value above has the usual forms only
)

// Forms returns the byte strings to look for, each as the first view gives it;
// those of a short value count between word boundaries only. The caller wipes
// them.
func Forms(v Value) (all [][]byte) {
	var f forms
	f.of(v.Expose())
	for _, p := range f.patterns {
		all = append(all, p.form)
	}
	return all
}

// A pattern is a form of a value.
type pattern struct {
	form   []byte
	label  int32 // the number of the secret
	kind   kind
	least  int // how many bytes of the form, from its beginning on, count as it
	origin origin

	// public is how many say nothing of the value: a URL's host, a setting's name.
	// Ending is how many bytes count as the value at the end of the stream.
	public, ending int
}

// An origin of a form says how much it is the value's: of equal ones, the first
// names the mask.
type origin uint8

const (
	itself  origin = iota
	derived        // from it
	ofPart         // of it, and derived from that
)

// A kind of form says where it counts.
type kind uint8

const (
	anywhere kind = iota
	bare          // in the first view only: digits and blanks, which no program escapes
	word          // in the first view only, unbroken, where no word goes on before or behind
)

// forms collects what is to be looked for of one secret.
type forms struct {
	label    int32
	patterns []pattern
	composed bool // the value has parts, and may begin with what is no secret
	spelled  int  // how many bytes those have that are spelled
	enough   int  // how many of them count as all, where they are cut short
	shown    view // of one form after the other
}

func (f *forms) of(value []byte) {
	whole := bytes.TrimPrefix(bytes.TrimSpace(value), []byte("\ufeff"))
	whole = bytes.TrimSpace(bytes.TrimRight(whole, "\x00"))
	body := whole
	if isArmoured(whole) {
		body = unarmoured(whole)
		defer clear(body)
	}
	core := unquote(body)
	switch {
	case len(core) < minWord || isLiteral(core):
	case len(core) < minForm:
		f.word(core)
		f.origins(core)
	default:
		parts := partsOf(core)
		f.composed = len(parts) > 0
		f.text(whole, core)
		f.encoded(core)
		first, _, _ := bytes.Cut(core, []byte("\n"))
		f.beginAs(core, max(publicBytes(core, parts), publicName(first)), 0)
		f.composed = false
		f.origins(core)
		f.parts(parts)
	}
	f.shown.wipe()
}

// origins tells the value from what is derived from it, and both from parts.
func (f *forms) origins(core []byte) {
	f.shown.strip(core, true)
	for i := range f.patterns {
		p := &f.patterns[i]
		if p.origin = derived; bytes.Equal(p.form, f.shown.text) {
			p.origin = itself
		}
	}
}

// beginAs tells the patterns from one on that begin as a text does how many of its
// bytes anybody may read: a mask for "postgres" would be none, and a prompt that ends
// with "password: " must show.
func (f *forms) beginAs(text []byte, public, from int) {
	for range 2 { // a form may be without the first byte
		begin := text[:max(0, min(public, minEnding, len(text)))]
		if len(begin) == 0 {
			return
		}
		for i := range f.patterns[from:] {
			p := &f.patterns[from+i]
			if bytes.EqualFold(p.form[:min(len(p.form), len(begin))], begin) {
				p.public = min(public, maxForm)
				p.ending = max(minEnding, min(public+minWord, maxForm))
			}
		}
		text, public = text[1:], public-1
	}
}

// parts adds the forms of parts, and wipes them.
func (f *forms) parts(parts []part) {
	for _, part := range parts {
		switch part.kind {
		case inAllForms:
			from := len(f.patterns)
			f.text(part.text, part.text)
			f.encoded(part.text)
			f.beginAs(part.text, publicBytes(part.text, parts), from)
		case asWord:
			f.word(part.text)
		case inBase64:
			f.base64(part.text)
		case asNumber:
			f.number(part.text)
		}
		clear(part.text)
	}
}

// text adds the value as it is: whole, without its quotes, unescaped, by lines.
func (f *forms) text(whole, core []byte) {
	if isWordOfTheTrade(core) {
		f.word(core)
		return
	}
	plain := [][]byte{core, bytes.TrimRight(core, `\`)}
	if !isArmoured(whole) {
		plain = append(plain, whole)
	}
	undone := unescaped(core)
	plain = append(plain, undone)
	for _, text := range [][]byte{core, undone} {
		if bytes.IndexByte(text, '\n') < 0 {
			continue
		}
		for _, line := range secretLines(text) {
			from := len(f.patterns)
			f.add(bytes.Clone(line))
			f.inQuotes(line)
			f.visible(line, "")
			f.beginAs(line, publicName(line), from)
		}
	}
	for _, text := range plain {
		f.add(bytes.Clone(text))
	}
	clear(undone)
	if f.shown.strip(core, true); len(f.shown.text) >= minWord && len(f.shown.text) < minForm { // no more is left of it
		f.keep(f.shown.text, anywhere, len(f.shown.text))
	}
}

func (f *forms) word(value []byte) {
	if f.shown.strip(value, true); len(f.shown.text) >= minWord {
		f.keep(f.shown.text, word, len(f.shown.text))
	}
}

// keep makes a pattern of a copy of form.
func (f *forms) keep(form []byte, k kind, least int) {
	f.patterns = append(f.patterns, pattern{form: bytes.Clone(form), label: f.label, kind: k, least: least, origin: ofPart, ending: minEnding})
}

func (f *forms) add(form []byte)  { f.pieces(form, anywhere) }
func (f *forms) bare(form []byte) { f.pieces(form, bare) }

// pieces takes form over, as the first view gives it, in pieces of maxForm bytes
// at most.
func (f *forms) pieces(form []byte, k kind) {
	f.shown.strip(form, true)
	clear(form)
	text := f.shown.text
	n := (len(text) + maxForm - 1) / maxForm
	for i := range n {
		piece := text[i*len(text)/n : (i+1)*len(text)/n]
		if trimmed := bytes.TrimLeft(piece, " \t,:.-"); len(trimmed) >= minForm { // prompts end so
			piece = trimmed
		}
		least := len(piece)
		switch {
		case k != bare:
		case i > 0: // no text is like it, and lists are cut short
			least = min(least, maxWindow)
		default:
			least = min(least, (f.enough*len(text)+f.spelled-1)/f.spelled)
		}
		if len(piece) < minForm {
			continue
		}
		f.keep(piece, k, least)
		if k == bare { // digits say less than what they spell
			p := &f.patterns[len(f.patterns)-1]
			p.ending = max(minEnding, (minEnding*len(text)+f.spelled-1)/f.spelled)
		}
	}
}

// unarmoured is a copy of what is between the first and the last line of a PEM file.
// Where blanks have come in the place of its line breaks, it has these again.
func unarmoured(text []byte) []byte {
	dashes := []byte("-----")
	from, to := bytes.IndexByte(text, '\n'), bytes.LastIndexByte(text, '\n')
	switch {
	case from < 0 && bytes.IndexByte(text, '\\') < 0:
		from = bytes.Index(text[len(dashes):], dashes) + 2*len(dashes)
		if to = bytes.LastIndex(text[:len(text)-len(dashes)], dashes); from < to {
			return bytes.ReplaceAll(bytes.TrimSpace(text[from:to]), []byte(" "), []byte("\n"))
		}
	case from < to:
		return bytes.Clone(bytes.TrimSpace(text[from:to]))
	}
	return bytes.Clone(text)
}

// isArmoured tells whether text is framed as PEM (RFC 7468) or OpenPGP do it.
func isArmoured(text []byte) bool {
	return bytes.HasPrefix(text, []byte("-----BEGIN ")) && bytes.HasSuffix(text, []byte("-----"))
}

// unquote takes off a pair of quotes.
func unquote(text []byte) []byte {
	n := len(text)
	if n < 2 || text[0] != text[n-1] || bytes.IndexByte([]byte("\"'`"), text[0]) < 0 {
		return text
	}
	return bytes.TrimSpace(text[1 : n-1])
}

// unescaped is text with its own escapes undone, as the second view shows it.
func unescaped(text []byte) []byte {
	undone := bytes.Clone(text)
	for range rounds {
		n := 0
		for i := 0; i < len(undone); {
			var e escape
			if bytes.IndexByte([]byte(starters), undone[i]) >= 0 {
				e, _ = undo(undone[i:])
			}
			if e.n == 0 {
				undone[n] = undone[i]
				n, i = n+1, i+1
				continue
			}
			n, i = len(e.append(undone[:n])), i+e.n
		}
		undone = undone[:n]
	}
	return undone
}

// secretLines are the lines of a value that are worth looking for each: no PEM
// armour, and not only the structure of a document.
func secretLines(text []byte) (lines [][]byte) {
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) >= minForm && !bytes.HasPrefix(line, []byte("-----")) && !isStructure(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// isStructure tells whether a line only opens a part of a document, or has too
// few letters and digits to say anything, the name of a setting not counted.
func isStructure(line []byte) bool {
	if bytes.IndexByte([]byte("{[("), line[len(line)-1]) >= 0 {
		return true
	}
	if value, ok := setting(line); ok {
		value = bytes.Trim(value, "\"',; \t")
		return wordBytes(value) < minForm || isLiteral(value)
	}
	if isOpenSSH(line) && len(line) <= opensshLine {
		return true
	}
	if line[0] == '#' && len(line) > 1 && (line[1] == ' ' || line[1] == '!') { // a comment
		return true
	}
	if line[0] == '<' && line[len(line)-1] == '>' && bytes.Count(line, []byte(">")) == 1 && (line[1] == '?' || bytes.IndexByte(line, '=') < 0) { // a tag
		return true
	}
	return line[0] == '[' && line[len(line)-1] == ']' && wordBytes(line) < nearForm || wordBytes(line) < minForm-2
}

// opensshLine is how many bytes the first line of an OpenSSH key has. It says only of
// which type the key is, if that has no passphrase.
const opensshLine = 70

func isOpenSSH(text []byte) bool {
	return bytes.HasPrefix(text, []byte("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB"))
}

// setting is the value in a line of a file of settings: key: value, key = value
// or "key": value.
func setting(line []byte) (value []byte, ok bool) {
	line = bytes.TrimPrefix(line, []byte("- "))
	rest := bytes.TrimLeft(line, "\"'")
	n := 0
	for n < len(rest) && (isWordByte(rest[n]) || rest[n] == '.' || rest[n] == '-') {
		n++
	}
	rest = bytes.TrimLeft(bytes.TrimLeft(rest[n:], "\"'"), " \t")
	if n == 0 || len(rest) == 0 || rest[0] != ':' && rest[0] != '=' {
		return nil, false
	}
	value = bytes.TrimSpace(rest[1:])
	padding := rest[0] == '=' && len(bytes.Trim(value, "=")) == 0 // of base64
	return value, !padding
}

// publicName is how many bytes of a line say only which setting it is. A name that
// looks random may be a secret with a colon in it.
func publicName(line []byte) int {
	if netrc := []byte("password "); bytes.HasPrefix(line, netrc) {
		return len(netrc)
	}
	rest := bytes.TrimPrefix(line, []byte("export "))
	value, ok := setting(rest)
	value = bytes.TrimLeft(value, "\"'")
	if !ok || looksRandom(rest[:len(rest)-len(value)]) {
		return 0
	}
	return len(line) - len(value)
}

func wordBytes(text []byte) (n int) {
	for _, c := range text {
		if isWordByte(c) || c >= 0x80 {
			n++
		}
	}
	return n
}

// isLiteral tells whether masking a short value would make nonsense of what
// programs print.
func isLiteral(text []byte) bool {
	return isOneOf(text, "true", "false", "null", "none", "undefined", "localhost")
}

// isWordOfTheTrade tells whether a value is one of the long words that stand in
// the output of many programs, and in other words.
func isWordOfTheTrade(text []byte) bool {
	return isOneOf(text, "production", "development", "password", "passphrase",
		"username", "administrator", "superuser", "anonymous", "changeme", "database", "postgres", "postgresql", "internal", "external")
}

func isOneOf(text []byte, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return bytes.EqualFold(text, []byte(word)) })
}

func isWordByte(c byte) bool { return isLetterOrDigit(c) || c == '_' }

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

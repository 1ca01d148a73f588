package redact

import (
	"bytes"
	"encoding/base64"
	"slices"
	"unicode/utf8"
)

// What in a value is a secret by itself, since programs print it alone:
//
//   - in a URL the password, and what looks random in the place of a user's name
//     or, if there is neither, of a folder: a webhook's path is its secret
//   - what stands behind the scheme of an HTTP header, or a user's name and a colon
//   - a field that is named like a secret, in a document, a block of settings, a
//     connection string or a query: "api_key": "…", DB_PASSWORD=…, AccountKey=…;
//   - the signature of a JSON web token
//   - what one of these, or the value itself, is base64 of
//   - the numbers of a private key (privatekey.go)
//
// The rest (hosts, accounts, regions) is no secret without them.

// What would be more is left to the value's own forms: those of a value that is
// nothing but fields would have no end.
const (
	mostParts = 64       // but for the numbers of keys
	maxParts  = 4096     // bytes of these
	mostSeen  = 64 << 10 // bytes that are looked at, some of them more than once
	maxScheme = 32       // bytes of the scheme of a URL
	maxName   = 256      // bytes before a field in which its name is looked for
	mostQuery = 1024     // bytes of the query of a URL that are looked at
)

// A part is a secret within a value. Its text is a copy, which the caller wipes.
type part struct {
	text []byte
	kind partKind
}

type partKind uint8

const (
	inAllForms partKind = iota
	asWord              // between the boundaries of words only
	inBase64            // besides what the value has of it: a field of several lines
	asNumber            // as it is, in base64 and in hex
)

// partList collects those of one value, each once.
type partList struct {
	all    []part
	fields int // in it: all but the numbers of keys
	size   int // bytes of these
	seen   int // bytes
}

// look tells whether as many bytes may be looked at.
func (l *partList) look(text []byte) bool {
	l.seen += len(text)
	return len(text) <= maxParts && l.seen <= mostSeen
}

// partsOf finds the parts of a value.
func partsOf(value []byte) []part {
	var l partList
	l.within(value)
	if undone := unescaped(value); !bytes.Equal(undone, value) { // a document in a document
		l.within(undone)
		l.keyNumbers(undone)
		clear(undone)
	}
	l.whole(decoded(value))
	l.keyNumbers(value)
	return l.all
}

// whole takes over what the value is base64 of, however long that is: who lends
// such a value has it decoded.
func (l *partList) whole(text []byte) {
	switch random := looksRandom(text); {
	case len(text) < minForm, wordBytes(text) < minWord, isLiteral(text):
		clear(text)
		return
	case random, len(text) > maxWord:
		l.all = append(l.all, part{text, inAllForms})
	default:
		l.all = append(l.all, part{text, asWord})
	}
	l.within(text)
	l.keyNumbers(text)
}

// within takes the parts of a text.
func (l *partList) within(value []byte) {
	l.credentials(value)
	for i, c := range value {
		switch name := value[:i]; {
		case bytes.HasPrefix(value[i:], []byte("://")):
			l.url(value[i+len("://"):], i <= maxScheme && isName(name))
		case c == ':' || c == '=':
			l.field(name, value[i+1:], "", " \t;&,<", " \t;&,<\"'`)]}") // … in quotes or brackets
		case c == '>': // <password>…
			l.field(tag(name), value[i+1:], "<")
		case bytes.HasPrefix(value[i:], []byte("@tcp(")), bytes.HasPrefix(value[i:], []byte("@unix(")): // of Go's driver for MySQL
			name = lastOf(name)
			l.user(value[i-len(name)+1+bytes.LastIndexAny(name, " \t\n\"'=") : i+1])
		case c == ',' && i > 0 && isQuote(value[i-1]) && defines(name):
			l.field(name, value[i+1:])
		case isBlank(c) && endsWithWord(name, "password"): // .netrc
			l.field(name, value[i+1:], " \t")
		}
	}
}

// decoded is the text that a value is base64 of, or nothing.
func decoded(value []byte) []byte {
	isControl := func(c byte) bool { return c < ' ' && bytes.IndexByte([]byte("\t\r\n"), c) < 0 || c == 0x7f }
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		text := make([]byte, encoding.DecodedLen(len(value)))
		n, err := encoding.Decode(text, value)
		if err == nil && utf8.Valid(text[:n]) && !slices.ContainsFunc(text[:n], isControl) {
			return bytes.TrimSpace(text[:n])
		}
		clear(text)
	}
	return nil
}

// take adds a part, as it is, with its escapes undone, and decoded. If it only may
// be a secret, it must look like one.
func (l *partList) take(text []byte, sure bool) {
	if !l.look(text) {
		return
	}
	text = bytes.TrimPrefix(bytes.TrimSpace(text), []byte("base64:"))
	if scheme, rest, _ := bytes.Cut(text, []byte(" ")); isScheme(scheme) {
		text = rest
	}
	if len(text) < minForm {
		return
	}
	undone := unescaped(text)
	defer clear(undone)
	if bytes.IndexByte(undone, '\n') >= 0 {
		l.append(part{undone, inBase64})
		return
	}
	l.add(text, sure)
	l.add(undone, sure)
	if bytes.Contains(text, []byte("''")) {
		single := bytes.ReplaceAll(text, []byte("''"), []byte("'"))
		l.add(single, sure)
		clear(single)
	}
	l.signature(text)
	plain := decoded(text)
	defer clear(plain)
	l.add(plain, sure)
	l.user(plain)
}

func (l *partList) add(text []byte, sure bool) {
	random := looksRandom(text)
	switch {
	case len(text) < minForm, wordBytes(text) < minWord, isWordOfTheTrade(text), isReference(text), isSetting(text):
	case random, sure && len(text) > maxWord:
		l.append(part{text, inAllForms})
	case sure:
		l.append(part{text, asWord})
	}
}

func (l *partList) append(new part) {
	known := func(p part) bool { return bytes.Equal(bytes.TrimSpace(p.text), bytes.TrimSpace(new.text)) }
	if l.fields == mostParts || l.size+len(new.text) > maxParts || slices.ContainsFunc(l.all, known) {
		return
	}
	l.all = append(l.all, part{bytes.Clone(new.text), new.kind})
	l.fields++
	l.size += len(new.text)
}

func upTo(text []byte, ends string) []byte {
	if n := bytes.IndexAny(text, ends); n >= 0 {
		return text[:n]
	}
	return text
}

// looksRandom tells whether no name would look so: letters with digits, or with
// capitals within.
func looksRandom(text []byte) bool {
	var digits, small, capitals bool
	for i, c := range text {
		digits = digits || c >= '0' && c <= '9'
		small = small || c >= 'a' && c <= 'z'
		capitals = capitals || c >= 'A' && c <= 'Z' && i > 0
	}
	return (small || capitals) && digits || small && capitals
}

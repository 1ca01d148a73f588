package redact

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"slices"
)

// What is secret in a private key whatever it is written as: openssl takes a key apart,
// or writes it as another kind of file, in which base64 has no line of the first.
//
// The public numbers of a key have no form of their own.

const minNumber = 16 // bytes of a number of a key

// The numbers of an RSA key (RFC 8017): the version, the public ones, and then the
// private ones.
const (
	rsaPrivate = 3
	rsaNumbers = 9
)

// privateKey takes a private key that a field is base64 of, whatever its name.
func (l *partList) privateKey(text []byte) {
	text = bytes.TrimLeft(text, " \t\"'")
	if !bytes.HasPrefix(text, []byte("LS0tLS1CRUdJTi")) {
		return
	}
	text = upTo(text, " \t\r\n\"',}")
	key := decoded(text)
	defer clear(key)
	if bytes.Contains(key, []byte("PRIVATE KEY-----")) {
		l.add(text, true)
		l.add(key, true)
		l.keyNumbers(key)
	}
}

// keyNumbers takes the private numbers of the keys in a text: of what stands between
// dashes, as in PEM, or of all of it.
func (l *partList) keyNumbers(text []byte) {
	for body := range bytes.SplitSeq(text, []byte("-----")) {
		if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == 'M' && l.look(body) { // as a sequence begins in base64
			l.key(body)
		}
	}
}

// key takes those of a key in base64, broken and indented in any way.
func (l *partList) key(body []byte) {
	text := make([]byte, 0, len(body))
	for field := range bytes.FieldsSeq(body) {
		text = append(text, field...)
	}
	der := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(der, text); err == nil {
		l.numbers(der[:n])
	}
	clear(text)
	clear(der)
}

// numbers takes those of a key of RSA, of SEC 1 (RFC 5915), or of one in PKCS #8
// (RFC 5958).
func (l *partList) numbers(der []byte) {
	fields := sequence(der)
	isA := func(i, tag int) bool {
		return i < len(fields) && fields[i].Class == asn1.ClassUniversal && fields[i].Tag == tag
	}
	switch {
	case !isA(0, asn1.TagInteger):
	case isA(1, asn1.TagSequence) && isA(2, asn1.TagOctetString):
		l.wrapped(fields[2].Bytes)
	case isA(1, asn1.TagOctetString):
		l.number(fields[1].Bytes)
	case len(fields) >= rsaNumbers:
		for i := rsaPrivate; i < rsaNumbers && isA(i, asn1.TagInteger); i++ {
			l.number(fields[i].Bytes)
		}
	}
}

// wrapped takes the key in one of PKCS #8: a sequence, or a number alone.
func (l *partList) wrapped(der []byte) {
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 || v.Class != asn1.ClassUniversal {
		return
	}
	switch v.Tag {
	case asn1.TagSequence:
		l.numbers(der)
	case asn1.TagOctetString, asn1.TagInteger:
		l.number(v.Bytes)
	}
}

func (l *partList) number(text []byte) {
	text = bytes.TrimLeft(text, "\x00")
	known := func(p part) bool { return bytes.Equal(p.text, text) }
	if len(text) >= minNumber && !slices.ContainsFunc(l.all, known) {
		l.all = append(l.all, part{bytes.Clone(text), asNumber})
	}
}

// sequence is what a sequence consists of, if der is one.
func sequence(der []byte) (fields []asn1.RawValue) {
	var all asn1.RawValue
	rest, err := asn1.Unmarshal(der, &all)
	if err != nil || len(rest) > 0 || all.Class != asn1.ClassUniversal || all.Tag != asn1.TagSequence {
		return nil
	}
	for rest = all.Bytes; len(rest) > 0; {
		var field asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &field); err != nil {
			return nil
		}
		fields = append(fields, field)
	}
	return fields
}

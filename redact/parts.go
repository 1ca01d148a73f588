package redact

import (
	"bytes"
	"slices"
)

// What in a value is a secret by itself, since programs print it alone:
//
//   - the password in a URL, and a user's name there that may be a token
//   - what stands behind the scheme of an HTTP header, or a user's name and a colon
//   - a field that is named like a secret, in a document, a block of settings, a
//     connection string or a query: "api_key": "…", DB_PASSWORD=…, AccountKey=…;
//
// The rest (hosts, accounts, regions) is no secret without them. A field of
// several lines is known by its lines.

// What is longer than a part, or one part too many, is left to the value's own
// forms: those of a value that is nothing but fields would have no end.
const (
	maxPart   = 512 // bytes
	mostParts = 64
)

// parts are those of a value, as they stand there and with their escapes undone.
func parts(value []byte) (all [][]byte) {
	add := func(part []byte) {
		known := func(other []byte) bool { return bytes.Equal(part, other) }
		if len(all) < mostParts && wordBytes(part) >= minForm && !isLiteral(part) && !isWordOfTheTrade(part) && !slices.ContainsFunc(all, known) {
			all = append(all, part)
		}
	}
	take := func(part []byte) {
		if len(part) > maxPart {
			return
		}
		part = bytes.TrimSpace(part)
		undone := unescaped(part)
		if bytes.Contains(part, []byte("://")) || bytes.IndexByte(undone, '\n') >= 0 {
			clear(undone)
			return
		}
		add(part)
		add(undone)
	}
	credentials(value, take)
	for i, c := range value {
		switch {
		case bytes.HasPrefix(value[i:], []byte("://")):
			userinfo(value[i+3:], take)
		case (c == ':' || c == '=') && namesSecret(value[:i]):
			fields(value[i+1:], take)
		}
	}
	return all
}

// credentials takes what follows a scheme (RFC 7235) or a user's name.
func credentials(value []byte, take func(part []byte)) {
	if scheme, rest, ok := bytes.Cut(value, []byte(" ")); ok {
		if isOneOf(scheme, "basic", "bearer", "token", "apikey") {
			take(rest)
		}
		return
	}
	name, password, _ := bytes.Cut(value, []byte(":"))
	if wordBytes(name) == len(name) && !bytes.ContainsAny(password, ":/") {
		take(password)
	}
}

// userinfo takes what is before the host of a URL (RFC 3986).
func userinfo(rest []byte, take func(part []byte)) {
	if n := bytes.IndexAny(rest, "/?# \t\r\n\"'"); n >= 0 {
		rest = rest[:n]
	}
	name, password, _ := bytes.Cut(rest[:max(bytes.LastIndexByte(rest, '@'), 0)], []byte(":"))
	if len(name) >= nearForm && bytes.ContainsAny(name, "0123456789") {
		take(name)
	}
	take(password)
}

// secretNames are what the name of a secret ends with.
var secretNames = []string{
	"secret", "token", "password", "passwd", "passphrase", "pass", "pwd", "key", "auth",
	"credential", "credentials", "sig", "signature",
}

// namesSecret tells whether text ends with such a name, in quotes or not.
func namesSecret(text []byte) bool {
	text = bytes.TrimRight(bytes.TrimRight(text, " \t"), "\"'")
	from := len(text)
	for from > 0 && (isWordByte(text[from-1]) || text[from-1] == '-') {
		from--
	}
	name := bytes.ToLower(text[from:])
	defer clear(name)
	if string(name) == "key" || bytes.Contains(name, []byte("public")) {
		return false
	}
	return slices.ContainsFunc(secretNames, func(end string) bool { return bytes.HasSuffix(name, []byte(end)) })
}

// fields takes the field that text begins with: what is in quotes, or the line, and
// the line up to what may divide fields.
func fields(text []byte, take func(part []byte)) {
	text = bytes.TrimLeft(text, " \t")
	text = text[:min(len(text), maxPart+len(`""`))]
	if len(text) > 0 && (text[0] == '"' || text[0] == '\'') {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case text[0]:
				take(text[1:i])
				return
			case '\\':
				i++
			}
		}
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	take(line)
	if n := bytes.IndexAny(line, " \t;&,"); n >= 0 {
		take(line[:n])
	}
}

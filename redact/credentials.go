package redact

import (
	"bytes"
	"slices"
)

// What is secret beside the name of a user or of a host: in URLs, headers, files of
// passwords and tokens.

// credentials takes what follows a scheme or a user's name, and the last field of
// a line of .pgpass.
func (l *partList) credentials(value []byte) {
	l.signature(value)
	scheme, rest, blank := bytes.Cut(value, []byte(" "))
	switch {
	case isScheme(scheme) && !bytes.HasPrefix(rest, []byte("=")):
		l.take(rest, true)
	case blank:
	case l.passwords(value):
	default:
		l.user(value)
	}
}

// signature takes that of a JSON web token (RFC 7519): a program that takes the token
// apart prints it alone, and without it the rest is worth nothing.
func (l *partList) signature(text []byte) {
	if bytes.HasPrefix(text, []byte("eyJ")) && bytes.Count(text, []byte(".")) == 2 && isToken(text) {
		l.add(text[bytes.LastIndexByte(text, '.')+1:], false)
	}
}

// passwords takes those of a .pgpass, if it is one.
func (l *partList) passwords(value []byte) (ok bool) {
	for line := range bytes.Lines(value) {
		fields := bytes.SplitN(line, []byte(":"), 5)
		if len(fields) == 5 && len(fields[1]) > 0 && (string(fields[1]) == "*" || digits(fields[1], 10, 5) == len(fields[1])) && bytes.IndexByte(fields[4], ':') < 0 {
			l.take(fields[4], true)
			ok = true
		}
	}
	return ok
}

// user takes the password behind a user's name, up to a host.
func (l *partList) user(value []byte) {
	name, password, _ := bytes.Cut(value, []byte(":"))
	if !isName(name) || bytes.HasPrefix(password, []byte("//")) {
		return
	}
	if n := bytes.LastIndexByte(password, '@'); n >= 0 {
		l.take(password[:n], true)
		if bytes.ContainsAny(password[n:], ".:/(") || n+1 == len(password) {
			return
		}
	}
	switch {
	case !bytes.ContainsAny(password, ":/@"):
		l.take(password, true)
	case len(password) < nearForm && bytes.IndexByte(password, ':') >= 0: // a time, an address
	case bytes.ContainsAny(name, ".@"), isOneOf(name, "arn", "urn", "jdbc"): // of a host, or of an object
	default:
		l.take(password, false)
	}
}

// url takes what is secret in a URL (RFC 3986) that goes on with rest. Where the
// value is nothing else, what would end a URL in a text may be the password's.
func (l *partList) url(rest []byte, whole bool) {
	rest = upTo(rest[:min(len(rest), maxParts)], " \t\r\n")
	if !l.look(rest) {
		return
	}
	host := upTo(rest, "/?#")
	if !whole {
		host = upTo(host, "\"'")
	}
	at := bytes.LastIndexByte(host, '@')
	if at >= 0 {
		l.userinfo(host[:at])
	}
	if !whole {
		return
	}
	if last := bytes.LastIndexByte(rest, '@'); last > len(host) {
		l.password(rest[:last])
	}
	_, port, _ := bytes.Cut(host, []byte(":"))
	if at < 0 && digits(port, 10, len(port)) == len(port) && !queriesSecret(rest) {
		for folder := range bytes.SplitSeq(upTo(rest[len(host):], "?#"), []byte("/")) {
			if len(folder) >= nearForm {
				l.take(folder, false)
				_, behind, _ := bytes.Cut(folder, []byte(":")) // of a bot's number
				l.take(behind, false)
			}
		}
	}
}

func (l *partList) userinfo(text []byte) {
	if len(text) >= nearForm && bytes.IndexByte(text, ':') < 0 {
		l.take(text, false)
	}
	l.password(text)
}

// password takes what is behind a user's name, if that is no host with its port.
func (l *partList) password(userinfo []byte) {
	_, password, _ := bytes.Cut(userinfo, []byte(":"))
	if port, _, path := bytes.Cut(password, []byte("/")); !path || digits(port, 10, len(port)) < len(port) {
		l.take(password, true)
	}
}

// queriesSecret tells whether the query of a URL has a field that is a secret.
func queriesSecret(url []byte) bool {
	_, query, _ := bytes.Cut(url, []byte("?"))
	query = query[:min(len(query), mostQuery)]
	for i, c := range query {
		if c != '=' {
			continue
		}
		if named, _ := namesSecret(query[:i]); named {
			return true
		}
	}
	return false
}

// isScheme knows those of RFC 7235 that a secret follows.
func isScheme(text []byte) bool { return isOneOf(text, "basic", "bearer", "token", "apikey") }

// isName tells whether text may be the name of a user or of a URL's scheme.
func isName(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return !isWordByte(c) && bytes.IndexByte([]byte("@.+-"), c) < 0 })
}

// publicBytes is how many bytes a value begins with that are no secret: of a URL all
// up to its first part or, if there is none, its folders; of a user's name and a
// password, the name; of an OpenSSH key, the first line.
func publicBytes(value []byte, parts []part) int {
	if isOpenSSH(value) {
		return opensshLine
	}
	scheme := upTo(value, ":")
	rest := bytes.TrimPrefix(value[len(scheme):], []byte("://"))
	isURL := len(scheme)+len(rest) < len(value)
	if len(scheme) == len(value) || len(scheme) > maxScheme || !isName(scheme) || !isURL && looksRandom(scheme) {
		return 0
	}
	end := len(value)
	for _, p := range parts {
		if i := bytes.Index(value, p.text); i >= 0 {
			end = min(end, i)
		}
	}
	switch {
	case end < len(value) && (isURL || end == len(scheme)+1):
		return end
	case isURL:
		return len(value) - len(rest) + len(upTo(rest, "/?#"))
	}
	return 0
}

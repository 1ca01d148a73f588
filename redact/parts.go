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
//
// The rest (hosts, accounts, regions) is no secret without them.

// What would be more is left to the value's own forms: those of a value that is
// nothing but fields would have no end.
const (
	mostParts = 64
	maxParts  = 4096     // bytes of all parts
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
)

// partList collects those of one value, each once.
type partList struct {
	all  []part
	size int // bytes
	seen int // bytes
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
		clear(undone)
	}
	l.whole(decoded(value))
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

// lastOf is the end of a text in which the name of what follows is looked for.
func lastOf(text []byte) []byte { return text[max(0, len(text)-maxName):] }

// defines tells whether a text ends with PHP's define('NAME'.
func defines(text []byte) bool {
	text, from := lastName(text)
	return bytes.HasSuffix(bytes.TrimRight(text[:from], "\"' "), []byte("define("))
}

// endsWithWord tells whether a text ends with a word of its own.
func endsWithWord(text []byte, word string) bool {
	rest, ok := bytes.CutSuffix(text, []byte(word))
	return ok && (len(rest) == 0 || isBlank(rest[len(rest)-1]) || rest[len(rest)-1] == '\n')
}

// tag is the name in a tag of XML that text ends with, up to what closes it.
func tag(text []byte) []byte {
	text = lastOf(text)
	return upTo(text[bytes.LastIndexByte(text, '<')+1:], " \t\r\n")
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

// signature takes that of a JSON web token (RFC 7519): a program that takes the token
// apart prints it alone, and without it the rest is worth nothing.
func (l *partList) signature(text []byte) {
	if bytes.HasPrefix(text, []byte("eyJ")) && bytes.Count(text, []byte(".")) == 2 && isToken(text) {
		l.add(text[bytes.LastIndexByte(text, '.')+1:], false)
	}
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
	if len(l.all) < mostParts && l.size+len(new.text) <= maxParts && !slices.ContainsFunc(l.all, known) {
		l.all = append(l.all, part{bytes.Clone(new.text), new.kind})
		l.size += len(new.text)
	}
}

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

// field takes the field that text begins with, if its name is that of a secret:
// what is in quotes, or the line up to each of the ends.
func (l *partList) field(name, text []byte, ends ...string) {
	named, sure := namesSecret(name)
	if !named {
		l.privateKey(text)
		return
	}
	text = bytes.TrimLeft(text[:min(len(text), maxParts)], " \t=>") // := =>
	if inside, ok := quoted(text); ok {
		l.take(inside, sure)
		return
	}
	if opensObject(text) { // whose fields are looked at one by one
		return
	}
	line := upTo(text, "\n")
	for _, end := range ends {
		l.take(upTo(line, end), sure)
	}
	if braced, _, ok := bytes.Cut(line, []byte("}")); ok && line[0] == '{' { // of ODBC
		l.take(braced[1:], sure)
	}
}

// privateKey takes the private key that a field is base64 of, whatever its name.
func (l *partList) privateKey(text []byte) {
	text = bytes.TrimLeft(text, " \t\"'")
	if !bytes.HasPrefix(text, []byte("LS0tLS1CRUdJTi")) {
		return
	}
	text = upTo(text, " \t\r\n\"',}")
	key := decoded(text)
	defer clear(key)
	if bytes.Contains(upTo(key, "\n"), []byte("PRIVATE KEY")) {
		l.add(text, true)
		l.add(key, true)
	}
}

// What the name of a secret ends with: one of the first is sure to be of one.
var (
	secretNames = []string{
		"secret", "password", "passwd", "passphrase", "_pass", "-pass", "pwd",
		"credential", "authorization", "secret_key_base", "secretstring",
	}
	maybeNames = []string{"token", "key", "auth", "pass", "sig", "signature"}
)

// namesSecret tells whether text ends with such a name, in quotes or not, or with
// one and then "value": {"name": "API_TOKEN", "value": …}.
func namesSecret(text []byte) (named, sure bool) {
	text, from := lastName(text)
	if bytes.EqualFold(text[from:], []byte("value")) {
		text, from = nameOfValue(text[:from])
	}
	query := from > 0 && (text[from-1] == '?' || text[from-1] == '&')
	name := bytes.ToLower(text[from:])
	defer clear(name)
	name = bytes.TrimSuffix(bytes.TrimRight(name, "0123456789"), []byte("s"))
	ends := func(end string) bool { return bytes.HasSuffix(name, bytes.TrimSuffix([]byte(end), []byte("s"))) }
	switch {
	case slices.ContainsFunc(secretNames, ends):
		return true, true
	case string(name) == "key" && !query, bytes.Contains(name, []byte("public")), bytes.Contains(name, []byte("publishable")):
		return false, false
	}
	return slices.ContainsFunc(maybeNames, ends), false
}

// nameOfValue is the name that goes with a "value", before which text ends: that of
// the field before, of the field "name" of the same object, or of the object.
func nameOfValue(text []byte) (trimmed []byte, from int) {
	trimmed, from = lastName(text)
	object := bytes.LastIndexByte(text, '{')
	if object < 0 || len(text)-object > maxName {
		return trimmed, from
	}
	inside := bytes.ToLower(text[object:])
	defer clear(inside)
	if i := bytes.Index(inside, []byte(`"name"`)); i >= 0 {
		rest := bytes.TrimLeft(text[object+i+len(`"name"`):], " \t:\"")
		return lastName(upTo(rest, "\"'"))
	}
	if colon := bytes.TrimRight(text[:object], " \t"); bytes.HasSuffix(colon, []byte(":")) {
		return lastName(colon[:len(colon)-1])
	}
	return trimmed, from
}

// lastName is where the name begins that text ends with, but for what may stand
// around it.
func lastName(text []byte) (trimmed []byte, from int) {
	text = bytes.TrimRight(lastOf(text), "\"', \t\r\n")
	from = len(text)
	for from > 0 && (isWordByte(text[from-1]) || text[from-1] == '-') {
		from--
	}
	return text, from
}

// quoted is what is in the quotes that text begins with, of one character or three,
// or in a section of XML.
func quoted(text []byte) (inside []byte, ok bool) {
	for _, q := range []struct{ open, close string }{{`"""`, `"""`}, {`'''`, `'''`}, {"<![CDATA[", "]]>"}} {
		if rest, found := bytes.CutPrefix(text, []byte(q.open)); found {
			inside, _, ok = bytes.Cut(rest, []byte(q.close))
			return inside, ok
		}
	}
	if len(text) == 0 || !isQuote(text[0]) {
		return nil, false
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\', bytes.HasPrefix(text[i:], []byte("''")) && text[0] == '\'': // YAML, SQL
			i++
		case text[i] == text[0]:
			return text[1:i], true
		}
	}
	return nil, false
}

func upTo(text []byte, ends string) []byte {
	if n := bytes.IndexAny(text, ends); n >= 0 {
		return text[:n]
	}
	return text
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// isScheme knows those of RFC 7235 that a secret follows.
func isScheme(text []byte) bool { return isOneOf(text, "basic", "bearer", "token", "apikey") }

// isName tells whether text may be the name of a user or of a URL's scheme.
func isName(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return !isWordByte(c) && bytes.IndexByte([]byte("@.+-"), c) < 0 })
}

// isReference tells whether a field only says where its secret is: in a file, a
// variable or somewhere else.
func isReference(text []byte) bool {
	for _, begin := range []string{"var.", "process.env", "os.environ", "arn:", "ssm:", "pk_live_", "pk_test_", "./", "../", "~/", "${", "$(", "{{", "/etc/", "/home/", "/opt/", "/root/", "/run/", "/srv/", "/tmp/", "/usr/", "/var/", "/Users/", `C:\`} {
		if bytes.HasPrefix(text, []byte(begin)) {
			return true
		}
	}
	enclosed := func(open, close byte) bool { return text[0] == open && text[len(text)-1] == close }
	variable := text[0] == '$' && !slices.ContainsFunc(text[1:], func(c byte) bool { return c != '_' && (c < 'A' || c > 'Z') })
	return variable || enclosed('<', '>') || enclosed('%', '%') || bytes.Contains(text, []byte("://"))
}

// isSetting knows what a field that is named like a secret is often set to.
func isSetting(text []byte) bool {
	return isOneOf(text, "disabled", "required", "not-required", "optional", "same-origin", "scram-sha-256", "ssh-ed25519")
}

// opensObject tells whether a text begins with an object of JSON or a tag of YAML.
func opensObject(text []byte) bool {
	if len(text) < 2 {
		return false
	}
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) > 0 && (text[0] == '{' && (isQuote(rest[0]) || rest[0] == '}') || text[0] == '!' && bytes.HasPrefix(rest, []byte("vault")))
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

// publicBytes is how many bytes a value begins with that are no secret: of a URL all
// up to its first part or, if there is none, its folders; of a user's name and a
// password, the name.
func publicBytes(value []byte, parts []part) int {
	scheme := upTo(value, ":")
	rest := bytes.TrimPrefix(value[len(scheme):], []byte("://"))
	if len(scheme) == len(value) || len(scheme) > maxScheme || !isName(scheme) {
		return 0
	}
	end := len(value)
	for _, p := range parts {
		if i := bytes.Index(value, p.text); i >= 0 {
			end = min(end, i)
		}
	}
	switch isURL := len(scheme)+len(rest) < len(value); {
	case end < len(value) && (isURL || end == len(scheme)+1):
		return end
	case isURL:
		return len(value) - len(rest) + len(upTo(rest, "/?#"))
	}
	return 0
}

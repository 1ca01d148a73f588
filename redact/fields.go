package redact

import (
	"bytes"
	"slices"
)

// What is secret by the name of its field, in documents, settings, connection strings
// and queries.

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

func isQuote(c byte) bool { return c == '"' || c == '\'' }

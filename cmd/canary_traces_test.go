package cmd_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// trace is how many bytes in a row of a value, in whichever form, give it away.
const trace = 12

// traces are all runs of so many bytes of all forms of some values, each with
// the name of its form.
type traces map[[trace]byte]string

// watch adds the forms of a value, of the whole and of each line, without the
// lines that only mark it, such as "-----BEGIN …".
func (t traces) watch(name string, value []byte) {
	lines := secretLines(value)
	for _, part := range append(lines, bytes.Join(lines, []byte("\n"))) {
		t.watchKey(name, part)
	}
}

// watchKey adds the forms of a key, whose bytes may be newlines as well as any
// others: it has no lines.
func (t traces) watchKey(name string, key []byte) {
	for form, text := range forms(key) {
		t.add(name+" in "+form, text)
	}
	t.add(name, key)
}

func (t traces) add(name string, text []byte) {
	for i := range max(0, len(text)-trace+1) {
		t[[trace]byte(text[i:])] = name
	}
}

func secretLines(value []byte) (lines [][]byte) {
	for line := range bytes.Lines(value) {
		if line = bytes.TrimRight(line, "\n"); len(line) >= trace && !bytes.HasPrefix(line, []byte("-----")) {
			lines = append(lines, line)
		}
	}
	return lines
}

// find names what of the values is in text, or nothing.
func (t traces) find(text []byte) string {
	for i := range max(0, len(text)-trace+1) {
		if name, ok := t[[trace]byte(text[i:])]; ok {
			return name
		}
	}
	return ""
}

// forms are the ways in which bytes are commonly written, made here without the
// help of redact, which has to mask them.
func forms(value []byte) map[string][]byte {
	text := string(value)
	lower := hex.EncodeToString(value)
	all := map[string][]byte{
		"hex":          []byte(lower),
		"capital hex":  []byte(strings.ToUpper(lower)),
		"query":        []byte(url.QueryEscape(text)),
		"path":         []byte(url.PathEscape(text)),
		"percent":      percent(value, "%%%02X"),
		"low percent":  percent(value, "%%%02x"),
		"UTF-16LE":     utf16LE(text),
		"shell quotes": []byte(strings.ReplaceAll(text, "'", `'\''`)),
	}
	if utf8.Valid(value) { // of a key, a trace of these is three bytes that others may have too: see unquoted
		all["JSON"], _ = json.Marshal(text)
		all["Go"] = strconv.AppendQuote(nil, text)
		all["ASCII"] = strconv.AppendQuoteToASCII(nil, text)
	}
	for shift := range 3 {
		padded := append(bytes.Repeat([]byte{'.'}, shift), value...)
		// The first letters and the last have bits of what is beside the value.
		from, to := (8*shift+5)/6, 8*len(padded)/6
		standard := base64.StdEncoding.AppendEncode(nil, padded)[from:to]
		all[fmt.Sprint("base64 at ", shift)] = standard
		if url := base64.URLEncoding.AppendEncode(nil, padded)[from:to]; !bytes.Equal(url, standard) {
			all[fmt.Sprint("URL base64 at ", shift)] = url
		}
	}
	return all
}

// undumped is a text in which bytes stand one by one, as fmt writes those that
// nobody hid from it: [115 107 45], []byte{0x73, 0x6b, 0x2d} or 73 6b 2d.
func undumped(text []byte) (all []byte) {
	for _, base := range []int{10, 16} {
		for word := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return strings.ContainsRune("[]{}(), ", r) }) {
			if n, err := strconv.ParseUint(strings.TrimPrefix(word, "0x"), base, 8); err == nil {
				all = append(all, byte(n))
			}
		}
	}
	return all
}

// unquoted is a text with the escapes of Go's quotes undone.
func unquoted(text []byte) (all []byte) {
	for i := 0; i < len(text); {
		rest := string(text[i:min(i+len(`\U0010ffff`), len(text))])
		r, multibyte, tail, err := strconv.UnquoteChar(rest, 0)
		switch {
		case text[i] != '\\' || err != nil:
			all, i = append(all, text[i]), i+1
			continue
		case multibyte:
			all = utf8.AppendRune(all, r)
		default:
			all = append(all, byte(r))
		}
		i += len(rest) - len(tail)
	}
	return all
}

func percent(value []byte, verb string) (text []byte) {
	for _, b := range value {
		text = fmt.Appendf(text, verb, b)
	}
	return text
}

func utf16LE(text string) (b []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}

// What these tests look for is found where it is: the texts are what other
// programs made of the value.
func TestTraces(t *testing.T) {
	found := traces{}
	found.watch("the value", []byte("sk-7Qm2xV9tLw4RzB81"))
	tests := []struct{ text, want string }{
		{"key=sk-7Qm2xV9tLw4RzB81\n", "the value"},
		{"the first half: -7Qm2xV9tLw4 …", "the value"},
		{"eHNrLTdRbTJ4Vjl0THc0UnpCODF5eg==", "the value in base64 at 1"}, // printf 'xsk-…yz' | base64
		{"736b2d37516d32785639744c7734527a423831", "the value in hex"},   // printf 'sk-…' | xxd -p
		{"%73%6B%2D%37%51%6D%32%78", "the value in percent"},
		{"s\x00k\x00-\x007\x00Q\x00m\x002\x00", "the value in UTF-16LE"}, // iconv -t UTF-16LE
		{"[secret:token] sk-7Qm2xV9 and tLw4RzB81", ""},
	}
	for _, tc := range tests {
		if got := found.find([]byte(tc.text)); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.text, got, tc.want)
		}
	}
}

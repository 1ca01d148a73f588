package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// A scene is a text made of a seed: random secrets, in random spellings, whole or
// broken, in random surroundings.
type scene struct {
	*rand.Rand
	values []string
	parts  []string // of some
	text   strings.Builder
}

func newScene(seed uint64) *scene {
	s := &scene{Rand: rand.New(rand.NewPCG(seed, 1))}
	for range 1 + s.IntN(3) {
		s.values = append(s.values, s.value())
	}
	if s.IntN(4) == 0 { // one secret in another, or across two
		a, b := s.values[0], s.values[len(s.values)-1]
		s.values = append(s.values, a[len(a)/2:]+b[:len(b)/2])
	}
	if s.IntN(4) == 0 { // more than is worth sifting
		s.text.WriteString(s.log(5000))
		defer func() { s.text.WriteString(s.log(s.IntN(5000))) }()
	}
	plain := s.IntN(3) == 0
	for range 1 + s.IntN(6) {
		if plain {
			s.text.WriteString(s.plain(s.IntN(2000)))
		} else {
			s.text.WriteString(s.junk())
		}
		value := s.pick(s.values...)
		if s.IntN(4) == 0 { // that begins twice
			s.text.WriteString(value[:s.IntN(len(value))])
		}
		s.text.WriteString(s.broken(s.spelled(value)))
	}
	for _, part := range s.parts {
		if s.IntN(2) == 0 {
			s.text.WriteString(s.junk() + s.broken(s.spelled(part)))
		}
	}
	if s.IntN(2) == 0 {
		s.text.WriteString(s.junk())
	}
	return s
}

func (s *scene) pick(of ...string) string { return of[s.IntN(len(of))] }

func (s *scene) bytes(n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[s.IntN(len(of))]
	}
	return string(b)
}

const (
	someLetters = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
	somePrint   = " !\"#$%&'()*+,-./0123:;<=>?@ABC[\\]^_`abcxyz{|}~"
)

// log is what programs print all day.
func (s *scene) log(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(s.pick("INFO ", "\x1b[32mok\x1b[0m ", "{\"a\": \"b\\\"c\"} ", "?a=1&b=2%20c ", "100% ", "\tat f(g.java:12) ", "\n"))
		b.WriteString(s.bytes(s.IntN(60), someLetters+"  ") + s.pick("\n", "\n", "\r\n", " "))
	}
	return b.String()
}

// plain is text without anything special.
func (s *scene) plain(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(s.bytes(s.IntN(100), someLetters+" ") + s.pick("\n", "\n", "\r\n", "\n    ", "\n\n"))
	}
	return b.String()
}

func (s *scene) value() string {
	switch s.IntN(11) {
	case 0:
		return s.bytes(4+s.IntN(4), s.pick("abcd1234", "a-", "-.$!", "-"))
	case 1:
		return s.bytes(8+s.IntN(30), "ab")
	case 2:
		return s.bytes(8+s.IntN(40), somePrint)
	case 3:
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		return s.bytes(8+s.IntN(24), string(all))
	case 4:
		return s.bytes(8+s.IntN(8), someLetters) + "\n" + s.bytes(3+s.IntN(12), somePrint) + "\n  " + s.bytes(8+s.IntN(90), someLetters) + "\n"
	case 5:
		return "pä" + s.bytes(6, someLetters) + "ß€" + s.bytes(s.IntN(9), "äö\U0001f600x")
	case 6:
		return s.pick("production", "password", "true", "  spaced out words  ", "\ufeffmarked words\x00\n", `"quoted value"`, "%41%42&amp;cdefgh", `back\slash\nvalue\`, "x")
	case 9, 10:
		return s.composed()
	case 7:
		return s.bytes(150+s.IntN(300), someLetters)
	default:
		return "ghx_" + s.bytes(4+s.IntN(36), someLetters)
	}
}

// composed is a value with a part that is a secret by itself.
func (s *scene) composed() string {
	part := s.pick(s.bytes(4+s.IntN(20), someLetters), s.bytes(4+s.IntN(20), somePrint))
	s.parts = append(s.parts, part)
	quoted, _ := json.Marshal(part)
	return s.pick(
		"postgres://admin:"+url.QueryEscape(part)+"@db.example.com/x", "https://"+part+"@example.com/", "redis://:"+part+"@h:6379",
		"user:"+part, "Bearer "+part, "basic "+base64.StdEncoding.EncodeToString([]byte("u:"+part)),
		`{"user": "me", "client_secret": `+string(quoted)+`, "token_uri": "https://example.com/token"}`,
		"HOST=h\nDB_PASSWORD="+part+"\nexport API_KEY='"+part+"'\nkey: abc\n", "Server=h;Password="+part+";Port=1", "https://h/?a=b&sig="+url.QueryEscape(part)+"&x=1",
		"public_key: "+part+"\nsecret-token : "+part+" # why",
		base64.StdEncoding.EncodeToString([]byte("me:"+part+"\n")), base64.RawURLEncoding.EncodeToString([]byte("{\n  \"token\": "+string(quoted)+"\n}\n")),
	)
}

func (s *scene) junk() string {
	switch s.IntN(11) {
	case 0:
		return strings.Repeat(s.pick(`\`, "%", "&", "\n", " ", "\x1b", "\xe2\x80", "%2", `\u00`, "&#"), 1+s.IntN(80))
	case 1:
		return "\x1b[" + s.bytes(s.IntN(72), "0123;") + s.pick("m", "K", "\n", "")
	case 2:
		return s.bytes(s.IntN(30), somePrint)
	case 3:
		return "\n" + strings.Repeat(" ", s.IntN(70))
	case 4:
		v := s.pick(s.values...)
		return v[:s.IntN(len(v))]
	case 5:
		return s.bytes(s.IntN(500), someLetters+" \n")
	case 6:
		return ""
	case 7:
		return s.pick("progress 10%", "\r20%", "x\bx", "_\b_", "_\bx", "x\b_", "=\n", "\u00ad", "\a", "&am", "&lt;", `C:\new\users`, `\\`, `"`, "\x1b]0;title\a", "\x1b(B", "\x1b7", "\t", "\x00")
	case 8: // the beginning of what shows a value byte by byte
		return s.pick("\n", "\n  ") + s.pick(`"k": "`, `'a' => '`, `"a", "`, "12 34 ", "0x1f, ", "00000010  61 62 ", `\n `)
	default:
		return s.pick("token=", " ", "\n", ":", "id: ", "1", "x")
	}
}

// mostSpelled is how many bytes are not spelled once more: the fuzz takes what lasts
// ten seconds for hung, and its code is slow.
const mostSpelled = 1000

func (s *scene) spelled(v string) string {
	for range 1 + s.IntN(3) {
		if len(v) > mostSpelled {
			return v
		}
		switch s.IntN(31) {
		case 0:
			v = url.QueryEscape(v)
		case 1:
			v = url.PathEscape(v)
		case 2:
			v = html.EscapeString(v)
		case 3:
			j, _ := json.Marshal(v)
			v = string(j)
		case 4:
			v = fmt.Sprintf("%q", v)
		case 5:
			v = fmt.Sprintf("%+q", v)
		case 6:
			v = hex.EncodeToString([]byte(v))
		case 7:
			v = fmt.Sprintf(s.pick("% x", "% X", "%X", "%v", "%x"), []byte(v))
		case 8, 9:
			v = base64.StdEncoding.EncodeToString([]byte(s.bytes(s.IntN(4), someLetters) + v + s.bytes(s.IntN(4), someLetters)))
		case 10:
			v = base64.URLEncoding.EncodeToString([]byte(v))
		case 11:
			v = refWide(v, s.IntN(2) == 0)
		case 12:
			v = refHex(v, "", s.pick(`\x%02x`, "%%%02X", "&#%d;", `\%03o`, "&#x%x;", `\u00%02x`))
		case 14, 15:
			v = s.dumped(s.junk() + v)
		case 16:
			v = s.celled(s.junk() + v)
		case 17:
			v = strings.Join(strings.Split(v, ""), s.pick("', '", `", "`, `","`, `\`))
		case 18:
			v = fmt.Sprintf("%#v", []byte(v))
		case 19:
			v = strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(v)
		case 20:
			v = v[:len(v)*(8+s.IntN(9))/16] + s.pick("...", "…", "", "\n")
		case 21:
			v = s.quoted(v)
		case 22:
			v = strings.ReplaceAll(v, "\n", "\r\n")
		case 13:
			v = refHex(v, s.pick(", ", ",", " "), s.pick("0x%02x", "%d"))
		}
	}
	return v
}

// dumped is v as one of several programs dumps it.
func (s *scene) dumped(v string) string {
	offset := s.pick("", "", " ", "  ", "\t") + s.pick("%08x  ", "%08x: ", "%07o ", "%.0d ", "%.0d  ", "%06x:", "%04x: ", "0x%04x:  ", "%04x - ", "%04x   ", "%.0d")
	format, between := s.pick("%02x", "%02X", "0x%02x", "%3d", "%d", "%03o", "%08b", "%c"), s.pick(" ", ", ", ",", "  ", "")
	width, gutter := 1+s.IntN(20), s.pick("", "  |%s|", "  %s", "   %q")
	swap := 1 << s.IntN(3)
	var b strings.Builder
	for at := 0; at < len(v); at += width {
		line := v[at:min(at+width, len(v))]
		fmt.Fprintf(&b, offset, at)
		for i := range len(line) {
			k := i
			if gutter == "" && i|(swap-1) < len(line) {
				k = i ^ (swap - 1)
			}
			fmt.Fprintf(&b, format, line[k])
			if i&(swap-1) == swap-1 {
				b.WriteString(between)
			}
		}
		if gutter != "" {
			fmt.Fprintf(&b, gutter, line)
		}
		b.WriteString(s.pick("\n", "\n", "\n", "\r\n", ""))
	}
	return b.String()
}

// celled is v as od -c, od -a and hexdump -c show it, or as od does in octal words.
func (s *scene) celled(v string) string {
	offset, kind := s.pick("%07o", "%07x", "%08x", "%06d", "%07o ", "%.0d", "%.0d "), s.IntN(4)
	width := 2 + 2*s.IntN(8)
	var b strings.Builder
	for at := 0; at < len(v); at += width {
		fmt.Fprintf(&b, offset, at)
		for i := at; i < min(at+width, len(v)); i++ {
			switch c := v[i]; {
			case kind == 0:
				fmt.Fprintf(&b, " %06o", int(c)+int((v + "\x00")[i+1])<<8)
				i++
			case c == '\n' || c == '\t':
				fmt.Fprintf(&b, " %3s", map[byte]string{'\n': `\n`, '\t': s.pick(`\t`, "ht")}[c])
			case c == ' ' && kind == 1:
				b.WriteString("  sp")
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, " %03o", c)
			default:
				fmt.Fprintf(&b, "   %c", c)
			}
		}
		b.WriteString(s.pick("\n", "\n", "\n", "\r\n", "    \n", ""))
	}
	return b.String()
}

// quoted is v as node shows an array of its characters.
func (s *scene) quoted(v string) string {
	width := 1 + s.IntN(12)
	var b strings.Builder
	for i, c := range []rune(v) {
		if i%width == 0 {
			b.WriteString(s.pick("\n  ", "\n    ", "\r\n\t", "\n", "\n         "))
		}
		quoted := strings.ReplaceAll(strconv.Quote(string(c)), `\"`, `"`)
		if c != '\'' {
			quoted = "'" + quoted[1:len(quoted)-1] + "'"
		}
		b.WriteString(quoted + s.pick(", ", ", ", ", ", ",", ",    ", "; "))
	}
	return b.String()
}

// broken puts something between the bytes of a spelling, or changes some.
func (s *scene) broken(v string) string {
	switch s.IntN(8) {
	case 0:
		if len(v) > 0 {
			i := s.IntN(len(v))
			v = v[:i] + s.bytes(s.IntN(2), someLetters) + v[i+1:]
		}
	case 1:
		width := 1 + s.IntN(40)
		between := s.pick("\n", "\r\n", "\n    ", "\\\n", "\x1b[0m", "\u200b", "\ufeff", "=\n")
		var b strings.Builder
		for ; len(v) > width; v = v[width:] {
			b.WriteString(v[:width] + between)
		}
		return b.String() + v
	case 2:
		var b strings.Builder
		for i := range len(v) {
			b.WriteByte(v[i])
			switch s.IntN(12) {
			case 0:
				b.WriteString(s.pick("\n", "\r", "\x1b[31m", "\x1b[K", "\b"+v[i:i+1], "\a", "\x1b(B", "\\\n\t"))
			case 1:
				b.WriteString(s.pick("\n", "", "", "\x1b"))
			}
		}
		return b.String()
	case 3:
		return v[:s.IntN(len(v)+1)]
	case 4:
		return v + v
	}
	return v
}

func (s *scene) masker() *Masker {
	var secrets []Secret
	for i, v := range s.values {
		secrets = append(secrets, Secret{refLabel(i), NewValue([]byte(v))})
	}
	return NewMasker(secrets)
}

// difference shows two texts around the first byte in which they differ.
func difference(got, want []byte) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	around := func(b []byte) []byte { return b[max(0, at-150):min(len(b), at+150)] }
	return fmt.Sprintf("  got … %q …\n want … %q …", around(got), around(want))
}

// FuzzWriter compares the writer with the reference: on a scene made of the
// seed, with some bytes put in at a place, whole and cut. With idle moments no form
// may come out that the reference masks everywhere.
func FuzzWriter(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, []byte(nil), uint16(0), uint16(3))
	}
	f.Add(uint64(1), []byte("%"), uint16(9), uint16(1))
	f.Fuzz(func(t *testing.T, seed uint64, put []byte, at, cut uint16) {
		if len(put) > 4000 {
			return
		}
		s := newScene(seed)
		text := s.text.String()
		i := int(at) % (len(text) + 1)
		text = text[:i] + string(put) + text[i:]
		want := reference(s.values, text)
		m := s.masker()
		check := func(how string, cuts ...int) {
			if got := masked(m, []byte(text), cuts...); !bytes.Equal(got, want) {
				t.Fatalf("%s\nvalues %q\n%s\n text %q", how, s.values, difference(got, want), text)
			}
		}
		check("whole")
		check("byte by byte", everywhere(len(text))...)
		one := int(cut) % (len(text) + 1)
		check(fmt.Sprintf("cut at %d", one), one)
		var some []int
		for k := s.IntN(40); k < len(text); k += 1 + s.IntN(1+int(cut)%300) {
			some = append(some, k)
		}
		check(fmt.Sprintf("cut at %v", some), some...)
		shown := maskedIdly(m, []byte(text), some...)
		for _, p := range m.patterns.all {
			// Of a short value, three bytes may stand behind a fourth where no word begins.
			if p.kind != word && bytes.Contains(shown, p.form) && !bytes.Contains(want, p.form) {
				t.Fatalf("%q is shown, idle at %v\nvalues %q\n%s\n text %q", p.form, some, s.values, difference(shown, want), text)
			}
		}
	})
}

// TestScenes runs the comparison on some hundred scenes.
func TestScenes(t *testing.T) {
	for seed := range uint64(manyScenes) {
		s := newScene(seed)
		text := s.text.String()
		want := reference(s.values, text)
		if got := masked(s.masker(), []byte(text)); !bytes.Equal(got, want) {
			t.Fatalf("seed %d\nvalues %q\n%s\n text %q", seed, s.values, difference(got, want), text)
		}
	}
}

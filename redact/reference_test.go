package redact

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The reference: what the Writer must write, found the plain and slow way. The
// whole text is in memory, each view of it is a list of characters that know
// where they came from, every form is looked for at every place. It shares no
// code with the package but the constants that docs/masking.md names.

// A char of a view stands for the bytes between two places of the text.
type char struct {
	b        byte
	from, to int
	soft     bool // "=" before a line break
}

func textOf(view []char) string {
	b := make([]byte, len(view))
	for i, c := range view {
		b[i] = c.b
	}
	return string(b)
}

var (
	refCSI     = regexp.MustCompile(`^\x1b\[[0-?]*[ -/]*[@-~]`)
	refOther   = regexp.MustCompile(`^\x1b(?:[78=>DEHMNOPXZ\]\\^_c]|[ -/]+[0-~])`)
	refBreak   = regexp.MustCompile(`^(?:\r|\n[ \t]{0,64})`)
	refEntity  = regexp.MustCompile(`^&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,7})|([a-zA-Z]{2,8}));`)
	refPercent = regexp.MustCompile(`^%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))`)
	refUnits   = regexp.MustCompile(`^%u([dD][89abAB][0-9a-fA-F]{2})%u([dD][c-fC-F][0-9a-fA-F]{2})`)
	refDoubled = regexp.MustCompile(`^%%[0-9a-fA-F]{2}`)
	refSlash   = regexp.MustCompile(`^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|[ux]\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})|([0-7]{1,3}))`)
	refPair    = regexp.MustCompile(`^\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})`)
	refHidden  = regexp.MustCompile(`^[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{fe00}-\x{fe0f}\x{feff}\x{ad}]`)
	refIndent  = regexp.MustCompile(`^[ \t]{0,64}`)
)

// refShown is the first view; the parts of the text in gaps are no characters.
func refShown(text string) (view []char, gaps [][2]int) {
	for i := 0; i < len(text); {
		n := 0
		if m := refBreak.FindString(text[i:]); m != "" {
			n = len(m)
			if k := len(view); k > 0 && view[k-1].to == i {
				switch view[k-1].b {
				case '\\':
					view = view[:k-1]
				case '=':
					view[k-1].soft = true
				}
			}
		} else if m := refCSI.FindString(text[i:]); m != "" && len(m) <= 64 {
			n = len(m)
		} else if m := refOther.FindString(text[i:]); m != "" && len(m) <= 64 {
			n = len(m)
		} else if strings.IndexByte("\a\x0e\x0f", text[i]) >= 0 {
			n = 1
		} else if i > 0 && i+1 < len(text) && text[i] == '\b' && text[i-1] != '\b' && (text[i-1] == text[i+1] || text[i+1] == '_') {
			i += 2 // a character, twice: not even what is left of it stays
			continue
		} else if i > 0 && i+1 < len(text) && text[i] == '\b' && text[i-1] == '_' {
			if k := len(view); k > 0 && view[k-1].to == i {
				view = view[:k-1]
			}
			i++
			continue
		}
		if n > 0 {
			gaps = append(gaps, [2]int{i, i + n})
			i += n
			continue
		}
		view = append(view, char{b: text[i], from: i, to: i + 1})
		i++
	}
	return view, gaps
}

func hexRune(s string) rune {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || n > utf8.MaxRune {
		return utf8.RuneError
	}
	return rune(n)
}

// refEscape is what the escape at the beginning of s stands for, and its length.
func refEscape(s string) (string, int) {
	switch {
	case strings.HasPrefix(s, "%"):
		if refDoubled.MatchString(s) {
			return "%", 2
		}
		if m := refUnits.FindStringSubmatch(s); m != nil {
			return string(utf16.DecodeRune(hexRune(m[1]), hexRune(m[2]))), 12
		}
		if m := refPercent.FindStringSubmatch(s); m != nil {
			if m[1] != "" {
				return string(hexRune(m[1])), 6
			}
			return string([]byte{byte(hexRune(m[2]))}), 3
		}
	case strings.HasPrefix(s, "&"):
		m := refEntity.FindStringSubmatch(s)
		if m == nil || len(m[0]) > len("&#1114111;") {
			return "", 0
		}
		switch {
		case m[1] != "":
			n, _ := strconv.Atoi(m[1])
			if n > utf8.MaxRune {
				return "", 0
			}
			return string(rune(n)), len(m[0])
		case m[2] != "":
			if n, _ := strconv.ParseInt(m[2], 16, 32); n > utf8.MaxRune {
				return "", 0
			}
			return string(hexRune(m[2])), len(m[0])
		}
		for i, name := range strings.Fields(refEntityNames) {
			if name == m[3] {
				return "&<>\"' !#$%()*+,./:;=_*\t\n?@[[\\]]^_`{{||}}"[i : i+1], len(m[0])
			}
		}
	case strings.HasPrefix(s, `\`):
		return refBackslash(s)
	default:
		if m := refHidden.FindString(s); m != "" {
			return "", len(m)
		}
	}
	return "", 0
}

const refEntityNames = "amp lt gt quot apos nbsp excl num dollar percnt lpar rpar ast plus comma period sol colon " +
	"semi equals UnderBar midast Tab NewLine quest commat lsqb lbrack bsol rsqb rbrack Hat lowbar grave lcub lbrace verbar vert rcub rbrace"

func refBackslash(s string) (string, int) {
	if len(s) == 1 {
		return "", 0
	}
	if m := refPair.FindStringSubmatch(s); m != nil {
		return string(utf16.DecodeRune(hexRune(m[1]), hexRune(m[2]))), 12
	}
	if m := refSlash.FindStringSubmatch(s); m != nil {
		switch {
		case m[1] != "":
			return string([]byte{byte(hexRune(m[1]))}), 4
		case m[2] != "":
			return string(hexRune(m[2])), 6
		case m[3] != "":
			return string(hexRune(m[3])), len(m[0])
		case m[4] != "":
			if n, _ := strconv.ParseUint(m[4], 16, 32); n <= utf8.MaxRune {
				return string(hexRune(m[4])), 10
			}
		case m[5] != "":
			n, _ := strconv.ParseUint(m[5], 8, 32)
			return string([]byte{byte(n)}), len(m[0])
		}
	}
	if i := strings.IndexByte("nrtbfvae", s[1]); i >= 0 {
		return "\n\r\t\b\f\v\a\x1b"[i : i+1], 2
	}
	return s[1:2], 2
}

// refUndone undoes the escapes of a view once, and leaves out the line breaks
// that come out, unless they are kept.
func refUndone(view []char, keepBreaks bool) (undone []char) {
	text, indented := textOf(view), false
	for i := 0; i < len(text); {
		if view[i].soft && !keepBreaks {
			i++
			indented = false
			continue
		}
		if strings.IndexByte("%&\\\xe2\xef\xc2", text[i]) >= 0 {
			if s, n := refEscape(text[i:]); n > 0 {
				switch {
				case s == "\n" && !keepBreaks:
					i += n + len(refIndent.FindString(text[i+n:]))
					indented = true
					continue
				case (s == "\r" || s == "\a" || s == "\x0e" || s == "\x0f") && !keepBreaks:
					i += n
					indented = false
					continue
				case (s == " " || s == "\t") && indented:
					i += n
					continue
				}
				for k := range len(s) {
					undone = append(undone, char{b: s[k], from: view[i].from, to: view[i+n-1].to})
				}
				i += n
				indented = false
				continue
			}
		}
		indented = false
		undone = append(undone, view[i])
		i++
	}
	return undone
}

// A refForm is a form to look for: 'a'nywhere, 'f'irst view only, 'w'ord. At the end
// of the text so many bytes of it count.
type refForm struct {
	text   string
	kind   byte
	label  int
	ending int
	ofPart bool
}

// refForms are the forms of all values, the first of equal ones.
func refForms(values []string) (forms []refForm) {
	seen := map[string]int{}
	exact := map[string]int{} // whose own value a form is
	for label := range values {
		label = len(values) - 1 - label
		view, _ := refShown(refCore(values[label]))
		exact[textOf(view)] = label
	}
	for k := range 2 * len(values) { // what is of parts comes last
		label := k % len(values)
		own := refOwn{}
		add := func(kind byte, texts ...string) {
			for _, text := range texts {
				view, _ := refShown(text)
				shown := textOf(view)
				n := (len(shown) + 127) / 128
				for i := range n {
					piece := shown[i*len(shown)/n : (i+1)*len(shown)/n]
					if trimmed := strings.TrimLeft(piece, " \t,:.-"); kind != 'w' && len(trimmed) >= 8 {
						piece = trimmed
					}
					if len(piece) < 4 || len(piece) < 8 && kind != 'w' && kind != 's' || len(piece) >= 8 && kind == 's' {
						continue
					}
					if kind == 's' {
						kind = 'a'
					}
					if whose, known := exact[piece]; known && whose != label {
						continue
					}
					ending := own.ending(piece, kind, len(shown))
					if id, known := seen[piece]; known {
						old := &forms[id]
						if old.label == label && (kind < old.kind || kind == old.kind && ending > old.ending && old.ofPart == (k >= len(values))) {
							old.kind, old.ending = kind, ending
						}
						continue
					}
					pieces := []string{piece}
					enough := 32
					if i == 0 {
						enough = (own.enough*len(shown) + own.size - 1) / max(own.size, 1)
					}
					for n := enough; kind == 'f' && n < len(piece); n++ {
						pieces = append(pieces, piece[:n])
					}
					for _, piece := range pieces {
						seen[piece] = len(forms)
						forms = append(forms, refForm{piece, kind, label, ending, k >= len(values)})
					}
				}
			}
		}
		refSpell(values[label], k >= len(values), &own, add)
	}
	return forms
}

// refOwn is what is spelled: how long it is, how much of it counts as all, and what it
// begins with that is no secret. Which bytes those are, and which parts there are,
// TestParts says.
type refOwn struct {
	size   int
	enough int
	heads  []refHeads
}

type refHeads struct {
	text   string
	public int
}

func (o refOwn) ending(form string, kind byte, whole int) int {
	if kind == 'f' {
		return max(8, (8*whole+o.size-1)/o.size)
	}
	for _, h := range o.heads {
		for skip := 1; skip >= 0; skip-- {
			if n := min(h.public-skip, 8, len(h.text)-skip); n > 0 && len(form) >= n && strings.EqualFold(form[:n], h.text[skip:skip+n]) {
				return max(8, min(h.public-skip+4, 128))
			}
		}
	}
	return 8
}

var refLiteral = regexp.MustCompile(`(?i)^(true|false|null|none|undefined|localhost)$`)

var refQuotes = regexp.MustCompile("(?s)^(?:\"(.*)\"|'(.*)'|`(.*)`)$")

var refArmour = regexp.MustCompile(`(?s)^-----BEGIN [^\n]*\n(.*)\n[^\n]*-----$`)

// refLine is armour all in one line.
var refLine = regexp.MustCompile(`^-----BEGIN .*?-----([^\n\\]+)-----[^\n]*-----$`)

// refAround is what may stand around a value.
var refAround = regexp.MustCompile(`(?s)^\x{feff}?(.*?)\x00*$`)

func refTrim(value string) string {
	value = string(bytes.TrimSpace([]byte(value)))
	return string(bytes.TrimSpace([]byte(refAround.FindStringSubmatch(value)[1])))
}

// refCore is a value without its blanks, armour and quotes.
func refCore(value string) string {
	core := refTrim(value)
	if m := refArmour.FindStringSubmatch(core); m != nil {
		core = string(bytes.TrimSpace([]byte(m[1])))
	} else if m := refLine.FindStringSubmatch(core); m != nil {
		core = strings.ReplaceAll(string(bytes.TrimSpace([]byte(m[1]))), " ", "\n")
	}
	if m := refQuotes.FindStringSubmatch(core); m != nil {
		core = string(bytes.TrimSpace([]byte(m[1] + m[2] + m[3])))
	}
	return core
}

func refSpell(value string, parts bool, own *refOwn, add func(kind byte, texts ...string)) {
	whole, core := refTrim(value), refCore(value)
	armoured := strings.HasPrefix(whole, "-----BEGIN ") && strings.HasSuffix(whole, "-----")
	if len(core) < 4 || refLiteral.MatchString(core) {
		return
	}
	if len(core) < 8 {
		if !parts {
			add('w', core)
		}
		return
	}
	all := partsOf([]byte(core))
	if !parts {
		first, _, _ := strings.Cut(core, "\n")
		*own = refOwn{len(core), refEnough(core, len(all) > 0), []refHeads{{core, max(publicBytes([]byte(core), all), publicName([]byte(first)))}}}
		refEncodings(core, len(all) > 0, add)
		refPlainly(whole, core, armoured, own, add)
		return
	}
	for _, part := range all {
		switch text := string(part.text); part.kind {
		case inAllForms:
			*own = refOwn{len(text), refEnough(text, false), []refHeads{{text, publicBytes(part.text, all)}}}
			refEncodings(text, false, add)
			refPlainly(text, text, false, own, add)
		case asWord:
			add('w', text)
		case inBase64:
			*own = refOwn{size: len(text)}
			refBase64(text, add)
		case asNumber:
			*own = refOwn{size: len(text), enough: len(text)}
			add('a', text)
			refBase64(text, add)
			for _, format := range []string{"%02x", "%02X"} {
				add('f', strings.TrimPrefix(refHex(text, "", format), "0"), refHex(text, "", format), refHex(text, ":", format))
			}
		}
	}
}

var refTrade = regexp.MustCompile(`(?i)^(production|development|password|passphrase|username|administrator|superuser|anonymous|changeme|database|postgres|postgresql|internal|external)$`)

// refPlainly adds a value as it is.
func refPlainly(whole, core string, armoured bool, own *refOwn, add func(kind byte, texts ...string)) {
	if refTrade.MatchString(core) {
		add('w', core)
		return
	}
	undone := refUnescaped(core)
	add('a', core, strings.TrimRight(core, `\`), undone)
	add('s', core)
	if !armoured {
		add('a', whole)
	}
	for _, text := range []string{core, undone} {
		if !strings.Contains(text, "\n") {
			continue
		}
		for _, line := range strings.Split(text, "\n") {
			line = string(bytes.TrimSpace([]byte(line)))
			if len(line) >= 8 && !strings.HasPrefix(line, "-----") && !refStructure(line) {
				heads := own.heads
				own.heads = append(heads[:len(heads):len(heads)], refHeads{line, publicName([]byte(line))})
				add('a', line)
				refQuoted(line, add)
				if visible := refVisible(line, ""); visible != line {
					add('a', visible)
				}
				own.heads = heads
			}
		}
	}
}

var (
	refSetting = regexp.MustCompile(`^(?:- )?["']*[A-Za-z0-9_.-]+["']*[ \t]*([:=])(.*)$`)
	refComment = regexp.MustCompile(`^#[ !]`)
	refTag     = regexp.MustCompile(`(?s)^<(?:\?[^>]*|[^>=]*)>$`)
	refSection = regexp.MustCompile(`^\[.*\]$`)
	refOpenSSH = regexp.MustCompile(`^b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB.{0,18}$`)
)

// refSaid counts the letters and digits.
func refSaid(s string) (n int) {
	for i := range len(s) {
		if isRefWord(s, i) || s[i] >= 0x80 {
			n++
		}
	}
	return n
}

// refStructure says of a line that it has nothing of its own to say.
func refStructure(line string) bool {
	if strings.ContainsAny(line[len(line)-1:], "{[(") {
		return true
	}
	if m := refSetting.FindStringSubmatch(line); m != nil && (m[1] == ":" || strings.Trim(string(bytes.TrimSpace([]byte(m[2]))), "=") != "") {
		value := strings.Trim(string(bytes.TrimSpace([]byte(m[2]))), "\"',; \t")
		return refSaid(value) < 8 || refLiteral.MatchString(value)
	}
	if refComment.MatchString(line) || refTag.MatchString(line) || refOpenSSH.MatchString(line) {
		return true
	}
	return refSection.MatchString(line) && refSaid(line) < 16 || refSaid(line) < 6
}

func refHex(s, between, format string) string {
	var parts []string
	for i := range len(s) {
		parts = append(parts, fmt.Sprintf(format, s[i]))
	}
	return strings.Join(parts, between)
}

// refInside is what is the same of s wherever it stands in a longer encoded text:
// it is encoded between all pairs of neighbours that differ.
func refInside(encode func([]byte) string, group int, s string) (all []string) {
	for before := range group {
		one := encode([]byte(strings.Repeat("\x00", before) + s + strings.Repeat("\x00", group)))
		two := encode([]byte(strings.Repeat("\xff", before) + s + strings.Repeat("\xff", group)))
		from := 0
		for from < len(one) && one[from] != two[from] {
			from++
		}
		to := from
		for to < len(one) && one[to] == two[to] {
			to++
		}
		if before == 0 {
			from = 0
		}
		// A digit in the middle can differ only at the ends.
		all = append(all, one[from:to])
	}
	return all
}

func refWide(s string, big bool) string {
	var b []byte
	put := func(u uint16) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			put(uint16(s[0]))
		case r >= 0x10000:
			put(uint16(0xd800 + (r-0x10000)>>10))
			put(uint16(0xdc00 + (r-0x10000)&0x3ff))
		default:
			put(uint16(r))
		}
		s = s[n:]
	}
	return string(b)
}

// refJSON is s in a JSON string: with < > & escaped, without, in ASCII.
func refJSON(s string) (html, plain, ascii string) {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		var h, p, a string
		switch {
		case r == '"' || r == '\\':
			p = `\` + string(r)
		case r == '\n':
			p = `\n`
		case r == '\r':
			p = `\r`
		case r == '\t':
			p = `\t`
		case r == '\b':
			p = `\b`
		case r == '\f':
			p = `\f`
		case r < 0x20 || r == 0x2028 || r == 0x2029:
			p = fmt.Sprintf(`\u%04x`, r)
		case r == utf8.RuneError && n == 1:
			p = `\ufffd`
		default:
			p = string(r)
		}
		h, a = p, p
		if r == '<' || r == '>' || r == '&' {
			h = fmt.Sprintf(`\u%04x`, r)
		}
		if len(p) > 1 && r >= 0x80 && p[0] != '\\' {
			a = ""
			for _, u := range utf16.Encode([]rune{r}) {
				a += fmt.Sprintf(`\u%04x`, u)
			}
		}
		html, plain, ascii = html+h, plain+p, ascii+a
		s = s[n:]
	}
	return html, plain, ascii
}

// refUnescaped is s with its own escapes undone.
func refUnescaped(s string) string {
	for range 3 {
		var view []char
		for i := range len(s) {
			view = append(view, char{b: s[i]})
		}
		s = textOf(refUndone(view, true))
	}
	return s
}

func refQuoted(s string, add func(kind byte, texts ...string)) {
	for _, q := range [][2]string{{`"`, `""`}, {`'`, `''`}, {`$`, `$$`}, {`%`, `%%`}, {`${`, `$${`}, {`%{`, `%%{`}, {`'`, `'\''`}, {`'`, `'"'"'`}, {` `, `+`}} {
		if strings.Contains(s, q[0]) {
			add('a', strings.Join(strings.Split(s, q[0]), q[1]))
		}
	}
	if strings.Contains(s, "!") {
		add('a', strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(s))
	}
	if strings.Contains(s, "''") {
		add('a', refQuoteRun.ReplaceAllString(s, `'"$0"'`))
	}
	for _, q := range [][2]string{{"^", "&<>|^"}, {"^", "&<>|^!%"}, {"^", "&<>|^()%!\""}, {"`", "$\"`"}} {
		var b strings.Builder
		for i := range len(s) {
			if strings.IndexByte(q[1], s[i]) >= 0 {
				b.WriteString(q[0])
			}
			b.WriteByte(s[i])
		}
		if b.Len() > len(s) {
			add('a', b.String())
		}
	}
}

var refQuoteRun = regexp.MustCompile(`'+`)

var refPrefix = regexp.MustCompile(`(?s)^[A-Za-z0-9]{0,8}[_-](.*)$`)

var refToken = regexp.MustCompile(`^[A-Za-z0-9][!-~]*$`)

var refASCII = regexp.MustCompile(`^[\x00-\x7f]*$`)

func refIsToken(s string) bool {
	return refToken.MatchString(s) && strings.ContainsAny(s, "0123456789") && !strings.Contains(s, "://")
}

// refEnough is how many bytes count as s where it is cut short.
func refEnough(s string, composed bool) int {
	if len(s) > 32 && len(s) <= 128 && !composed && refIsToken(s) {
		return max(32, len(s)/2)
	}
	return len(s)
}

func refBase64(s string, add func(kind byte, texts ...string)) {
	for _, e := range refInside(base64.StdEncoding.EncodeToString, 3, s) {
		add('a', e, strings.NewReplacer("+", "-", "/", "_").Replace(e))
	}
}

var refUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

var refDigits = regexp.MustCompile(`^([0-9a-fA-F]{8})([0-9a-fA-F]{4})([0-9a-fA-F]{4})([0-9a-fA-F]{4})([0-9a-fA-F]{12})$`)

// refEncodings adds the encodings of a value, and what is nearly it; the beginning
// of one that is composed of parts is not.
func refEncodings(s string, composed bool, add func(kind byte, texts ...string)) {
	refBase64(s, add)
	plainHex := refHex(s, "", "%02x")
	add('f', plainHex, strings.ToUpper(plainHex))
	if strings.Contains(s, "\n") {
		broken := strings.ReplaceAll(s, "\n", "\r\n")
		if strings.Contains(s, "\r\n") {
			broken = strings.ReplaceAll(s, "\r\n", "\n")
		}
		refBase64(broken, add)
		add('f', refHex(broken, "", "%02x"), refHex(broken, "", "%02X"))
	}
	add('a', refWide(s, false))
	for _, s := range []string{s, refUnescaped(s)} {
		refQuoted(s, add)
	}
	qp := ""
	for i := range len(s) {
		if s[i] == '=' || s[i] > 0x7f {
			qp += fmt.Sprintf("=%02X", s[i])
		} else {
			qp += s[i : i+1]
		}
	}
	other := func(form string) {
		if form != s {
			add('a', form)
		}
	}
	other(qp)
	other(strings.NewReplacer(" ", "=20", "\t", "=09").Replace(qp))
	header := ""
	for i := range len(s) {
		if regexp.MustCompile(`^[A-Za-z0-9*+/!-]$`).MatchString(s[i : i+1]) {
			header += s[i : i+1]
		} else {
			header += strings.Replace(fmt.Sprintf("=%02X", s[i]), "=20", "_", 1)
		}
	}
	other(header)
	if words := strings.Split(s, " "); len(words) > 1 && len(words) <= 9 {
		add('a', strings.Join(words, ""))
		for i := 1; i < len(words); i++ {
			for j := i; j < len(words); j++ {
				form := words[0]
				for k, word := range words[1:] {
					if k+1 != i && k+1 != j {
						form += " "
					}
					form += word
				}
				add('a', form)
			}
		}
	}
	mistaken := ""
	for i := range len(s) {
		mistaken += string(rune(s[i]))
	}
	other(mistaken)
	for _, plain := range []string{"\n\t", "\n"} {
		other(refVisible(s, plain))
	}
	if utf8.ValidString(s) {
		latin := ""
		for _, r := range s {
			if r < 0x100 {
				latin += string([]byte{byte(r)})
			} else {
				latin += string(r)
			}
		}
		other(latin)
	}
	if len(s) > 4096 {
		return
	}
	add('a', refWide(s, true))
	for _, between := range []string{":", " ", "-", ",", ", ", "="} {
		add('f', refHex(s, between, "%02x"), refHex(s, between, "%02X"))
	}
	for _, between := range []string{", ", ",", " "} {
		add('f', refHex(s, between, "0x%02x")[2:], refHex(s, between, "0x%02X")[2:])
		add('f', refHex(s, between, "%d"))
	}
	add('f', refHex(s, "", "%d"), refHex(s, ".", "%d"), refHex(s, " ", "%3d"))
	add('f', strings.Replace(strings.TrimSuffix(fmt.Sprintf("%#v", []byte(s)), "}"), "[]byte{0x", "", 1))
	if utf8.ValidString(s) {
		var runes []string
		for _, r := range s {
			runes = append(runes, strconv.Itoa(int(r)))
		}
		add('f', strings.Join(runes, " "), strings.Join(runes, ","), strings.Join(runes, ", "), strings.Join(runes, ""))
	}
	chars := strings.Split(s, "")
	add('f', `\`+strings.Join(chars, `\`))
	add('a', `"`+strings.Join(chars, `", "`)+`"`, `"`+strings.Join(chars, `","`)+`"`)
	for _, between := range []string{"', '", "','"} {
		add('a', strings.ReplaceAll("'"+strings.Join(chars, between)+"'", "'''", `"'"`))
	}
	for _, odd := range []int{0, 1} {
		add('f', strings.TrimSpace(regexp.MustCompile(`(.{4})`).ReplaceAllString(strings.Repeat("  ", odd)+plainHex, "$1 ")))
	}
	for _, e := range refInside(func(b []byte) string { return base32.StdEncoding.EncodeToString(b) }, 5, s) {
		add('f', e)
	}
	html, plain, ascii := refJSON(s)
	inner := append(refInside(base64.StdEncoding.EncodeToString, 3, s), plainHex, strings.TrimSuffix(refWide(s, false), "\x00"))
	add('f', refHex(inner[0], "", "%02x"), refHex(inner[len(inner)-1], "", "%02x"), refHex(inner[len(inner)-1], "", "%02X"))
	inner = append(inner, base64.RawURLEncoding.EncodeToString([]byte(s)))
	if !refASCII.MatchString(s) {
		inner = append(inner, refWide(s, true))
	}
	for _, j := range []string{html, plain, ascii} {
		if j != s {
			inner = append(inner, j)
			add('f', refHex(j, "", "%02x"))
			again, _, _ := refJSON(j)
			inner = append(inner, again)
		}
	}
	if inURL := strings.ReplaceAll(url.QueryEscape(s), "+", "%20"); inURL != s {
		inner = append(inner, inURL)
	}
	for _, text := range inner {
		refBase64(text, add)
	}
	if len(s) < 16 {
		return
	}
	_, first := utf8.DecodeRuneInString(s)
	add('a', s[first:], s[:len(s)-1])
	for _, other := range []string{strings.ReplaceAll(s, "-", ""), refDigits.ReplaceAllString(s, "$1-$2-$3-$4-$5")} {
		if refUUID.MatchString(s) || refUUID.MatchString(other) {
			add('a', strings.ToUpper(other), strings.ToLower(other), other)
		}
	}
	token := refIsToken(s)
	if rest := refPrefix.FindStringSubmatch(s); token && rest != nil && len(rest[1]) >= 16 {
		add('a', rest[1])
		if rest = refPrefix.FindStringSubmatch(rest[1]); rest != nil && len(rest[1]) >= 16 {
			add('a', rest[1])
		}
	}
	for n := refEnough(s, composed); n < len(s); n++ {
		add('a', s[:n])
	}
	if strings.ContainsAny(s, "0123456789") {
		add('a', strings.ToUpper(s), string(refCase(s, 'a', 'z', -32)), strings.ToLower(s))
	}
	for _, between := range []string{"-", " ", ",", ", "} {
		add('a', refGroups(s, 1, between))
	}
	add('a', refGroups(s, 4, "-"), refGroups(s, 4, " "))
	back := ""
	for rest := s; rest != ""; {
		_, n := utf8.DecodeRuneInString(rest)
		back, rest = rest[:n]+back, rest[n:]
	}
	add('a', back)
	rot := refCase(s, 'a', 'm', 13)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'n' && c <= 'z', c >= 'N' && c <= 'Z':
			rot[i] = c - 13
		case c >= 'A' && c <= 'M':
			rot[i] = c + 13
		}
	}
	add('a', string(rot))
}

// refVisible is s as cat -v shows it, but for what it leaves plain.
func refVisible(s, plain string) (visible string) {
	for i := range len(s) {
		c := s[i]
		if strings.IndexByte(plain, c) >= 0 {
			visible += string(c)
			continue
		}
		if c > 127 {
			visible += "M-"
		}
		switch c &= 127; {
		case c < 32:
			visible += "^" + string(c+64)
		case c == 127:
			visible += "^?"
		default:
			visible += string(c)
		}
	}
	return visible
}

func refCase(s string, from, to byte, shift int) []byte {
	b := []byte(s)
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = byte(int(c) + shift)
		}
	}
	return b
}

func refGroups(s string, size int, between string) string {
	var parts []string
	for i := 0; s != ""; i++ {
		_, n := utf8.DecodeRuneInString(s)
		if i%size == 0 {
			parts = append(parts, "")
		}
		parts[len(parts)-1] += s[:n]
		s = s[n:]
	}
	return strings.Join(parts, between)
}

var (
	refOffset = regexp.MustCompile(`^([ \t]{0,8})((?:0x)?[0-9a-fA-F]{4,16}:[ \t]+|[0-9a-fA-F]{4,16} - [ \t]*|[0-9a-fA-F]{4,16}[ \t]{2,}|[0-9a-fA-F]{7}[ \t])?`)
	refPlain  = regexp.MustCompile(`^[0-9a-fA-F]{6,16}[ \t]`)
	refGroup  = regexp.MustCompile(`^(?:0x)?((?:[0-9a-fA-F]{2}){1,16})(?:([,-])([ \t]*)|([ \t]+)|$)`)
	refByte   = regexp.MustCompile(`^[ \t]*[0-9a-fA-F]{2}(?:[ \t]|$)`)
)

// refHead is where the groups of a line of a dump begin, or -1.
func refHead(line string) int {
	if len(line) > 254 {
		return -1
	}
	m := refOffset.FindStringSubmatch(line)
	switch n := len(m[0]); {
	case m[2] == "" && refPlain.MatchString(line):
		return len(refPlain.FindString(line))
	case n < len(line) && isBlank(line[n]):
		return -1
	case n > 0 || refByte.MatchString(line):
		return n
	}
	return -1
}

// refDump is what a line of a dump spells in hex, in the other byte order if swapped.
func refDump(line string, at int, swapped bool) (view []char) {
	i, groups, narrow, unmarked := refHead(line), 0, false, false
	for size := 0; i >= 0; {
		g := refGroup.FindStringSubmatchIndex(line[i:])
		if g == nil {
			return view
		}
		digits := line[i+g[2] : i+g[3]]
		if size > 0 && len(digits) > size || len(digits) > 2 && g[4] >= 0 && line[i+g[4]] == '-' {
			return view
		}
		if g[4] >= 0 && unmarked && (line[i+g[4]] == ',' || groups >= 8) {
			return view
		}
		unmarked = unmarked || g[4] < 0
		shorter := len(digits) < size
		size = len(digits)
		var group []char
		for k := 0; k < len(digits); k += 2 {
			c := char{b: byte(hexRune(digits[k : k+2])), from: at + i + g[2] + k, to: at + i + g[2] + k + 2}
			if swapped {
				group = append([]char{c}, group...)
			} else {
				group = append(group, c)
			}
		}
		view = append(view, group...)
		blanks := 0
		if g[6] >= 0 {
			blanks = g[7] - g[6]
		} else if g[8] >= 0 {
			blanks = g[9] - g[8]
		}
		groups++
		if i += g[1]; blanks > 1 && (blanks != len(digits) || blanks > 4 || narrow && groups != 8) || i == len(line) || shorter {
			return view
		}
		narrow = narrow || blanks < 2
	}
	return view
}

var (
	refDecimal = regexp.MustCompile(`^([0-9]{1,3})(?:,[ \t]*|[ \t]+|$)`)
	refOctal   = regexp.MustCompile(`^([0-7]{3}|[0-7]{6})(?:,[ \t]*|[ \t]+|$)`)
	refBinary  = regexp.MustCompile(`^([01]{8})(?:,[ \t]*|[ \t]+|$)`)
)

// refNumbers is what it spells in numbers of another base.
func refNumbers(line string, at int, group *regexp.Regexp, base, gap int) (view []char) {
	i, unmarked := refHead(line), false
	for size := 0; i >= 0; {
		g := group.FindStringSubmatch(line[i:])
		if g == nil || base < 10 && size > 0 && len(g[1]) > size || unmarked && strings.Contains(g[0], ",") {
			break
		}
		unmarked = unmarked || !strings.Contains(g[0], ",")
		n, _ := strconv.ParseUint(g[1], base, 16)
		if n > 0xff && len(g[1]) < 6 || base == 8 && g[1][0] > '3' && len(g[1]) == 3 || base == 8 && g[1][0] > '1' && len(g[1]) == 6 {
			break
		}
		c := char{b: byte(n), from: at + i, to: at + i + len(g[1])}
		view = append(view, c)
		if len(g[1]) == 6 {
			c.b = byte(n >> 8)
			view = append(view, c)
		}
		i += len(g[0])
		if blanks := len(g[0]) - len(strings.TrimRight(g[0], " \t")); blanks > gap || base < 10 && size > 0 && len(g[1]) < size || i == len(line) {
			break
		}
		size = len(g[1])
	}
	return view
}

var (
	refCell  = regexp.MustCompile(`^ (?:  [!-~]| (?:\\[0abtnvfr]|ht|nl|cr|sp)|[0-3][0-7]{2}|   )`)
	refNamed = map[string]string{
		`\0`: "\x00", `\a`: "\a", `\b`: "\b", `\t`: "\t", `\n`: "\n", `\v`: "\v", `\f`: "\f", `\r`: "\r",
		"ht": "\t", "nl": "\n", "cr": "\r", "sp": " ",
	}
)

// refCellsOf is what it spells in cells of four bytes.
func refCellsOf(line string, at int) (view []char) {
	i := len(regexp.MustCompile(`^[0-9a-fA-F]*`).FindString(line))
	rest := line[i:]
	blanks := len(rest) - len(strings.TrimLeft(rest, " "))
	first, _, _ := strings.Cut(rest[blanks:], " ")
	switch n := blanks + len(first); {
	case len(line) > 254 || i > 0 && (i < 6 || i > 8) || blanks == 0 || first == "":
		return nil
	case i == 0 && n != 4 && n != 8 || n%4 > 1:
		return nil
	case n%4 == 1:
		i++
	}
	for ; refCell.MatchString(line[i:]); i += 4 {
		name := strings.TrimLeft(line[i:i+4], " ")
		c := char{from: at + i + 4 - len(name), to: at + i + 4}
		switch len(name) {
		case 0:
			c.b, c.from = ' ', c.to-1
		case 1:
			c.b = name[0]
		case 2:
			c.b = refNamed[name][0]
		case 3:
			n, _ := strconv.ParseUint(name, 8, 8)
			c.b = byte(n)
		}
		view = append(view, c)
	}
	return view
}

// refReadings are the ways to read a line of a dump.
var refReadings = []func(line string, at int) []char{
	func(line string, at int) []char { return refDump(line, at, false) },
	func(line string, at int) []char { return refDump(line, at, true) },
	func(line string, at int) []char { return refNumbers(line, at, refDecimal, 10, 4) },
	func(line string, at int) []char { return refNumbers(line, at, refOctal, 8, 4) },
	func(line string, at int) []char { return refNumbers(line, at, refBinary, 2, 1) },
	refCellsOf,
	refTextOf,
	refQuotesOf,
}

var refTextual = regexp.MustCompile(`^[0-9a-fA-F]{4}: `)

// refTextOf is what it spells as text.
func refTextOf(line string, at int) (view []char) {
	if len(line) <= 254 && refTextual.MatchString(line) {
		for i := 6; i < len(line); i++ {
			view = append(view, char{b: line[i], from: at + i, to: at + i + 1})
		}
	}
	return view
}

// refQuotesOf is what it spells in characters between quotes.
func refQuotesOf(line string, at int) (view []char) {
	i := len(line) - len(strings.TrimLeft(line, " \t"))
	if i == 0 || i > 8 || len(line) > 254 {
		return nil
	}
	for len(line)-i > 2 && strings.ContainsRune(`"'`, rune(line[i])) {
		content := line[i+1:]
		_, n := utf8.DecodeRuneInString(content)
		spelled := content[:n]
		if content[0] == '\\' {
			spelled, n = refBackslash(content)
		}
		if n == len(content) || content[n] != line[i] {
			break
		}
		for k := range len(spelled) {
			c := char{b: spelled[k], from: at + i + 1, to: at + i + 1 + n}
			if content[0] != '\\' {
				c.from += k
				c.to = c.from + 1
			}
			view = append(view, c)
		}
		rest, more := strings.CutPrefix(content[n+1:], ",")
		if !more {
			break
		}
		i = len(line) - len(strings.TrimLeft(rest, " \t"))
	}
	return view
}

// refDumps are the dumps in a text: the bytes of lines that go on with each other.
func refDumps(text string, read func(line string, at int) []char) (dumps [][]char) {
	at, open := 0, false
	for _, line := range strings.SplitAfter(text, "\n") {
		view := read(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), at)
		switch {
		case view == nil:
			if line != "" {
				open = false
			}
		case open:
			dumps[len(dumps)-1] = append(dumps[len(dumps)-1], view...)
		default:
			dumps = append(dumps, view)
			open = true
		}
		at += len(line)
	}
	if !open { // the last one cannot go on
		dumps = append(dumps, nil)
	}
	return dumps
}

// refDumpSpans are the matches in dumps.
func refDumpSpans(forms []refForm, text string) (spans []refSpan) {
	for r, read := range refReadings {
		asIs := r >= len(refReadings)-2
		dumps := refDumps(text, read)
		for k, dump := range dumps {
			view, _ := refShown(textOf(dump))
			shown := textOf(view)
			grams := newRefGrams(shown)
			bounds := func(a, b int) (from, to int) {
				from = len(text)
				for _, c := range dump[view[a].from:view[b-1].to] {
					from, to = min(from, c.from), max(to, c.to)
				}
				return from, to
			}
			ending, endingAt := refForm{label: -1}, len(view)
			for _, f := range forms {
				if f.kind != 'a' {
					continue
				}
				for at := 0; grams.mayHold(f.text) && strings.Contains(shown[at:], f.text); at++ {
					at += strings.Index(shown[at:], f.text)
					from, to := bounds(at, at+len(f.text))
					end, _, _ := strings.Cut(text[to:], "\n")
					if asIs {
						end = ""
					} else if strings.HasPrefix(text[to+len(end):], "\n") {
						end = strings.TrimSuffix(end, "\r")
					}
					if to += len(end); to-from <= 1024 {
						spans = append(spans, refSpan{from, to, f.label})
					}
				}
				for n := min(len(f.text)-1, len(shown)); n >= 8 && k == len(dumps)-1; n-- {
					at := len(shown) - n
					if from, _ := bounds(at, len(shown)); strings.HasSuffix(shown, f.text[:n]) && len(text)-from <= 1024 {
						if at < endingAt || at == endingAt && f.text < ending.text {
							ending, endingAt = f, at
						}
						break
					}
				}
			}
			if ending.label >= 0 && len(view)-endingAt >= ending.ending {
				from, _ := bounds(endingAt, len(view))
				spans = append(spans, refSpan{from, len(text), ending.label})
			}
		}
	}
	return spans
}

type refSpan struct{ from, to, label int }

// refGrams are all groups of four bytes of a text: no form is in it whose first or
// last one is not, which saves looking for most of them.
type refGrams map[string]bool

func newRefGrams(text string) refGrams {
	grams := refGrams{}
	for i := 4; i <= len(text); i++ {
		grams[text[i-4:i]] = true
	}
	return grams
}

func (g refGrams) mayHold(form string) bool { return g[form[:4]] && g[form[len(form)-4:]] }

func isRefWord(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] == '_' || s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z')
}

// refFrom is where a match that begins with c is masked from: behind the percent
// sign of an escape, which may have been shown before.
func refFrom(text string, c char) int {
	if text[c.from] == '%' && c.to-c.from > 1 {
		return c.from + 1
	}
	return c.from
}

// refSpans are all matches in text, which is the whole stream.
func refSpans(forms []refForm, text string) (spans []refSpan) {
	view, _ := refShown(text)
	var shorts [][]char
	for round := range 4 {
		shown := textOf(view)
		grams := newRefGrams(shown)
		found := func(f refForm, at, to int) {
			if from := refFrom(text, view[at]); to-from <= 1024 {
				spans = append(spans, refSpan{from, to, f.label})
			}
		}
		for _, f := range forms {
			if f.kind == 'f' && round > 0 || !grams.mayHold(f.text) {
				continue
			}
			for at := 0; ; at++ {
				i := strings.Index(shown[at:], f.text)
				if i < 0 {
					break
				}
				at += i
				to := view[at+len(f.text)-1].to
				if f.kind == 'w' {
					from, end := to-len(f.text), at+len(f.text)
					begins := at == 0 || view[at-1].to != from || !isRefWord(shown, at-1)
					ends := end == len(view) || view[end].from != to || !isRefWord(shown, end)
					if from >= 0 && text[from:to] == f.text && begins && ends {
						spans = append(spans, refSpan{from, to, f.label})
					}
					continue
				}
				found(f, at, to)
			}
		}
		for _, view := range append(shorts, view) {
			if s, ok := refEnding(forms, text, view, round > 0); ok {
				spans = append(spans, s)
			}
		}
		shorts = refShorts(view)
		view = refUndone(view, false)
	}
	return spans
}

// refEnding is the longest end of a view that is the beginning of a form.
func refEnding(forms []refForm, text string, view []char, undone bool) (span refSpan, ok bool) {
	shown := textOf(view)
	best, bestAt := refForm{}, len(shown)
	for _, f := range forms {
		if f.kind == 'w' || f.kind == 'f' && undone {
			continue
		}
		for n := min(len(f.text)-1, len(shown)); n >= 8; n-- {
			at := len(shown) - n
			from := refFrom(text, view[at])
			if strings.HasSuffix(shown, f.text[:n]) && len(text)-from <= 1024 {
				if at < bestAt || at == bestAt && f.text < best.text {
					span = refSpan{from, len(text), f.label}
					best, bestAt = f, at
				}
				break
			}
		}
	}
	return span, bestAt < len(shown) && len(shown)-bestAt >= best.ending
}

// refPartial is the beginning of an escape.
var refPartial = regexp.MustCompile(`^(?:%(?:u[0-9a-fA-F]{0,3}|u[dD][89a-fA-F][0-9a-fA-F]{2}(?:%(?:u[0-9a-fA-F]{0,3})?)?|%?[0-9a-fA-F]?)?|&(?:#[0-9]{0,7}|#[xX][0-9a-fA-F]{0,6})|` +
	`\\(?:[0-7]{1,2}|x[0-9a-fA-F]?|[ux]\{[0-9a-fA-F]{0,6}|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|u[dD][89a-fA-F][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?)$`)

func isRefPartial(s string) bool {
	if refPartial.MatchString(s) || s == "\xe2" || s == "\xe2\x80" || s == "\xe2\x81" || s == "\xef" || s == "\xef\xbb" || s == "\xc2" {
		return true
	}
	for _, name := range strings.Fields(refEntityNames) {
		if s[0] == '&' && strings.HasPrefix(name, s[1:]) {
			return true
		}
	}
	return false
}

// refShorts are the views of a view that have no escape where the end of the text
// cuts one off.
func refShorts(view []char) (shorts [][]char) {
	shown := textOf(view)
	for i := 0; i < len(shown); i++ {
		if strings.IndexByte("%&\\\xe2\xef\xc2", shown[i]) < 0 {
			continue
		}
		if isRefPartial(shown[i:]) {
			shorts = append(shorts, refUndone(view[:i], false))
		}
		if _, n := refEscape(shown[i:]); n > 0 {
			i += n - 1
		}
	}
	return shorts
}

// reference is the text with its masks.
func reference(values []string, text string) []byte {
	forms := refForms(values)
	spans := append(refSpans(forms, text), refDumpSpans(forms, text)...)
	sort.Slice(spans, func(i, j int) bool {
		a, b := spans[i], spans[j]
		if a.from != b.from {
			return a.from < b.from
		}
		if a.to != b.to {
			return a.to > b.to
		}
		return a.label < b.label
	})
	_, gaps := refShown(text)
	var out []byte
	at := 0
	for len(spans) > 0 {
		first := spans[0]
		from, to, label, longest, settled := first.from, first.to, first.label, first.to-first.from, false
		for spans = spans[1:]; len(spans) > 0; spans = spans[1:] {
			s := spans[0]
			touches := s.from == to && s.label == label
			if s.from >= to && !touches {
				break
			}
			to = max(to, s.to)
			settled = settled || touches || s.from >= from+256
			if !settled && s.to-s.from > longest {
				longest, label = s.to-s.from, s.label
			}
		}
		out = append(out, text[at:from]...)
		out = append(out, "[secret:"+refLabel(label)+"]"...)
		for _, g := range gaps {
			if g[0] < to && g[1] <= to && g[0] >= from {
				out = append(out, text[g[0]:g[1]]...)
			}
		}
		at = to
	}
	return append(out, text[at:]...)
}

func refLabel(n int) string { return "L" + strconv.Itoa(n) }

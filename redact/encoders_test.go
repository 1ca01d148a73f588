package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Real programs spell values; none of it may show. What a program makes of one
// value is compared with what it makes of another: where they differ it shows
// something of the value, and no such piece may be left when it is masked.

// encoders are run with the value in V. Each line of a script is an encoder of
// its own.
var encoders = []struct {
	name    string
	command []string // the script is appended
	scripts string
}{
	{"python3", []string{"python3", "-c"}, `
print(repr(v)); print([v]); print({"k": v})
print(ascii(v))
print(v.encode())
print(json.dumps({"k": v}))
print(json.dumps({"k": v}, ensure_ascii=False))
print(json.dumps(json.dumps({"k": v})))
print(json.dumps({"log": json.dumps({"in": json.dumps(v)})}))
print(urllib.parse.quote(v))
print(urllib.parse.quote(v, safe=""))
print(urllib.parse.quote_plus(v))
print(urllib.parse.urlencode({"q": v, "r": "1"}))
print(urllib.parse.quote(urllib.parse.quote(v)))
print(html.escape(v))
print(xml.sax.saxutils.escape(v)); print(xml.sax.saxutils.quoteattr(v))
print("".join("&#%d;" % ord(c) for c in v)); print("".join("&#x%X;" % ord(c) for c in v))
print(base64.b64encode(v.encode()).decode())
print(base64.b64encode(("user:" + v).encode()).decode())
print(base64.b64encode(("ab" + v + "tail").encode()).decode())
print(base64.urlsafe_b64encode(v.encode()).decode())
print(base64.b64encode(v.encode("utf-16-le")).decode()); print(v.encode("utf-16-le").hex()); print(v.encode("utf-16-le").hex().upper())
print(base64.b64encode(base64.b64encode(b"u:" + v.encode())).decode())
print(base64.b64encode(json.dumps({"k": v}).encode()).decode())
print(base64.b64encode(v.encode().hex().encode()).decode()); print(base64.b64encode(v.encode()).hex())
print(base64.b64encode(urllib.parse.quote(v, safe="").encode()).decode())
print(base64.b64encode(base64.urlsafe_b64encode(v.encode())).decode())
print("".join("=%02X" % c for c in v.encode())); print("".join("=%02x" % c for c in v.encode()))
print(base64.b64encode(v.encode("utf-16-be")).decode()); print(*map(ord, v))
print(v[1:])
print(base64.encodebytes(b"x" * 40 + v.encode() * 3).decode())
print(base64.b32encode(v.encode()).decode()); print(base64.b32encode(b"abc" + v.encode()).decode())
print(v.encode().hex()); print(v.encode().hex(":")); print(v.encode().hex(" ").upper()); print(v.encode().hex("-"))
print(binascii.hexlify(v.encode()))
pprint.pprint(list(v))
print(list(v)); print(json.dumps(list(v))); print(json.dumps(list(v), separators=(",", ":")))
print(base64.urlsafe_b64encode(json.dumps({"k": v}).encode()).decode())
print([ord(c) for c in v])
print(list(v.encode())); print(*v.encode()); print(bytearray(v.encode()))
print(shlex.quote(v)); print(shlex.join(["echo", v]))
print(quopri.encodestring(v.encode()).decode()); print(quopri.encodestring(v.encode(), quotetabs=True).decode())
print(v.encode().decode("latin-1")); print(ascii(v.encode().decode("latin-1")))
print(v.encode("unicode_escape").decode())
print("" if "\n" in v else email.header.Header("pw " + v, "utf-8").encode())
print(re.escape(v))
print(textwrap.fill(v, 20)); print("\n".join(textwrap.wrap(v, 7, drop_whitespace=False)))
print(v[::-1]); print(codecs.encode(v, "rot13")); print(v.upper()); print(v.lower())
csv.writer(sys.stdout).writerow(["a", v])
sys.stdout.buffer.write(v.encode("utf-16-le")); sys.stdout.buffer.write(b"\n" + v.encode("utf-16-be"))
pprint.pprint({"k": v, "l": [v]}, width=200); print(v.replace("%", "%%"))
logging.getLogger().error("failed with %r", v)
raise ValueError(v)
`},
	{"node", []string{"node", "-e"}, `
console.log({k: v}, [v]);
console.log(JSON.stringify({k: v}));
console.log(JSON.stringify(JSON.stringify({k: v})));
console.log(encodeURIComponent(v));
console.log(encodeURI(v));
console.log(escape(v));
console.log(new URLSearchParams({q: v}).toString());
console.log(Buffer.from(v)); console.log(Buffer.from("key=1234567" + v + "x".repeat(50)));
console.log(String([...v]), [...v].join(", "));
console.log(JSON.stringify(Buffer.from(v)));
console.log(Buffer.from(v).toString("base64"), Buffer.from("k=" + v + "&").toString("base64url"));
console.log(Buffer.from(v).toString("hex"), [...Buffer.from(v)].join());
console.log([...v].map(c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")).join(""));
console.log([...Buffer.from(v)].map(c => "\\x" + c.toString(16).padStart(2, "0")).join(""));
console.log(util.inspect({a: {b: [v]}}, {colors: true}));
console.log([...v]); console.log({a: v.split("")});
console.log(require("querystring").stringify({q: v}));
throw new Error(v);
`},
	{"perl", []string{"perl", "-e"}, `
$_ = $ENV{V}; print quotemeta, "\n";
use MIME::Base64; print encode_base64("some text before " . $ENV{V});
use MIME::QuotedPrint; print encode_qp($ENV{V});
use Data::Dumper; $Data::Dumper::Useqq = 1; print Dumper($ENV{V});
use Data::Dumper; print Dumper({ k => $ENV{V} });
print unpack("H*", $ENV{V}), "\n"; printf "%vd\n", $ENV{V}; printf "%s ", $_ for unpack "C*", $ENV{V};
printf "\\x%02x", $_ for unpack "C*", $ENV{V};
printf "\\%03o", $_ for unpack "C*", $ENV{V};
printf "%%%02X", $_ for unpack "C*", $ENV{V};
printf "0x%02x, ", $_ for unpack "C*", $ENV{V};
print pack("u", $ENV{V}) =~ s/.*//sr, join("\e[1m", split //, $ENV{V}), "\n";
print join("\b", map { "$_" } split //, $ENV{V}) =~ s/(.)\x08/$1\x08$1/gr, "\n";
die $ENV{V};
`},
	{"bash", []string{"bash", "-c"}, `
printf '%q\n' "$V"
declare -p V
echo "${V@Q}"; echo "${V@A}"
set -x; : "$V"
set -x; [[ x == "$V" ]] || :
git rev-parse --sq-quote "$V"
printf '%s' "$V" | cat -v
printf '%s' "$V" | cat -A
jq -n 'env.V | split("")'
f=$(mktemp); printf 'some text of forty-one bytes before it: %s\n' "$V" >$f; curl -s --trace-ascii - -o /dev/null file://$f; rm $f
jq -nc 'env.V | split(""), explode'
jq -n 'env.V | explode[]'
export -p | grep V=
printf '%s' "$V" | fold -w 16
printf '%s' "$V" | cat -n
printf '%s' "$V" | sed 's/./&\x1b[0m/g'
printf '%s\n' "$V" | sed 's/^/[app] /'
printf 'aGVhZA%s' "$V" | base64 -w 20
printf 'head %s' "$V" | base64
printf '%s' "$V" | basenc --base64url
printf '%s' "$V" | base32 -w 0
printf '%s' "$V" | od -An -tx1
printf '%s' "$V" | od -Ax -tx1z
printf '%s' "$V" | od -An -tu1 -w200
printf '%s' "$V" | od -tx1
printf '%s' "$V" | od -An -tx2
printf '%s' "$V" | od -An -tx4
printf '%s' "$V" | od -An -tx8
printf '%s' "$V" | od
printf '%s' "$V" | od -An
printf '%s' "$V" | od -c
printf '%s' "$V" | od -An -c
printf '%s' "$V" | od -b
printf '%s' "$V" | od -tu1
printf '%s' "$V" | od -An -tu1
printf '%s' "$V" | hexdump -c
printf '%s' "$V" | hexdump -b
printf '%s' "$V" | hexdump -o
printf '%s' "$V" | xxd -b
printf '%s' "$V" | sed 's/./& /g'
printf '%s' "$V" | grep --color=always -o .
printf '%s' "$V" | awk '{ print toupper($0) }'
printf 'pw=%s' "$V" | xxd
printf '%s' "$V" | xxd -p
printf '%s' "$V" | xxd -i
printf 'xyz %s' "$V" | xxd -g 1 -u
printf '%s' "$V" | xxd -p -c 1000 | sed 's/../\\x&/g'
printf 'pw=%s' "$V" | hexdump -C
printf '%s' "$V" | hexdump
printf '%s' "$V" | hexdump -ve '1/1 "%02x"'
printf '%s' "$V" | hexdump -ve '1/1 "%02X:"'
printf 'a text before the value %s and one behind' "$V" | openssl base64
printf '%s' "$V" | openssl enc -base64 -A
jq -n 'env.V'
jq -nC '{k: env.V}'
jq -n '{k: ({in: env.V} | tojson)}'
jq -nr 'env.V | @sh, @html, @uri, @csv "\([env.V])", @tsv "\([env.V])", @base64, @json, @text'
jq -n --arg v "$V" '$ARGS'
jq -an 'env.V'
`},
}

// Between the spellings of two encoders a program writes a mark.
const mark = "\x1e--\n"

// script makes one program of many encoders, each of which may fail.
func script(program string, lines []string) string {
	switch program {
	case "python3":
		quoted, _ := json.Marshal(lines) // JSON is Python here
		return `import base64, binascii, codecs, csv, email.header, html, json, logging, os, pprint, quopri, re, shlex, sys, textwrap, traceback, urllib.parse, xml.sax.saxutils
v = os.environ["V"]
for line in ` + string(quoted) + `:
    try: exec(line)
    except SyntaxError: raise
    except Exception: print(traceback.format_exc())
    sys.stdout.flush(); sys.stderr.flush(); sys.stdout.buffer.write(b"\x1e--\n"); sys.stdout.buffer.flush()
`
	case "node":
		var all strings.Builder
		all.WriteString("const v = process.env.V, util = require('util');\n")
		for _, line := range lines {
			fmt.Fprintf(&all, "try { %s } catch (e) { console.log(e) } console.log('\\x1e--');\n", line)
		}
		return all.String()
	case "perl":
		return "sub mark { print \"\\n\\x1e--\\n\" }\n" + each(lines, "eval { %s }; print $@; mark();\n")
	}
	return each(lines, "( %s\n) 2>&1; printf '\\x1e--\\n'\n")
}

func each(lines []string, format string) string {
	var all strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&all, format, line)
	}
	return all.String()
}

// secretPairs are values and others of the same kind.
var secretPairs = [][2]string{
	{"ghx_Ex4mpleT0kenA1b2C3d4E5f6G7h8J9k0Lm", "pqr-Uv8wXyZ2abCdEf3gHi4jKl5mNo6pQr7sTu"},
	{`s3cr3t/K9+xQ=zW&p"7<v>$h'L!m%2 #~`, `t9pa0w/Y1+dB=cJ&n"4<u>$g'R!k%8 #~`},
	{"pässwörd–☃–tøken-Ω9 Zq8xKf", "kübelhön–☀–bælge-Π3 Rt5wLd"},
	{"line one of 4711\nline-two-Zx8Cv7\n\tthird \\ ln 99x", "lane are on 3658\nlade-tom-Qs4Fg2\n\tthard \\ la 55z"},
}

// TestEncoders needs the programs of .ci/run: a missing one is an error.
func TestEncoders(t *testing.T) {
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.TrimSpace(e.scripts), "\n")
			command := append(slices.Clone(e.command), script(e.name, lines))
			for _, pair := range secretPairs {
				spelled, other := encoded(t, command, pair[0]), encoded(t, command, pair[1])
				if len(spelled) != len(lines) || len(other) != len(lines) {
					t.Fatalf("%d encoders gave %d and %d spellings:\n%s", len(lines), len(spelled), len(other), spelled)
				}
				m := NewMasker([]Secret{{"it", NewValue([]byte(pair[0]))}})
				for i, line := range lines {
					for _, cuts := range [][]int{nil, everywhere(len(spelled[i]))} {
						left := masked(m, spelled[i], cuts...)
						if piece := leaked(spelled[i], other[i], left); piece != "" {
							t.Errorf("%s\nshows %q of %q:\n%q\n%q", line, piece, pair[0], clip(spelled[i]), clip(left))
							break
						}
					}
				}
			}
		})
	}
}

func encoded(t *testing.T, command []string, value string) [][]byte {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "V="+value, "LC_ALL=C.UTF-8", "PYTHONIOENCODING=utf-8", "PYTHONWARNINGS=ignore")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command[0], err, out)
	}
	for _, trouble := range []string{"not found", "No such file", "Can't locate", "invalid option"} {
		if bytes.Contains(out, []byte(trouble)) {
			t.Fatalf("%s", out)
		}
	}
	spelled := bytes.Split(out, []byte(mark))
	return spelled[:len(spelled)-1] // nothing follows the last mark
}

// leaked is a piece of a spelling, both halves of which the other value does not
// have, and that is left after masking. (Less than that is a digit that a value
// shares with its neighbours, as base64 has it.)
func leaked(spelled, other, left []byte) string {
	const half = 8
	for i := 0; i+2*half <= len(spelled); i++ {
		piece := spelled[i : i+2*half]
		if bytes.Contains(left, piece) && !bytes.Contains(other, piece[:half]) && !bytes.Contains(other, piece[half:]) {
			return string(piece)
		}
	}
	return ""
}

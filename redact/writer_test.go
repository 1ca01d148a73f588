package redact

import (
	"bytes"
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const token = "ghx_Ex4mpleT0kenA1b2C3d4E5f6G7h8J9k0Lm"

func maskerOf(values ...string) *Masker {
	var secrets []Secret
	for i, v := range values {
		secrets = append(secrets, Secret{refLabel(i), NewValue([]byte(v))})
	}
	return NewMasker(secrets)
}

// TestMasks has, line by line, what is masked and how; each is also cut at every
// place.
func TestMasks(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []string
		text   string
		want   string
	}{
		{"named", []string{token}, "a " + token + " b", "a [secret:L0] b"},
		{"adjacent", []string{token}, token + token, "[secret:L0]"},
		{"two labels touch", []string{"first-one", "second-one"}, "first-onesecond-one", "[secret:L0][secret:L1]"},
		{"longest names it", []string{"tok_abcdef77", "tok_abcdef77123456zz"}, "tok_abcdef77123456zz tok_abcdef77", "[secret:L1] [secret:L0]"},
		{"chain", []string{"11112222", "22223333", "33334444"}, "x1111222233334444", "x[secret:L0]"},
		{"line breaks stay", []string{token}, token[:9] + "\r\n\x1b[1m" + token[9:] + "\n", "[secret:L0]\r\n\x1b[1m\n"},
		{"overstruck", []string{"abcdefgh"}, "a\bab\bbc\bcd\bde\bef\bfg\bgh\bh.", "[secret:L0]\bh."},
		{"pin", []string{"1234"}, "1234 12345 x1234 1234", "[secret:L0] 12345 x1234 [secret:L0]"},
		{"pin across lines", []string{"1234"}, "12\n34", "12\n34"},
		{"what is around it", []string{"\ufeffZk9vQ7pL2xRt\x00\n"}, "Zk9vQ7pL2xRt Wms5dlE3cEwyeFJ0", "[secret:L0] [secret:L0]"},
		{"word of the trade", []string{"production"}, "production reproductions", "[secret:L0] reproductions"},
		{"literal", []string{"true"}, "true", "true"},
		{"three bytes", []string{"abc"}, "abc", "abc"},
		{"label is the value", []string{"[secret:L0]"}, "[secret:L0]", "[secret]"},
		{"cut off", []string{token}, "a " + token[:8], "a [secret:L0]"},
		{"cut off too early", []string{token}, "a " + token[:7], "a " + token[:7]},
		{"cut off within an escape", []string{`ab"cd"efghi"jkl`}, `{"a": "ab\"cd\"efghi\`, `{"a": "[secret:L0]`},
		{"cut off within an escape of an escape", []string{`ab"cd"efghi"jkl`}, `"ab\u0022cd\u0022efghi\u00`, `"[secret:L0]`},
		{"cut off within a percent code", []string{"abc/defgh/ijk"}, "?q=abc%2Fdefgh%2", "?q=[secret:L0]"},
		{"escaped first byte", []string{"abcdefgh"}, "%61bcdefgh", "%[secret:L0]"},
		{"escaped first byte in JSON", []string{"abcdefgh"}, `\u0061bcdefgh`, "[secret:L0]"},
		{"dump", []string{"abcdefghijkl"}, "00000000: 6162 6364 6566 6768  abcdefgh\n00000008: 696a 6b6c  ijkl\n", "00000000: [secret:L0]\n\n"},
		{"a short value that begins twice", []string{"--ab"}, "x---ab\n", "x-[secret:L0]\n"},
		{"a short value of dots", []string{"...."}, "wait.....\n", "wait.[secret:L0]\n"},
		{"a short value within an escape that begins twice", []string{"--ab"}, "x--\x1b[1m-ab\x1b[0m --ab\n", "x--\x1b[1m-ab\x1b[0m [secret:L0]\n"},
		{"bytes taken for characters", []string{"pässwörd-☃-99"}, `main::login("p\x{c3}\x{a4}ssw\x{c3}\x{b6}rd-\x{e2}\x{98}\x{83}-99")` + "\n", `main::login("[secret:L0]")` + "\n"},
		{"a line made visible", []string{"first-pass-1\nthird\tpäss-3\n"}, "third^Ip\u004d-C\u004d-$ss-3$\n", "[secret:L0]$\n"},
		{"a line in quotes", []string{"first pass-1\nsecond 'pass' 2\n"}, `: 'second '\''pass'\'' 2'` + "\n- 'second ''pass'' 2'\n", ": '[secret:L0]'\n- '[secret:L0]'\n"},
		{"a UUID in capitals without dashes", []string{"6f9619ff-8b86-d011-b42d-00c04fc964ff"}, "6F9619FF8B86D011B42D00C04FC964FF\n", "[secret:L0]\n"},
		{"hex as a UUID", []string{"6f9619ff8b86d011b42d00c04fc964ff"}, "6f9619ff-8b86-d011-b42d-00c04fc964ff 6F9619FF-8B86-D011-B42D-00C04FC964FF\n", "[secret:L0] [secret:L0]\n"},
		{"quoted-printable with its blanks", []string{"s3cr3t K9=passw0rd\tx"}, "s3cr3t=20K9=3Dpassw0rd=09x\n", "[secret:L0]\n"},
		{"a number a line", []string{"ghx_Ex4m"}, "103\n104\n120\n95\n69\n120\n52\n109\n", "[secret:L0]\n\n\n\n\n\n\n\n"},
		{"a number a line in JSON", []string{"ghx_Ex4m"}, "[\n  103,\n  104,\n  120,\n  95,\n  69,\n  120,\n  52,\n  109\n]\n", "[\n  [secret:L0]\n  \n  \n  \n  \n  \n  \n  \n]\n"},
		{"PEM in one line, printed in lines", []string{"-----BEGIN EC PRIVATE KEY----- MHcCAQEEIIabcdefgh ijklmnopqrstuvwx01== -----END EC PRIVATE KEY-----"}, "MHcCAQEEIIabcdefgh\nx\nijklmnopqrstuvwx01==\nx\n", "[secret:L0]\nx\n[secret:L0]\nx\n"},
		{"the end of a list of numbers", []string{"0123456789abcdef"}, "46 47 48 49 50", "46 47 48 49 50"},
		{"the end of a list of more numbers", []string{"0123456789abcdef"}, "46 47 48 49 50 51 52 53 54 55", "46 47 [secret:L0]"},
		{"marks of direction", []string{"abcdefghijkl"}, "abc\u202adef\u2066ghi\ufe0fjkl\n", "[secret:L0]\n"},
		{"comments and tags of a document say nothing", []string{"#!/bin/bash\n# Do not edit\nexport TOKEN_X=Pa55word99\n", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<settings>\n<password>Pa55word98</password>\n</settings>"}, "#!/bin/bash\n# Do not edit\n<settings>\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<password>Pa55word98</password>\n", "#!/bin/bash\n# Do not edit\n<settings>\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n[secret:L1]\n"},
		{"the end says only which setting", []string{"production:\n  password: Pa55word99\n"}, "wrong password: ", "wrong password: "},
		{"the end says more", []string{"production:\n  password: Pa55word99\n"}, "wrong password: Pa55w", "wrong [secret:L0]"},
		{"dump behind offsets of 64 bits", []string{"abcdefghijkl"}, "00007ffd1c3a0000: 6162 6364 6566 6768  abcdefgh\n00007ffd1c3a0008: 696a 6b6c  ijkl\n", "00007ffd1c3a0000: [secret:L0]\n\n"},
		{"a hash is no offset", []string{"abcdefghijkl"}, "d41d8cd98f00b204e9800998ecf8427e  6162 6364 6566\ne41d8cd98f00b204e9800998ecf8427e  6768 696a 6b6c\n", "d41d8cd98f00b204e9800998ecf8427e  6162 6364 6566\ne41d8cd98f00b204e9800998ecf8427e  6768 696a 6b6c\n"},
		{"dump of short lines", []string{"ab12\ncd34\nef56"}, "00000000: 6162 3132 0a63 6433 340a 6566 3536 0a20  ab12.cd34.ef56. \n", "00000000: [secret:L0]\n"},
		{"dump of short lines with indents", []string{"k:\n    v1: x9\n    v2: y8"}, "6b 3a 0a 20 20 20 20 76 31 3a 20 78 39 0d 0a\n20 20 20 20 76 32 3a 20 79 38 0a\n", "[secret:L0]\n\n"},
		{"colours in a dump", []string{"abcdefghijkl"}, "61 62 63 64 65 66 1b 5b 33\n31 6d 67 68 69 6a 6b 6c\n", "[secret:L0]\n\n"},
		{"two colours at once", []string{token}, "k=" + token[:9] + "\x1b[38;2;248;248;242;48;2;100;100;100m" + token[9:], "k=[secret:L0]\x1b[38;2;248;248;242;48;2;100;100;100m"},
		{"dump whose column of text looks like a byte", []string{"12-QRSTUVWXYZghijklmnopqrs"}, "00000000: 31 32 2d 51 52 53 54 55 56 57 58 59 5a 67 68 69  12-QRSTUVWXYZghi\n00000010: 6a 6b 6c 6d 6e 6f 70 71 72 73                    jklmnopqrs\n", "00000000: [secret:L0]\n\n"},
		{"dump of curl whose column of text looks like a byte", []string{"12-QRSTUVWXYZghijklmnopqrs"}, "0000: 31 32 2d 51 52 53 54 55 56 57 58 59 5a 67 68 69 12-QRSTUVWXYZghi\n0010: 6a 6b 6c 6d 6e 6f 70 71 72 73                   jklmnopqrs\n", "0000: [secret:L0]\n\n"},
		{"dump whose column of text looks like a byte and a blank", []string{"12 QRSTUVWXYZghijklmnopqrs"}, "00000000: 31 32 20 51 52 53 54 55 56 57 58 59 5a 67 68 69  12 QRSTUVWXYZghi\n00000010: 6a 6b 6c 6d 6e 6f 70 71 72 73                    jklmnopqrs\n", "00000000: [secret:L0]\n\n"},
		{"dump of short rows whose column of text looks like a byte", []string{"12,QRSTUVWXYZ"}, "0000: 31 32 2c 51 12,Q\n0004: 52 53 54 55 RSTU\n0008: 56 57 58 59 VWXY\n000c: 5a Z\n", "0000: [secret:L0]\n\n\n\n"},
		{"swapped dump whose first group ends with an indent", []string{"{\n  ab12cd34ef56"}, "00000000: 20200a7b 32316261 34336463 36356665  {.  ab12cd34ef56\n", "00000000: [secret:L0]\n"},
		{"dump of od with two blanks", []string{token}, "0000000  67  68  78  5f  45  78  34  6d  70  6c  65  54  30  6b  65  6e\n0000020  41  31  62  32  43  33  64  34  45  35  66  36  47  37  68  38\n", "0000000  [secret:L0]\n\n"},
		{"dump whose last line is one byte", []string{"YQ2TpgyNHRykFP"}, "59 51 32 54 70 67 79 4e 48 52 79 6b 46\r\n50\r\n", "[secret:L0]\r\n\r\n"},
		{"base64 of other line breaks", []string{"line-one-secret9\nline-two-secret8"}, "k: bGluZS1vbmUtc2VjcmV0OQ0KbGluZS10d28tc2VjcmV0OA==\n", "k: [secret:L0]A==\n"},
		{"hex of other line breaks", []string{"line-one-secret9\r\nline-two-secret8"}, "k: 6C696E652D6F6E652D736563726574390A6C696E652D74776F2D73656372657438\n", "k: [secret:L0]\n"},
		{"hex of JSON", []string{`ab"ef12345ghi`}, "7b226b223a202261625c2265663132333435676869227d", "7b226b223a2022[secret:L0]227d"},
		{"base64 of JSON in JSON", []string{`p"ss\w0rdxyz12`}, "eyJsIjoie1wia1wiOlwicFxcXCJzc1xcXFx3MHJkeHl6MTJcIn0ifQ==", "eyJsIjoie1wia1wiOlwi[secret:L0]JcIn0ifQ=="},
		{"dump with an indent and two blanks", []string{token}, "{\n 00000000  67 68 78 5f 45 78 34 6d  70 6c 65 54 30 6b 65 6e  |ghx_Ex4mpleT0ken|\n 00000010  41 31 62 32 43 33 64 34  45 35 66 36 47 37 68 38  |A1b2C3d4E5f6G7h8|\n}\n", "{\n 00000000  [secret:L0]\n \n}\n"},
		{"dump of OpenSSL with an indent", []string{"abcdefghijkl"}, "    0000 - 61 62 63 64-65 66 67 68   abcdefgh\n    0008 - 69 6a 6b 6c               ijkl\n", "    0000 - [secret:L0]\n    \n"},
		{"dump of hexdump -x", []string{"abcdefghijkl"}, "0000000    6261    6463    6665    6867\n0000008    6a69    6c6b\n000000c\n", "0000000    [secret:L0]\n\n000000c\n"},
		{"part that is a value too", []string{"postgres://app:Zx9-Kq77w-Lm@db/app", "Zx9-Kq77w-Lm"}, "Zx9-Kq77w-Lm 5a78392d4b713737772d4c6d postgres://app:Zx9-Kq77w-Lm@db/app\n", "[secret:L1] [secret:L1] [secret:L0]\n"},
		{"near form that is a value", []string{"ghp_9G14R5yGiSX9VaA1HJ", "9G14R5yGiSX9VaA1HJ"}, "9G14R5yGiSX9VaA1HJ ghp_9G14R5yGiSX9VaA1HJ", "[secret:L1] [secret:L0]"},
		{"dump of od with an indent", []string{token}, "  0000000 67 68 78 5f 45 78 34 6d 70 6c 65 54 30 6b 65 6e\n  0000020 41 31 62 32 43 33 64 34 45 35 66 36 47 37 68 38\n  0000040\n", "  0000000 [secret:L0]\n  \n  0000040\n"},
		{"UUID without dashes", []string{"6f9619ff-8b86-d011-b42d-00c04fc964ff"}, "6f9619ff8b86d011b42d00c04fc964ff", "[secret:L0]"},
		{"base64 that is decoded", []string{"eyJhIjogIngtMSIsCiAiYiI6ICJ5LTIifQo="}, "{\"a\": \"x-1\",\n \"b\": \"y-2\"}\n", "[secret:L0]\n \n"},
		{"what seemed to be a sequence", []string{"44123", "12;34;56;78"}, "\x1b[0;44123\n\x1b[12;34;56;78\n\x1b[0;44\n", "\x1b[0;[secret:L0]\n\x1b[[secret:L1]\n\x1b[0;44\n"},
		{"dump of what begins with a line under", []string{"_bcdefghijkl"}, "0000000   _   b   c   d   e   f   g   h\n0000010   i   j   k   l\n0000014\n", "0000000   [secret:L0]\n\n0000014\n"},
		{"swapped dump", []string{"abcdefgh"}, "0000000 6261 6463 6665 6867\n0000008\n", "0000000 [secret:L0]\n0000008\n"},
		{"PEM header of another key", []string{pem}, "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"},

		// Each of these was a bug.
		{"text before a word is remembered", []string{"1bd2b1"}, "N1bd2b1 1bd2b1", "N1bd2b1 [secret:L0]"},
		{"no control sequence after all", []string{"%:.:cx+1)?a"}, "\x1b[2;%:.:cx+1)?a", "\x1b[2;[secret:L0]"},
		{"a word that is struck over", []string{"cdc211"}, "c\bcdc211", "c\b[secret:L0]"},
		{"two escapes, and a backslash at the end", []string{"}+AC^_??b"}, `\"` + strings.Repeat("x", 300) + `\\%7D%2BAC%5E_%3F%3Fb`, `\"` + strings.Repeat("x", 300) + "[secret:L0]"},
		{"touches, but another is longer", []string{"abcdefgh", "ijklmnop", "abcdefghi"}, "abcdefgh" + "ijklmnop", "[secret:L2]"},
		{"a dump that is cut off at a line", []string{"abcdefghijklmnop"}, "00000000: 6162 6364 6566 6768\n", "00000000: [secret:L0]\n"},
		{"a short value with a control character behind", []string{"]\x1b\xe2Yab\x0e"}, " ]\x1b\xe2Yab\x0e ", " [secret:L0]\x0e "},
		{"an escape in no control sequence after all", []string{"+\\=<~&b1B!"}, "\x1b[1+%5C%3D%3C~&amp;b1B!", "\x1b[1[secret:L0]"},
		{"a continued line of hex", []string{"abcdefgh"}, "616263646566\\\n6768", "[secret:L0]\n"},
		{"begins like a prompt", []string{".hunter2", "--------key"}, "k=.hunter2 --------key", "k=[secret:L0] [secret:L1]"},
		{"less than eight bytes of it are shown", []string{"ab\ncd\nef"}, "ab\r\ncd\r\nef", "[secret:L0]\r\n\r\n"},
		{"lines of settings that say nothing", []string{settings}, "contexts:\n[default]\napiVersion: v1\nregion = us-east-1\nkind: Pod\n", "contexts:\n[default]\napiVersion: v1\nregion = us-east-1\nkind: Pod\n"},
		{"a line of settings that does", []string{settings}, "  token: 9f86d081884c7d65\n", "  [secret:L0]\n"},
		{"folded twice", []string{"correct horse battery staple gun"}, "correct horse\n  battery staple\n  gun", "[secret:L0]\n  \n  "},
		{"folded at every blank", []string{"correct horse battery staple"}, "correct\n  horse\n  battery\n  staple", "[secret:L0]\n  \n  \n  "},
		{"byte order mark, soft hyphen", []string{token}, token[:9] + "\ufeff" + token[9:20] + "\u00ad" + token[20:], "[secret:L0]"},
		{"its own control character, escaped", []string{"abcd\aefgh"}, `'abcd\x07efgh' "abcd\u0007efgh"`, `'[secret:L0]' "[secret:L0]"`},
		{"braces of Perl", []string{"pw-жук-77x"}, `pw-\x{436}\x{443}\x{43a}-77x`, "[secret:L0]"},
		{"its own escapes, quoted", []string{`p'%41<'end\e~`}, `p''A<''end\\e~ p''%41<''end\e~`, `[secret:L0] [secret:L0]`},
		{"soft line break", []string{token}, "k=" + token[:9] + "=\n" + token[9:20] + "=\r\n" + token[20:], "k=[secret:L0]\n\r\n"},
		{"no soft line break", []string{"abcdefg=", "=bcdefgh"}, "abcdefg=\n.=bcdefgh =\n", "[secret:L0]\n.[secret:L1] =\n"},
		{"underlined", []string{"abcdefgh"}, "x _\ba_\bb_\bc_\bd_\be_\bf_\bg_\bh y", "x _\b[secret:L0] y"},
		{"underlined afterwards", []string{"abc_efgh"}, "a\b_b\b_c\b__\b_e\b_f\b_g\b_h\b_ y", "[secret:L0]\b_ y"},
		{"underlined and bold", []string{"abcdefgh"}, "_\ba\ba_\bb\bb_\bc\bc_\bd\bd_\be\be_\bf\bf_\bg\bg_\bh\bh", "_\b[secret:L0]\bh"},
		{"words beside what is left out", []string{"8812", "production"}, "\x1b[1m8812\x1b[0m \x1b[32mproduction\x1b[m x\x1b[1m88\x1b[m12", "\x1b[1m[secret:L0]\x1b[0m \x1b[32m[secret:L1]\x1b[m x\x1b[1m88\x1b[m12"},
		{"words beside a line", []string{"8812"}, "8812_x 8812_\b8 8812_", "8812_x [secret:L0]_\b8 8812_"},
		{"words beside escapes", []string{"8812", "hunter7"}, `"pw:\nhunter7\n" a\t8812 q=a%3D8812 \u00418812`, `"pw:\n[secret:L1]\n" a\t[secret:L0] q=a%3D[secret:L0] \u00418812`},
		{"dump of curl --trace", []string{"abcdefghijkl"}, "0000: 61 62 63 64 65 66 67 68 abcdefgh\n0008: 69 6a 6b 6c             ijkl\n", "0000: [secret:L0]\n\n"},
		{"text dump of curl", []string{token}, "0000: Authorization: Bearer " + token[:9] + "\n0040: " + token[9:] + "\n0067: Accept: */*\n", "0000: Authorization: Bearer [secret:L0]\n\n0067: Accept: */*\n"},
		{"text with what is no offset", []string{token}, "000: " + token[:9] + "\n0040:" + token[9:] + "\n", "000: " + token[:9] + "\n0040:" + token[9:] + "\n"},
		{"dump of tcpdump", []string{"abcdefghijkl"}, "\t0x0000:  6162 6364 6566 6768  abcdefgh\n\t0x0008:  696a 6b6c            ijkl\n", "\t0x0000:  [secret:L0]\n\t\n"},
		{"dump of Wireshark", []string{"abcdefghijkl"}, "0000   61 62 63 64 65 66 67 68   abcdefgh\n0008   69 6a 6b 6c               ijkl\n", "0000   [secret:L0]\n\n"},
		{"dump of OpenSSL", []string{"abcdefghijkl"}, "0000 - 61 62 63 64-65 66 67 68   abcdefgh\n0008 - 69 6a 6b 6c               ijkl\n", "0000 - [secret:L0]\n\n"},
		{"dump of digits", []string{"9f86d081884c7d65"}, "00000000: 39 66 38 36 64 30 38 31  9f86d081\n00000008: 38 38 34 63 37 64 36 35  884c7d65\n", "00000000: [secret:L0]\n\n"},
		{"dump with a short end", []string{"abcdefghijk"}, "00000000: 61626364 65666768  abcdefgh\n00000008: 696a6b    ijk\n", "00000000: [secret:L0]\n\n"},
		{"dump without offsets", []string{"abcdefghijkl"}, "61 62 63 64 65 66 67 68\n69 6a 6b 6c\n", "[secret:L0]\n\n"},
		{"dump without offsets of what is no list otherwise", []string{"wordpass"}, "64 32 39 79 5a 48 42 68 63 33 4d 3d\nok", "[secret:L0]\nok"},
		{"numbers that are no dump", []string{"abcdefghijkl"}, "2026 11 25\n10 20 30 40\n0x12 0x34\n", "2026 11 25\n10 20 30 40\n0x12 0x34\n"},
		{"dump of a control sequence on two lines", []string{`xqß€x\0[}.`}, "1B 5B\n000233 3B 78 71 C3 9F E2 82 AC 78,", "1B 5B\n000233 3B 78 71 C3 9F E2 82 AC 78,"},
		{"dump in decimal", []string{"abcdefghijkl"}, "  97  98  99 100 101 102\n 103 104 105 106 107 108\n", "  [secret:L0]\n \n"},
		{"dump in signed decimal", []string{"abcdefgh\tj"}, "0000000   97   98   99  100\n0000004  101  102  103  104    9  106\n", "0000000   [secret:L0]\n\n"},
		{"array of node", []string{"abcdefghijklmn"}, "[\n   97,  98,  99, 100, 101,\n  102, 103, 104, 105,\n  106, 107, 108, 109, 110\n]\n", "[\n   [secret:L0]\n  \n  \n]\n"},
		{"dump in octal", []string{"abcdefghijkl"}, "0000000 141 142 143 144 145 146\n0000006 147 150 151 152 153 154\n0000014\n", "0000000 [secret:L0]\n\n0000014\n"},
		{"dump in octal words", []string{"abcdefghijk"}, "0000000 061141 062143 063145 064147\n0000010 065151 000153\n0000013\n", "0000000 [secret:L0]\n\n0000013\n"},
		{"dump in octal words without offsets", []string{"abcdefgh"}, " 061141 062143\n 063145 064147\n", " [secret:L0]\n \n"},
		{"dump in words without offsets", []string{"abcdefghijkl"}, " 64636261 68676665\n 6c6b6a69\n", " [secret:L0]\n \n"},
		{"dump in bits", []string{"abcdefgh"}, "00000000: 01100001 01100010 01100011 01100100 01100101 01100110  abcdef\n00000006: 01100111 01101000                                      gh\n", "00000000: [secret:L0]\n\n"},
		{"dump of characters", []string{"ab cd\tef", "gh\xc3\xa93s\\\\h"}, "0000000   a   b       c   d  \\t   e   f   =   g   h 303 251   3   s   \\\n0000020   \\   h  \\n\n0000023\n", "0000000   [secret:L0]\n\n0000023\n"},
		{"dump of characters without offsets", []string{"abcdefghij"}, "   a   b   c   d   e\n   f   g   h   i   j\n", "   [secret:L0]\n   \n"},
		{"dump that begins with a number", []string{"\xc3\xa9abcdefgh"}, "0000000   q 303 251   a   b   c   d   e   f   g   h\n", "0000000   q [secret:L0]\n"},
		{"dump that begins with a zero byte", []string{"\x00abcdefgh"}, "0000000  \\0   a   b   c   d   e   f   g   h\n", "0000000  [secret:L0]\n"},
		{"dump of BSD that goes on with a zero byte", []string{"abcdefgh\x00ij"}, "0000000    a   b   c   d   e   f   g   h\n0000010   \\0   i   j\n", "0000000    [secret:L0]\n\n"},
		{"dump of characters of BSD", []string{"abcdefghij"}, "0000000    a   b   c   d   e\n0000005    f   g   h   i   j  \\n\n", "0000000    [secret:L0]\n\n"},
		{"dump of named characters", []string{"ab cdefgh"}, "0000000   a   b  sp   c   d   e\n0000006   f   g   h  nl\n", "0000000   [secret:L0]\n\n"},
		{"array of node", []string{"ghp_9G14R5yGiSX9VaA1HJWPRlvI"}, "[\n  'g', 'h', 'p', '_', '9', 'G', '1',\n  '4', 'R', '5', 'y', 'G', 'i', 'S',\n  'X', '9', 'V', 'a', 'A', '1', 'H',\n  'J', 'W', 'P', 'R', 'l', 'v', 'I'\n]\n", "[\n  '[secret:L0]\n  \n  \n  '\n]\n"},
		{"array of node with quotes", []string{`it's\an"oü`}, "{\n  a: [\n    'i',  't', \"'\",\n    's',  '\\\\', 'a',\r\n    'n', '\"',  'o',\n    'ü'\n  ]\n}\n", "{\n  a: [\n    '[secret:L0]\n    \r\n    \n    '\n  ]\n}\n"},
		{"array that is cut off", []string{"ghp_9G14R5yGiSX9"}, "[\n  'g', 'h', 'p', '_', '9',\n  'G', '1', '4', 'R', 'x\n", "[\n  '[secret:L0]\n  \n"},
		{"no array", []string{"abcdefghij"}, "[\n  'a', 'b', 'c', 'd',\nx\n  'e', 'f', 'gh', 'i', 'j'\n]\n", "[\n  'a', 'b', 'c', 'd',\nx\n  'e', 'f', 'gh', 'i', 'j'\n]\n"},
		{"no dump of characters", []string{"abcdefghij"}, "   a   b   c   d   e\n  f   g   h   i   j\n    a  b\nx   a   b\n", "   a   b   c   d   e\n  f   g   h   i   j\n    a  b\nx   a   b\n"},
		{"letter by letter", []string{"abcdefghijklmnop"}, "a b c d e f g h i j k l m n o p\na-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p", "[secret:L0]\n[secret:L0]"},
		{"lists of characters", []string{"ab'c\"d\\ef"}, `['a','b',"'",'c','"','d','\\','e','f'] ['a', 'b', "'", 'c', '"', 'd', '\\', 'e', 'f'] ["a", "b", "'", "c", "\"", "d", "\\", "e", "f"] ["a","b","'","c","\"","d","\\","e","f"]`, "[[secret:L0]] [[secret:L0]] [[secret:L0]] [[secret:L0]]"},
		{"a list of characters, line by line", []string{"abcdefgh"}, "[\n  \"a\",\n  \"b\",\n  \"c\",\n  \"d\",\n  \"e\",\n  \"f\",\n  \"g\",\n  \"h\"\n]\n", "[\n  [secret:L0]\n  \n  \n  \n  \n  \n  \n  \n]\n"},
		{"numbers of characters", []string{"pässwört"}, "[112,228,115,115,119,246,114,116] [112, 228, 115, 115, 119, 246, 114, 116]", "[[secret:L0]] [[secret:L0]]"},
		{"a pattern in bash's trace", []string{"tunnel\nx-0"}, "+ [[ x == \\t\\u\\n\\n\\e\\l\\\n\\x\\-\\0 ]]", "+ [[ x == [secret:L0]\n ]]"},
		{"git's quotes", []string{"it's!!-4711"}, `trace: git push 'it'\''s'\!''\!'-4711'`, "trace: git push '[secret:L0]'"},
		{"control characters made visible", []string{"pä\tss\x01wö\x7f"}, "pM-CM-$\tss^AwM-CM-6^? pM-CM-$^Iss^AwM-CM-6^?", "[secret:L0] [secret:L0]"},
		{"Go's syntax", []string{"ab\ncdefgh"}, "[]byte{0x61, 0x62, 0xa, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68}", "[]byte{0x[secret:L0]}"},
		{"a claim of a token that JSON escapes", []string{`>>>"???"~~~`}, "e.eyJrIjoiPj4-XCI_Pz9cIn5-fiJ9.s", "e.eyJrIjoi[secret:L0]iJ9.s"},
		{"cut short", []string{token}, `write(1, "` + token[:32] + `"..., 39) ` + token[:36] + "… " + token[:31] + "!", `write(1, "[secret:L0]"..., 39) [secret:L0]… ` + token[:31] + "!"},
		{"without the prefix", []string{token}, "ghx " + token[4:], "ghx [secret:L0]"},
		{"a list that is cut short", []string{token + token}, fmt.Sprintf("<Buffer % x ... 26 more bytes>", token+token[:12]), "<Buffer [secret:L0] [secret:L0]... 26 more bytes>"},
		{"the beginning of settings that hold a secret", []string{"Protocol=https;Account=main2;Place=north1;AKey=bm8gc2VjcmV0+A=="}, "Protocol=https;Account=main2;Place=north1;AKey=other", "Protocol=https;Account=main2;Place=north1;AKey=other"},
		{"a part that is a word", []string{"amqp://rabbitmq:rabbitmq@mq.example.com"}, "rabbitmq, rabbitmqctl, cmFiYml0bXE=", "[secret:L0], rabbitmqctl, cmFiYml0bXE="},
		{"what ends as a value begins", []string{"postgres://app:hunter2-47@db/app", "https://hooks.example.com/T0/0123456789abcdef", "root_user:hunter2-47"}, "user is postgres", "user is postgres"},
		{"what ends as a URL begins", []string{"https://hooks.example.com/T0/0123456789abcdef"}, "https://hooks.example.com", "https://hooks.example.com"},
		{"a URL that is cut off", []string{"postgres://app:hunter2-47@db/app"}, "at postgres://app:hunt", "at [secret:L0]"},
		{"the key in a document, in base64", []string{account}, "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUVwQUlCQUFLQ0FRRUEKLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=", "[secret:L0]o="},
		{"cut short, but no token", []string{"https://example.com/hooks/4711ab", "correct horse battery staple 4711"}, "https://example.com/hooks/ correct horse battery staple.", "https://example.com/hooks/ correct horse battery staple."},
		{"the password in a URL", []string{"postgres://app:s3cr%23t-47@db.example.com/app"}, "host=db.example.com password=s3cr#t-47 user=app", "host=db.example.com password=[secret:L0] user=app"},
		{"basic authentication made of a URL", []string{"https://app:s3cret-47@example.com/"}, "Authorization: Basic YXBwOnMzY3JldC00Nw==", "Authorization: Basic YXBwOn[secret:L0]w=="},
		{"a token in a URL", []string{"https://" + token + "@example.com/me/it.git"}, "token " + token + " of example.com/me", "token [secret:L0] of example.com/me"},
		{"a word in a URL", []string{"postgres://postgres:postgres@localhost/postgres"}, "postgres at localhost", "postgres at localhost"},
		{"fields of a document", []string{account}, "example-project 6b1f0c2d9e8a7f5b ops@example-project.test s3cr3t\"value MIIEpAIBAAKCAQEA https://oauth2.example.com/token", "example-project 6b1f0c2d9e8a7f5b ops@example-project.test [secret:L0] [secret:L0] https://oauth2.example.com/token"},
		{"settings", []string{"# of the app\nDB_HOST=db.example.com\nexport DB_PASSWORD='hunter;2 hunter'\nAPI_KEY: k-0123456789 # old\nkey=database\n"}, "db.example.com hunter;2 hunter, k-0123456789, database", "db.example.com [secret:L0], [secret:L0], database"},
		{"a connection string", []string{"AccountName=example;AccountKey=bm8gc2VjcmV0+A==;EndpointSuffix=core.example.net"}, "bm8gc2VjcmV0+A== core.example.net", "[secret:L0] core.example.net"},
		{"what a header holds", []string{"Bearer " + token, "app:hunter2-47"}, token + " app hunter2-47 YXBwOmh1bnRlcjItNDc=", "[secret:L0] app [secret:L1] [secret:L1]c="},
		{"percent codes with their signs doubled", []string{"p@ss/w%rd+9Xk"}, "postgresql://u:p%%40ss%%2Fw%%25rd%%2B9Xk@h/db 100%%", "postgresql://u:[secret:L0]@h/db 100%%"},
		{"JavaScript's escape of a pair of surrogates", []string{"k9🔑Xy-4711-abc"}, "k9%uD83D%uDD11Xy-4711-abc %uD83D", "[secret:L0] %uD83D"},
		{"a byte that is left out, swapped with the first", []string{"A\x0fbcdefghijklm"}, "0000000 0f41 6362 6564 6766 6968 6b6a 6d6c 0a2e\n", "0000000 [secret:L0]\n"},
		{"quotes in a row as dash has them", []string{"a''b'c-S3cret"}, `V='a'"''"'b'"'"'c-S3cret'`, "V='[secret:L0]'"},
		{"an OpenSSH key", []string{openssh("b")}, openssh("b") + openssh("c") + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA", opensshMasked + openssh("c") + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA"},
		{"entities of HTML 5", []string{"ghp_4*abcdef"}, "ghp&UnderBar;4&midast;abcdef", "[secret:L0]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := maskerOf(test.values...)
			text := []byte(test.text)
			for cut := range len(text) {
				if got := masked(m, text, cut); string(got) != test.want {
					t.Errorf("cut at %d: got %q, want %q", cut, got, test.want)
				}
				if got := handedOver(m, text, cut); string(got) != test.want {
					t.Errorf("left at %d: got %q, want %q", cut, got, test.want)
				}
			}
			if got := masked(m, text, everywhere(len(text))...); string(got) != test.want {
				t.Errorf("byte by byte: got %q, want %q", got, test.want)
			}
		})
	}
}

// TestStretched has a code of colour before every digit: the value takes more of the
// stream than a match may, and what of it fits is masked if it is enough, by any cut.
func TestStretched(t *testing.T) {
	m := maskerOf(token)
	for code, enough := range map[string]bool{"\x1b[31m": true, "\x1b[01;31m": true, "\x1b[38;5;196m": false} {
		var b strings.Builder
		for _, digit := range hex.EncodeToString([]byte(token)) {
			fmt.Fprintf(&b, "%s%c\x1b[39m", code, digit)
		}
		text := []byte("x: " + b.String() + " y\n")
		want := reference([]string{token}, string(text))
		if bytes.Equal(want, text) == enough {
			t.Errorf("%q: the reference gives %q", code, want)
		}
		for _, cuts := range [][]int{nil, {len(text) / 2}, everywhere(len(text))} {
			if got := masked(m, text, cuts...); !bytes.Equal(got, want) {
				t.Errorf("%q, cut at %v: got %q, want %q", code, cuts, got, want)
			}
		}
	}
}

const settings = "apiVersion: v1\nkind: Pod\n[default]\nregion = us-east-1\ncontexts:\n- token: 9f86d081884c7d65\n"

const account = `{"project_id": "example-project", "private_key_id": "6b1f0c2d9e8a7f5b", "client_email": "ops@example-project.test",
"client_secret": "s3cr3t\"value", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END PRIVATE KEY-----\n", "token_uri": "https://oauth2.example.com/token"}`

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx0qF3kqz9Jd7VbYw2n5cR8uTtL4mHsPqXoZ1yKfGvB6hWjUa\n" +
	"Q3eD8rN1tYk5MxC7zSgVwPbLfHjT2oIuR9aEqXyZc4vB6nM0kJdGhFsWpOiUyTrE\nb7Qk9Zx==\n-----END RSA PRIVATE KEY-----\n"

// openssh looks like a key of OpenSSH with a secret of its own.
func openssh(secret string) string {
	return "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" +
		"QyNTUxOQAAACD" + strings.Repeat(secret, 57) + "\n" + strings.Repeat(secret, 70) + "\n" + strings.Repeat(secret, 40) + "==\n-----END OPENSSH PRIVATE KEY-----\n"
}

const opensshMasked = "-----BEGIN OPENSSH PRIVATE KEY-----\n[secret:L0]\n\n\n\n-----END OPENSSH PRIVATE KEY-----\n"

// TestUnchanged writes what holds no value: it must come out as it went in.
func TestUnchanged(t *testing.T) {
	random := make([]byte, 300_000)
	if _, err := crand.Read(random); err != nil {
		t.Fatal(err)
	}
	m := maskerOf(token, pem, "12345", "pässwörd–☃–tøken", strings.Repeat("0123456789abcdef", 4096))
	for name, text := range map[string]string{
		"random":            string(random),
		"empty":             "",
		"invalid UTF-8":     "\xff\xfe\xc3(\xe2\x80 ok \xf0\x9f\n",
		"lone CR":           "a\rb\rc",
		"storm of ESC":      strings.Repeat("\x1b", 5000) + strings.Repeat("\x1b[", 5000) + strings.Repeat("\x1b[31;1m\x1b[0m", 5000),
		"never-ending CSI":  "\x1b[" + strings.Repeat("1;", 50_000),
		"title":             "\x1b]0;a title\a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
		"backslashes":       strings.Repeat(`\`, 50_001),
		"percents":          strings.Repeat("%", 5000) + strings.Repeat("%2", 5000) + strings.Repeat("%25", 5000),
		"ampersands":        strings.Repeat("&", 5000) + strings.Repeat("&amp", 5000) + strings.Repeat("&amp;", 5000),
		"blank lines":       strings.Repeat("\n", 50_000) + strings.Repeat("\n"+strings.Repeat(" ", 90), 500),
		"backspaces":        strings.Repeat("|\b/\b-\b\\\b", 5000),
		"dump":              strings.Repeat("00000000  70 77 3d 67 68 78 5f 45  79 34 6d 70 6c 65 54 30  |pw=ghx_Ey4mpleT0|\n", 500),
		"beginnings":        strings.Repeat(token[:20], 3000),
		"hash and last few": "ab6de231ee67e576f660e7b43962890157ef7100ed540b6b0b8247bd09308fbd …k0Lm [secret:L0]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 7, 4096, 1 << 20} {
				if size == 1 && len(text) > 20_000 {
					size = 3001
				}
				var cuts []int
				for i := size; i < len(text); i += size {
					cuts = append(cuts, i)
				}
				want := text
				if name == "beginnings" { // the last one is cut off
					want = text[:len(text)-20] + "[secret:L0]"
				}
				if got := masked(m, []byte(text), cuts...); string(got) != want {
					t.Fatalf("in writes of %d bytes:\n%s", size, difference(got, []byte(want)))
				}
			}
		})
	}
}

// TestLargeValue masks 64 KiB, the most a value has.
func TestLargeValue(t *testing.T) {
	value := (&scene{Rand: newScene(1).Rand}).bytes(64<<10, someLetters)
	m := maskerOf(value)
	for _, text := range []string{value, refHex(value, "", "%02x"), refHex(value, "", `\x%02x`)} {
		if got := masked(m, []byte("a "+text+" b")); string(got) != "a [secret:L0] b" {
			t.Errorf("got %s", clip(got))
		}
	}
}

// TestIdle looks at what is shown when nothing is written for a while.
func TestIdle(t *testing.T) {
	for _, test := range []struct {
		name   string
		writes []string
		shown  []string // after each write and a pause
		want   string
	}{
		{"prompt ends like a value begins", []string{"file ghx", " ok"}, []string{"file ghx", "file ghx ok"}, "file ghx ok"},
		{"the match goes on", []string{"g", "hx", token[3:]}, []string{"g", "ghx", "ghx[secret:L0]"}, "ghx[secret:L0]"},
		{"never more than three", []string{"g", "h", "x", "_E", token[5:]}, []string{"g", "gh", "ghx", "ghx", "ghx[secret:L0]"}, "ghx[secret:L0]"},
		{"four are held", []string{"ghx_", "!"}, []string{"", "ghx_!"}, "ghx_!"},
		{"a line break does not count", []string{"ghx\n", "Y"}, []string{"ghx\n", "ghx\nY"}, "ghx\nY"},
		{"a whole value does not wait", []string{"abcdefgh", "ijkl"}, []string{"[secret:L1]", "[secret:L1]"}, "[secret:L1]"},
		{"percent", []string{"10%", "20%"}, []string{"10%", "10%20%"}, "10%20%"},
		{"escape", []string{`a\`, "b"}, []string{`a\`, `a\b`}, `a\b`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				w := maskerOf(token, "abcdefgh", "abcdefghijkl").Writer(&out)
				for i, text := range test.writes {
					if _, err := io.WriteString(w, text); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
					synctest.Wait()
					if got := out.String(); got != test.shown[i] {
						t.Errorf("after %q: %q, want %q", text, got, test.shown[i])
					}
				}
				if err := w.Close(); err != nil || out.String() != test.want {
					t.Errorf("at the end: %q, %v, want %q", out.String(), err, test.want)
				}
			})
		})
	}
}

// TestIdleAnywhere pauses at every place of lines that look like the beginning of a
// dump or of an array of characters, in front of a value.
func TestIdleAnywhere(t *testing.T) {
	for _, line := range []string{
		`  "k": "`, `  'a' => '`, "\t\"k\" : \"", `  'k', '`, `  "a": ["`, "{\n  \"a\": 1,\n  \"k\": \"",
		"12 34 ", "  10  ", "00000000  67 68 ", `  \n `, "0x67, ", "% ", `\`, "g', 'h ", "=\n",
	} {
		for _, value := range []string{token, "sk_live_51HqLyjWDarjtT1zdp7dcR8fGk2Lm", "yes-but-secret-42"} {
			text := line + value + "\"\n}\n"
			for i := range len(text) + 1 {
				got := string(maskedIdly(maskerOf(value), []byte(text), i))
				shown := strings.TrimPrefix(got, line)
				if !strings.HasSuffix(shown, "[secret:L0]\"\n}\n") || len(shown) > maxShown+len("[secret:L0]\"\n}\n") {
					t.Errorf("idle at %d of %q: %q", i, text, got)
				}
			}
		}
	}
}

// TestPublicBeginning has prompts that end as values begin, with what anybody may
// read of them: they show after an idle moment, and what follows is masked.
func TestPublicBeginning(t *testing.T) {
	settings := "a: 1\npassword: Pa55word99\n"
	for _, test := range []struct{ value, prompt, rest, want string }{
		{settings, "me@host's password: ", "Pa55word99\n", "[secret:L0]\n"},
		{settings, "Enter password:", " ", " "},
		{settings, "Enter password", ": Pa5", ": Pa5"},
		{"xK9mQ2vL:7nRt4pp9", "xK9", "mQ2v", ""},
		{"xK9mQ2vL=7nRt4pp9\nA=1", "xK9", "mQ2vL=7", ""},
		{"Password: Pa55word99", "Password: ", "Pa55word99", "[secret:L0]"},
		{"export DB_PASSWORD='Pa55word99'\nA=1", "export DB_PASSWORD='", "Pa55word99' ok\n", "[secret:L0] ok\n"},
		{"user: me\npassword: Pa55word99\n", "user: ", "you\n", "you\n"},
		{"postgres://app:Pa55word99@db.example.com/d", "is it postgres", "ql?\n", "ql?\n"},
		{"postgres://app:Pa55word99@db.example.com/d", "postgres://app:Pa5", "5word99@x\n", "[secret:L0]@x\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			w := maskerOf(test.value).Writer(&out)
			for _, step := range []struct{ text, shown string }{{test.prompt, test.prompt}, {test.rest, test.prompt + test.want}} {
				_, _ = io.WriteString(w, step.text)
				time.Sleep(time.Second)
				synctest.Wait()
				if got := out.String(); got != step.shown {
					t.Errorf("%q: after %q: %q, want %q", test.value, step.text, got, step.shown)
				}
			}
			_ = w.Close()
		})
	}
}

// TestPromptAtOnce looks at what is shown without any pause.
func TestPromptAtOnce(t *testing.T) {
	for _, prompt := range []string{"Password: ", "$ ", "> ", "\r10%", "[y/N]", "]\r\n", "100 %", "\x1b[1m?\x1b[0m ", "ok.\n\n", "{\"a\": ["} {
		var out bytes.Buffer
		w := maskerOf(token).Writer(&out)
		w.idle = time.Hour
		if _, err := io.WriteString(w, prompt); err != nil {
			t.Fatal(err)
		}
		if out.String() != prompt {
			t.Errorf("shows %q of the prompt %q", out.String(), prompt)
		}
	}
}

func TestCounts(t *testing.T) {
	m := maskerOf(token, "second-value")
	masked(m, []byte(token+" "+token+" second-value "+token+token))
	masked(m, []byte("second-value"))
	if got, want := fmt.Sprint(m.Counts()), "map[L0:3 L1:2]"; got != want {
		t.Errorf("Counts = %s, want %s", got, want)
	}
}

// TestTwoStreams writes to both streams of a masker from several goroutines.
func TestTwoStreams(t *testing.T) {
	m := maskerOf(token)
	var outs [2]bytes.Buffer
	var all sync.WaitGroup
	for i := range outs {
		w := m.Writer(&outs[i])
		all.Go(func() {
			var writers sync.WaitGroup
			for range 4 {
				writers.Go(func() {
					for range 200 {
						if _, err := io.WriteString(w, "a "+token+" b\n"); err != nil {
							t.Error(err)
						}
						m.Counts()
					}
				})
			}
			writers.Wait()
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range outs {
		if got, want := outs[i].String(), strings.Repeat("a [secret:L0] b\n", 800); got != want {
			t.Errorf("stream %d: %s", i, difference([]byte(got), []byte(want)))
		}
	}
	if got := m.Counts()["L0"]; got != 1600 {
		t.Errorf("counted %d masks, want 1600", got)
	}
}

type failing struct{ after int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrors(t *testing.T) {
	w := maskerOf(token).Writer(&failing{10})
	for range 20 {
		_, _ = io.WriteString(w, "text ")
	}
	if _, err := io.WriteString(w, "more"); !errors.Is(err, errFull) {
		t.Errorf("Write = %v, want %v", err, errFull)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
	if _, err := io.WriteString(w, "more"); !errors.Is(err, errClosed) {
		t.Errorf("Write after Close = %v, want %v", err, errClosed)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

// pieces keeps what is written to it, write by write.
type pieces []string

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, string(b))
	return len(b), nil
}

// TestOnePiece has one write for what one write brought, masked or not, also where
// something was held before.
func TestOnePiece(t *testing.T) {
	plain := strings.Repeat("nothing to be seen in this line\n", 3*block/32)
	secret := strings.Repeat("a line\nand "+token+" in the next.\n", block/32)
	masked := strings.ReplaceAll(secret, token, "[secret:L0]")
	for name, c := range map[string]struct {
		written []string
		want    pieces
	}{
		"plain":        {[]string{plain, plain}, pieces{plain, plain}},
		"masked":       {[]string{secret, secret}, pieces{masked, masked}},
		"plain first":  {[]string{plain + secret + plain}, pieces{plain + masked + plain}},
		"held":         {[]string{"so " + token[:9], "so it is\n" + plain}, pieces{"so ", token[:9] + "so it is\n" + plain}},
		"held, masked": {[]string{"so " + token[:9], token[9:] + plain}, pieces{"so ", "[secret:L0]" + plain}},
	} {
		var got pieces
		w := maskerOf(token).Writer(&got)
		w.idle = time.Hour
		for _, text := range c.written {
			if _, err := io.WriteString(w, text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %d pieces, want %d, or others: %s", name, len(got), len(c.want), difference([]byte(strings.Join(got, "")), []byte(strings.Join(c.want, ""))))
		}
	}
	var got pieces // of what is too long to wait for all of it
	if _, err := io.WriteString(maskerOf(token).Writer(&got), strings.Repeat(plain, 2*maxWrite/len(plain))); err != nil || len(got) != 2 {
		t.Errorf("long: got %d pieces, %v, want 2", len(got), err)
	}
}

// handedOver is what comes of text if one writer is left at a cut, and another masker
// goes on.
func handedOver(m *Masker, text []byte, cut int) []byte {
	var out bytes.Buffer
	first := m.Writer(&out)
	first.idle = time.Hour
	_, _ = first.Write(text[:cut])
	left := first.Leave()
	_ = first.Close() // shows nothing more
	second, err := m.Resume(&out, left)
	if err != nil {
		panic(err)
	}
	second.stop()
	second.idle = time.Hour
	_, _ = second.Write(text[cut:])
	_ = second.Close()
	return out.Bytes()
}

// TestWiped writes to a masker that has forgotten what to mask: nothing comes out.
func TestWiped(t *testing.T) {
	m := maskerOf(token)
	var out bytes.Buffer
	w, other := m.Writer(&out), m.Writer(&out)
	_, _ = io.WriteString(w, token+"\n"+token[:20])
	m.Wipe()
	for _, w := range []*Writer{w, other} {
		if _, err := io.WriteString(w, token+"\n"); !errors.Is(err, errWiped) {
			t.Errorf("Write = %v, want %v", err, errWiped)
		}
		if err := w.Close(); !errors.Is(err, errWiped) {
			t.Errorf("Close = %v, want %v", err, errWiped)
		}
	}
	if got, want := out.String(), "[secret:L0]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWipe looks for a value in all that a masker and its writer had.
func TestWipe(t *testing.T) {
	value := []byte(token)
	m := NewMasker([]Secret{{"l", NewValue(value)}})
	clear(value) // the masker has its own copy
	var out bytes.Buffer
	w := m.Writer(&out)
	for _, text := range []string{"a " + token + " b ", token[:20], "\n" + token[20:], "%67" + token[1:], "x " + token[:30]} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if shows := strings.Contains(out.String(), token[4:]); shows {
		t.Fatalf("not masked: %s", out.String())
	}
	kept := [][]byte{w.kept[:cap(w.kept)], w.buffer[:cap(w.buffer)], w.masked.text[:cap(w.masked.text)], w.scanner.dump.text[:cap(w.scanner.dump.text)]}
	for i := range w.scanner.layers {
		kept = append(kept, w.scanner.layers[i].text[:cap(w.scanner.layers[i].text)])
	}
	for _, p := range m.patterns.all {
		kept = append(kept, p.form)
	}
	index, beginnings := m.patterns.indexes[0], m.patterns.beginnings
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	m.Wipe()
	m.Wipe() // again does no harm
	for i, b := range kept {
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("part %d still has %q", i, b)
		}
	}
	for _, word := range slices.Concat(index.grams.words, index.hashes.words, beginnings[0].grams, beginnings[1].grams) {
		if word != 0 {
			t.Fatal("the grams of the value are still there")
		}
	}
	for _, line := range index.offsets.lines {
		if line != [len(line)]uint32{} {
			t.Fatal("the offsets of the value's grams are still there")
		}
	}
	if slices.Max(index.starts) != 0 || slices.Max(beginnings[0].first[:]) != 0 {
		t.Fatal("what the hashes or the forms of the value begin with is still there")
	}
	for _, e := range index.entries {
		if e != (entry{}) {
			t.Fatal("the windows of the value are still there")
		}
	}
}

// TestHeldIsBounded holds back no more of a long text than of a short one, even
// of one that is full of what may become a value.
func TestHeldIsBounded(t *testing.T) {
	const most = 2 * (maxSpan + maxWait)
	for _, worst := range worst {
		for _, m := range []*Masker{maskerOf("ghx_Ex4mpleT0kenA1b2C3d4E5f6"), NewMasker(alike(worst.unit))} {
			w := m.Writer(io.Discard)
			for range 3 {
				if _, err := w.Write([]byte(strings.Repeat(worst.unit, 8<<10))); err != nil {
					t.Fatal(err)
				}
				if len(w.kept) > most {
					t.Errorf("%s: %d bytes are kept", worst.name, len(w.kept))
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRoom leaves nothing behind where a text had no more room.
func TestRoom(t *testing.T) {
	small := []byte("a text that is kept")
	large := room(small, 1)
	if string(large) != "a text that is kept" || cap(large) == len(large) {
		t.Errorf("got %q with room for %d bytes", large, cap(large)-len(large))
	}
	if strings.Trim(string(small), "\x00") != "" {
		t.Errorf("left behind: %q", small)
	}
}

// TestNothingToMask passes everything through.
func TestNothingToMask(t *testing.T) {
	for _, values := range [][]string{nil, {""}, {"  \n"}, {"abc"}} {
		if got := masked(maskerOf(values...), []byte("any text")); string(got) != "any text" {
			t.Errorf("values %q: got %q", values, got)
		}
	}
}

package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "canary-5uVq7Zt2"

// holder has a Value wherever a struct can have one.
type holder struct {
	Open   Value
	hidden Value
	Ptr    *Value
	ptr    *Value
	Slice  []Value
	slice  []Value
	Map    map[string]Value
	named  map[string]Value
	Any    any
	any    any
	Nested struct{ in Value }
}

func newHolder() *holder {
	v := NewValue([]byte(canary))
	h := &holder{
		Open: v, hidden: v, Ptr: &v, ptr: &v, Slice: []Value{v}, slice: []Value{v},
		Map: map[string]Value{"k": v}, named: map[string]Value{"k": v}, Any: v, any: &v,
	}
	h.Nested.in = v
	return h
}

// shows tells whether text has the canary in any form the package knows, or as
// the numbers that a []byte is printed as.
func shows(text string) bool {
	for _, form := range append(Forms(NewValue([]byte(canary))), []byte(canary)) {
		if strings.Contains(text, string(form)) {
			return true
		}
	}
	return strings.Contains(text, "99, 97") || strings.Contains(text, "0x63, 0x61")
}

func TestValueIsNotFormatted(t *testing.T) {
	h := newHolder()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t"} {
		for name, arg := range map[string]any{"value": h.Open, "pointer": h.Ptr, "struct": *h, "pointer to struct": h, "slice": h.Slice, "map": h.Map} {
			if got := fmt.Sprintf(verb, arg); shows(got) {
				t.Errorf("%s of a %s shows the value: %s", verb, name, got)
			}
		}
	}
	if got := fmt.Sprint(h.Open); got != hidden {
		t.Errorf("Sprint = %q, want %q", got, hidden)
	}
	if got := fmt.Errorf("no: %w %v", fmt.Errorf("%v", h.hidden), h.Open).Error(); shows(got) {
		t.Errorf("an error shows the value: %s", got)
	}
}

func TestValueIsNotEncoded(t *testing.T) {
	h := newHolder()
	if got, err := json.Marshal(h); err != nil || shows(string(got)) {
		t.Errorf("JSON: %s, %v", got, err)
	}
	if got, err := json.Marshal(h.Open); err != nil || string(got) != `"`+hidden+`"` {
		t.Errorf("JSON of a value: %s, %v", got, err)
	}
	type element struct {
		Attr Value `xml:",attr"`
		Elem Value
	}
	if got, err := xml.Marshal(element{h.Open, h.Open}); err != nil || shows(string(got)) {
		t.Errorf("XML: %s, %v", got, err)
	}
}

func TestValueIsNotLogged(t *testing.T) {
	h := newHolder()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("m", "open", h.Open, "struct", *h, "pointer", h, "group", slog.GroupValue(slog.Any("v", h.hidden)))
	}
	if shows(out.String()) {
		t.Errorf("a log shows the value: %s", out.String())
	}
	if got := strings.Count(out.String(), hidden); got < 4 {
		t.Errorf("a log has the placeholder %d times: %s", got, out.String())
	}
}

func TestValueIsNotInPanics(t *testing.T) {
	for _, what := range []any{newHolder().Open, newHolder(), fmt.Errorf("%v", newHolder().hidden)} {
		func() {
			defer func() {
				if got := fmt.Sprintf("%v %+v", recover(), what); shows(got) {
					t.Errorf("a panic shows the value: %s", got)
				}
			}()
			panic(what)
		}()
	}
}

func TestValue(t *testing.T) {
	v, same, other := NewValue([]byte(canary)), NewValue([]byte(canary)), NewValue([]byte("else"))
	var zero Value
	if v.Len() != len(canary) || zero.Len() != 0 {
		t.Errorf("Len = %d and %d", v.Len(), zero.Len())
	}
	if !v.Equal(same) || v.Equal(other) || v.Equal(zero) || !zero.Equal(NewValue(nil)) {
		t.Error("Equal is wrong")
	}
	bytes := v.Expose()
	v.Wipe()
	zero.Wipe()
	if want := make([]byte, len(canary)); string(bytes) != string(want) || !v.Equal(NewValue(want)) {
		t.Errorf("after Wipe the bytes are %q", bytes)
	}
}

func TestClone(t *testing.T) {
	v := NewValue([]byte("0123456789"))
	other := v.Clone()
	v.Wipe()
	if got := string(other.Expose()); got != "0123456789" {
		t.Errorf("got %q after its source was wiped", got)
	}
	if got := (Value{}).Clone().Len(); got != 0 {
		t.Errorf("got %d bytes of nothing", got)
	}
}

// TestParts has the parts of values; a word is in brackets, and in braces what is
// looked for in base64.
func TestParts(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"postgres://app:s3cr%23t-47@db.example.com/app", "s3cr%23t-47 s3cr#t-47"},
		{"amqp://rabbitmq:rabbitmq@rabbitmq.example.com", "[rabbitmq]"},
		{"postgres://postgres:postgres@localhost/postgres", ""},
		{"postgres://app:it's-\"me\"-47@db/app", `it's-"me"-47`},
		{"amqps://app:ab+cd/ef0123==@mq.example.com", "ab+cd/ef0123=="},
		{"http://example.com:8080/some/path/@scope", ""},
		{"https://unpkg.example.com/@scope2/package1@1.0.0", ""},
		{"https://ghx_0123456789abcdef@example.com/me/it.git", "ghx_0123456789abcdef"},
		{"https://hooks.example.com/services/T00000000/B00000000/Xx00xxabcdefghIJKLMN", "Xx00xxabcdefghIJKLMN"},
		{"https://example.com/api?key=AIzaSyA1234567&page=customers_2", "AIzaSyA1234567&page=customers_2 AIzaSyA1234567"},
		{"Bearer 0123456789abcdef", "0123456789abcdef"},
		{"Authorization: token 0123456789abcdef", "0123456789abcdef"},
		{"Basic dXNlcjpwYXNzd29yZDEyMw==", "dXNlcjpwYXNzd29yZDEyMw== user:password123 password123"},
		{"me@example.com:hunter2-47", "hunter2-47"},
		{"app:S3cretPass1@tcp(h:3306)/db", "S3cretPass1"},
		{"db.example.com:5432:app:me:hunter2-47", "hunter2-47"},
		{"12:34:56:78:9a:bc", ""},
		{`{"user": "me", "client_secret": "s3cr3t\"value", "token_uri": "https://example.com/token"}`, `s3cr3t\"value s3cr3t"value`},
		{`{"auths": {"ghcr.io": {"auth": "bWU6aHVudGVyMi00Nw=="}}}`, "bWU6aHVudGVyMi00Nw== me:hunter2-47 hunter2-47"},
		{"A=b\nexport DB_PASSWORD='hunter;2 47'\nAPI_KEY: k-0123456789 # old\nkey=database1\n", "hunter;2 47|k-0123456789 # old|k-0123456789"},
		{"machine h login me password hunter2-47", "hunter2-47"},
		{"<user>me</user><password>hunter2-47</password>", "hunter2-47"},
		{`define("DB_PASSWORD", "hunter2-47");`, "hunter2-47"},
		{`:password => 'hunter2-47', db: 1`, "hunter2-47"},
		{"password1: hunter2-47\nsecret := \"hunter2-48\"", "hunter2-47 hunter2-48"},
		{"SSH_KEY=/home/me/.ssh/id_ed25519\nPARTITION_KEY=customer_id\nAUTH=kubernetes\nCOMPASS=northwest\nDB_PASS=${VAULT_DB_PASS2}", ""},
		{"DB_PASS=northwest", "[northwest]"},
		{"public_key: ABCdef0123456\nmonkey: bananas-and-apples", ""},
		{"ghx_Ex4mpleT0kenA1b2C3d4E5f6G7h8J9k0Lm", ""},
		{`{"Db":"Server=h;User Id=sa;Password=hunter2-47"}`, "hunter2-47\"}|hunter2-47"},
		{"A=1\nDSN=\"host=h user=u password=hunter2-47\"\n", "hunter2-47\"|hunter2-47"},
		{"{user: me, password: hunter2-47}", "hunter2-47}|hunter2-47"},
		{`{"data":"{\"password\":\"hunter2-47\"}"}`, "hunter2-47"},
		{`{"url":"postgres:\/\/u:hunter2-47@h\/d"}`, "hunter2-47"},
		{"password: 'hunter2-''47'\nx: 1", "hunter2-''47 hunter2-'47"},
		{"token = \"\"\"abc123DEF456\"\"\"", "abc123DEF456"},
		{"<password><![CDATA[hunter2-47]]></password>", "hunter2-47"},
		{`<ns:password xsi:type="s">hunter2-47</ns:password>`, "hunter2-47"},
		{`<add key="DbPassword" value="hunter2-47" />`, "hunter2-47"},
		{`[{"name":"DB_PASSWORD","value":"hunter2-47"},{"name":"DB_HOST","value":"hunter2-48"}]`, "hunter2-47"},
		{"- name: DB_PASSWORD\n  value: hunter2-47\n- name: DB_HOST\n  value: hunter2-48\n", "hunter2-47"},
		{"Driver={X};Pwd={hunter2;47}", "{hunter2;47}|{hunter2|hunter2;47"},
		{"DSN=app:hunter2-47@tcp(db:3306)/x\nA=1", "hunter2-47"},
		{"AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
		{"admin:hun@ter2x9", "hun@ter2x9"},
		{"a:5432:mydb:app_user:Pa55/word99\nb:*:*:postgres:0ther_Passw0rd\n", "Pa55/word99 0ther_Passw0rd"},
		{`[{"name":"DB_PASSWORD","type":"String","value":"Pa55word99"},{"Name":"/prod/db/password","Type":"SecureString","Value":"Pa55word98"},{"name":"DB_HOST","value":"Pa55word97"}]`, "Pa55word99 Pa55word98"},
		{`{"db_password":{"sensitive":true,"type":"string","value":"Pa55word99"},"db_host":{"type":"string","value":"Pa55word98"}}`, "Pa55word99"},
		{"client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpBQkNERUZHSAo=\nca: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFCQ0RFRkdICg==\n", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpBQkNERUZHSAo= -----BEGIN RSA PRIVATE KEY-----\nABCDEFGH"},
		{"git@github.com:my-org2/my-repo.git", ""},
		{"registry.example.com:5000/team/myapp-api:v1.2.3-rc1", ""},
		{"smtp://mailer%40example.com:Mail3rPass@smtp.example.com:587", "Mail3rPass"},
		{`{"credentials":{"username":"app_user","password":"Pa55word99"}}`, "Pa55word99"},
		{`{"fields":["user_id","api_key","createdAt"],"password":"Pa55word99"}`, "Pa55word99"},
		{"{\"authorization\":\"disabled\"}\nDB_PASSWORD=$DATABASE_PASSWORD\npassword = var.db_password2\nx_password: <your-password1>\nKMS_KEY=arn:aws:kms:x1y2z3\nPK_KEY=pk_test_0123456789\npassword: !vault |\n", ""},
		{"https://bucket.example.com/annual-report-2024.pdf?X-Amz-Signature=0123456789abcdef", "0123456789abcdef"},
		{"https://example.webhook.office.com/webhookb2/a-b@c-d/IncomingWebhook/0f23c56789abcdef0123456789abcde1", "0f23c56789abcdef0123456789abcde1"},
		{"machine api.github.com\nlogin octocat\npassword Pa55word99\n", "Pa55word99"},
		{`{"SecretString":"Pa55word99","api_keys":"k1-0123456789abcdef"}`, "Pa55word99 k1-0123456789abcdef"},
		{"APP_KEY=base64:AbCdEf0123456789", "AbCdEf0123456789"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"},
		{"https://api.example.org/bot123456789:AAF9abcdefGHIJKLmnopqrSTUVwxyz01234/sendMessage", "bot123456789:AAF9abcdefGHIJKLmnopqrSTUVwxyz01234 AAF9abcdefGHIJKLmnopqrSTUVwxyz01234"},
		{"bWU6aHVudGVyMi00Nwo=", "me:hunter2-47 hunter2-47"},
		{"bWU6aHVudGVyMi00Nwo", "me:hunter2-47 hunter2-47"},
		{"eyJ0b2tlbiI6ICJrNDct\nMDEyMzQ1Njc4OSJ9Cg==", `{"token": "k47-0123456789"} k47-0123456789`},
		{"cMOkc3N3w7ZyZC00Nz8_", "pässwörd-47??"},
		{"cmFiYml0bXFx", "[rabbitmqq]"},
		{"bG9jYWxob3N0", ""},
		{"AAECAwQFBgcICQoLDA0ODw==", ""},
		{`{"private_key": "-----BEGIN\nMIIE\n"}`, "{-----BEGIN\nMIIE\n}"},
	} {
		var got []string
		for _, part := range partsOf([]byte(test.value)) {
			switch text := string(part.text); part.kind {
			case inAllForms:
				got = append(got, text)
			case asWord:
				got = append(got, "["+text+"]")
			case inBase64:
				got = append(got, "{"+text+"}")
			}
		}
		if strings.Join(got, " ") != strings.ReplaceAll(test.want, "|", " ") {
			t.Errorf("%s\ngot  %q\nwant %q", test.value, got, test.want)
		}
	}
}

// TestPublicBytes has what a value begins with openly before a bar.
func TestPublicBytes(t *testing.T) {
	for _, value := range []string{
		"postgres://app:|hunter2-47@db/app", "https://hooks.example.com/T0/|0123456789abcdef", "https://example.com|/T0/a?b=c",
		"root_user:|hunter2-47", "|{\"host\": \"h\", \"password\": \"hunter2-47\"}", "|HOST: h\nPASSWORD: hunter2-47", "|ghx_0123456789",
		"|AccountName=a;AccountKey=hunter2-47", "|0123456789:ab",
	} {
		open, secret, _ := strings.Cut(value, "|")
		whole := []byte(open + secret)
		if got := publicBytes(whole, partsOf(whole)); got != len(open) {
			t.Errorf("%s: got %d, want %d", value, got, len(open))
		}
	}
}

// TestPartsHaveAnEnd takes the parts of values that consist of nothing else.
func TestPartsHaveAnEnd(t *testing.T) {
	var many, long, keys strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "a_token: 0123456789ab%d\n", i)
		fmt.Fprintf(&long, "a_token: %0400dab\n", i)
	}
	for i := range 70 { // of SEC 1
		fmt.Fprintf(&keys, "-----\n%s\n", base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "0\x15\x02\x01\x01\x04\x10number-%09d", i)))
	}
	// The base64 of this begins as that of a key, and is as long as what is looked at.
	document := "2026\n" + strings.Repeat("a line\n", 7012) + "a_token: 0123456789ab0123456789ab0123456789ab\n"
	for value, want := range map[string]int{
		base64.StdEncoding.EncodeToString([]byte(document)): 2, // it and the token
		keys.String(): 70, // whose numbers do not count among the most
		many.String(): mostParts,
		long.String(): maxParts / 402,
		strings.Repeat("akey=", 13000) + "\npassword=hunter2-47": 0, // beyond what is looked at
	} {
		if got := len(partsOf([]byte(value))); got != want {
			t.Errorf("%.20q … has %d parts, want %d", value, got, want)
		}
	}
}

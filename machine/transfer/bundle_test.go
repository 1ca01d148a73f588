package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"secrets/redact"
)

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

var now = utc("2026-01-10T00:00:00Z")

// goldenBundle is what testdata/vectors.py wrote.
func goldenBundle(t testing.TB) *Bundle {
	return &Bundle{
		Kind:    KindTransfer,
		From:    readVectors(t).epoch(t).Store,
		Created: utc("2026-01-02T03:04:05Z"),
		Expires: utc("2026-02-02T03:04:05Z"),
		Items: []Item{
			{
				Label: "stripe/live", Env: "STRIPE_KEY", Note: "the <live> one", Expires: utc("2027-01-01T00:00:00Z"),
				Value: redact.NewValue([]byte("sk_live_\xff\n\x00")),
			},
			{Label: "pin", Unmasked: true, Value: redact.NewValue([]byte("42"))},
		},
	}
}

var compareValues = cmp.Comparer(func(a, b redact.Value) bool { return a.Equal(b) })

func TestGoldenBundle(t *testing.T) {
	v := readVectors(t)
	plain, err := goldenBundle(t).encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v.BundleJSON, string(plain)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if cap(plain) != len(plain) {
		t.Errorf("room for %d bytes, %d written: the array may have grown", cap(plain), len(plain))
	}
	got, err := ReadBundle(strings.NewReader(v.Bundle), identities(t, v.Identity), now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenBundle(t), got, compareValues); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// write returns a bundle as it is on the disk.
func write(t testing.TB, b *Bundle, to Recipients) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := b.Write(&file, to); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestBundleTravels(t *testing.T) {
	a, b := newHolder(t), newHolder(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	sent := &Bundle{
		Kind:    KindBundle,
		Created: now,
		Items: []Item{
			{Label: "bytes", Value: redact.NewValue(all)},
			{Label: "largest", Value: redact.NewValue(bytes.Repeat([]byte{'x'}, MaxValue))},
			{Label: `quo"te\`, Note: "two\nlines \u2028 ünï", Value: redact.NewValue([]byte{0})},
		},
	}
	file := write(t, sent, recipients(t, a.recipient, b.recipient))
	if bytes.ContainsFunc(file, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
		t.Error("the file is not text")
	}
	for name, h := range map[string]holder{"a": a, "b": b} {
		got, err := ReadBundle(iotest.OneByteReader(bytes.NewReader(file)), h.identities, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(sent, got, compareValues); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		got.Wipe()
		for _, item := range got.Items {
			if slices.ContainsFunc(item.Value.Expose(), func(b byte) bool { return b != 0 }) {
				t.Errorf("%s: %s is not wiped", name, item.Label)
			}
		}
	}
	if _, err := ReadBundle(bytes.NewReader(file), newHolder(t).identities, now); !errors.Is(err, ErrWrongIdentity) {
		t.Errorf("a stranger: got %v, want %v", err, ErrWrongIdentity)
	}
}

// A bundle that was cut is refused wherever that was, armored or not.
func TestBundleCutAnywhere(t *testing.T) {
	v := readVectors(t)
	with := identities(t, v.Identity)
	plain, err := goldenBundle(t).encode()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := seal(plain, recipients(t, v.Recipient))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBundle(bytes.NewReader(binary), with, now); err != nil {
		t.Errorf("not armored: %v", err)
	}
	if _, err := ReadBundle(strings.NewReader("\r\n "+v.Bundle+"\r\n"), with, now); err != nil {
		t.Errorf("with blanks around it: %v", err)
	}
	// Without its last newline an armored file is whole.
	for name, file := range map[string][]byte{"armored": []byte(strings.TrimSpace(v.Bundle)), "not armored": binary} {
		for n := range file {
			b, err := ReadBundle(bytes.NewReader(file[:n]), with, now)
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotAge) || b != nil {
				t.Errorf("%s, cut at %d of %d: got %v", name, n, len(file), err)
			}
		}
		for n := range file {
			flipped := bytes.Clone(file)
			flipped[n] ^= 1
			b, err := ReadBundle(bytes.NewReader(flipped), with, now)
			if err == nil && !cmp.Equal(goldenBundle(t), b, compareValues) {
				t.Errorf("%s, a bit of byte %d: another bundle", name, n)
			}
		}
	}
}

func TestBundleExpires(t *testing.T) {
	a := newHolder(t)
	b := goldenBundle(t)
	file := write(t, b, a.recipients)
	b.Expires = time.Time{}
	endless := write(t, b, a.recipients)
	for _, tc := range []struct {
		name string
		file []byte
		now  time.Time
		want bool
	}{
		{"before", file, utc("2026-02-02T03:04:04Z"), true},
		{"at", file, utc("2026-02-02T03:04:05Z"), false},
		{"at, elsewhere", file, utc("2026-02-02T04:04:05+01:00"), false},
		{"long after", file, utc("2036-01-01T00:00:00Z"), false},
		{"to be shown", file, time.Time{}, true},
		{"endless", endless, utc("2036-01-01T00:00:00Z"), true},
	} {
		got, err := ReadBundle(bytes.NewReader(tc.file), a.identities, tc.now)
		expired := new(ExpiredError)
		if (err == nil) != tc.want || (got != nil) != tc.want || !tc.want && (!errors.As(err, &expired) || !expired.Expires.Equal(goldenBundle(t).Expires)) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}

func TestBundleRefuses(t *testing.T) {
	a := newHolder(t)
	const item = `{"label":"a","value":"eA=="}`
	large := fmt.Sprintf(`{"label":"a","value":"%s"}`, strings.Repeat("eHh4", MaxValue/3+1))
	bundle := func(fields, items string) string {
		return `{` + fields + `,"created":"2026-01-02T03:04:05Z","items":[` + items + `]}`
	}
	for _, tc := range []struct {
		name, plain string
		want        error
	}{
		{"a good one", bundle(`"kind":"bundle","version":1`, item), nil},
		{"fields of a later version", bundle(`"kind":"bundle","version":1,"later":[1]`, `{"label":"a","value":"eA==","later":2}`), nil},
		{"a newer version", bundle(`"kind":"bundle","version":2`, `"of another shape"`), new(VersionError)},
		{"no version", bundle(`"kind":"bundle"`, item), ErrMalformed},
		{"a negative version", bundle(`"kind":"bundle","version":-1`, item), ErrMalformed},
		{"no kind", bundle(`"version":1`, item), ErrMalformed},
		{"another kind", bundle(`"kind":"grant","version":1`, item), ErrMalformed},
		{"a short id", bundle(`"kind":"bundle","version":1,"from":"a0"`, item), ErrMalformed},
		{"a long id", bundle(`"kind":"bundle","version":1,"from":"`+strings.Repeat("a0", 17)+`"`, item), ErrMalformed},
		{"an id that is none", bundle(`"kind":"bundle","version":1,"from":"x"`, item), ErrMalformed},
		{"no items", bundle(`"kind":"bundle","version":1`, ``), ErrEmptyBundle},
		{"no label", bundle(`"kind":"bundle","version":1`, `{"value":"eA=="}`), ErrMalformed},
		{"no value", bundle(`"kind":"bundle","version":1`, item+`,{"label":"b"}`), ErrMalformed},
		{"a value too large", bundle(`"kind":"bundle","version":1`, large), ErrMalformed},
		{"no base64", bundle(`"kind":"bundle","version":1`, `{"label":"a","value":"sk_live_1"}`), ErrMalformed},
		{"a label twice", bundle(`"kind":"bundle","version":1`, item+`,`+item), ErrMalformed},
		{"a date that is none", bundle(`"kind":"bundle","version":1,"expires":"soon"`, item), ErrMalformed},
		{"a year of five digits", bundle(`"kind":"bundle","version":1,"expires":"9999-12-31T23:59:59-12:00"`, item), ErrMalformed},
		{"made in such a year", `{"kind":"bundle","version":1,"created":"9999-12-31T23:59:59-12:00","items":[` + item + `]}`, ErrMalformed},
		{"a year before all", bundle(`"kind":"bundle","version":1`, `{"label":"a","value":"eA==","expires":"0000-01-01T00:00:00+01:00"}`), ErrMalformed},
		{"more behind it", bundle(`"kind":"bundle","version":1`, item) + item, ErrMalformed},
		{"no JSON", "sk_live_1", ErrMalformed},
		{"nothing", "", ErrMalformed},
	} {
		file, err := seal([]byte(tc.plain), a.recipients)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadBundle(bytes.NewReader(file), a.identities, now)
		if newer := new(VersionError); errors.As(tc.want, &newer) {
			if !errors.As(err, &newer) || newer.Version != 2 {
				t.Errorf("%s: got %v", tc.name, err)
			}
		} else if !errors.Is(err, tc.want) || (tc.want == nil) != (got != nil) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "sk_live") {
			t.Errorf("%s: the error quotes the bundle: %v", tc.name, err)
		}
	}
	if _, err := ReadBundle(strings.NewReader("STRIPE_KEY=sk_live_1\n"), a.identities, now); !errors.Is(err, ErrNotAge) || strings.Contains(err.Error(), "sk_live") {
		t.Errorf("a file of another kind: got %v, want %v", err, ErrNotAge)
	}
	if _, err := ReadBundle(io.LimitReader(zeros{}, MaxBundle+1), a.identities, now); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large file: got %v, want %v", err, ErrTooLarge)
	}
	errDisk := errors.New("the disk is gone")
	if _, err := ReadBundle(iotest.ErrReader(errDisk), a.identities, now); !errors.Is(err, errDisk) {
		t.Errorf("a disk that fails: got %v, want %v", err, errDisk)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What could not be read is not written.
func TestWriteRefuses(t *testing.T) {
	a := newHolder(t)
	one := Item{Label: "a", Value: redact.NewValue([]byte("x"))}
	var many []Item
	for i := range MaxBundle / MaxValue {
		many = append(many, Item{Label: fmt.Sprint(i), Value: redact.NewValue(make([]byte, MaxValue))})
	}
	for _, tc := range []struct {
		name   string
		bundle Bundle
		to     Recipients
		want   error
	}{
		{"a good one", Bundle{Kind: KindBundle, Items: []Item{one}}, a.recipients, nil},
		{"for nobody", Bundle{Kind: KindBundle, Items: []Item{one}}, Recipients{}, ErrNoRecipient},
		{"of no kind", Bundle{Items: []Item{one}}, a.recipients, ErrMalformed},
		{"of nothing", Bundle{Kind: KindBundle}, a.recipients, ErrEmptyBundle},
		{"a label twice", Bundle{Kind: KindBundle, Items: []Item{one, one}}, a.recipients, ErrMalformed},
		{"no value", Bundle{Kind: KindBundle, Items: []Item{{Label: "a"}}}, a.recipients, ErrMalformed},
		{"a year of five digits", Bundle{Kind: KindBundle, Items: []Item{one}, Expires: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, a.recipients, ErrMalformed},
		{"too large", Bundle{Kind: KindBundle, Items: many}, a.recipients, ErrTooLarge},
	} {
		var file bytes.Buffer
		err := tc.bundle.Write(&file, tc.to)
		if !errors.Is(err, tc.want) || (tc.want == nil) != (file.Len() > 0) {
			t.Errorf("%s: got %v, %d bytes; want %v", tc.name, err, file.Len(), tc.want)
		}
	}
}

// FuzzDecode holds decode to what encode would write of the same bundle.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(readVectors(f).BundleJSON))
	f.Add([]byte(`{"kind":"bundle","version":1,"items":[{"label":"a","value":"eA=="}]}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		b, err := decode(plain)
		if err != nil {
			return
		}
		again, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		c, err := decode(again)
		if err != nil || !cmp.Equal(b, c, compareValues) {
			t.Errorf("%v:\n%s", err, cmp.Diff(b, c, compareValues))
		}
	})
}

// FuzzReadBundle gives it files: never a panic, never another bundle.
func FuzzReadBundle(f *testing.F) {
	v := readVectors(f)
	with := identities(f, v.Identity)
	f.Add([]byte(v.Bundle))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\nb\n--- c\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := ReadBundle(bytes.NewReader(file), with, now)
		if err == nil && !cmp.Equal(goldenBundle(t), b, compareValues) {
			t.Errorf("another bundle: %s", cmp.Diff(goldenBundle(t), b, compareValues))
		}
	})
}

package redact

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"slices"
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

// TestPartsHaveAnEnd takes the parts of values that consist of nothing else.
func TestPartsHaveAnEnd(t *testing.T) {
	for _, unit := range []string{"akey=", "a_token: 0123456789 ", `"password": "`, "a_key=0123456789&"} {
		all := parts([]byte(strings.Repeat(unit, 64<<10/len(unit))))
		if len(all) > mostParts || slices.ContainsFunc(all, func(part []byte) bool { return len(part) > maxPart }) {
			t.Errorf("%q has %d parts", unit, len(all))
		}
	}
}

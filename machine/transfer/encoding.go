package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"secrets/redact"
)

// version is that of the JSON in a bundle. Fields that older versions may ignore
// do not raise it.
const version = 1

// wireBundle and wireItem are that JSON, times as in RFC 3339, values in base64.
type wireBundle struct {
	Kind    Kind       `json:"kind"`
	Version int        `json:"version"`
	From    string     `json:"from,omitempty"` // 32 hex digits
	Created time.Time  `json:"created"`
	Expires time.Time  `json:"expires,omitzero"`
	Items   []wireItem `json:"items,omitempty"`
}

type wireItem struct {
	Label    string    `json:"label"`
	Env      string    `json:"env,omitempty"`
	Note     string    `json:"note,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	Unmasked bool      `json:"unmasked,omitempty"`
	Value    []byte    `json:"value,omitempty"`
}

// What stands between the parts that encode puts together.
const (
	itemsMark = `,"items":[`
	itemsEnd  = `]}`
	valueMark = `,"value":"`
	valueEnd  = `"}`
)

// encode writes the values by hand into one array that never grows: whatever
// encoding/json is given it copies, and keeps for its next use.
func (b *Bundle) encode() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	head := wireBundle{Kind: b.Kind, Version: version, Created: seconds(b.Created), Expires: seconds(b.Expires)}
	if b.From != [16]byte{} {
		head.From = hex.EncodeToString(b.From[:])
	}
	start, err := unclosed(head)
	if err != nil {
		return nil, err
	}
	size := len(start) + len(itemsMark) + len(b.Items) - 1 + len(itemsEnd)
	items := make([][]byte, len(b.Items))
	for i, item := range b.Items {
		items[i], err = unclosed(wireItem{
			Label: item.Label, Env: item.Env, Note: item.Note, Expires: seconds(item.Expires), Unmasked: item.Unmasked,
		})
		if err != nil {
			return nil, err
		}
		size += len(items[i]) + len(valueMark) + base64.StdEncoding.EncodedLen(item.Value.Len()) + len(valueEnd)
	}

	out := append(make([]byte, 0, size), start...)
	out = append(out, itemsMark...)
	for i, item := range b.Items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, items[i]...)
		out = append(out, valueMark...)
		out = base64.StdEncoding.AppendEncode(out, item.Value.Expose())
		out = append(out, valueEnd...)
	}
	return append(out, itemsEnd...), nil
}

// unclosed is the JSON of an object without its last brace, so that a field can
// follow.
func unclosed(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	return bytes.TrimSuffix(text, []byte("}")), err
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// writable says whether RFC 3339 has a text for t in UTC, of four digits for the year.
func writable(t time.Time) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

// decode is the reverse of encode. Its errors do not quote the text.
func decode(plain []byte) (*Bundle, error) {
	var head struct{ Version int }
	if err := json.Unmarshal(plain, &head); err != nil || head.Version < 1 {
		return nil, ErrMalformed
	}
	if head.Version > version {
		return nil, &VersionError{head.Version}
	}
	var w wireBundle
	if err := json.Unmarshal(plain, &w); err != nil {
		w.wipe()
		return nil, ErrMalformed
	}
	b := &Bundle{Kind: w.Kind, Created: seconds(w.Created), Expires: seconds(w.Expires)}
	for _, i := range w.Items {
		b.Items = append(b.Items, Item{
			Label: i.Label, Env: i.Env, Note: i.Note, Expires: seconds(i.Expires), Unmasked: i.Unmasked,
			Value: redact.NewValue(i.Value),
		})
	}
	err := b.check()
	if !decodeID(&b.From, w.From) {
		err = ErrMalformed
	}
	if err != nil {
		b.Wipe()
		return nil, err
	}
	return b, nil
}

func (w *wireBundle) wipe() {
	for _, i := range w.Items {
		clear(i.Value)
	}
}

func decodeID(id *[16]byte, text string) bool {
	b, err := hex.DecodeString(text)
	copy(id[:], b)
	return err == nil && (len(b) == len(id) || text == "")
}

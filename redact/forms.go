package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// Forms returns the byte strings by which a value may show. A value of fewer
// than four bytes has none.
func Forms(v Value) [][]byte {
	raw := bytes.TrimSpace(v.Expose())
	if len(raw) < 4 {
		return nil
	}
	raw = bytes.Clone(raw)
	forms := [][]byte{raw}
	if len(raw) >= 8 {
		forms = append(forms,
			base64.RawStdEncoding.AppendEncode(nil, raw),
			base64.RawURLEncoding.AppendEncode(nil, raw),
			hex.AppendEncode(nil, raw))
	}
	return forms
}

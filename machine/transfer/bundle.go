package transfer

import (
	"bytes"
	"io"
	"time"

	"filippo.io/age/armor"

	"secrets/redact"
)

// MaxBundle bounds a bundle as it is written, in bytes, and MaxValue a value.
const (
	MaxBundle = 16 << 20
	MaxValue  = 64 << 10
)

// A Kind says what a bundle is for.
type Kind string

// The kinds of bundles.
const (
	KindTransfer Kind = "transfer" // to another store, which imports it
	KindBundle   Kind = "bundle"   // to commands on a machine without a store
)

// A Bundle is a few secrets for those who can open it. age does not say who
// wrote it: From and all else is what the writer claims.
type Bundle struct {
	Kind    Kind
	From    [16]byte  // the id of the store it was made from; zero: from none
	Created time.Time // UTC, whole seconds
	Expires time.Time // UTC, whole seconds; zero: never
	Items   []Item
}

// An Item is one secret. Whoever reads a bundle checks label, variable and note
// as if a stranger had typed them, before they are shown.
type Item struct {
	Label    string
	Env      string    // the variable it is lent as, where it is not the label's own
	Note     string    // may be empty
	Expires  time.Time // of the secret itself; zero: never
	Unmasked bool      // too short to be masked in output
	Value    redact.Value
}

// Write encrypts b and writes it to dst, at once and armored: as text it passes
// through mail, chat, variables and repositories.
func (b *Bundle) Write(dst io.Writer, to Recipients) error {
	plain, err := b.encode()
	if err != nil {
		return err
	}
	defer clear(plain)
	file, err := seal(plain, to)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(file); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if text.Len() > MaxBundle {
		return ErrTooLarge
	}
	_, err = dst.Write(text.Bytes())
	return err
}

// ReadBundle reads all of src, which may be armored or not. One that has expired
// before now is an *ExpiredError; with the zero time none has, which is for
// those who show it only. The caller wipes what it returns.
func ReadBundle(src io.Reader, with Identities, now time.Time) (*Bundle, error) {
	var file bytes.Buffer
	if _, err := file.ReadFrom(io.LimitReader(src, MaxBundle+1)); err != nil {
		return nil, err
	}
	if file.Len() > MaxBundle {
		return nil, ErrTooLarge
	}
	plain, err := open(file.Bytes(), with)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	b, err := decode(plain)
	if err != nil {
		return nil, err
	}
	if !b.Expires.IsZero() && !now.Before(b.Expires) {
		b.Wipe()
		return nil, &ExpiredError{b.Expires}
	}
	return b, nil
}

// Wipe overwrites the values.
func (b *Bundle) Wipe() {
	for _, item := range b.Items {
		item.Value.Wipe()
	}
}

// check refuses what no reader could use.
func (b *Bundle) check() error {
	if b.Kind != KindTransfer && b.Kind != KindBundle {
		return ErrMalformed
	}
	if !writable(b.Created) || !writable(b.Expires) {
		return ErrMalformed
	}
	if len(b.Items) == 0 {
		return ErrEmptyBundle
	}
	seen := map[string]bool{}
	for i, item := range b.Items {
		reason := ""
		switch {
		case item.Label == "":
			reason = "it has no label"
		case seen[item.Label]:
			reason = "its label is there twice"
		case item.Value.Len() == 0:
			reason = "its value is empty"
		case item.Value.Len() > MaxValue:
			reason = "its value is too large"
		case !writable(item.Expires):
			reason = "it expires in a year that cannot be written"
		}
		if reason != "" {
			return &ItemError{i + 1, reason}
		}
		seen[item.Label] = true
	}
	return nil
}

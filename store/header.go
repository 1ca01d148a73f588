package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Format is the store format that this version writes, and the newest it reads.
const Format = 1

// An ID names a store or a record: 16 random bytes.
type ID [16]byte

// NewID draws one.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	return id
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes 32 hex digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 32 hex digits.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != 2*len(id) {
		return errors.New("an id has 32 hex digits")
	}
	_, err := hex.Decode(id[:], text)
	return err
}

// A Header is what can be known of a store without its key. It is not secret;
// the manifest's signature covers it.
type Header struct {
	Format         int       `json:"format"`
	StoreID        ID        `json:"store_id"`
	Epoch          uint64    `json:"epoch"`   // 1 at first, greater with each vault key
	Created        time.Time `json:"created"` // UTC, whole seconds
	KeySource      string    `json:"key_source"`
	HardwareSource string    `json:"hardware_id_source,omitempty"`

	// SignKey verifies the manifest's signature; SignKeyTag shows that it is the
	// vault key's. Create and Rekey set both. A header without them is older.
	SignKey    []byte `json:"sign_key,omitempty"`
	SignKeyTag []byte `json:"sign_key_tag,omitempty"`

	// Slots wrap the vault key. Their content is machine's affair.
	Slots []json.RawMessage `json:"slots"`

	// Critical names fields that a reader must understand to lend or write,
	// each with the first version of secrets that does.
	Critical map[string]string `json:"critical,omitempty"`

	later laterFields
}

// encode returns the header's JSON followed by its SHA-256, so that damage is
// told apart before any key is tried.
func (h Header) encode() ([]byte, error) {
	h.Created = h.Created.UTC().Truncate(time.Second)
	b, err := encodeFields(&h, h.later)
	if err != nil {
		return nil, err
	}
	return withDigest(b), nil
}

// withDigest is a header's JSON with its SHA-256 behind it.
func withDigest(text []byte) []byte {
	sum := sha256.Sum256(text)
	return slices.Concat(text, sum[:])
}

// decodeHeader reverses encode.
func decodeHeader(b []byte) (Header, error) {
	text, sum := splitHeader(b)
	if got := sha256.Sum256(text); !bytes.Equal(got[:], sum) {
		return Header{}, damaged("header", "its digest does not fit")
	}
	return parseHeader(text)
}

// parseHeader reads a header without its digest. Of a newer format only the number
// is read.
func parseHeader(text []byte) (Header, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return Header{}, damaged("header", "%v", err)
	}
	if version.Format > Format {
		return Header{}, &NewerFormatError{Format: version.Format}
	}
	var h Header
	later, err := decodeFields(text, &h)
	if err != nil {
		return Header{}, damaged("header", "%v", err)
	}
	if h.Format != Format || h.Epoch == 0 {
		return Header{}, damaged("header", "format %d, epoch %d", h.Format, h.Epoch)
	}
	h.later = later
	return h, nil
}

// splitHeader parts the JSON from its digest.
func splitHeader(b []byte) (text, sum []byte) {
	cut := max(0, len(b)-sha256.Size)
	return b[:cut], b[cut:]
}

// understood returns a *CriticalError where the header asks for more than this
// version knows.
func (h Header) understood() error {
	if missing := unknown(h.Critical, &h); len(missing) > 0 {
		return &CriticalError{Where: "the store", Fields: missing}
	}
	return nil
}

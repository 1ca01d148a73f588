package store

import (
	"fmt"
	"time"

	"secrets/redact"
)

// Bounds of one secret and of a store.
const (
	MaxValue   = 64 << 10 // bytes of a value
	MaxNote    = 4 << 10  // bytes of a note
	MaxSecrets = 10_000
	maxFile    = 1 << 30 // bytes of a store file
)

// Meta is what is known about a secret beside its value. It is sealed apart
// from the value, so that listing opens no value.
type Meta struct {
	Label    string    `json:"label"`
	Env      string    `json:"env,omitempty"`    // the variable it is lent as, where not EnvName(Label)
	Created  time.Time `json:"created"`          // UTC, whole seconds
	Updated  time.Time `json:"updated"`          // when the value was last set; UTC, whole seconds
	Expires  time.Time `json:"expires,omitzero"` // zero: never
	Note     string    `json:"note,omitempty"`
	Unmasked bool      `json:"unmasked,omitempty"` // too short to be masked in output

	// Critical names fields that a reader must understand to lend or write this
	// secret, each with the first version of secrets that does.
	Critical map[string]string `json:"critical,omitempty"`

	later laterFields
}

// EnvName is the variable that the secret is lent as.
func (m Meta) EnvName() (string, error) {
	if m.Env != "" {
		return m.Env, nil
	}
	return EnvName(m.Label)
}

func (m Meta) encode() ([]byte, error) {
	for _, t := range []*time.Time{&m.Created, &m.Updated, &m.Expires} {
		*t = t.UTC().Truncate(time.Second)
	}
	return encodeFields(&m, m.later)
}

func decodeMeta(b []byte) (Meta, error) {
	var m Meta
	later, err := decodeFields(b, &m)
	m.later = later
	return m, err
}

// check refuses what must not get into a store.
func (m Meta) check() error {
	if err := CheckLabel(m.Label); err != nil {
		return err
	}
	if m.Env != "" {
		if err := CheckEnv(m.Env); err != nil {
			return err
		}
	}
	if len(m.Note) > MaxNote {
		return ErrNoteTooBig
	}
	return nil
}

func checkValue(v redact.Value) error {
	switch {
	case v.Len() == 0:
		return ErrEmptyValue
	case v.Len() > MaxValue:
		return ErrValueTooBig
	}
	return nil
}

// understood returns a *CriticalError where the secret asks for more than this
// version knows.
func (m Meta) understood() error {
	if missing := unknown(m.Critical, &m); len(missing) > 0 {
		return &CriticalError{Where: fmt.Sprintf("%q", m.Label), Fields: missing}
	}
	return nil
}

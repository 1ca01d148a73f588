package transfer

import (
	"bytes"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"secrets/redact"
)

// NewIdentity makes a post-quantum identity (ML-KEM-768 with X25519), as the
// text AGE-SECRET-KEY-PQ-1…, and its recipient, age1pq1….
func NewIdentity() (identity redact.Value, recipient string, err error) {
	if err := available(); err != nil {
		return redact.Value{}, "", err
	}
	made, err := age.GenerateHybridIdentity()
	if err != nil {
		return redact.Value{}, "", err
	}
	return redact.NewValue([]byte(made.String())), made.Recipient().String(), nil
}

// Identities open age files. They lie behind a func, as the bytes of a
// redact.Value do, since fmt prints what is in age's own types.
type Identities struct{ all func() []age.Identity }

func hide(list []age.Identity) Identities {
	return Identities{func() []age.Identity { return list }}
}

func (ids Identities) list() []age.Identity {
	if ids.all == nil {
		return nil
	}
	return ids.all()
}

// ParseIdentities reads identities as age's own tools keep them: one a line,
// with empty lines and lines that begin with # among them. An identity of a
// plugin runs age-plugin-<name> when a file is opened; human is for those alone.
func ParseIdentities(text redact.Value, human Human) (Identities, error) {
	if err := available(); err != nil {
		return Identities{}, err
	}
	var list []age.Identity
	n := 0
	for line := range bytes.Lines(text.Expose()) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		id, err := parseIdentity(string(line), human) // age wants a string
		if err != nil {
			return Identities{}, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, id)
	}
	if len(list) == 0 {
		return Identities{}, ErrNoIdentity
	}
	return hide(list), nil
}

// parseIdentity drops age's own errors, which might quote the identity.
func parseIdentity(line string, human Human) (age.Identity, error) {
	if strings.HasPrefix(line, "AGE-PLUGIN-") {
		ui, unanswered := human.client()
		if id, err := plugin.NewIdentity(line, ui); err == nil {
			return pluginIdentity{id, unanswered}, nil
		}
		return nil, ErrIdentity
	}
	if id, err := age.ParseHybridIdentity(line); err == nil {
		return id, nil
	}
	if id, err := age.ParseX25519Identity(line); err == nil {
		return id, nil
	}
	return nil, ErrIdentity
}

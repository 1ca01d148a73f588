package cmd

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secrets/exec"
	"secrets/store"
)

// about is what set and edit can say about a secret beside its value. Each is
// nil where its flag was not given.
type about struct {
	env, note, expires *string
}

func (a *about) flags(c *cobra.Command) {
	optional(c, &a.env, "env", "lend it as the variable `NAME`; empty: the label in capitals")
	optional(c, &a.note, "note", "a note to yourself, not secret; empty: none")
	optional(c, &a.expires, "expires", "when it ends: a time `span` (90d, 12h, 8w, 1y), a date (2027-01-31) or never")
}

// optional binds a flag whose absence differs from its empty value.
func optional(c *cobra.Command, to **string, name, help string) {
	c.Flags().Func(name, help, func(s string) error {
		*to = &s
		return nil
	})
}

// given reports whether there is anything to change.
func (a about) given() bool { return a.env != nil || a.note != nil || a.expires != nil }

// apply writes what was given into m.
func (a about) apply(m *store.Meta, now time.Time) error {
	if a.env != nil {
		m.Env = *a.env
	}
	if a.note != nil {
		m.Note = strings.TrimSpace(*a.note)
		if err := checkNote(m.Note); err != nil {
			return usage(err)
		}
	}
	if a.expires != nil {
		m.Expires = time.Time{}
		if *a.expires != "" && *a.expires != "never" {
			t, err := parseExpiry(*a.expires, now)
			if err != nil {
				return usage(err)
			}
			m.Expires = t
		}
	}
	return checkVariable(*m)
}

var errNote = errors.New("a note may not have control characters")

// checkNote refuses a note that would do more on a terminal than be read.
func checkNote(note string) error {
	if strings.ContainsFunc(note, func(r rune) bool { return isControl(r) && r != '\n' && r != '\t' }) {
		return errNote
	}
	return nil
}

// checkVariable refuses a secret that could not be lent under the variable it
// has, be that its own or the one that its label makes.
func checkVariable(m store.Meta) error {
	name, err := m.EnvName()
	if err != nil {
		return err
	}
	return exec.CheckName(name)
}

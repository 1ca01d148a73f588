package cmd

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secrets/store"
)

func newList(sys Sys, at *place) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the labels",
		Long: `Lists the labels with the variable each is lent as, the age of its value, when
it ends and its note. No value is opened.` + exitStatus(storeExits...),
		Example: `  secrets list
  secrets list --json | jq -r '.secrets[].label'`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runList(sys, at, asJSON) },
	}
	jsonFlag(c, &asJSON)
	return c
}

func runList(sys Sys, at *place, asJSON bool) error {
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	metas, err := s.List()
	if err != nil {
		return err
	}
	if asJSON {
		list := make([]map[string]any, 0, len(metas))
		for _, m := range metas {
			list = append(list, metaJSON(m, sys.Now()))
		}
		return writeJSON(sys, map[string]any{"secrets": list})
	}
	if len(metas) == 0 {
		say(sys, "the store is empty; the first secret: secrets set LABEL")
		return nil
	}
	rows := [][]string{{"LABEL", "VARIABLE", "AGE", "EXPIRES", "NOTE"}}
	for _, m := range metas {
		rows = append(rows, []string{m.Label, variable(m), span(sys.Now().Sub(m.Updated)), expiryWords(m, sys.Now()), firstLine(m.Note)})
	}
	return writeTable(sys, rows)
}

func newShow(sys Sys, at *place) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show LABEL",
		Short: "Show what is known about a secret, but not its value",
		Long:  `Shows what is known about a secret: all but its value, which is not opened.` + exitStatus(storeExits...),
		Example: `  secrets show openai-api-key
  secrets show openai-api-key --json`,
		Args:              exactArgs(1),
		ValidArgsFunction: firstLabel(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runShow(sys, at, args[0], asJSON) },
	}
	jsonFlag(c, &asJSON)
	return c
}

func runShow(sys Sys, at *place, label string, asJSON bool) error {
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := s.Meta(label)
	if err != nil {
		return nearest(s, label, err)
	}
	if asJSON {
		return writeJSON(sys, metaJSON(m, sys.Now()))
	}
	rows := [][]string{
		{"label", m.Label},
		{"variable", variable(m)},
		{"created", m.Created.Local().Format(time.DateTime)},
		{"value set", m.Updated.Local().Format(time.DateTime) + " (" + ago(sys.Now().Sub(m.Updated)) + ")"},
		{"expires", expiryWords(m, sys.Now())},
		{"masked", maskedWords(m)},
	}
	name := "note"
	for line := range strings.Lines(m.Note) {
		rows = append(rows, []string{name, strings.TrimRight(line, "\n")})
		name = ""
	}
	return writeTable(sys, rows)
}

// metaJSON is a secret in every --json answer.
func metaJSON(m store.Meta, now time.Time) map[string]any {
	return map[string]any{
		"label":    m.Label,
		"variable": variable(m),
		"created":  jsonTime(m.Created),
		"updated":  jsonTime(m.Updated),
		"expires":  jsonTime(m.Expires),
		"expired":  expired(m, now),
		"masked":   !m.Unmasked,
		"note":     m.Note,
	}
}

// variable is the name that a secret is lent as, or empty where it has none.
func variable(m store.Meta) string {
	name, err := m.EnvName()
	if err != nil {
		return ""
	}
	return name
}

func maskedWords(m store.Meta) string {
	if m.Unmasked {
		return "no: the value is too short"
	}
	return "yes"
}

func expired(m store.Meta, now time.Time) bool {
	return !m.Expires.IsZero() && !now.Before(m.Expires)
}

func expiryWords(m store.Meta, now time.Time) string {
	switch {
	case m.Expires.IsZero():
		return "never"
	case expired(m, now):
		return "expired " + ago(now.Sub(m.Expires))
	default:
		return ahead(m.Expires.Sub(now))
	}
}

func firstLine(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if more {
		line += " …"
	}
	return line
}

package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// schema is the version of every --json answer: fields are added, never renamed
// or taken away, within one schema.
const schema = 1

func jsonFlag(c *cobra.Command, asJSON *bool) {
	c.Flags().BoolVar(asJSON, "json", false, `answer in JSON, with "schema": 1`)
}

// writeJSON answers in JSON on stdout.
func writeJSON(sys Sys, fields map[string]any) error {
	answer := maps.Clone(fields)
	answer["schema"] = schema
	e := json.NewEncoder(sys.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(answer)
}

// writeTable aligns rows in columns on stdout, without blanks at their ends.
func writeTable(sys Sys, rows [][]string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // a buffer takes everything
	for line := range bytes.Lines(text.Bytes()) {
		if _, err := fmt.Fprintln(sys.Stdout, string(bytes.TrimRight(line, " \n"))); err != nil {
			return err
		}
	}
	return nil
}

// say is a word about what was done, on stderr; data alone goes to stdout.
func say(sys Sys, format string, args ...any) {
	fmt.Fprintf(sys.Stderr, "secrets: "+format+"\n", args...)
}

// warn says what a person should know although the command goes on.
func warn(sys Sys, format string, args ...any) {
	say(sys, paint(sys, sys.Stderr, yellow, "warning:")+" "+format, args...)
}

// The few colours, as SGR parameters.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours text for f, where f is a terminal that wants it
// (https://no-color.org).
func paint(sys Sys, f *os.File, colour, text string) string {
	if !isTerminal(f) || sys.Getenv("NO_COLOR") != "" || sys.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// jsonTime is a time for JSON, or nothing.
func jsonTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// count is a number with its noun, which takes an s.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The pages are written here and not by cobra/doc: that one brings a Markdown
// parser and a YAML library, whose start-up (0.7 ms) every exec would pay.

// newMan is hidden: releases and packages call it, users have man.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the man pages into a folder",
		Long:    `Writes one man page a command into DIR, which is made if it is not there.` + exitStatus(exitOK, exitFailed, exitUsage),
		Example: `  secrets man ~/.local/share/man/man1`,
		Hidden:  true,
		Args:    exactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return runMan(c.Root(), args[0]) },
	}
}

func runMan(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the man pages: %w", err)
	}
	return writePages(root, dir)
}

func writePages(c *cobra.Command, dir string) error {
	path := filepath.Join(dir, pageName(c)+".1")
	if err := os.WriteFile(path, manPage(c), 0o644); err != nil {
		return fmt.Errorf("writing a man page: %w", err)
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := writePages(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// pageName is "secrets-exec" for secrets exec.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage writes a page in the man macros of roff: groff_man(7). It has no
// date, so that the same program always makes the same page.
func manPage(c *cobra.Command) []byte {
	c.InitDefaultHelpFlag()
	var p page
	fmt.Fprintf(&p, ".TH %s 1 \"\" %[2]s %[2]s\n", strings.ToUpper(pageName(c)), c.Root().Name())
	p.section("NAME")
	p.line(pageName(c) + " - " + c.Short)
	p.section("SYNOPSIS")
	p.bold(c.UseLine())
	description, exits, _ := strings.Cut(c.Long, exitStatusHead)
	p.section("DESCRIPTION")
	p.text(description)
	if flags := c.NonInheritedFlags(); flags.HasAvailableFlags() {
		p.section("OPTIONS")
		p.options(flags)
	}
	if flags := c.InheritedFlags(); flags.HasAvailableFlags() {
		p.section("OPTIONS OF EVERY COMMAND")
		p.options(flags)
	}
	if c.HasExample() {
		p.section("EXAMPLES")
		p.literal(strings.Split(c.Example, "\n"))
	}
	if exits != "" {
		p.section("EXIT STATUS")
		p.text(exits)
	}
	if others := seeAlso(c); others != "" {
		p.section("SEE ALSO")
		p.line(others)
	}
	return p.Bytes()
}

// seeAlso names the pages above and below.
func seeAlso(c *cobra.Command) string {
	var pages []string
	if c.HasParent() {
		pages = append(pages, pageName(c.Parent())+"(1)")
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			pages = append(pages, pageName(sub)+"(1)")
		}
	}
	return strings.Join(pages, ", ")
}

// A page is roff while it is written.
type page struct{ bytes.Buffer }

func (p *page) section(name string) { fmt.Fprintf(p, ".SH %s\n", name) }
func (p *page) bold(text string)    { fmt.Fprintf(p, ".B %s\n", roff(text)) }
func (p *page) line(text string)    { fmt.Fprintln(p, roff(text)) }

// text writes a help text: paragraphs, and blocks indented by four blanks that
// stay as they are.
func (p *page) text(text string) {
	for _, block := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(block, "\n")
		if strings.HasPrefix(block, "    ") {
			p.literal(lines)
			continue
		}
		fmt.Fprintln(p, ".PP")
		for _, line := range lines {
			p.line(line)
		}
	}
}

func (p *page) literal(lines []string) {
	fmt.Fprintln(p, ".PP\n.nf\n.RS 4")
	for _, line := range lines {
		p.line(strings.TrimPrefix(strings.TrimPrefix(line, "  "), "  "))
	}
	fmt.Fprintln(p, ".RE\n.fi")
}

func (p *page) options(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		fmt.Fprintln(p, ".TP")
		p.bold(name)
		p.line(help)
	})
}

// roff escapes what means something to roff: a backslash, a dash that must not
// become a hyphen, and a dot or quote at the beginning of a line.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

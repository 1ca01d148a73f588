package cmd

import (
	"errors"
	"slices"
	"strings"

	"secrets/exec"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

// This file is the one door by which a value leaves the store, or a bundle:
// whoever wants one says for which label and what for, and what is lent is
// decided here.

// A chest is what values are kept in: the store, or a bundle.
type chest interface {
	Get(label string) (store.Meta, redact.Value, error) // store.ErrNotFound where there is none
	List() ([]store.Meta, error)
}

// A purpose is what a value is wanted for.
type purpose int

const (
	toRun  purpose = iota // lent to a command
	toShow                // printed on a human's terminal
	toSeal                // sealed for somebody else
)

var (
	errAgentSeals = errors.New("values do not leave the store for an agent")
	errAgentBinds = errors.New("what opens the store is not changed by an agent")
)

// mayBind refuses an agent what would let somebody else open the store, or nobody.
func mayBind(sys Sys) error {
	if sys.agent() != "" {
		return errAgentBinds
	}
	return nil
}

// lend takes the value of a label out.
func lend(sys Sys, s chest, label string, what purpose) (store.Meta, redact.Value, error) {
	if what == toShow && !sys.human(sys.Stdin, sys.Stdout) {
		return store.Meta{}, redact.Value{}, &notHumanError{agent: sys.agent(), label: label}
	}
	if what == toSeal && sys.agent() != "" {
		return store.Meta{}, redact.Value{}, errAgentSeals
	}
	m, value, err := s.Get(label)
	if err != nil {
		return store.Meta{}, redact.Value{}, nearest(s, label, err)
	}
	if expired(m, sys.Now()) {
		next := "put a new value in its place: secrets set " + label + " --replace"
		if _, bundled := s.(bundleChest); bundled {
			next = "have the bundle made again with a new value"
		}
		warn(sys, "%s expired %s; %s", label, ago(sys.Now().Sub(m.Expires)), next)
	}
	return m, value, nil
}

// A notHumanError refuses to show a value, that of label or any that a command
// prints, to anything but a human's terminal.
type notHumanError struct{ agent, label string }

func (e *notHumanError) Error() string {
	if e.agent != "" {
		return "a value is not shown to an agent (" + e.agent + " is set)"
	}
	return "a value is shown on a terminal only, not to a pipe, a file or a program"
}

// A use is one --use of exec: a label and, where it is not the label's own, the
// variable it is lent as.
type use struct{ name, label string }

var errSwapped = errors.New("the variable comes first, then the label")

// parseUses reads "LABEL", "NAME=LABEL" and comma lists of them.
func parseUses(flags []string) ([]use, error) {
	var uses []use
	for _, flag := range flags {
		for _, item := range strings.Split(flag, ",") {
			name, label, named := strings.Cut(strings.TrimSpace(item), "=")
			if !named {
				name, label = "", name
			}
			if named && swapped(name, label) {
				return nil, usageError{errSwapped, "NAME=LABEL lends the value of LABEL in the variable NAME"}
			}
			if err := store.CheckLabel(label); err != nil {
				return nil, err
			}
			if named {
				if err := exec.CheckName(name); err != nil {
					return nil, err
				}
			}
			uses = append(uses, use{name, label})
		}
	}
	return uses, nil
}

// swapped tells whether a label stands in the place of a variable, and a variable's
// name in that of a label.
func swapped(name, label string) bool {
	var cannot *exec.NameError
	return errors.As(exec.CheckName(name), &cannot) && !cannot.Steers && store.CheckLabel(name) == nil && exec.CheckName(label) == nil
}

// wishes are all that one exec wants to be lent, and what it wants masked besides.
type wishes struct {
	variables []use
	files     []use
	input     string // a label, or nothing
	masked    []redact.Secret

	bundle   string // the file that they are in, or nothing: they are in the store
	identity identityOrigin
}

// lend takes the values out of the store, all or none, and hands them to the
// command. The store is open for no longer than that: it is closed before the
// command starts, and a command that runs for an hour blocks nobody.
func (w wishes) lend(sys Sys, at *place, to *exec.Command) error {
	if len(w.variables)+len(w.files) == 0 && w.input == "" {
		return nil // what is only to be masked needs no store
	}
	if w.bundle != "" {
		b, err := openBundle(sys, at, w.bundle, w.identity, transfer.KindBundle, sys.Now())
		if err != nil {
			return err
		}
		defer b.Wipe()
		return w.take(sys, b, to)
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.View(func(v store.View) error { return w.take(sys, v, to) })
}

// take takes the values out of a chest.
func (w wishes) take(sys Sys, s chest, to *exec.Command) (err error) {
	if to.Loans, err = loans(sys, s, w.variables); err != nil {
		return err
	}
	if to.Files, err = loans(sys, s, w.files); err != nil {
		return err
	}
	if w.input == "" {
		return nil
	}
	_, value, err := lend(sys, s, w.input, toRun)
	to.Input = &redact.Secret{Label: w.input, Value: value}
	return err
}

// loans takes the value of each use out. With an error come those taken before it.
func loans(sys Sys, s chest, uses []use) (lent []exec.Loan, err error) {
	for _, u := range uses {
		m, value, err := lend(sys, s, u.label, toRun)
		if err != nil {
			return lent, err
		}
		if u.name == "" {
			u.name, err = m.EnvName()
		}
		lent = append(lent, exec.Loan{Name: u.name, Label: u.label, Value: value})
		if err != nil {
			return lent, err
		}
	}
	return lent, nil
}

// wipeLent overwrites all that a command was to have: it has ended, or never began.
func wipeLent(c *exec.Command) {
	for _, loan := range slices.Concat(c.Loans, c.Files) {
		loan.Value.Wipe()
	}
	if c.Input != nil {
		c.Input.Value.Wipe()
	}
	for _, secret := range c.Masked {
		secret.Value.Wipe()
	}
}

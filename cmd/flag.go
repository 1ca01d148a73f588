package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A word is a flag that refuses nothing as its value: where a variable in its place
// is empty, another source would be taken without a word.
type word struct{ to *string }

// wordFlag binds a flag that takes a word.
func wordFlag(f *pflag.FlagSet, to *string, name, help string) { f.Var(word{to}, name, help) }

func (w word) String() string { return *w.to }
func (w word) Type() string   { return "string" }

func (w word) Set(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	*w.to = s
	return nil
}

// flagError says what is wrong with a flag in our own words: pflag quotes the
// argument, and what was typed there may be a value.
func flagError(c *cobra.Command, err error) error {
	var (
		value   *pflag.InvalidValueError
		missing *pflag.ValueRequiredError
		unknown *pflag.NotExistError
		shape   *pflag.InvalidSyntaxError
	)
	switch {
	case c.HasSubCommands() && c.Flags().NArg() > 0: // "run --use …": no flag was looked for yet
		return unknownCommand(c, c.Flags().Arg(0))
	case errors.As(err, &shape): // "-----BEGIN …" is a key, given as an argument
		err = errValueInArguments
	case errors.As(err, &value):
		err = fmt.Errorf("--%s takes %s", value.GetFlag().Name, flagWords(value.GetFlag()))
	case errors.As(err, &missing):
		err = fmt.Errorf("--%s takes %s", missing.GetFlag().Name, flagWords(missing.GetFlag()))
	case errors.As(err, &unknown):
		return unknownFlag(c, unknown)
	}
	return usage(err)
}

// flagWords says what a flag takes.
func flagWords(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "no value"
	case "int":
		return "a whole number"
	case "duration":
		return "a time such as 30s or 5m"
	default:
		return "a value"
	}
}

func unknownFlag(c *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		if typed := unknown.GetSpecifiedShortnames(); c.Flags().Lookup(typed) != nil {
			return usageError{errors.New("there is no flag -" + typed), "did you mean --" + typed + "?"}
		}
		return usage(errors.New("there is no flag -" + name)) // one letter
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	switch near := closest(name, names); {
	case near != "":
		return usageError{errors.New("there is no flag --" + name), "did you mean --" + near + "?"}
	case len(name) < maxNamed:
		return usage(errors.New("there is no flag --" + name))
	default:
		return usage(errors.New("there is no such flag"))
	}
}

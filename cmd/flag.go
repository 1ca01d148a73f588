package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

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
	case errors.As(err, &shape): // "-----BEGIN …" is a key, given as an argument
		err = errValueInArguments
	case errors.As(err, &value):
		err = fmt.Errorf("--%s takes %s", value.GetFlag().Name, flagWords(value.GetFlag()))
	case errors.As(err, &missing):
		err = fmt.Errorf("--%s takes %s", missing.GetFlag().Name, flagWords(missing.GetFlag()))
	case errors.As(err, &unknown):
		err = unknownFlag(c, unknown.GetSpecifiedName())
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

func unknownFlag(c *cobra.Command, name string) error {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	switch near := closest(name, names); {
	case near != "":
		return fmt.Errorf("there is no flag --%s; did you mean --%s?", name, near)
	case len(name) < maxNamed:
		return errors.New("there is no flag --" + name)
	default:
		return errors.New("there is no such flag")
	}
}

package cmd

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newGet(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "get LABEL",
		Short: "Show a value on your terminal",
		Long: `Prints a value, and only onto a human's terminal: it is refused where stdin or
stdout is not a terminal, and where an agent is detected. Commands get values by
'secrets exec', which shows them to nobody.

The value stays in the terminal's scrollback, and an agent that pretends to be a
human at a terminal is not told from one.` + exitStatus(storeExits...),
		Example:           `  secrets get openai-api-key`,
		Args:              exactArgs(1),
		ValidArgsFunction: firstLabel(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runGet(sys, at, args[0]) },
	}
}

func runGet(sys Sys, at *place, label string) error {
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	_, value, err := lend(sys, s, label, toShow)
	if err != nil {
		return err
	}
	defer value.Wipe()
	line := append(value.Expose(), '\n')
	defer clear(line)
	if _, err := sys.Stdout.Write(line); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return nil
}

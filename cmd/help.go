package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is how many columns a help text takes.
const helpWidth = 80

// showUsage is the part of a help text that follows from the command itself.
func showUsage(c *cobra.Command) error {
	w := c.OutOrStderr()
	fmt.Fprintf(w, "Usage:\n  %s\n", c.UseLine())
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(w, "\n%s\n%s\n", title, strings.TrimRight(text, "\n"))
		}
	}
	section("Examples:", c.Example)
	commands := func(group string) string {
		var lines strings.Builder
		for _, sub := range c.Commands() {
			if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
				fmt.Fprintf(&lines, "  %-*s  %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
		return lines.String()
	}
	for _, g := range c.Groups() {
		section(g.Title, commands(g.ID))
	}
	section("Commands:", commands(""))
	section("Flags:", c.LocalFlags().FlagUsagesWrapped(helpWidth))
	section("Flags of every command:", c.InheritedFlags().FlagUsagesWrapped(helpWidth))
	if c.HasAvailableSubCommands() {
		section("More:", "  "+c.CommandPath()+" COMMAND --help")
	}
	return nil
}

// newHelp stands in for the help command that cobra brings, which takes a
// command that there is not for a success.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]…",
		Short:             "Show how a command is used",
		Long:              `Shows how a command is used; without one, what there is.` + exitStatus(exitOK, exitUsage),
		Example:           `  secrets help exec`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeCommands,
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			topic, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(topic, rest[0])
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

func completeCommands(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, command := range c.Root().Commands() {
		if len(args) == 0 && !command.Hidden {
			names = append(names, cobra.CompletionWithDesc(command.Name(), command.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

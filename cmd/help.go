package cmd

import "github.com/spf13/cobra"

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

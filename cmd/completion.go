package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completionFiles are the scripts in completions/, by shell.
var completionFiles = []struct {
	shell, file string
	write       func(root *cobra.Command, w io.Writer) error
}{
	{"bash", "secrets.bash", writeBash},
	{"zsh", "secrets.zsh", func(c *cobra.Command, w io.Writer) error { return c.GenZshCompletion(w) }},
	{"fish", "secrets.fish", func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) }},
	{"powershell", "secrets.ps1", func(c *cobra.Command, w io.Writer) error { return c.GenPowerShellCompletionWithDesc(w) }},
}

// bashWords stands between bash and the script that cobra makes: bash breaks words
// at =, so that of NAME=LABEL only what is behind it must be put in, and a comma
// needs no backslash.
const bashWords = `
__secrets_words()
{
    __start_secrets "$@"
    COMPREPLY=("${COMPREPLY[@]//\\,/,}")
    if [[ ${COMP_WORDS[COMP_CWORD]} == "=" || ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
        COMPREPLY=("${COMPREPLY[@]#*=}")
    fi
}
`

func writeBash(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, strings.ReplaceAll(script.String(), "-F __start_secrets", "-F __secrets_words"), bashWords)
	return err
}

func newCompletion(sys Sys) *cobra.Command {
	var shells []string
	for _, f := range completionFiles {
		shells = append(shells, f.shell)
	}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Prints the completion script of a shell: bash, zsh, fish or powershell. It
completes commands, flags and labels. Labels are sealed in the store, so they
are completed only where the store opens without a question.` + exitStatus(exitOK, exitUsage),
		Example: `  source <(secrets completion bash)                               # in ~/.bashrc
  secrets completion zsh > "${fpath[1]}/_secrets"
  secrets completion fish > ~/.config/fish/completions/secrets.fish
  secrets completion powershell | Out-String | Invoke-Expression  # in $PROFILE`,
		Args:      exactArgs(1),
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			for _, f := range completionFiles {
				if f.shell == args[0] {
					return f.write(c.Root(), sys.Stdout)
				}
			}
			return usage(errors.New("completion is there for " + strings.Join(shells, ", ")))
		},
	}
}

// plainUsage takes the marks out of what is said about flags: shells show it as it is.
func plainUsage(c *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	c.Flags().VisitAll(plain)
	c.PersistentFlags().VisitAll(plain)
	for _, sub := range c.Commands() {
		plainUsage(sub)
	}
}

// completeLabels offers the labels that are not in args yet. It must not ask
// and must not wait, so it opens what opens by itself and is silent otherwise.
func completeLabels(sys Sys, at *place) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before, part := cutLast(typed, ",")
		name, _, named := strings.Cut(part, "=")
		if named {
			before += name + "="
		}
		var found []cobra.Completion
		for _, label := range knownLabels(sys, at) {
			if !slices.Contains(args, label) && strings.HasPrefix(before+label, typed) {
				found = append(found, before+label)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// firstLabel offers labels for the first argument only.
func firstLabel(sys Sys, at *place) cobra.CompletionFunc {
	complete := completeLabels(sys, at)
	return func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, typed)
	}
}

// cutLast splits s behind the last sep; without one, all is behind it.
func cutLast(s, sep string) (before, after string) {
	i := strings.LastIndex(s, sep) + len(sep)
	if i < len(sep) {
		return "", s
	}
	return s[:i], s[i:]
}

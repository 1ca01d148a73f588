package cmd

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"secrets/exec"
)

type execOptions struct {
	use     []string
	clean   bool
	timeout time.Duration
}

func newExec(sys Sys, at *place) *cobra.Command {
	var o execOptions
	c := &cobra.Command{
		Use:   "exec --use [NAME=]LABEL… [flags] -- COMMAND [ARG…]",
		Short: "Run a command with secrets in its environment and mask them in its output",
		Long: `Runs a command with the values of labels in its environment, and masks the values
in all it prints: [secret:LABEL] stands in their place, also where they are
printed in base64, hex, JSON, URL encoding and the like. No shell is started:
COMMAND is run as it is given.

A label is lent as the variable that 'secrets list' shows, or as NAME. Names that
steer programs (PATH, LD_PRELOAD, BASH_ENV, NODE_OPTIONS …) are refused, and so
is a command line that holds one of the values, since everybody can read it.

The command holds the values: it can send or store them wherever it was told to,
or print them in a form that nobody masks (reversed, compressed, encrypted).` + exitStatus(exitOK, exitTimeout, exitNotRun, exitCannotRun, exitNoCommand) + `

    128+n  a signal n ended the command; every other code is the command's own`,
		Example: `  secrets exec --use openai-api-key -- python3 script.py
  secrets exec --use GH_TOKEN=github/token -- gh pr list
  secrets exec --use db-url,stripe-key --clean -- ./migrate
  secrets exec --use openai-api-key -- sh -c 'curl -H "Authorization: Bearer $OPENAI_API_KEY" https://api.openai.com/v1/models'`,
		Args: execArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(_ *cobra.Command, args []string) error { return runExec(sys, at, args, o) },
	}
	f := c.Flags()
	f.SetInterspersed(false)
	f.StringArrayVar(&o.use, "use", nil, "lend `[NAME=]LABEL`; may be repeated, or take several with commas between")
	f.BoolVar(&o.clean, "clean", false, "start from a small environment (PATH, HOME, TERM, LANG …), not from yours")
	f.DurationVar(&o.timeout, "timeout", 0, "end the command after this time (30s, 5m): first by TERM, then by KILL")
	_ = c.RegisterFlagCompletionFunc("use", completeLabels(sys, at))
	return c
}

var (
	errNothingLent = errors.New("there is nothing to lend: --use is missing")
	errNoDashes    = errors.New("-- is missing in front of the command")
	errNoCommand   = errors.New("there is no command behind --")
	errBadTimeout  = errors.New("--timeout must be longer than nothing")
)

// execArgs wants "-- COMMAND": without the dashes, a flag of the command would
// be taken for one of ours.
func execArgs(c *cobra.Command, args []string) error {
	switch dash := c.ArgsLenAtDash(); {
	case dash < 0 && len(args) > 0, dash > 0:
		return usage(errNoDashes)
	case len(args) == 0:
		return usage(errNoCommand)
	}
	return nil
}

func runExec(sys Sys, at *place, args []string, o execOptions) error {
	uses, err := parseUses(o.use)
	switch {
	case err != nil:
		return err
	case len(uses) == 0:
		return usage(errNothingLent)
	case o.timeout < 0:
		return usage(errBadTimeout)
	}
	lent, err := lentValues(sys, at, uses)
	if err != nil {
		return err
	}
	command := exec.Command{
		Args:    args,
		Env:     sys.Env,
		Clean:   o.clean,
		Loans:   lent,
		Stdin:   sys.Stdin,
		Stdout:  sys.Stdout,
		Stderr:  sys.Stderr,
		Timeout: o.timeout,
	}
	status, err := command.Run()
	if err != nil {
		return err
	}
	return &statusError{status}
}

// lentValues opens the store for as long as it takes to get the values: it is
// closed before the command starts, and a command that runs for an hour blocks
// nobody.
func lentValues(sys Sys, at *place, uses []use) ([]exec.Loan, error) {
	s, err := openStore(sys, at)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return loans(sys, s, uses)
}

// A statusError carries the end of a command that was run to the exit code.
type statusError struct{ exec.Status }

func (e *statusError) Error() string { return "the command ended with a status of its own" }

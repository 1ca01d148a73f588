package cmd

import (
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"secrets/exec"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

type execOptions struct {
	use     []string
	useFile []string
	stdin   []string
	maskEnv []string
	clean   bool
	noMask  bool
	timeout time.Duration

	bundle   string
	identity identityOrigin
}

func newExec(sys Sys, at *place) *cobra.Command {
	var o execOptions
	c := &cobra.Command{
		Use:   "exec --use [NAME=]LABEL… [flags] -- COMMAND [ARG…]",
		Short: "Lend secrets to a command and mask them in what it prints",
		Long: `Runs a command with the values of labels in its environment, and masks the
values in all it prints: [secret:LABEL] stands in their place, also where they
are printed in base64, hex, JSON, URL encoding and the like. No shell is
started: COMMAND is run as it is given.

A label is lent as the variable that 'secrets list' shows, or as NAME; with
--use-file as a private file, in memory where there is such a file system, whose
path is in NAME and which is gone when the command ends; with --stdin as the
command's standard input. Names that steer programs (PATH, LD_PRELOAD, BASH_ENV,
NODE_OPTIONS …) are refused, and so is a command line that holds one of the
values, since everybody can read it.

The command meets the terminal, pipes, signals and exit status that it would
meet bare; what differs is in docs/exec.md. --no-mask makes it take the place of
secrets altogether, and is for a human at a terminal alone.

With --bundle the values come out of a file that 'secrets bundle' made, and
neither a store, a keyring nor a home is needed. The age identity that opens it
is read from --identity-file or --identity-fd, else from the first of
$CREDENTIALS_DIRECTORY/secrets-identity, /run/secrets/secrets-identity and the
variable SECRETS_IDENTITY, which the command does not get.

The command holds the values: it can send or store them wherever it was told to,
or print them in a form that nobody masks (compressed, encrypted, in pieces).` + exitStatus(exitOK, exitTimeout, exitNotRun, exitCannotRun, exitNoCommand) + `

      1  the command said 0, but not all that it wrote arrived
    128+n  a signal n ended the command; every other code is the command's own`,
		Example: `  secrets exec --use openai-api-key -- python3 script.py
  secrets exec --use GH_TOKEN=github/token -- gh pr list
  secrets exec --use db-url,stripe-key --clean -- ./migrate
  secrets exec --use-file KUBECONFIG=kube/prod -- kubectl get pods
  secrets exec --stdin registry-password -- docker login -u me --password-stdin
  secrets exec --bundle ci.age --use npm-token -- npm publish
  secrets exec --use KEY=openai-api-key -- sh -c \
    'printf "Authorization: Bearer %s" "$KEY" |
     curl -H @- https://api.openai.com/v1/models'`,
		Args:                  execArgs,
		DisableFlagsInUseLine: true,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("timeout") && o.timeout <= 0 {
				return usage(errBadTimeout)
			}
			return runExec(sys, at, args, o)
		},
	}
	f := c.Flags()
	f.SetInterspersed(false)
	f.StringArrayVar(&o.use, "use", nil, "lend `[NAME=]LABEL`; may be repeated, or take several with commas between")
	f.StringArrayVar(&o.useFile, "use-file", nil, "lend as a private file: `NAME=LABEL`, with its path in NAME")
	f.StringArrayVar(&o.stdin, "stdin", nil, "give the value of `LABEL` to the command as its standard input")
	f.StringArrayVar(&o.maskEnv, "mask-env", nil, "mask the value that the variable `NAME` has already")
	f.BoolVar(&o.clean, "clean", false, "start from a small environment (PATH, HOME, TERM, LANG …), not from yours")
	f.DurationVar(&o.timeout, "timeout", 0, "end the command after this time (30s, 5m): first by TERM, then by KILL")
	wordFlag(f, &o.bundle, "bundle", "lend out of the bundle in `FILE`, without a store")
	o.identity.flags(c)
	f.BoolVar(&o.noMask, "no-mask", false, "mask nothing; only for a human at a terminal")
	for _, flag := range []string{"use", "use-file", "stdin"} {
		_ = c.RegisterFlagCompletionFunc(flag, completeLabels(sys, at))
	}
	return c
}

var (
	errNothingLent = errors.New("there is nothing to lend or to mask")
	errNoDashes    = errors.New("-- is missing in front of the command")
	errStray       = errors.New("a word in front of -- belongs to no flag")
	errNoCommand   = errors.New("there is no command to run")
	errBadTimeout  = errors.New("--timeout must be longer than nothing")
	errTwoInputs   = errors.New("--stdin takes one label: there is one standard input")
	errUseFile     = errors.New("--use-file takes NAME=LABEL")
	errNoBundle    = errors.New("--identity-file and --identity-fd are for --bundle")
	errNoMask      = errors.New("--no-mask cannot go with --use-file, --stdin, --mask-env or --timeout: nobody is left to do them")
)

// execArgs wants "-- COMMAND": without the dashes, a flag of the command would
// be taken for one of ours.
func execArgs(c *cobra.Command, args []string) error {
	switch dashes := c.ArgsLenAtDash() == 0; {
	case !dashes && slices.Contains(args, "--"):
		return usage(errStray)
	case !dashes && len(args) > 0:
		return usage(errNoDashes)
	case len(args) == 0:
		return usage(errNoCommand)
	}
	return nil
}

func runExec(sys Sys, at *place, args []string, o execOptions) error {
	if o.noMask && !sys.human(sys.Stdin, sys.Stdout, sys.Stderr) {
		return &notHumanError{agent: sys.agent()}
	}
	w, err := o.wishes(sys)
	command := exec.Command{
		Args:    args,
		Env:     sys.Env,
		Clean:   o.clean,
		Masked:  w.masked,
		Stdin:   sys.Stdin,
		Stdout:  sys.Stdout,
		Stderr:  sys.Stderr,
		Timeout: o.timeout,
		Warn:    func(err error) { warn(sys, "%s", sentence(err)) },
	}
	defer wipeLent(&command)
	if err != nil {
		return err
	}
	err = w.lend(sys, at, &command)
	at.close()
	if err != nil {
		return err
	}
	if o.noMask {
		return command.Replace()
	}
	status, err := command.Run()
	if err != nil && !errors.As(err, new(*exec.OutputError)) {
		return err
	}
	return &statusError{status, err}
}

// wishes reads what is to be lent from the flags.
func (o execOptions) wishes(sys Sys) (w wishes, err error) {
	w.bundle, w.identity = o.bundle, o.identity
	if w.variables, err = parseUses(o.use); err != nil {
		return w, err
	}
	if w.files, err = parseUses(o.useFile); err != nil {
		return w, err
	}
	if len(o.stdin) > 1 {
		return w, usage(errTwoInputs)
	}
	for _, w.input = range o.stdin {
		if err := store.CheckLabel(w.input); err != nil {
			return w, err
		}
	}
	for _, name := range o.maskEnv {
		value, err := valueOfVariable(sys, name)
		if err != nil {
			return w, err
		}
		if value.Len() < anyMask {
			warn(sys, "the value of %s is not masked: it has under %d bytes", name, anyMask)
		}
		w.masked = append(w.masked, redact.Secret{Label: name, Value: value})
	}
	if value := sys.Getenv(transfer.IdentityVariable); o.bundle != "" && value != "" { // root can read our environment
		w.masked = append(w.masked, redact.Secret{Label: transfer.IdentityVariable, Value: redact.NewValue([]byte(value))})
	}
	switch {
	case len(w.variables)+len(w.files)+len(o.maskEnv) == 0 && w.input == "":
		return w, usage(errNothingLent)
	case slices.ContainsFunc(w.files, func(u use) bool { return u.name == "" }):
		return w, usage(errUseFile)
	case o.bundle == "" && o.identity != identityOrigin{fd: noFD}:
		return w, usage(errNoBundle)
	case o.noMask && (len(w.files)+len(o.maskEnv) > 0 || w.input != "" || o.timeout > 0):
		return w, usage(errNoMask)
	}
	return w, nil
}

// A statusError carries the end of a command that was run to the exit code, and
// what went wrong with its output.
type statusError struct {
	exec.Status
	output error // nil, or an *exec.OutputError
}

func (e *statusError) Error() string { return "the command ended with a status of its own" }

// Package cmd is the command line: the only room where machine, store, exec and
// redact meet. Each command is a constructor, its options and a run function, in
// a file of its own; errors become words in report.go and exit codes in exit.go.
//
// Floor 3.
package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secrets/exec"
	"secrets/machine"
)

// Sys is the world as a command meets it. Tests hand in another one.
type Sys struct {
	Stdin, Stdout, Stderr *os.File

	Env      []string                           // "NAME=value", as os.Environ gives it
	Now      func() time.Time                   // the clock
	Keyring  machine.Keyring                    // the OS keyring
	Hardware func() (machine.HardwareID, error) // the ID of this machine

	// Terminal opens the terminal that the command was started from, whatever
	// became of the streams; the caller closes both.
	Terminal func() (in, out *os.File, err error)

	nobody bool // nobody is to be asked, though somebody may be there
}

// Getenv returns the value of an environment variable, the last one where a name
// is there twice, or nothing.
func (s Sys) Getenv(name string) string {
	for i := len(s.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(s.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// Main runs one command line, without the program's name, and returns the exit
// code. Where a command that was lent secrets died by a signal, Main dies by the
// same one and does not return.
func Main(args []string, sys Sys) int {
	if code, ok := exec.Helper(args); ok {
		return code
	}
	exec.Conceal() // most commands have a value or a key in hand at some time
	exec.LeaveSignals()
	tree := New
	if len(args) > 0 && args[0] == "exec" {
		tree = newExecAlone
	}
	root := tree(sys)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		plainUsage(root)
	}
	help := &output{file: sys.Stdout}
	root.SetOut(help)
	root.SetArgs(args)
	command, err := root.ExecuteC()
	return report(sys, command, cmp.Or(err, help.failure))
}

// An output remembers that it failed: who prints help does not look.
type output struct {
	file    *os.File
	failure error
}

func (o *output) Write(p []byte) (n int, err error) {
	n, err = o.file.Write(p)
	o.failure = cmp.Or(o.failure, err)
	return n, err
}

// newExecAlone is the tree without any command but exec, which is started again
// and again, by programs, and has no use for the others.
func newExecAlone(sys Sys) *cobra.Command {
	root, at := newRoot(sys)
	root.AddCommand(newExec(sys, at))
	return root
}

// New builds the tree of commands.
func New(sys Sys) *cobra.Command {
	root, at := newRoot(sys)
	root.AddGroup(
		&cobra.Group{ID: groupUse, Title: "Using secrets:"},
		&cobra.Group{ID: groupKeep, Title: "Keeping secrets:"},
		&cobra.Group{ID: groupMachine, Title: "This machine:"},
		&cobra.Group{ID: groupLeave, Title: "Other machines:"},
		&cobra.Group{ID: groupAbout, Title: "About:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupUse, newExec(sys, at), newGet(sys, at))
	add(groupKeep, newSet(sys, at), newList(sys, at), newShow(sys, at), newEdit(sys, at), newMv(sys, at), newRm(sys, at))
	add(groupMachine, newInit(sys, at), newDoctor(sys, at), newRekey(sys, at), newRecovery(sys, at), newRecover(sys, at), newBackup(sys, at), newRestore(sys, at), newDestroy(sys, at))
	add(groupLeave, newIdentity(sys, at), newExport(sys, at), newImport(sys, at), newBundle(sys, at))
	add(groupAbout, newCompletion(sys), newVersion(sys))
	root.AddCommand(newMan())
	help := newHelp()
	help.GroupID = groupAbout
	root.SetHelpCommand(help)
	return root
}

// newRoot is the tree's root and the place that its flags name.
func newRoot(sys Sys) (root *cobra.Command, at *place) {
	at = &place{}
	root = &cobra.Command{
		Use:   "secrets COMMAND",
		Short: "Keep API keys on this machine and lend them to commands by label",
		Long: `secrets keeps API keys encrypted, bound to this machine, and lends them by
label. A command finds the value in its environment, and what it prints is
masked. The value is never an argument, and no command of secrets but 'get'
prints one. What is lent a secret holds it and can do with it what it was told
to: lend to commands you trust.

Environment:

    SECRETS_DIR       the folder of the store
    SECRETS_KEY_FILE  the key file, where the key source is a file
    SECRETS_IDENTITY  the identity of a bundle, where no file has it
    NO_COLOR          no colours`,
		Example: `  secrets set openai-api-key
  secrets exec --use openai-api-key -- python3 script.py
  secrets list`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if wanted, _ := c.Flags().GetBool("version"); wanted {
				return runVersion(sys, false)
			}
			return runParent(c, args)
		},
		SilenceErrors: true,
		SilenceUsage:  true,

		DisableFlagsInUseLine: true,
	}
	root.SetErr(sys.Stderr)
	root.SetIn(sys.Stdin)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(showUsage)
	root.Flags().Bool("version", false, "print the version")
	wordFlag(root.PersistentFlags(), &at.keyFile, "key-file", "the key `file` of a store whose key source is a file")
	root.PersistentFlags().BoolVar(&at.allowRemoteFS, "allow-remote-fs", false, "open a store on a network file system (locks and memory maps may fail there)")
	root.PersistentFlags().IntVar(&at.passphraseFD, "passphrase-fd", noFD, "read passphrases from descriptor `N`, one a line, and do not ask")
	root.PersistentFlags().Lookup("passphrase-fd").DefValue = "0" // so that none is shown
	cobra.EnableCommandSorting = false
	return root, at
}

// The groups of the overview that 'secrets help' shows.
const (
	groupUse     = "use"
	groupKeep    = "keep"
	groupMachine = "machine"
	groupLeave   = "leave"
	groupAbout   = "about"
)

// runParent is a command that does nothing without one of its own commands.
func runParent(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	return unknownCommand(c, args[0])
}

// unknownCommand is the error of a name that is no command of parent.
func unknownCommand(parent *cobra.Command, name string) error {
	if !parent.HasSubCommands() {
		return usage(errors.New(parent.CommandPath() + " has no commands of its own"))
	}
	var names []string
	for _, c := range parent.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	near := elsewhere(name)
	if near == "" || parent.HasParent() {
		near = closest(name, names)
	}
	hint := "secrets help" + strings.TrimPrefix(parent.CommandPath(), "secrets") + " lists the commands"
	if near != "" {
		hint = "did you mean: " + parent.CommandPath() + " " + near
	}
	return usageError{errors.New("there is no command " + named(name, near)), hint}
}

// elsewhere is our command for what other tools call by this name, or nothing.
func elsewhere(name string) string {
	switch name {
	case "run":
		return "exec"
	case "read", "reveal", "print":
		return "get"
	case "add", "create", "new", "put", "store":
		return "set"
	case "delete", "del", "remove", "unset":
		return "rm"
	case "move", "rename":
		return "mv"
	case "status":
		return "doctor"
	}
	return ""
}

// exactArgs takes n arguments, named as the usage line names them.
func exactArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == n && !slices.Contains(args, "") {
			return nil
		}
		if len(args) == n {
			return usageError{errors.New("an argument is empty"), c.UseLine()}
		}
		return usageError{fmt.Errorf("%s takes %s, not %d", c.CommandPath(), arguments(n), len(args)), c.UseLine()}
	}
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	default:
		return fmt.Sprintf("%d arguments", n)
	}
}

// someLabels takes one label or more.
func someLabels(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return usageError{fmt.Errorf("%s takes at least one label", c.CommandPath()), c.UseLine()}
}

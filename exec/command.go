package exec

import (
	"os"
	"syscall"
	"time"

	"secrets/redact"
)

// A Command is one program to run, what is lent to it and whom it talks to.
type Command struct {
	// Args is the program, looked up in the PATH of Env, and its arguments.
	Args []string
	// Env is the caller's environment, as "NAME=value".
	Env []string
	// Clean passes on only the few variables of Env that say who and where
	// the user is: see docs/exec.md.
	Clean bool

	// Loans are lent as variables, Files as private files whose path is in the
	// variable, and Input, unless it is nil, as the standard input. All of
	// them are masked in the program's output, and Masked as well, which are
	// not lent because they are in Env already.
	Loans  []Loan
	Files  []Loan
	Input  *redact.Secret
	Masked []redact.Secret

	// Stdin, Stdout and Stderr are the caller's own. Stdin is never read here.
	Stdin, Stdout, Stderr *os.File

	// Warn, unless it is nil, is called before the program starts if it will
	// have less than it would have without us: pipes for a terminal.
	Warn func(error)

	// Timeout, if it is not 0, is how long the program may run: then it and
	// all it started get TERM, and what is left after Grace gets KILL.
	Timeout time.Duration
}

// Grace is the time between TERM and KILL when the Timeout has passed.
const Grace = 5 * time.Second

// Exit codes of our own, as env(1) and timeout(1) have them.
const (
	CodeTimeout   = 124
	CodeCannotRun = 126
	CodeNotFound  = 127
)

// A Status is how the program ended: by a Signal if that is not 0, with Code
// otherwise. Code is 124 after a timeout.
type Status struct {
	Code   int
	Signal syscall.Signal

	TimedOut bool // the timeout ended it, not a status of its own
}

// ExitCode is the status as a shell puts it in one number: 128+n for a signal.
func (s Status) ExitCode() int {
	if s.Signal != 0 {
		return 128 + int(s.Signal)
	}
	return s.Code
}

// Run runs the program and returns when it has ended and all it wrote has been
// passed on. The Status counts unless the error is one of those from before
// the start: NameError, DuplicateNameError, NULError, TooBigError,
// ValueInArgvError, StartError and those of the system. With an OutputError
// the program did run.
//
// When the Status has a Signal the caller ends with Die.
func (c *Command) Run() (Status, error) {
	if err := c.check(); err != nil {
		return Status{}, err
	}
	path, err := lookPath(c.Args[0], c.Env)
	if err != nil {
		return Status{}, err
	}
	files, err := c.lendFiles()
	if err != nil {
		return Status{}, err
	}
	defer files.clear()
	return c.run(path, files)
}

// secrets is everything that must not show in the program's output.
func (c *Command) secrets() []redact.Secret {
	var all []redact.Secret
	for _, lent := range [][]Loan{c.Loans, c.Files} {
		for _, loan := range lent {
			all = append(all, redact.Secret{Label: loan.Label, Value: loan.Value})
		}
	}
	if c.Input != nil {
		all = append(all, *c.Input)
	}
	return append(all, c.Masked...)
}

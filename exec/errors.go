package exec

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrNoCommand is returned where Args is empty.
var ErrNoCommand = errors.New("no command")

// ErrCurrentDirectory refuses a program that was found only because PATH names
// the current directory.
var ErrCurrentDirectory = errors.New("found in the current directory, through PATH")

// A NameError is a variable name that a value cannot be lent under.
type NameError struct {
	Name string
	// Steers tells a good name whose variable steers the loader, a shell or an
	// interpreter from a name that no shell would take.
	Steers bool
}

func (e *NameError) Error() string {
	if e.Steers {
		return fmt.Sprintf("variable %s steers how programs run", e.Name)
	}
	// Not repeated: what was typed in a name's place may be a value.
	return "this cannot name a variable: it must begin with a letter or _ and may hold letters, digits and _"
}

// A DuplicateNameError is a variable that two values were to be lent under.
type DuplicateNameError struct{ Name string }

func (e *DuplicateNameError) Error() string {
	return fmt.Sprintf("variable %s is given twice", e.Name)
}

// A NULError is a value with a NUL byte, which no variable can hold.
type NULError struct{ Label string }

func (e *NULError) Error() string {
	return fmt.Sprintf("the value of %s has a NUL byte", e.Label)
}

// A TooBigError is a value that the system does not take as a variable. Size
// and Limit are bytes of "NAME=value". With no Label it is the arguments and
// the environment as a whole that are too big, and the sizes are not known.
type TooBigError struct {
	Label       string
	Size, Limit int
}

func (e *TooBigError) Error() string {
	if e.Label == "" {
		return "the arguments and the environment are too big"
	}
	return fmt.Sprintf("the variable for %s has %d bytes, the system takes %d", e.Label, e.Size, e.Limit)
}

// A ValueInArgvError is a value found in an argument of the program, where
// everybody on the machine can read it.
type ValueInArgvError struct{ Label string }

func (e *ValueInArgvError) Error() string {
	return fmt.Sprintf("the value of %s is in the arguments", e.Label)
}

// A FileError is why no private file could be made for a value.
type FileError struct {
	Dir string // where it was to lie
	Err error
}

func (e *FileError) Error() string { return fmt.Sprintf("make a private file in %s: %v", e.Dir, e.Err) }

func (e *FileError) Unwrap() error { return e.Err }

// ErrNoInterpreter is why a script cannot be run whose #! line names nothing.
var ErrNoInterpreter = errors.New("the program that its first line names is not there")

// A StartError is a program that is not there or cannot be run.
type StartError struct {
	Program string
	Err     error
}

func (e *StartError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return e.Program + ": command not found"
	}
	return fmt.Sprintf("cannot run %s: %v", e.Program, e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }

// Code is the exit code that a shell gives: 127 not found, 126 cannot run.
func (e *StartError) Code() int {
	if errors.Is(e.Err, fs.ErrNotExist) || errors.Is(e.Err, ErrNoInterpreter) {
		return CodeNotFound
	}
	return CodeCannotRun
}

// A TerminalError is why the program got a pipe in the place of a terminal.
type TerminalError struct{ Err error }

func (e *TerminalError) Error() string { return fmt.Sprintf("no terminal for the program: %v", e.Err) }

func (e *TerminalError) Unwrap() error { return e.Err }

// An OutputError is output of the program that could not be passed on.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return fmt.Sprintf("pass on the output: %v", e.Err) }

func (e *OutputError) Unwrap() error { return e.Err }

package exec

import (
	"bytes"
	"slices"
	"strings"

	"secrets/redact"
)

// leastInArgv is the length, in bytes, from which a value is looked for in the
// arguments: a shorter one is too often a part of something else.
const leastInArgv = 8

// clean are the variables that Clean passes on, and those that begin with LC_.
var clean = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "TZ", "LANG", "LANGUAGE",
	"TERM", "COLORTERM", "NO_COLOR",
	// What no program on Windows starts without, or finds its files by.
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP",
	"USERNAME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
}

// keyVariables carry a key to a store or a bundle. They are for us and never
// for the program.
var keyVariables = []string{"SECRETS_IDENTITY"}

// check finds what can be refused before anything is looked up or made.
func (c *Command) check() error {
	if len(c.Args) == 0 {
		return ErrNoCommand
	}
	if err := c.checkNames(); err != nil {
		return err
	}
	for _, loan := range c.Loans {
		if err := loan.fits(); err != nil {
			return err
		}
	}
	for _, secret := range c.secrets() {
		if inArgv(c.Args, secret.Value) {
			return &ValueInArgvError{Label: secret.Label}
		}
	}
	return nil
}

func (c *Command) checkNames() error {
	var seen []string
	for _, loan := range slices.Concat(c.Loans, c.Files) {
		if err := CheckName(loan.Name); err != nil {
			return err
		}
		if slices.ContainsFunc(seen, func(name string) bool { return sameName(name, loan.Name) }) {
			return &DuplicateNameError{Name: loan.Name}
		}
		seen = append(seen, loan.Name)
	}
	return nil
}

// fits says whether the value can be a variable at all.
func (l Loan) fits() error {
	if bytes.IndexByte(l.Value.Expose(), 0) >= 0 {
		return &NULError{Label: l.Label}
	}
	if size := len(l.Name) + len("=") + l.Value.Len(); size > maxVariable {
		return &TooBigError{Label: l.Label, Size: size, Limit: maxVariable}
	}
	return nil
}

// inArgv looks for the value without the newline at its end, which a shell's
// $(…) would have taken.
func inArgv(args []string, value redact.Value) bool {
	bare := bytes.TrimRight(value.Expose(), "\r\n")
	if len(bare) < leastInArgv {
		return false
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		return bytes.Contains([]byte(arg), bare)
	})
}

// environ is the environment of the program: the caller's, without our keys
// and the variables that are lent, and then those.
func (c *Command) environ(files []string) []string {
	lent := slices.Clone(files)
	for _, loan := range c.Loans {
		lent = append(lent, loan.Name+"="+string(loan.Value.Expose()))
	}
	env := slices.DeleteFunc(slices.Clone(c.Env), func(variable string) bool {
		name := nameOf(variable)
		same := func(other string) bool { return sameName(name, nameOf(other)) }
		return slices.ContainsFunc(keyVariables, same) ||
			slices.ContainsFunc(lent, same) ||
			c.Clean && !isClean(name)
	})
	return append(env, lent...)
}

func isClean(name string) bool {
	return strings.HasPrefix(name, "LC_") ||
		slices.ContainsFunc(clean, func(kept string) bool { return sameName(kept, name) })
}

// nameOf is the name of a "NAME=value". On Windows names may begin with "=".
func nameOf(variable string) string {
	if variable == "" {
		return ""
	}
	if i := strings.IndexByte(variable[1:], '='); i >= 0 {
		return variable[:i+1]
	}
	return variable
}

// valueOf is the value of the last variable of that name, as a shell sees it.
func valueOf(env []string, name string) (string, bool) {
	for _, variable := range slices.Backward(env) {
		if other := nameOf(variable); sameName(other, name) && len(other) < len(variable) {
			return variable[len(other)+1:], true
		}
	}
	return "", false
}

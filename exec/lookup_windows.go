package exec

import (
	"errors"
	"io/fs"
	"os/exec"
)

// lookPath finds the program as cmd.exe does, by PATH and PATHEXT, but not in
// the current directory. The error is a StartError.
func lookPath(name string, _ []string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case errors.Is(err, exec.ErrDot):
		err = ErrCurrentDirectory
	case errors.Is(err, exec.ErrNotFound):
		err = fs.ErrNotExist
	case err == nil:
		return path, nil
	}
	return "", &StartError{Program: name, Err: err}
}

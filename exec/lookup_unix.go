//go:build unix

package exec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultPath is where execvp looks when there is no PATH.
const defaultPath = "/bin:/usr/bin"

// lookPath finds the program as a shell does: a name with a slash is a path, any
// other is looked for in PATH, where a file that cannot be run is passed over
// for one that can. Unlike a shell it runs nothing that it found through a
// PATH that names the current directory. The error is a StartError.
func lookPath(name string, env []string) (string, error) {
	if name == "" {
		return "", &StartError{Program: "''", Err: fs.ErrNotExist}
	}
	if strings.Contains(name, "/") {
		return name, wrapStart(name, runnable(name))
	}
	path, ok := valueOf(env, "PATH")
	if !ok {
		path = defaultPath
	}
	var cause error = syscall.ENOENT
	for _, dir := range filepath.SplitList(path) {
		found := filepath.Join(dir, name)
		switch err := runnable(found); {
		case err == nil && !filepath.IsAbs(found):
			return "", wrapStart(name, ErrCurrentDirectory)
		case err == nil:
			return found, nil
		case !isAbsent(err):
			cause = err
		}
	}
	return "", wrapStart(name, cause)
}

// runnable says why a path cannot be run, as far as can be told without
// running it.
func runnable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err.(*fs.PathError).Err //nolint:errorlint,forcetypeassert // Stat's own type, by its documentation
	case info.IsDir():
		return syscall.EISDIR
	}
	return unix.Access(path, unix.X_OK)
}

// isAbsent is a reason to look on, as in execvp(3).
func isAbsent(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR)
}

// wrapStart makes a StartError of what execve or runnable said; the program
// that is not there is told apart by fs.ErrNotExist. Too big an environment
// is not the program's fault.
func wrapStart(program string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.E2BIG):
		return &TooBigError{}
	case isAbsent(err):
		err = fs.ErrNotExist
	}
	return &StartError{Program: program, Err: err}
}

// wrapExec makes a StartError of what execve said of a program that lookPath
// found: if something is not there, it is what its first line names.
func wrapExec(program string, err error) error {
	if errors.Is(err, syscall.ENOENT) {
		err = ErrNoInterpreter
	}
	return wrapStart(program, err)
}

//go:build unix

package exec

import "syscall"

// Replace runs the program in our place, with nothing masked. It returns only
// errors, those of Run from before the start. Files, Input and Timeout need us
// to stay and are not looked at.
func (c *Command) Replace() error {
	if err := c.check(); err != nil {
		return err
	}
	path, err := lookPath(c.Args[0], c.Env)
	if err != nil {
		return err
	}
	return wrapStart(c.Args[0], syscall.Exec(path, c.Args, c.environ(nil)))
}

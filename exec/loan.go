package exec

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"

	"secrets/redact"
)

// A Loan is one value lent under the name of a variable.
type Loan struct {
	Name  string
	Label string
	Value redact.Value
}

// shelfPrefix begins the name of every directory with files that are lent, so
// that nothing else is ever taken for one and removed.
const shelfPrefix = "secrets-"

// A shelf is the private directory of the files that one run lends.
type shelf struct {
	dir    string
	env    []string // "NAME=path"
	keeper *keeper
}

// lendFiles writes each value of Files into a file that nobody but the user
// can read. With none of them there is no shelf, and all that is done with it
// does nothing.
func (c *Command) lendFiles() (*shelf, error) {
	if len(c.Files) == 0 {
		return &shelf{}, nil
	}
	s := &shelf{dir: filepath.Join(memoryDir(c.Env), shelfPrefix+rand.Text())}
	// The keeper is there before there is anything to keep: we may be killed at
	// any moment.
	var err error
	s.keeper, err = startKeeper(s.dir)
	if err == nil {
		err = os.Mkdir(s.dir, 0o700)
	}
	for _, loan := range c.Files {
		if err == nil {
			err = s.put(loan)
		}
	}
	if err != nil {
		s.clear()
		return nil, &FileError{Dir: filepath.Dir(s.dir), Err: err}
	}
	return s, nil
}

func (s *shelf) put(loan Loan) error {
	path := filepath.Join(s.dir, loan.Name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(loan.Value.Expose())
	if failure := file.Close(); err == nil {
		err = failure
	}
	s.env = append(s.env, loan.Name+"="+path)
	return err
}

// clear removes the files, and what a program has put beside them, such as a
// lock or a copy of its own.
func (s *shelf) clear() {
	if s.dir != "" {
		removeShelf(s.dir)
		s.keeper.dismiss()
	}
}

func removeShelf(dir string) {
	if !strings.HasPrefix(filepath.Base(dir), shelfPrefix) {
		return
	}
	_ = os.RemoveAll(dir)
}

// lendInput makes the program's input a pipe, for a value.
func (w *wiring) lendInput(input *redact.Secret) error {
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	w.program[0], w.ours = from, append(w.ours, from)
	w.input, w.feed = input, to
	return nil
}

// giveInput writes the value to the program, which need not read it.
func (w *wiring) giveInput() {
	_, _ = w.feed.Write(w.input.Value.Expose())
	_ = w.feed.Close()
}

// tempDir is where files go when there is no memory for them.
func tempDir(env []string) string {
	if dir, ok := valueOf(env, "TMPDIR"); ok {
		return dir
	}
	return os.TempDir()
}

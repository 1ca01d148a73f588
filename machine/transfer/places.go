package transfer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"secrets/redact"
)

// maxIdentities bounds a file of identities in bytes: hundreds of them.
const maxIdentities = 64 << 10

// The places where a machine without a store keeps its identity. systemd gives a
// service the folder $CREDENTIALS_DIRECTORY (systemd.exec(5)), container engines
// mount /run/secrets. The variable comes last: other programs can read it.
const identityName = "secrets-identity"

// IdentityVariable is the variable that may hold an identity.
const IdentityVariable = "SECRETS_IDENTITY"

// Places says where to look for an identity. File or Stream, where one is
// given, is the only place.
type Places struct {
	File   string              // the path that the user named, or ""
	Stream *os.File            // the descriptor that the user named, or nil; the caller closes it
	Getenv func(string) string // for the places by default

	root string // what tests put before /run
}

// Read returns the text of the first identity there is, for ParseIdentities, and
// the name of its place; ErrNoIdentity where there is none. A place that is
// there but cannot be read is an error: nothing stands in for it.
func (p Places) Read() (text redact.Value, place string, err error) {
	switch {
	case p.File != "":
		text, err = readFile(p.File)
		return text, p.File, err
	case p.Stream != nil:
		text, err = readAll(p.Stream)
		return text, p.Stream.Name(), err
	}
	files := []string{filepath.Join(p.root, "/run/secrets", identityName)}
	if folder := p.Getenv("CREDENTIALS_DIRECTORY"); folder != "" {
		files = append([]string{filepath.Join(folder, identityName)}, files...)
	}
	for _, path := range files {
		text, err = readFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return text, path, err
		}
	}
	if v := p.Getenv(IdentityVariable); v != "" {
		return redact.NewValue([]byte(v)), IdentityVariable, nil
	}
	return redact.Value{}, "", ErrNoIdentity
}

func readFile(path string) (redact.Value, error) {
	f, err := os.Open(path)
	if err != nil {
		return redact.Value{}, err
	}
	defer func() { _ = f.Close() }()
	return readAll(f)
}

// readAll reads into one array: growing would leave copies.
func readAll(f *os.File) (redact.Value, error) {
	b := make([]byte, maxIdentities+1)
	n, err := io.ReadFull(f, b)
	switch {
	case err == nil:
		err = fmt.Errorf("%s: %w", f.Name(), ErrTooLarge)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return redact.NewValue(b[:n]), nil
	}
	clear(b)
	return redact.Value{}, err
}

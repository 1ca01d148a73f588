package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"secrets/machine"
	"secrets/redact"
	"secrets/store"
)

// A place is where the store and the key file lie, as the flags and the
// environment say.
type place struct {
	keyFile       string // --key-file
	allowRemoteFS bool   // --allow-remote-fs
	passphraseFD  int    // --passphrase-fd, or noFD

	opened     map[int]*os.File // the descriptors that were named and read
	passphrase redact.Value     // the last one that came from a descriptor
	opening    string           // what its passphrase is asked for, if that is not the store

	valueNext bool   // behind a passphrase, a value is asked for
	unmute    func() // ends what was begun for that, or nil
}

var (
	errNoHome     = errors.New("there is no home folder to keep the store in")
	errNoKeyHome  = errors.New("there is no home folder to keep the key file in")
	errTilde      = errors.New("only a shell makes a home folder of ~, and none did")
	errKeyInStore = errors.New("the key file must not lie in the store's folder: who copies the one would get the other")
)

func (p *place) options() store.Options { return store.Options{AllowRemoteFS: p.allowRemoteFS} }

// store is the path of the store's file: in SECRETS_DIR, else where this system
// keeps the data of applications.
func (p *place) store(sys Sys) (string, error) {
	dir, err := absolute(sys.Getenv("SECRETS_DIR"))
	if dir == "" && err == nil {
		return usualStore(sys)
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, store.FileName), nil
}

func usualStore(sys Sys) (string, error) {
	dir, err := userFolder(sys, "XDG_DATA_HOME", ".local/share", "secrets")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, store.FileName), nil
}

// key is the path of the key file: --key-file, SECRETS_KEY_FILE, else where this
// system keeps the state of applications.
func (p *place) key(sys Sys) (string, error) {
	path := p.keyFile
	if path == "" {
		path = sys.Getenv("SECRETS_KEY_FILE")
	}
	path, err := absolute(path)
	if path == "" && err == nil {
		leaf := "secrets"
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			leaf = "secrets-key" // these have one folder for data and state
		}
		if path, err = userFolder(sys, "XDG_STATE_HOME", ".local/state", leaf); err != nil {
			return "", errNoKeyHome
		}
		path = filepath.Join(path, "key")
	}
	return path, err
}

// mayKeep refuses to make a key in the store's folder or below it.
func (p *place) mayKeep(sys Sys, source machine.KeySource) error {
	in, isFile := source.(machine.FileSource)
	if file, err := p.store(sys); isFile && err == nil && within(in.Path, filepath.Dir(file)) {
		return errKeyInStore
	}
	return nil
}

// flags are those that were given to find the store and its key, as a command line
// takes them.
func (p *place) flags() (line string) {
	if p.keyFile != "" {
		line += " --key-file " + quoted(p.keyFile)
	}
	if p.allowRemoteFS {
		line += " --allow-remote-fs"
	}
	if p.passphraseFD != noFD {
		line += fmt.Sprintf(" --passphrase-fd %d", p.passphraseFD)
	}
	return line
}

// within tells whether a path leads into a folder, by whatever links.
func within(path, folder string) bool {
	inside, err := filepath.Rel(followed(folder), followed(path))
	return err == nil && filepath.IsLocal(inside)
}

// followed is a path without links, as far as it is there.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(followed(parent), filepath.Base(path))
}

// absolute is filepath.Abs, but leaves nothing as nothing. It refuses a home folder
// that was quoted, or stands in a file of settings: a folder of that name would be made
// wherever we are run.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if first, _, _ := strings.Cut(filepath.ToSlash(path), "/"); first == "~" {
		return "", fmt.Errorf("%s: %w", path, errTilde)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", path, err)
	}
	return path, nil
}

// userFolder is where this system keeps what belongs to one user and one
// machine: never a folder that roams.
func userFolder(sys Sys, xdg, unix, leaf string) (string, error) {
	home := sys.Getenv("HOME")
	switch runtime.GOOS {
	case "windows":
		if local := sys.Getenv("LOCALAPPDATA"); local != "" {
			return filepath.Join(local, leaf), nil
		}
		return "", errNoHome
	case "darwin":
		if home != "" {
			return filepath.Join(home, "Library", "Application Support", leaf), nil
		}
		return "", errNoHome
	}
	// The XDG base directory specification has relative paths ignored.
	if dir := sys.Getenv(xdg); filepath.IsAbs(dir) {
		return filepath.Join(dir, leaf), nil
	}
	if filepath.IsAbs(home) {
		return filepath.Join(home, unix, leaf), nil
	}
	return "", errNoHome
}

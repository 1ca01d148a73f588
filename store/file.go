package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// openFile opens a store for reading, having made sure that it is a regular
// file of ours that nobody else can read, in a folder that is ours alone, on a
// file system of this machine.
func openFile(path string, opt Options) (*os.File, error) {
	if opt.anywhere {
		return openAnywhere(path)
	}
	folder := filepath.Dir(path)
	if err := checkFolder(folder, opt); err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s", ErrNoStore, folder)
	}
	if err != nil {
		return nil, err
	}
	if err := checkFile(path, info); err != nil {
		return nil, err
	}
	f, err := openNoFollow(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	// What was opened need not be what was looked at.
	if info, err = f.Stat(); err == nil {
		err = checkFile(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// openAnywhere opens a regular file, whoever owns it and wherever it lies.
func openAnywhere(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &KindError{Path: path, Mode: info.Mode()}
	}
	return os.Open(path)
}

func checkFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &KindError{Path: path, Mode: info.Mode()}
	}
	return checkPrivate(path, info, 0o600)
}

// checkFolder looks at the folder of a store. A symbolic link to it is
// followed: what counts is who can write where the store lies.
func checkFolder(folder string, opt Options) error {
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w in %s", ErrNoStore, folder)
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &KindError{Path: folder, Mode: info.Mode()}
	}
	if err := checkPrivate(folder, info, 0o700); err != nil {
		return err
	}
	if opt.AllowRemoteFS {
		return nil
	}
	name, err := remoteFS(folder)
	if err != nil {
		return err
	}
	if name != "" {
		return &RemoteError{Path: folder, FileSystem: name}
	}
	return nil
}

// makeFolder makes a folder, and those above it that are missing, ours alone,
// and makes them last: a store is no safer than the folder that leads to it.
func makeFolder(folder string) error {
	parent := filepath.Dir(folder)
	err := os.Mkdir(folder, 0o700)
	if errors.Is(err, fs.ErrNotExist) && parent != folder {
		if err := makeFolder(parent); err != nil {
			return err
		}
		err = os.Mkdir(folder, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // what it is, checkFolder looks at
	}
	if err != nil {
		return err
	}
	return syncFolder(parent)
}

// WriteNew makes a file that was not there before. It has its name when it is whole:
// who is killed while it is written leaves a part of it beside, path.….new. It lasts
// when WriteNew returns, where its folder can be read, and after an error it is not
// there. That of a name that is taken is fs.ErrExist.
func WriteNew(path string, mode fs.FileMode, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
	}
	dir, name := filepath.Split(path)
	name = strings.ToValidUTF8(name[:min(len(name), maxStem)], "") + "." + rand.Text()[:8] + draftSuffix
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return underName(err, path)
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = take(path, f.Name())
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return underName(err, path)
	}
	if err = syncFolder(filepath.Dir(path)); errors.Is(err, fs.ErrPermission) { // one to drop files into
		return nil
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

// maxStem is how much of a file's name another one has, in bytes: no name may have more
// than 255.
const maxStem = 200

// underName is an error about a file, under the name that it was to have: who reads it
// knows no other.
func underName(err error, path string) error {
	var (
		file    *fs.PathError
		link    *os.LinkError
		written *WriteError
	)
	switch {
	case errors.As(err, &link):
		return &fs.PathError{Op: link.Op, Path: path, Err: link.Err}
	case errors.As(err, &written):
		written.Path = path
	case errors.As(err, &file) && strings.HasSuffix(file.Path, draftSuffix):
		file.Path = path
	}
	return err
}

// take gives a file the name that it was written for, if that is free. On a file system
// without links an empty file has it for a moment.
func take(name, from string) error {
	err := link(from, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), rename(from, name)); err != nil {
		_ = os.Remove(name)
		return err
	}
	return nil
}

// createNew makes a file that was not there before, 0600 whatever the umask. After
// an error it is not.
func createNew(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil {
		_ = f.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return f, nil
}

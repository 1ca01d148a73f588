package store

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
		return nil, ErrNoStore
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
		return ErrNoStore
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

// WriteNew makes a file that was not there before, in one step: who is killed while
// it is written leaves a part of it under another name, path.….new. It lasts when
// WriteNew returns, and after an error it is not there. That of a name that is taken
// is fs.ErrExist.
func WriteNew(path string, mode fs.FileMode, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
	}
	f, err := os.OpenFile(path+"."+rand.Text()[:8]+draftSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = take(path, f.Name())
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// take renames a file to a name that is free. That is taken first, by an empty file:
// not every file system has links, or renames that replace nothing.
func take(name, from string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), rename(from, name)); err != nil {
		return errors.Join(err, os.Remove(name))
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

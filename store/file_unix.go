//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openNoFollow opens what should be a regular file, 0600 if it makes one. At a
// symbolic link it fails, for a pipe it does not wait.
func openNoFollow(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, &KindError{Path: path, Mode: fs.ModeSymlink}
	}
	return f, err
}

// checkPrivate wants a file or folder of ours with no group or world bits.
func checkPrivate(path string, info fs.FileInfo, want fs.FileMode) error {
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != os.Geteuid() {
		return &OwnerError{Path: path, UID: uid}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return &PermissionError{Path: path, Mode: info.Mode(), Want: want}
	}
	return nil
}

func rename(from, to string) error { return os.Rename(from, to) }

// syncFolder makes a rename in the folder last through a loss of power.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}

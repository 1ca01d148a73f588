package machine

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

const noFollow = 0

// openPrivate opens the file for reading. Who else may read it, the access list
// of the user's profile says, which it inherits.
func openPrivate(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		return nil, &UnsafeFileError{Path: path, Fault: FaultSymlink, Mode: info.Mode()}
	case !info.Mode().IsRegular():
		return nil, &UnsafeFileError{Path: path, Fault: FaultNotRegular, Mode: info.Mode()}
	}
	return os.Open(path)
}

// tryLock takes the lock unless another process holds it.
func tryLock(f *os.File) (held bool, err error) {
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), exclusive, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// syncFolder has nothing to do: NTFS keeps a journal of its names.
func syncFolder(string) error { return nil }

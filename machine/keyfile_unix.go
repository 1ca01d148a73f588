//go:build unix

package machine

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW

// openPrivate opens a file for reading that is ours and nobody else's business.
// It looks at what it opened, not at the path, which can change in between.
func openPrivate(path string) (*os.File, error) {
	// NONBLOCK: a FIFO would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, &UnsafeFileError{Path: path, Fault: FaultSymlink}
	}
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func checkPrivate(f *os.File) error {
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		return &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	mode := fs.FileMode(stat.Mode).Perm()
	switch {
	case stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return &UnsafeFileError{Path: f.Name(), Fault: FaultNotRegular, Mode: mode}
	case int(stat.Uid) != os.Geteuid():
		return &UnsafeFileError{Path: f.Name(), Fault: FaultOwner, Mode: mode}
	case mode&0o077 != 0:
		return &UnsafeFileError{Path: f.Name(), Fault: FaultMode, Mode: mode}
	}
	return nil
}

// tryLock takes the lock unless another process holds it.
func tryLock(f *os.File) (held bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return err == nil, err
}

// syncFolder makes a rename in the folder last through a power loss.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

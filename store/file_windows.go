package store

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// openNoFollow follows: to make a symbolic link takes a right here that other
// users do not have, and Lstat has refused one by then.
func openNoFollow(path string, flag int) (*os.File, error) { return os.OpenFile(path, flag, 0o600) }

// checkPrivate leaves it to the profile folder's access list.
func checkPrivate(string, fs.FileInfo, fs.FileMode) error { return nil }

// rename waits for readers: Windows does not replace a file that one has open.
func rename(from, to string) error {
	const tries, pause = 200, 10 * time.Millisecond
	for range tries {
		err := os.Rename(from, to)
		if !errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		time.Sleep(pause)
	}
	return os.Rename(from, to)
}

// syncFolder is not to be had; NTFS logs a rename.
func syncFolder(string) error { return nil }

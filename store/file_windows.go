package store

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Windows opens a symbolic link only where its user may create one; Lstat has
// refused it by then.
const noFollow = 0

func openNoFollow(path string) (*os.File, error) { return os.Open(path) }

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

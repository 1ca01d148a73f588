package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// remoteFS names the network file system that a folder is on, "" for none.
func remoteFS(folder string) (string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return "", &os.PathError{Op: "statfs", Path: folder, Err: err}
	}
	if stat.Flags&unix.MNT_LOCAL != 0 {
		return "", nil
	}
	return unix.ByteSliceToString(stat.Fstypename[:]), nil
}

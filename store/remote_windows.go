package store

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// remoteFS says whether a folder is on a share or a mapped network drive; ""
// for neither. A share's path begins with \\, and so does that of a WSL disk.
func remoteFS(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(folder) + `\`)
	if err != nil {
		return "", err
	}
	if windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return "share", nil
	}
	return "", nil
}

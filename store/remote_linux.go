package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// networkFS names what statfs(2) reports of file systems whose other end is
// another machine, or a program that may be one (FUSE, 9p).
var networkFS = map[int64]string{
	unix.AFS_SUPER_MAGIC:   "afs",
	unix.CEPH_SUPER_MAGIC:  "ceph",
	unix.CIFS_SUPER_MAGIC:  "cifs",
	unix.CODA_SUPER_MAGIC:  "coda",
	unix.FUSE_SUPER_MAGIC:  "fuse",
	unix.NFS_SUPER_MAGIC:   "nfs",
	unix.OCFS2_SUPER_MAGIC: "ocfs2",
	unix.SMB_SUPER_MAGIC:   "smb",
	unix.SMB2_SUPER_MAGIC:  "smb2",
	unix.V9FS_MAGIC:        "9p",
}

// remoteFS names the network file system that a folder is on, "" for none.
func remoteFS(folder string) (string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return "", &os.PathError{Op: "statfs", Path: folder, Err: err}
	}
	return networkFS[int64(uint32(stat.Type))], nil
}

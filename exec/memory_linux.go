package exec

import "golang.org/x/sys/unix"

// memoryDir is a directory in memory, where there is one that we may write to:
// what is in it never reaches a disk, unless memory is swapped out.
func memoryDir(env []string) string {
	runtimeDir, _ := valueOf(env, "XDG_RUNTIME_DIR")
	for _, dir := range []string{runtimeDir, "/dev/shm"} {
		var fs unix.Statfs_t
		if dir == "" || unix.Statfs(dir, &fs) != nil || unix.Access(dir, unix.W_OK) != nil {
			continue
		}
		if fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC {
			return dir
		}
	}
	return tempDir(env)
}

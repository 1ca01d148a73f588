package machine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// ReadHardwareID reads the ID of this machine: /etc/machine-id, see
// machine-id(5). Its errors wrap a HardwareState and never quote the ID.
func ReadHardwareID(getenv func(string) string) (HardwareID, error) {
	return readMachineID("/", getenv)
}

// machineIDPaths in their order: the second is read only where there is no
// first.
var machineIDPaths = []string{"etc/machine-id", "var/lib/dbus/machine-id"}

func readMachineID(root string, getenv func(string) string) (HardwareID, error) {
	for _, path := range machineIDPaths {
		path = filepath.Join(root, path)
		raw, err := readShort(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return NoHardwareID, fmt.Errorf("%w: %w", HardwareInvalid, err)
		}
		id, err := NewHardwareID("machine-id", raw)
		if err != nil {
			return NoHardwareID, fmt.Errorf("%s: %w", path, err)
		}
		if transient(path) {
			return NoHardwareID, fmt.Errorf("%s: %w", path, HardwareTransient)
		}
		id.Container = inContainer(root, getenv)
		return id, nil
	}
	return NoHardwareID, HardwareAbsent
}

// readShort reads what may be an ID; nothing longer than 128 bytes is.
func readShort(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, 129))
	return string(raw), err
}

// transient tells an ID that systemd made up for this boot because /etc could
// not be written: a file in memory, mounted over the one in path's folder.
func transient(path string) bool {
	var file, folder unix.Stat_t
	var system unix.Statfs_t
	if unix.Stat(path, &file) != nil || unix.Stat(filepath.Dir(path), &folder) != nil || unix.Statfs(path, &system) != nil {
		return true
	}
	inMemory := system.Type == unix.TMPFS_MAGIC || system.Type == unix.RAMFS_MAGIC
	return inMemory && file.Dev != folder.Dev
}

// containerEngines are the names by which a container shows in its cgroup.
var containerEngines = []string{"docker", "containerd", "kubepods", "libpod", "lxc"}

// inContainer looks for the marks that container engines leave.
func inContainer(root string, getenv func(string) string) bool {
	if getenv("container") != "" {
		return true
	}
	for _, mark := range []string{".dockerenv", "run/.containerenv"} {
		if _, err := os.Stat(filepath.Join(root, mark)); err == nil {
			return true
		}
	}
	cgroup, _ := os.ReadFile(filepath.Join(root, "proc/1/cgroup")) // unreadable is no mark
	return slices.ContainsFunc(containerEngines, func(engine string) bool { return bytes.Contains(cgroup, []byte(engine)) })
}

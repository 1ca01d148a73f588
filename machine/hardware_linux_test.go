package machine

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func noEnv(string) string { return "" }

// writeTree makes a root folder of files; a name that ends in a slash is a
// folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if name[len(name)-1] == '/' {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(content), 0o444)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Pitfall 12, as files; pitfall 14: the marks of a container.
func TestMachineID(t *testing.T) {
	const etc, dbus = "etc/machine-id", "var/lib/dbus/machine-id"
	other := goodID[1:] + "0"
	for _, tc := range []struct {
		name      string
		files     map[string]string
		container string
		want      error
		wantID    string
		inside    bool
	}{
		{name: "good", files: map[string]string{etc: goodID + "\n"}, wantID: goodID},
		{name: "none", want: HardwareAbsent},
		{name: "the older place", files: map[string]string{dbus: goodID + "\n"}, wantID: goodID},
		{name: "both", files: map[string]string{etc: goodID, dbus: other}, wantID: goodID},
		{name: "empty is not passed over", files: map[string]string{etc: "", dbus: goodID}, want: HardwareAbsent},
		{name: "uninitialized", files: map[string]string{etc: "uninitialized\n", dbus: goodID}, want: HardwareUninitialized},
		{name: "a folder", files: map[string]string{etc + "/": ""}, want: HardwareInvalid},
		{name: "endless", files: map[string]string{etc: string(make([]byte, 1<<20))}, want: HardwareInvalid},
		{name: "docker", files: map[string]string{etc: goodID, ".dockerenv": ""}, wantID: goodID, inside: true},
		{name: "podman", files: map[string]string{etc: goodID, "run/.containerenv": ""}, wantID: goodID, inside: true},
		{name: "variable", files: map[string]string{etc: goodID}, container: "lxc", wantID: goodID, inside: true},
		{name: "cgroup", files: map[string]string{etc: goodID, "proc/1/cgroup": "0::/system.slice/docker-1234.scope\n"}, wantID: goodID, inside: true},
		{name: "no container", files: map[string]string{etc: goodID, "proc/1/cgroup": "0::/init.scope\n"}, wantID: goodID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			getenv := func(name string) string {
				if name == "container" {
					return tc.container
				}
				return ""
			}
			hw, err := readMachineID(writeTree(t, tc.files), getenv)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want != nil {
				return
			}
			want, err := NewHardwareID("machine-id", tc.wantID)
			if err != nil {
				t.Fatal(err)
			}
			if !hw.hash.Equal(want.hash) {
				t.Error("another ID was taken")
			}
			if hw.Container != tc.inside {
				t.Errorf("container %v, want %v", hw.Container, tc.inside)
			}
		})
	}
}

// Pitfall 12: one that may not be read. Root may read all, but not as a user of a
// namespace in which it is nobody.
func TestUnreadableMachineID(t *testing.T) {
	const unreadable = "MACHINE_TEST_UNREADABLE"
	if root := os.Getenv(unreadable); root != "" {
		if _, err := readMachineID(root, noEnv); !errors.Is(err, HardwareInvalid) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want %v", err, HardwareInvalid)
		}
		return
	}
	root := writeTree(t, map[string]string{"etc/machine-id": goodID, "var/lib/dbus/machine-id": goodID})
	if err := os.Chmod(filepath.Join(root, "etc/machine-id"), 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "--user", os.Args[0], "-test.run", "^TestUnreadableMachineID$")
	cmd.Env = append(os.Environ(), unreadable+"="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Pitfall 13: where /etc is read-only, systemd mounts an ID over the file that
// is another one at each boot. The mount is real: it needs unshare(1) and user
// namespaces.
func TestTransientMachineID(t *testing.T) {
	const mounted = "MACHINE_TEST_MOUNTED"
	if root := os.Getenv(mounted); root != "" {
		if _, err := readMachineID(root, noEnv); !errors.Is(err, HardwareTransient) {
			t.Errorf("got %v, want %v", err, HardwareTransient)
		}
		return
	}
	root := writeTree(t, map[string]string{"etc/machine-id": goodID, "run/": ""})
	if _, err := readMachineID(root, noEnv); err != nil {
		t.Fatalf("before the mount: %v", err)
	}
	const script = `set -e
		mount -t tmpfs none "$0/run"
		cp "$0/etc/machine-id" "$0/run/machine-id"
		mount --bind "$0/run/machine-id" "$0/etc/machine-id"
		exec "$1" -test.run '^TestTransientMachineID$'`
	cmd := exec.Command("unshare", "--mount", "--user", "--map-root-user", "sh", "-c", script, root, os.Args[0])
	cmd.Env = append(os.Environ(), mounted+"="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

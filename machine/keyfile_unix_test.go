//go:build unix

package machine

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestKeyFileFaults(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(path string) error
		want FileFault
		mode fs.FileMode
	}{
		{"0644", func(path string) error { return os.Chmod(path, 0o644) }, FaultMode, 0o644},
		{"0660", func(path string) error { return os.Chmod(path, 0o660) }, FaultMode, 0o660},
		{"0601", func(path string) error { return os.Chmod(path, 0o601) }, FaultMode, 0o601},
		{"symlink", func(path string) error {
			return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
		}, FaultSymlink, 0},
		{"dangling symlink", func(path string) error {
			return errors.Join(os.Remove(path), os.Symlink("nowhere", path))
		}, FaultSymlink, 0},
		{"folder", func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}, FaultNotRegular, 0o700},
		{"FIFO", func(path string) error {
			return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
		}, FaultNotRegular, 0o600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := writeKeyFile(t, testLine)
			if err := tc.make(s.Path); err != nil {
				t.Fatal(err)
			}
			_, keyErr := s.Key(testEpoch)
			_, createErr := s.Create(Epoch{Store: testEpoch.Store, Number: 9})
			for what, err := range map[string]error{
				"key": keyErr, "create": createErr, "delete": s.Delete(testEpoch), "probe": s.Probe(),
			} {
				var unsafe *UnsafeFileError
				if !errors.As(err, &unsafe) {
					t.Errorf("%s: got %v, want an UnsafeFileError", what, err)
					continue
				}
				if unsafe.Fault != tc.want || unsafe.Mode != tc.mode || unsafe.Path != s.Path {
					t.Errorf("%s: got %+v, want %s of mode %v", what, unsafe, tc.want, tc.mode)
				}
			}
		})
	}
}

// Another user's file is refused even where it can be read. Root can read every
// file and give every file away, others have user namespaces for that.
func TestKeyFileOfAnotherUser(t *testing.T) {
	const owned = "MACHINE_TEST_OWNED"
	if path := os.Getenv(owned); path != "" {
		var unsafe *UnsafeFileError
		if _, err := (FileSource{Path: path}).Key(testEpoch); !errors.As(err, &unsafe) || unsafe.Fault != FaultOwner {
			t.Errorf("got %v, want %s", err, FaultOwner)
		}
		return
	}
	if os.Geteuid() == 0 {
		s := writeKeyFile(t, testLine)
		if err := os.Chown(s.Path, 12345, -1); err != nil {
			t.Fatal(err)
		}
		t.Setenv(owned, s.Path)
	} else {
		t.Setenv(owned, "/etc/hostname") // root's, and everybody's to read
	}
	out, err := exec.Command(os.Args[0], "-test.run", "^TestKeyFileOfAnotherUser$").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestKeyFileModes(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			s := newFileSource(t)
			if _, err := s.Create(testEpoch); err != nil {
				t.Fatal(err)
			}
			if err := s.Delete(testEpoch); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]fs.FileMode{
				s.Path: 0o600, s.Path + ".lock": 0o600, filepath.Dir(s.Path): 0o700,
			} {
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != want {
					t.Errorf("umask %#o: %s is %v, want %v", umask, filepath.Base(path), got, want)
				}
			}
		}()
	}
}

package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A network file system is played by calling the one that the test runs on one.
func TestNetworkFileSystemIsRefused(t *testing.T) {
	path := golden(t, "one.db")
	folder := filepath.Dir(path)
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		t.Fatal(err)
	}
	kind := int64(uint32(stat.Type))
	networkFS[kind] = "test"
	defer delete(networkFS, kind)

	want := &RemoteError{Path: folder, FileSystem: "test"}
	h := Header{StoreID: NewID(), Epoch: 1}
	fresh := filepath.Join(folder, "fresh.db")
	_, err := Open(path, Options{})
	checkErrorAs(t, "open", err, want)
	checkErrorAs(t, "create", Create(fresh, Options{}, h, vaultKey()), want)
	checkErrorAs(t, "destroy", Destroy(path, Options{}), want)
	checkFolderHolds(t, folder, FileName)

	allowed := Options{AllowRemoteFS: true}
	if _, err := Open(path, allowed); err != nil {
		t.Errorf("open, allowed: %v", err)
	}
	if err := Create(fresh, allowed, h, vaultKey()); err != nil {
		t.Errorf("create, allowed: %v", err)
	}
}

// A child of exec may run for hours: a store that is open holds no file.
func TestOpenStoreHoldsNoFile(t *testing.T) {
	s := newStore(t, "key")
	checkValueOf(t, s, "key", "value of key")
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(to, filepath.Dir(s.path)) {
			t.Errorf("it holds %s", to)
		}
	}
}

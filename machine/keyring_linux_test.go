package machine

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// env makes a getenv of a map.
func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// testKeyring is the system's keyring in an environment of its own. The bus of
// whoever runs the tests is out of its reach.
func testKeyring(t *testing.T, vars map[string]string) *systemKeyring {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent") // put back what Probe sets
	return &systemKeyring{getenv: env(vars), runtime: t.TempDir()}
}

func TestBusAddress(t *testing.T) {
	empty, folder, other := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{folder, other} {
		if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name, address, runtimeDir, runtime string
		want                               string
		wantErr                            error
	}{
		{"variable", "unix:path=/x", folder, other, "unix:path=/x", nil},
		{"runtime folder", "", folder, other, "unix:path=" + folder + "/bus", nil},
		{"user's folder", "", "", other, "unix:path=" + other + "/bus", nil},
		{"user's folder, runtime folder without a bus", "", empty, other, "unix:path=" + other + "/bus", nil},
		{"relative runtime folder", "", ".", empty, "", NoBus},
		{"autolaunch", "autolaunch:", empty, empty, "", NoBus},
		{"autolaunch with a scope", "autolaunch:scope=*user", empty, other, "unix:path=" + other + "/bus", nil},
		{"nowhere", "", "", empty, "", NoBus},
	} {
		k := &systemKeyring{getenv: env(map[string]string{"DBUS_SESSION_BUS_ADDRESS": tc.address, "XDG_RUNTIME_DIR": tc.runtimeDir}), runtime: tc.runtime}
		got, err := k.busAddress()
		if got != tc.want || !errors.Is(err, tc.wantErr) {
			t.Errorf("%s: got %q, %v, want %q, %v", tc.name, got, err, tc.want, tc.wantErr)
		}
	}
}

// Pitfall 1: without a bus nothing is started, and go-keyring is not called.
func TestNoBusStartsNothing(t *testing.T) {
	folder := t.TempDir()
	trace := filepath.Join(folder, "trace")
	for _, name := range []string{"dbus-launch", "dbus-daemon", "gnome-keyring-daemon"} {
		script := "#!/bin/sh\necho $0 >>" + trace + "\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{"", "autolaunch:", "autolaunch:;unix:path=/nonexistent", "unix:path=/nonexistent"} {
		k := testKeyring(t, map[string]string{"DBUS_SESSION_BUS_ADDRESS": address})
		t.Setenv("PATH", folder)
		s := KeyringSource{Keyring: k, Interactive: true}
		_, keyErr := s.Key(testEpoch)
		_, createErr := s.Create(testEpoch)
		for what, err := range map[string]error{"key": keyErr, "create": createErr, "delete": s.Delete(testEpoch), "probe": s.Probe()} {
			if !errors.Is(err, NoBus) && !errors.Is(err, BusUnreachable) {
				t.Errorf("%q, %s: got %v", address, what, err)
			}
		}
	}
	if started, err := os.ReadFile(trace); err == nil {
		t.Errorf("started %s", started)
	}
}

func TestUnreachableBus(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "dead")
	listener, err := net.Listen("unix", dead)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	for _, address := range []string{
		"unix:path=/nonexistent", "unix:path=" + dead, "disabled:", "garbage", "unix:", ";", "tcp:host=127.0.0.1,port=1",
	} {
		s := KeyringSource{Keyring: testKeyring(t, map[string]string{"DBUS_SESSION_BUS_ADDRESS": address})}
		if err := s.Probe(); !errors.Is(err, BusUnreachable) {
			t.Errorf("%q: got %v, want %v", address, err, BusUnreachable)
		}
	}
}

// Pitfall 2: a socket that takes every connection and never answers.
func TestSilentBus(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "bus")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	k := testKeyring(t, map[string]string{"XDG_RUNTIME_DIR": filepath.Dir(socket)})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := k.Probe(ctx, ""); !errors.Is(err, TimedOut) {
		t.Errorf("got %v, want %v", err, TimedOut)
	}
}

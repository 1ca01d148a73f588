package machine

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestGoldenHardwareIDs(t *testing.T) {
	for _, v := range readVectors(t).Hardware {
		hw, err := NewHardwareID(v.Source, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(hw.hash.Expose()); got != v.Hash || hw.Source != v.Source {
			t.Errorf("%s: got %s of %s, want %s", v.Source, got, hw.Source, v.Hash)
		}
	}
}

const goodID = "0123456789abcdef0123456789abcdef"

// Pitfall 12: what is no ID is refused, and says why.
func TestHardwareIDStates(t *testing.T) {
	for _, tc := range []struct {
		raw  string
		want error
	}{
		{goodID, nil},
		{goodID + "\n", nil},
		{goodID + "\r\n", nil},
		{strings.ToUpper(goodID), nil},
		{"01234567-89ab-cdef-0123-456789abcdef", nil},
		{"{01234567-89AB-CDEF-0123-456789ABCDEF}", nil},
		{"", HardwareAbsent},
		{"\n", HardwareAbsent},
		{"uninitialized\n", HardwareUninitialized},
		{strings.Repeat("0", 32), HardwareInvalid},
		{goodID[1:], HardwareInvalid},
		{goodID + "0", HardwareInvalid},
		{goodID[1:] + "g", HardwareInvalid},
		{goodID[1:] + "\x00", HardwareInvalid},
		{goodID + " " + goodID, HardwareInvalid},
		{"not a machine id", HardwareInvalid},
	} {
		hw, err := NewHardwareID("machine-id", tc.raw)
		if !errors.Is(err, tc.want) {
			t.Errorf("%q: got %v, want %v", tc.raw, err, tc.want)
			continue
		}
		if got := hex.EncodeToString(hw.hash.Expose()); tc.want == nil && got != readVectors(t).Hardware[0].Hash {
			t.Errorf("%q: normalised to another ID", tc.raw)
		}
		if tc.want != nil && hw.hash.Len() != 0 {
			t.Errorf("%q: refused, and hashed all the same", tc.raw)
		}
		if err != nil && strings.Contains(err.Error(), goodID[1:8]) {
			t.Errorf("%q: the error quotes the ID: %v", tc.raw, err)
		}
	}
}

// Pitfall 17: neither the ID nor its hash shows in anything that formats,
// encodes or logs.
func TestHardwareIDIsNeverShown(t *testing.T) {
	hw := testHardware(t)
	slot := sealedSlot(t, keyringType)
	text, err := json.Marshal([]any{hw, &hw, slot})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "hw", hw)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "hw", hw)
	var formatted strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d"} {
		for _, value := range []any{hw, &hw, struct{ h any }{hw}, slot} {
			fmt.Fprintf(&formatted, verb, value)
		}
	}
	shown := string(text) + log.String() + formatted.String()
	hash := hw.hash.Expose()
	for _, form := range []string{
		goodID, string(hash), hex.EncodeToString(hash), strings.ToUpper(hex.EncodeToString(hash)),
		strings.Trim(fmt.Sprintf("%d", hash), "[]"), fmt.Sprintf("%#v", hash),
	} {
		if strings.Contains(shown, form) {
			t.Errorf("%q shows in %s", form, shown)
		}
	}
	if !strings.Contains(shown, "machine-id") {
		t.Error("nothing was formatted at all")
	}
}

// program writes a shell script that stands for ioreg.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ioreg")
	// A process that another test starts meanwhile would inherit the open file, and
	// a program that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// ioregOutput is shortened from what a Mac prints.
const ioregOutput = `cat <<'EOF'
+-o MacBookPro18,3  <class IOPlatformExpertDevice, id 0x10000027a, registered, matched, active, busy 0 (0 ms), retain 41>
    {
      "IOBusyInterest" = "IOCommand is not serializable"
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
      "IOPlatformUUID" = "01234567-89AB-CDEF-0123-456789ABCDEF"
      "compatible" = <"MacBookPro18,3","AppleARM">
    }
EOF`

// Pitfall 16: an ioreg that hangs, or prints what is no ID. One that lies in
// the PATH is not run: its place is absolute.
func TestPlatformUUID(t *testing.T) {
	for _, tc := range []struct {
		name, script string
		want         error
	}{
		{"good", ioregOutput, nil},
		{"asked for the right class", `[ "$*" = "-rd1 -c IOPlatformExpertDevice" ] || exit 1` + "\n" + ioregOutput, nil},
		{"no stdin", `[ -z "$(cat)" ] || exit 1` + "\n" + ioregOutput, nil},
		{"garbage", `head -c 4096 /dev/zero`, HardwareAbsent},
		{"nothing", ``, HardwareAbsent},
		{"empty", `echo '"IOPlatformUUID" = ""'`, HardwareAbsent},
		{"zero", `echo '"IOPlatformUUID" = "00000000-0000-0000-0000-000000000000"'`, HardwareInvalid},
		{"fails", `exit 1`, HardwareAbsent},
		{"hangs", `exec sleep 600`, HardwareAbsent},
		{"a child keeps the pipe", "sleep 600 &\n echo $! >\"$0.pid\"\n" + ioregOutput, HardwareAbsent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ioreg := program(t, tc.script)
			t.Cleanup(func() { endRecorded(t, ioreg+".pid") })
			hw, err := readPlatformUUID(ioreg)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if err == nil && hw.Source != "IOPlatformUUID" {
				t.Errorf("source %q", hw.Source)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		if _, err := readPlatformUUID("/nonexistent/ioreg"); !errors.Is(err, HardwareAbsent) {
			t.Errorf("got %v, want %v", err, HardwareAbsent)
		}
	})
}

// endRecorded ends the process whose id a script wrote down.
func endRecorded(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return // the script started none
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		t.Error(err)
		return
	}
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func TestMachineGUID(t *testing.T) {
	for _, tc := range []struct {
		name string
		guid string
		err  error
		want error
	}{
		{"good", "01234567-89ab-cdef-0123-456789abcdef", nil, nil},
		{"no value", "", fs.ErrNotExist, HardwareAbsent},
		{"denied", "", fs.ErrPermission, HardwareInvalid},
		{"empty", "", nil, HardwareAbsent},
		{"malformed", "not a GUID", nil, HardwareInvalid},
	} {
		hw, err := readMachineGUID(func() (string, error) { return tc.guid, tc.err })
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if tc.want == nil && hw.Source != "MachineGuid" {
			t.Errorf("%s: source %q", tc.name, hw.Source)
		}
	}
}

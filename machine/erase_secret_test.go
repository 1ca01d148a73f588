//go:build goexperiment.runtimesecret && linux && (amd64 || arm64)

package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"secrets/redact"
)

// Pitfall 50: once what a slot was given and gave is wiped, our own memory holds
// neither the vault key nor the key it was wrapped under.
func TestSlotLeavesNothingInMemory(t *testing.T) {
	masked := maskedNeedles(t)
	runtime.GC()
	runtime.GC() // what the first one found is swept by now
	for name, needle := range masked {
		if n := countInMemory(t, needle); n > 0 {
			t.Errorf("%s: %d copies", name, n)
		}
	}
	kept := redact.NewValue(random(keySize))
	if n := countInMemory(t, mask(kept.Expose())); n == 0 {
		t.Error("the scan does not find what is there")
	}
	runtime.KeepAlive(kept)
}

// maskedNeedles seals and opens a slot many times, wipes all it had in hand, and
// returns what to look for, masked so that it is not found itself.
func maskedNeedles(t *testing.T) map[string][]byte {
	t.Helper()
	key, vaultKey := redact.NewValue(random(keySize)), redact.NewValue(random(keySize))
	defer key.Wipe()
	defer vaultKey.Wipe()
	for range 50 {
		slot := NewSlot(1, keyringType)
		if err := slot.Seal(key, NoHardwareID, testEpoch, vaultKey); err != nil {
			t.Fatal(err)
		}
		opened, err := slot.Open(key, NoHardwareID, testEpoch)
		if err != nil {
			t.Fatal(err)
		}
		opened.Wipe()
	}
	return map[string][]byte{"key": mask(key.Expose()), "vault key": mask(vaultKey.Expose())}
}

func mask(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ 0x5a
	}
	return out
}

// countInMemory counts a masked needle in all that this process can write to.
func countInMemory(t *testing.T, masked []byte) (n int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		buf := make([]byte, 1<<16)
		for at := from; at < to; at += uint64(len(buf) - keySize + 1) {
			k, _ := memory.ReadAt(buf[:min(uint64(len(buf)), to-at)], int64(at))
			if k == 0 {
				break // a region without memory behind it
			}
			for i := 0; i+keySize <= k; i++ {
				if buf[i]^0x5a == masked[0] && bytes.Equal(mask(buf[i:i+keySize]), masked) {
					n++
				}
			}
		}
		clear(buf)
	}
	return n
}

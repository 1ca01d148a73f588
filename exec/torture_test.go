//go:build linux

package exec_test

import (
	"os"
	osexec "os/exec"
	"syscall"
	"testing"
)

// TestTorture does what is a matter of moments on a machine that has too much to
// do: once, and a thousand times with SECRETS_TORTURE set (make soak).
func TestTorture(t *testing.T) {
	rounds := 1
	if os.Getenv("SECRETS_TORTURE") != "" {
		rounds = 1000
	}
	load := osexec.Command("stress-ng", "--quiet", "--cpu", "4")
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = load.Process.Signal(syscall.SIGTERM) // its children go with it
		_ = load.Wait()
	})
	tests := map[string]struct {
		test func(*testing.T)
		runs int // within the test: of the long ones the short run has none
	}{
		"each signal":     {TestSignalOnce, 1},
		"many signals":    {TestSignalStorm, 1},
		"TERM ignored":    {TestTermIgnored, 1},
		"HUP ignored":     {TestNohup, 1},
		"keys":            {TestKeys, 1},
		"stopped":         {TestStopOfUsAlone, 1},
		"killed":          {TestKilled, 1},
		"restored":        {TestTerminalRestored, 1},
		"reader gone":     {TestReaderGone, 100},
		"killed anywhere": {TestRandomKills, 200},
		"no byte lost":    {TestNoByteLost, 300},
		"no zombie":       {TestNothingLeft, 200},
	}
	for round := range rounds {
		for name, torture := range tests {
			if (round+1)%torture.runs == 0 && !t.Run(name, torture.test) {
				t.Fatalf("in round %d", round)
			}
		}
	}
}

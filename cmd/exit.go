package cmd

import (
	"fmt"
	"strings"

	"secrets/exec"
)

// The exit codes are an interface: scripts, agents and CI depend on them. They
// are never renumbered; new ones are added behind.
const (
	exitOK       = 0
	exitFailed   = 1 // anything that has no code of its own
	exitUsage    = 2 // the command line is wrong
	exitNotFound = 3 // no such label, or no store yet
	exitHuman    = 4 // locked keyring, question that only a human may answer
	exitKeyring  = 5 // the keyring, or the key in it, is not to be had
	exitHardware = 6 // the hardware ID is not the one the store is bound to
	exitDamaged  = 7 // damaged or tampered with
	exitBusy     = 8 // another process holds the store
	exitRefused  = 9 // policy, permissions, file system, platform

	// exec alone, as env(1), nohup(1) and timeout(1) have them. Every other code
	// of exec is the command's own, but for exitFailed where the command said 0 and
	// output of it was lost.
	exitTimeout   = exec.CodeTimeout   // the --timeout passed
	exitNotRun    = 125                // secrets itself failed; the command was not started
	exitCannotRun = exec.CodeCannotRun // the command was found but cannot be run
	exitNoCommand = exec.CodeNotFound  // the command was not found
)

// exitTexts describes each code in the words of the help texts, in their order.
var exitTexts = []struct {
	code int
	text string
}{
	{exitOK, "done"},
	{exitFailed, "failed for a reason without a code of its own"},
	{exitUsage, "wrong usage; nothing was done"},
	{exitNotFound, "no such label, or no store yet"},
	{exitHuman, "needs a human: a locked keyring, or a question that was not answered"},
	{exitKeyring, "the keyring, or the store's key in it, is not available"},
	{exitHardware, "the hardware ID is not the one the store is bound to"},
	{exitDamaged, "the store or its key is damaged or was tampered with"},
	{exitBusy, "another process holds the store"},
	{exitRefused, "refused: policy, permissions, file system or platform"},
	{exitTimeout, "--timeout passed and the command was ended"},
	{exitNotRun, "the command was not started, as a line \"secrets: …\" on stderr says"},
	{exitCannotRun, "the command was found but cannot be run"},
	{exitNoCommand, "the command was not found"},
}

// storeExits are the codes of every command that opens the store.
var storeExits = []int{exitOK, exitFailed, exitUsage, exitNotFound, exitHuman, exitKeyring, exitHardware, exitDamaged, exitBusy, exitRefused}

// exitStatusHead begins the section of a help text that lists exit codes.
const exitStatusHead = "\n\nExit status:\n"

// exitStatus is that section. The four spaces make it a literal block in the man
// page too.
func exitStatus(codes ...int) string {
	var b strings.Builder
	b.WriteString(exitStatusHead)
	for _, code := range codes {
		for _, t := range exitTexts {
			if t.code == code {
				fmt.Fprintf(&b, "\n    %3d  %s", code, t.text)
			}
		}
	}
	return b.String()
}

package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"

	"secrets/exec"
	"secrets/machine"
	"secrets/store"
)

// This file is the one voice of the tool: packages return facts, and here they
// become one line that says what happened, one that says what to do next, and
// an exit code.

// advice is what an error means to the user: an exit code and the next step,
// which may have several lines.
type advice struct {
	code int
	hint string
}

// A usageError is a command line that cannot be meant. Where hint is empty, the
// next step is to read how the command is used.
type usageError struct {
	error
	hint string
}

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error { return usageError{error: err} }

// report says how a command ended and returns the exit code.
func report(sys Sys, c *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	if status := (*statusError)(nil); errors.As(err, &status) {
		return reportStatus(sys, c, status)
	}
	if diagnosis := (*diagnosisError)(nil); errors.As(err, &diagnosis) {
		return diagnosis.code
	}
	if interrupted := (interruptedError{}); errors.As(err, &interrupted) {
		say(sys, "interrupted; no secret was changed")
		exec.Die(interrupted.signal)
		return 128 + int(interrupted.signal)
	}
	return tell(sys, c, err)
}

// tell says what happened and what to do next.
func tell(sys Sys, c *cobra.Command, err error) (code int) {
	a := adviceFor(c, err)
	say(sys, "%s %s", paint(sys, sys.Stderr, red, "error:"), sentence(err))
	if a.hint != "" {
		say(sys, "hint: %s", strings.ReplaceAll(a.hint, "\n", "\n  "))
	}
	return a.code
}

// reportStatus ends as the command did. Lost output counts where the command
// itself knows of no failure.
func reportStatus(sys Sys, c *cobra.Command, end *statusError) (code int) {
	if end.output != nil {
		code = tell(sys, c, end.output)
	}
	if end.TimedOut {
		say(sys, "the command was ended: its time was over (--timeout)")
	}
	if end.Signal != 0 {
		exec.Die(end.Signal)
	}
	return cmp.Or(end.ExitCode(), code)
}

// sentence is the error on one line.
func sentence(err error) string {
	return strings.Join(strings.Fields(printable(strings.ReplaceAll(err.Error(), "\n", "; "))), " ")
}

// printable is text that does nothing to a terminal, and is read in the order in which
// it was written.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, text)
}

// isControl tells of a character that does something to a terminal, or to the order in
// which the text around it is shown (UAX #9: embeddings, overrides, isolates).
func isControl(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// adviceFor finds the advice for an error of the command c. What stopped exec
// before its command started has one code, whatever it was.
func adviceFor(c *cobra.Command, err error) advice {
	a, found := adviceOf(err)
	if unopened := (*unopenedError)(nil); errors.As(err, &unopened) {
		a.hint = unopened.fit(a.hint)
	}
	var line usageError
	switch {
	case found:
	case errors.As(err, &line):
		a = advice{exitUsage, cmp.Or(line.hint, c.CommandPath()+" --help shows how it is used")}
	default:
		a = advice{code: exitFailed}
	}
	a.hint = inCommand(c, err, a.hint)
	if c.Name() == "exec" && !started(err) && a.code != exitCannotRun && a.code != exitNoCommand {
		a.code = exitNotRun
	}
	return a
}

// fit leaves out of a hint what this file has not.
func (e *unopenedError) fit(hint string) string {
	if !e.recovery {
		hint = strings.ReplaceAll(hint, recoverHint, "")
	}
	hint = strings.ReplaceAll(hint, "(secrets recover)", "(secrets recover"+e.flags+")")
	if e.source != sourceFile {
		hint = strings.ReplaceAll(hint, keyFileHint, "")
	}
	return hint
}

// adviceOf is the advice that no command changes, if there is any.
func adviceOf(err error) (a advice, found bool) {
	for _, about := range []func(error) (advice, bool){aboutBackup, aboutTransfer, aboutUsage, aboutExec, aboutBinding, aboutStore, aboutFiles} {
		if a, found = about(err); found {
			break
		}
	}
	return a, found
}

// inCommand is a hint as it fits the command: what its flags can do, and what else may
// stand for a human.
func inCommand(c *cobra.Command, err error, hint string) string {
	has := func(flag string) bool { return c.Flags().Lookup(flag) != nil }
	var (
		nobody *nobodyError
		name   *exec.NameError
	)
	switch {
	case errors.Is(err, errTooShort) && has("unmasked"):
		return hint + "; to store it all the same: --unmasked"
	case errors.Is(err, errTooShort):
		return hint + "; take a longer one, or set it in a store with --unmasked, and name its label"
	case errors.Is(err, store.ErrEmptyValue) && !has("generate"):
		return "nothing was sealed; pipe the value in, or type it on a terminal"
	case errors.As(err, &name) && name.Steers && c.Name() == "create":
		return "choose another variable for it: NAME=-"
	case errors.Is(err, errNothingLent) && c.Flags().Changed("bundle"):
		return "secrets bundle show FILE lists the labels; then: secrets exec --bundle FILE --use LABEL -- COMMAND"
	case errors.As(err, new(*store.DamageError)) && (c.Name() == "recover" || c.Name() == "test"):
		return "see what can be saved: secrets doctor --deep --identity-file FILE\nor go back to a backup: secrets restore FILE"
	case errors.Is(err, errNoRecovery) && c.Name() == "doctor":
		return "leave out --identity-file: nothing but its key opens this store"
	case errors.As(err, &nobody) && nobody.instead != "":
		return hint + "; " + nobody.instead
	}
	return hint
}

// started tells the one error of exec that comes after the command has run.
func started(err error) bool { return errors.As(err, new(*exec.OutputError)) }

func aboutUsage(err error) (advice, bool) {
	var (
		label    *store.LabelError
		env      *store.EnvError
		name     *exec.NameError
		variable *variableError
		file     *fromFileError
		taken    *labelTakenError
		notHuman *notHumanError
	)
	switch {
	case errors.Is(err, errValueInArguments):
		return advice{exitUsage, "treat the value as exposed: it is in your shell's history and was in the process list\nreplace it where it comes from, then give the new one to: secrets set LABEL"}, true
	case errors.Is(err, errNoDashes), errors.Is(err, errStray), errors.Is(err, errNoCommand):
		return advice{exitUsage, "secrets exec --use LABEL -- COMMAND ARG…"}, true
	case errors.Is(err, errNothingLent):
		return advice{exitUsage, "secrets list shows the labels; then: secrets exec --use LABEL -- COMMAND"}, true
	case errors.As(err, &label):
		return advice{exitUsage, "a label looks like openai-api-key or github/token; secrets list shows them\nif a value was typed in the place of one, treat it as exposed and replace it where it comes from"}, true
	case errors.As(err, &env):
		return advice{exitUsage, "give it a variable of its own: --env NAME, with set or edit"}, true
	case errors.As(err, &name) && name.Steers:
		return advice{exitRefused, "choose another variable for it: --env NAME with set and edit, --use NAME=LABEL with exec"}, true
	case errors.As(err, &name):
		return advice{exitUsage, "if a value was typed in the place of a name, treat it as exposed and replace it where it comes from"}, true
	case errors.Is(err, store.ErrEmptyValue):
		return advice{exitUsage, "nothing was stored; pipe the value in, type it on a terminal, or use --from-file or --generate"}, true
	case errors.Is(err, store.ErrValueTooBig), errors.Is(err, store.ErrNoteTooBig):
		return advice{exitUsage, "nothing was stored"}, true
	case errors.Is(err, errTooShort):
		return advice{exitUsage, "it would show in the output of every command"}, true
	case errors.Is(err, errMismatch), errors.Is(err, errPassphrasesVary):
		return advice{exitFailed, "nothing was stored; try again"}, true
	case errors.Is(err, errNoAnswer):
		return advice{exitHuman, "nothing was changed; try again"}, true
	case errors.As(err, &variable):
		return advice{exitUsage, "it takes the name of a variable that holds a value"}, true
	case errors.As(err, &file):
		return advice{exitFailed, "is it there, a file, and yours to read?"}, true
	case errors.As(err, &taken):
		return advice{exitRefused, "to put the new value in its place: secrets set " + taken.label + " --replace"}, true
	case errors.As(err, &notHuman) && notHuman.label == "":
		return advice{exitRefused, "leave out --no-mask"}, true
	case errors.As(err, &notHuman):
		label := notHuman.label
		if len(label) >= maxNamed { // nobody has looked for it yet: see named
			label = "LABEL"
		}
		return advice{exitRefused, "let a command have it: secrets exec --use " + label + " -- COMMAND"}, true
	case errors.Is(err, errWrongPassphrase):
		return advice{exitHuman, "try again; if it is forgotten, " + lostHint}, true
	case errors.Is(err, errNoNewPassphrase):
		return advice{exitHuman, "nothing was changed; the new passphrase comes in a line of its own, behind the present one"}, true
	case errors.Is(err, machine.ErrNoPassphrase), errors.Is(err, errPassphraseLong):
		return advice{exitHuman, "nothing was changed; try again"}, true
	case errors.Is(err, errNobodyToAsk):
		return advice{exitHuman, "run it yourself, on a terminal"}, true
	case errors.Is(err, errNeedsHuman):
		return advice{exitHuman, "run it yourself, on a terminal"}, true
	}
	return advice{}, false
}

func aboutExec(err error) (advice, bool) {
	var (
		start     *exec.StartError
		duplicate *exec.DuplicateNameError
		inArgv    *exec.ValueInArgvError
		tooBig    *exec.TooBigError
		nul       *exec.NULError
		file      *exec.FileError
	)
	switch {
	case errors.As(err, &file):
		return advice{exitFailed, "a private file needs a folder with room and /dev/null: make room in XDG_RUNTIME_DIR or /dev/shm, or name a folder with TMPDIR"}, true
	case errors.As(err, &start) && start.Code() == exitNoCommand && strings.ContainsAny(start.Program, " $|&;<>"):
		return advice{exitNoCommand, "no shell is started; to let one run a command line: -- sh -c 'COMMAND LINE'"}, true
	case errors.Is(err, exec.ErrNoInterpreter):
		return advice{exitNoCommand, "look at its line #!…: does it name a program, and end without a CR?"}, true
	case errors.As(err, &start) && start.Code() == exitNoCommand && strings.Contains(start.Program, "/"):
		return advice{exitNoCommand, "check the path"}, true
	case errors.As(err, &start) && start.Code() == exitNoCommand:
		return advice{exitNoCommand, "is it installed, and in PATH?"}, true
	case errors.Is(err, syscall.ENOEXEC):
		return advice{exitCannotRun, "it is no binary and does not begin with #!; to run it with a shell: -- sh FILE"}, true
	case errors.As(err, &start) && errors.Is(err, exec.ErrCurrentDirectory):
		return advice{exitCannotRun, "if that is meant, say so: ./" + start.Program}, true
	case errors.As(err, &start):
		return advice{exitCannotRun, "is it a program, and may you execute it?"}, true
	case errors.As(err, &duplicate):
		return advice{exitUsage, "give one of them another name: --use NAME=LABEL"}, true
	case errors.As(err, &inArgv):
		return advice{exitRefused, "everybody on this machine can read a command line, and agents keep it: treat the value as exposed\nlet the command read it from its environment (--use), from a file (--use-file) or from its stdin (--stdin)"}, true
	case errors.As(err, &tooBig) && tooBig.Label == "":
		return advice{exitRefused, "this system takes no more: shorten the command line, or start from a small environment with --clean"}, true
	case errors.As(err, &tooBig):
		return advice{exitRefused, "lend it as a file: --use-file NAME=" + tooBig.Label}, true
	case errors.As(err, &nul):
		return advice{exitRefused, "no variable can hold that; lend it as a file: --use-file NAME=" + nul.Label}, true
	case started(err):
		return advice{exitFailed, "the command ran, but not all it wrote arrived: is the disk full?"}, true
	}
	return advice{}, false
}

// aboutBinding explains what keeps the key and the hardware ID from opening a
// store.
func aboutBinding(err error) (advice, bool) {
	var (
		hardware *hardwareError
		unusable *unusableError
		state    machine.State
	)
	switch {
	case errors.As(err, &hardware) && hardware.bound, errors.Is(err, machine.ErrHardwareChanged):
		return advice{exitHardware, "a store opens only on the machine it was made on, and with the ID it had then\nif this is that machine, restore its ID; else " + lostHint}, true
	case errors.As(err, &hardware):
		return advice{exitRefused, "to bind the store to the key alone, so that both together open on any machine:\nsecrets " + cmp.Or(hardware.command, "init") + " --no-hardware-id"}, true
	case errors.Is(err, machine.ErrWrongKey):
		return advice{exitDamaged, "the key belongs to another store, or was replaced: restore it from a backup\nif it is lost, " + lostHint}, true
	case errors.Is(err, machine.ErrSlotDamaged), errors.Is(err, errNoSlot):
		return advice{exitDamaged, recoverHint + beyondHint}, true
	case errors.Is(err, machine.ErrUnknownPayload), errors.Is(err, errKeySource):
		return advice{exitRefused, "a later version of secrets made it: install that one"}, true
	case errors.Is(err, machine.ErrCipherUnavailable), errors.Is(err, store.ErrNoCipher):
		return advice{exitRefused, "secrets does not run in FIPS-only mode: unset GODEBUG=fips140=only"}, true
	case errors.As(err, &unusable) && errors.As(err, &state):
		return unusable.advice(state), true
	case errors.As(err, &state):
		return aboutKey(state), true
	}
	return advice{}, false
}

// recoverHint begins what is for a store with a recovery, and lostHint is for one whose
// key or machine is gone.
const (
	recoverHint = "open it with a recovery (secrets recover), or "
	lostHint    = recoverHint + "start over (secrets destroy)"
)

// damageHint is for a store that may still be saved, beyondHint for one of which
// nothing is left.
const (
	damageHint = "see what can be saved: secrets doctor --deep\nor go back to a backup: secrets restore FILE"
	beyondHint = "go back to a backup (secrets restore FILE); if there is none, start over: secrets destroy"
)

// aboutBackup explains what is wrong with a backup: nothing is to be done to the store.
func aboutBackup(err error) (advice, bool) {
	var backup *backupError
	switch {
	case !errors.As(err, &backup):
		return advice{}, false
	case errors.As(err, new(*store.DamageError)):
		return advice{exitDamaged, "the store was not touched; take another backup"}, true
	case errors.As(err, new(*store.KindError)):
		return advice{exitRefused, "name the backup's file"}, true
	case errors.Is(err, errWrongPassphrase):
		return advice{exitHuman, "it takes the one that the store had when the backup was made; if it is forgotten, " + backup.lostHint()}, true
	}
	a, found := adviceOf(backup.error)
	a.hint = strings.NewReplacer(
		lostHint, backup.lostHint(),
		recoverHint+beyondHint, backup.lostHint(),
	).Replace(a.hint)
	return a, found
}

// advice is for where no key could be made: there is a choice.
func (e *unusableError) advice(state machine.State) advice {
	if e.source != sourceKeyring || state == machine.KeyExists {
		return aboutKey(state)
	}
	start, keyring := "nothing was changed; choose where the new key shall lie:\n", " --key-source keyring "
	if strings.HasPrefix(e.command, "init") {
		start, keyring = "there is no store yet; choose where its key shall lie:\n", ""
	}
	command := "secrets " + e.command
	choices := start +
		command + " --key-source passphrase  nowhere: each command asks for it\n" +
		command + " --key-source file        a file that its permissions alone guard\n" +
		command + fmt.Sprintf("%-24s", keyring) + "  the keyring, once it can serve"
	code := exitKeyring
	if state == machine.Locked {
		code = exitHuman
	}
	return advice{code, choices}
}

// keyFileHint is for a key in a file of its own.
const keyFileHint = ", or name its file with --key-file"

// aboutKey is for a store whose key cannot be had.
func aboutKey(state machine.State) advice {
	switch state {
	case machine.Locked:
		return advice{exitHuman, "unlock it (log in to the desktop, or open its settings), then try again"}
	case machine.KeyMissing:
		return advice{exitKeyring, "restore it" + keyFileHint + "; a new key would not open the store\nif it is lost, " + lostHint}
	case machine.KeyMalformed:
		return advice{exitDamaged, "something else wrote to the key's place: restore the key\nif it is lost, " + lostHint}
	case machine.KeyExists:
		return advice{exitRefused, "keys are never overwritten"}
	case machine.KeyNotKept:
		return advice{exitKeyring, "was its question dismissed? try again"}
	case machine.NoBus, machine.BusUnreachable:
		return advice{exitKeyring, "run it in the desktop's session, which has a bus and the keyring that holds the key"}
	case machine.NoProvider, machine.NoCollection:
		return advice{exitKeyring, "start a keyring service (gnome-keyring, KWallet, KeePassXC) and make a default keyring"}
	case machine.TimedOut:
		return advice{exitKeyring, "the keyring service hangs: restart it (or log in again)"}
	case machine.NoLogonSession:
		return advice{exitKeyring, "log in at the machine itself: a network logon has no credentials of its own"}
	case machine.Denied:
		return advice{exitKeyring, "allow the access when the keyring asks"}
	case machine.Busy:
		return advice{exitBusy, "try again"}
	case machine.Unsupported:
		return advice{exitKeyring, "a store opens only on the system it was made on; if it is lost, " + lostHint}
	}
	return advice{exitKeyring, "restart the keyring service (or log in again), then try again"}
}

func aboutStore(err error) (advice, bool) {
	var (
		unknown  *unknownLabelError
		damage   *store.DamageError
		busy     *store.BusyError
		newer    *store.NewerFormatError
		critical *store.CriticalError
		taken    *storeTakenError
		nothing  *noStoreError
		copied   *copyError
		obscure  *obscureError
	)
	switch {
	case errors.As(err, &obscure):
		return advice{exitRefused, "mend that one first (secrets doctor, without SECRETS_DIR), or move it away"}, true
	case errors.As(err, &nothing):
		return advice{exitNotFound, "put the copy of the store's file, store.db, there: " + putInPlace("store.db", nothing.path)}, true
	case errors.As(err, &copied):
		return advice{exitRefused, "do it there; or, if that one is the old copy, move it away first"}, true
	case errors.Is(err, errRepaired):
		return advice{exitRefused, "put it in the store's place by the command that its repair printed, or move it away"}, true
	case errors.Is(err, errBeyondRepair):
		return advice{exitDamaged, beyondHint}, true
	case errors.As(err, &taken):
		return advice{exitRefused, "to put the backup in its place: secrets restore" + taken.flags + " --replace " + quoted(taken.file)}, true
	case errors.As(err, &unknown) && unknown.near != "":
		return advice{exitNotFound, "did you mean " + unknown.near + "?"}, true
	case errors.As(err, &unknown) && unknown.bundled:
		return advice{exitNotFound, "secrets bundle show FILE lists what is in it"}, true
	case errors.Is(err, store.ErrNotFound):
		return advice{exitNotFound, "secrets list shows the labels; to store one: secrets set LABEL"}, true
	case errors.Is(err, store.ErrNoStore):
		return advice{exitNotFound, "make one, with the first secret or empty: secrets set LABEL, or secrets init"}, true
	case errors.Is(err, store.ErrExists):
		return advice{exitRefused, "use it as it is (secrets doctor shows its state), or start over: secrets destroy"}, true
	case errors.Is(err, store.ErrLabelTaken):
		return advice{exitRefused, "choose another one or, if that secret is no longer needed, remove it first: secrets rm LABEL"}, true
	case errors.Is(err, store.ErrFull):
		return advice{exitRefused, "remove what is no longer needed: secrets rm LABEL"}, true
	case errors.As(err, &damage):
		return advice{exitDamaged, damageHint}, true
	case errors.As(err, &newer), errors.As(err, &critical):
		return advice{exitRefused, "install that version of secrets or a later one; nothing was changed"}, true
	case errors.As(err, &busy):
		return advice{exitBusy, "try again; if it stays, look at that process"}, true
	case errors.As(err, new(*store.WriteError)):
		return advice{exitFailed, "the store is as it was before; look at its disk, then try again"}, true
	case errors.As(err, new(*store.SyncError)):
		return advice{exitFailed, "the change was made; look at the store's disk"}, true
	case errors.Is(err, store.ErrRekeyed):
		return advice{exitBusy, "another process changed the store's key meanwhile: try again"}, true
	}
	return advice{}, false
}

// aboutFiles names the command that mends a file.
func aboutFiles(err error) (advice, bool) {
	var (
		mode   *store.PermissionError
		owner  *store.OwnerError
		kind   *store.KindError
		remote *store.RemoteError
		unsafe *machine.UnsafeFileError
		path   *fs.PathError
	)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return advice{exitFailed, "make room on that disk, then try again"}, true
	case errors.Is(err, syscall.EROFS):
		return advice{exitRefused, "nothing can be written there: name another place (SECRETS_DIR for the store, SECRETS_KEY_FILE for its key)"}, true
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return advice{exitFailed, "check the path"}, true
	case errors.Is(err, syscall.EISDIR):
		return advice{exitFailed, "name a file, or move that folder away"}, true
	case errors.As(err, &mode) && mode.Mode&fs.ModeSticky != 0:
		return advice{exitRefused, "that folder is everybody's; name one of your own: SECRETS_DIR=" + quoted(filepath.Join(mode.Path, "secrets"))}, true
	case errors.As(err, &mode):
		return advice{exitRefused, fmt.Sprintf("others may have read it; close it with: chmod %04o %s", mode.Want, quoted(mode.Path))}, true
	case errors.As(err, &owner):
		return advice{exitRefused, "run secrets as its owner, or name another folder with SECRETS_DIR"}, true
	case errors.As(err, &kind):
		return advice{exitRefused, "secrets keeps its store in a regular file and follows no links; name another folder with SECRETS_DIR"}, true
	case errors.As(err, &remote):
		return advice{exitRefused, "keep it on a disk of this machine (SECRETS_DIR), or accept the risk with --allow-remote-fs"}, true
	case errors.As(err, &unsafe) && unsafe.Fault == machine.FaultMode:
		return advice{exitRefused, "others may have read the key; close it with: chmod 600 " + quoted(unsafe.Path)}, true
	case errors.As(err, &unsafe):
		return advice{exitRefused, "name a file of your own with --key-file or SECRETS_KEY_FILE"}, true
	case errors.Is(err, errNoHome):
		return advice{exitRefused, "set HOME, or name a folder with SECRETS_DIR; exec --bundle FILE needs neither"}, true
	case errors.Is(err, errTilde):
		return advice{exitRefused, "write the whole path, or $HOME where that is expanded; a folder of this name is ./~"}, true
	case errors.Is(err, errNoKeyHome):
		return advice{exitRefused, "set HOME, or name the key file with --key-file or SECRETS_KEY_FILE"}, true
	case errors.Is(err, errKeyInStore):
		return advice{exitRefused, "name a file in another folder with --key-file or SECRETS_KEY_FILE"}, true
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return advice{exitFailed, "check the path"}, true
	case errors.Is(err, syscall.EBADF):
		return advice{exitFailed, "open the descriptor, for example descriptor 3 with: 3<FILE"}, true
	case errors.Is(err, fs.ErrExist), errors.Is(err, store.ErrOwnName):
		return advice{exitRefused, "nothing is replaced: name another file"}, true
	case errors.As(err, &path) && errors.Is(err, os.ErrPermission):
		return advice{exitRefused, "look at the owner and permissions of " + quoted(refusing(path))}, true
	}
	return advice{}, false
}

// refusing is what the permission is missing for: a file that is there, or its folder.
func refusing(err *fs.PathError) string {
	if _, missing := os.Lstat(err.Path); missing == nil && err.Op == "open" {
		return err.Path
	}
	return filepath.Dir(err.Path)
}

// quoted is a path as a shell takes it, and a program that knows flags.
func quoted(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if printable(path) != path {
		return "$'" + escaped(path) + "'"
	}
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// escaped is a path as bash, zsh and ksh take it between $' and ', in any locale.
func escaped(path string) string {
	var text strings.Builder
	for _, c := range []byte(path) {
		switch {
		case c == '\'' || c == '\\':
			text.Write([]byte{'\\', c})
		case c < ' ' || c > '~':
			fmt.Fprintf(&text, `\x%02x`, c)
		default:
			text.WriteByte(c)
		}
	}
	return text.String()
}

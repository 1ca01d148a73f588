package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secrets/machine/transfer"
	"secrets/store"
)

func newRestore(sys Sys, at *place) *cobra.Command {
	var replace bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the store, which is kept",
		Long: `Opens a file that backup made, checks it down to each value, shows what would
change, recoveries included, and puts it in the place of the store, if you say
so on the terminal or with --replace. The store that was there, damaged or not,
stays beside it under another name. FILE stays as it is.

It needs the key that the store had when the backup was made, and this machine.
With passphrases, that of the backup comes first, and then that of the store.
Refused where an agent is detected, if something else would open the store.` + exitStatus(storeExits...),
		Example: `  secrets restore /media/usb/secrets-2026-11.db
  secrets restore --replace /media/usb/secrets-2026-11.db`,
		Args: exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runRestore(sys, at, args[0], replace) },
	}
	c.Flags().BoolVar(&replace, "replace", false, "do not ask")
	return c
}

var errNotRestored = errors.New("nothing was restored")

// A storeTakenError refuses to replace a store that nobody said to replace.
type storeTakenError struct{ file, flags string }

func (e *storeTakenError) Error() string { return "there is a store already" }

// A backupError is what is wrong with a backup; the store was not touched.
type backupError struct {
	error
	file, place string // the backup's, and the store's
	flags       string // that were given to find them and their keys
}

func (e *backupError) Unwrap() error { return e.error }

// lostHint is for a backup whose key or machine is gone.
func (e *backupError) lostHint() string {
	var unopened *unopenedError
	if errors.As(e.error, &unopened) && !unopened.recovery {
		return "take another backup: this one has no recovery"
	}
	if sameFile(e.file, e.place) {
		return "open it with its recovery: secrets recover" + e.flags
	}
	return "open it with its recovery, in the store's place: " + putInPlace(e.file, e.place) + "; then: secrets recover" + e.flags
}

// putInPlace are commands that put a copy of a store in its place, and what is there
// away once the copy is made.
func putInPlace(file, place string) string {
	if runtime.GOOS == "windows" {
		return "move the store away, if there is one, and copy " + quoted(file) + " to " + quoted(place)
	}
	install := "install -d -m 700 " + quoted(filepath.Dir(place)) + " && install -m 600 " + quoted(file) + " "
	if !isThere(place) {
		return install + quoted(place)
	}
	fresh, away := freeName(place+".copy"), freeName(place+".away")
	return install + quoted(fresh) + " && mv " + quoted(place) + " " + quoted(away) + " && mv " + quoted(fresh) + " " + quoted(place)
}

// freeName is a name that no file has: path, or path with a number.
func freeName(path string) string {
	free := path
	for n := 2; isThere(free); n++ {
		free = fmt.Sprintf("%s-%d", path, n)
	}
	return free
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func runRestore(sys Sys, at *place, file string, replace bool) error {
	if err := backupFile(file); err != nil {
		return err
	}
	path, err := at.store(sys)
	if err != nil {
		return err
	}
	b, err := openBackup(sys, at, file)
	if err != nil {
		return &backupError{err, file, path, at.flags()}
	}
	defer b.Close()
	d, err := showDifference(sys, at, b)
	if err != nil || !d.any {
		return err
	}
	if d.ways {
		if err := mayBind(sys); err != nil {
			return err
		}
	}
	if d.taken && !replace {
		if err := confirmRestore(sys, at, file); err != nil {
			return err
		}
	}
	kept, err := b.Restore(path, at.options())
	if err != nil {
		return err
	}
	say(sys, "restored %s", printable(path))
	if kept != "" {
		say(sys, "what was there is now %s", printable(kept))
	}
	return nil
}

// openBackup opens a backup with the key that it needs, and checks all of it.
func openBackup(sys Sys, at *place, file string) (*store.Backup, error) {
	at.opening = "the backup"
	defer func() { at.opening = "" }()
	b, err := store.OpenBackup(file)
	if err != nil {
		return nil, err
	}
	if err := unlock(sys, at, b); err != nil {
		b.Close()
		return nil, fmt.Errorf("%s does not open: %w", file, err)
	}
	if err := b.Check(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// A difference is one between a backup and the store.
type difference struct {
	taken bool // there is a store, which would be replaced
	any   bool
	ways  bool // something else opens it
}

// showDifference says what a backup would change.
func showDifference(sys Sys, at *place, b *store.Backup) (d difference, err error) {
	metas, err := b.List()
	if err != nil {
		return d, err
	}
	say(sys, "the backup holds %s", count(len(metas), "secret"))
	s, err := openStore(sys, at)
	if errors.Is(err, store.ErrNoStore) {
		d.any = true
		return d, nil
	}
	d.taken = true
	var (
		c             store.Changes
		opening, lost []string
	)
	if err == nil {
		defer s.Close()
		c, err = b.Changes(s)
	}
	if err == nil {
		opening, lost, err = waysBetween(s.Header(), b.Header())
	}
	if errors.As(err, new(interruptedError)) || errors.Is(err, errNoAnswer) {
		return d, err
	}
	if err != nil { // which may be why it is to be replaced
		warn(sys, "the store that is there cannot be compared: %s", sentence(err))
		d.any = true
		return d, nil
	}
	tell := func(words string, names []string) (told bool) {
		if len(names) > 0 {
			say(sys, "%s: %s", words, strings.Join(names, ", "))
			d.any = true
		}
		return len(names) > 0
	}
	tell("will be there again", c.Added)
	tell("will be there no more", c.Removed)
	tell("will be as they were", c.Changed)
	more, less := tell("will open it again", opening), tell("will open it no more", lost)
	d.ways = more || less
	if now, found, _ := transfer.FindIdentitySlot(s.Header().Slots); found {
		if then, _, _ := transfer.FindIdentitySlot(b.Header().Slots); then.Recipient != now.Recipient {
			warn(sys, "its identity will be another one: what was sealed for the one that it has can be imported no more")
			d.any = true
		}
	}
	if !d.any {
		say(sys, "the store holds the same: nothing was changed")
	}
	return d, nil
}

// waysBetween are the ways into a store that it has in one header and not in another.
func waysBetween(now, then store.Header) (opening, lost []string, err error) {
	had, err := transfer.RecoverySlots(then.Slots)
	if err != nil {
		return nil, nil, err
	}
	has, err := transfer.RecoverySlots(now.Slots)
	opening, lost = recoveriesWithout(had, has), recoveriesWithout(has, had)
	if now.StoreID != then.StoreID || now.Epoch != then.Epoch {
		opening, lost = append(opening, "the key that it had then"), append(lost, "the key that it has now")
	}
	return opening, lost, err
}

// recoveriesWithout are those of a list for whom another list has none.
func recoveriesWithout(list, other []transfer.RecoverySlot) (words []string) {
	for _, s := range list {
		if !slices.ContainsFunc(other, func(o transfer.RecoverySlot) bool { return slices.Equal(o.Recipients, s.Recipients) }) {
			words = append(words, "the recovery for "+recipientWords(s.Recipients))
		}
	}
	return words
}

func confirmRestore(sys Sys, at *place, file string) error {
	if !sys.human(sys.Stdin, sys.Stderr) {
		return &storeTakenError{file, at.flags()}
	}
	yes, err := newPrompter(sys).confirm("Put it in the place of the store? [y/N] ", "y", "yes")
	if err == nil && !yes {
		err = errNotRestored
	}
	return err
}

package cmd

import (
	"errors"

	"github.com/spf13/cobra"
)

func newBackup(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store to a file, and check the copy",
		Long: `Copies the store, as it is at this moment, to FILE, and checks the copy down to
each value before it says that it is done. A file that is there is not replaced.

The copy is sealed as the store is: it opens with the store's key and on this
machine alone, and after a rekey it opens no more. It is a way back from a lost
file, not from a lost machine: that is what a recovery is for.` + exitStatus(storeExits...),
		Example: `  secrets backup /media/usb/secrets-2026-11.db`,
		Args:    exactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runBackup(sys, at, args[0]) },
	}
}

var errNoStream = errors.New("a backup is a file, and not a stream")

// backupFile refuses what other commands take for stdin or stdout.
func backupFile(name string) error {
	if name == "-" {
		return usageError{errNoStream, "name a file; one of that name is ./-"}
	}
	return nil
}

func runBackup(sys Sys, at *place, file string) error {
	if err := backupFile(file); err != nil {
		return err
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	n, err := s.Backup(file)
	if err != nil {
		return err
	}
	say(sys, "copied %s to %s, and checked each", count(n, "secret"), printable(file))
	return nil
}

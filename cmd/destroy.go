package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/store"
)

func newDestroy(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "destroy",
		Short: "Remove the store and its key for ever, to start over",
		Long: `Removes the store and its key, after a question that only a human at a terminal
can answer. It is for a store that does not open any more, and whose values are
to be had again where they came from. Nothing brings them back.` + exitStatus(storeExits...),
		Example: `  secrets destroy`,
		Args:    exactArgs(0),
		RunE:    func(*cobra.Command, []string) error { return runDestroy(sys, at) },
	}
}

var (
	errNeedsHuman   = errors.New("only a human at a terminal can answer whether to destroy the store")
	errNotDestroyed = errors.New("nothing was destroyed")
)

func runDestroy(sys Sys, at *place) error {
	path, err := at.store(sys)
	if err != nil {
		return err
	}
	s, err := store.Open(path, at.options())
	// A file that is damaged can be destroyed; its key cannot be told then.
	if err != nil && !errors.As(err, new(*store.DamageError)) {
		return err
	}
	if s != nil {
		if err := checkSingle(sys, at, s.Header().StoreID); err != nil {
			return err
		}
	}
	if !sys.human(sys.Stdin, sys.Stderr) {
		return errNeedsHuman
	}
	fmt.Fprintf(sys.Stderr, "This removes %s and its key.\n%s\n", path, lossWords(sys, at))
	yes, err := newPrompter(sys).confirm("Type destroy to go on: ", "destroy")
	if err != nil {
		return err
	}
	if !yes {
		return errNotDestroyed
	}
	if now, err := store.Open(path, at.options()); err == nil {
		s = now // which key goes, a rekey may have changed meanwhile
	}
	if err := store.Destroy(path, at.options()); err != nil {
		return err
	}
	say(sys, "removed %s", printable(path))
	if copies, _ := filepath.Glob(path + ".*"); len(copies) > 0 {
		warn(sys, "copies of it stay, and open for whoever has a recovery or an old passphrase: %s", printable(strings.Join(copies, ", ")))
	}
	if s == nil {
		warn(sys, "its key stays: which one it was cannot be read any more")
		return nil
	}
	h := s.Header()
	source, err := keySource(sys, at, h.KeySource)
	if err == nil {
		err = source.Delete(machine.Epoch{Store: h.StoreID, Number: h.Epoch})
	}
	if err != nil && !errors.Is(err, machine.KeyMissing) {
		warn(sys, "its key stays, and opens nothing any more: %s", sentence(err))
	}
	return nil
}

// lossWords says what is about to be lost.
func lossWords(sys Sys, at *place) string {
	s, err := openStore(sys, at)
	if err != nil {
		return "The store does not open: " + sentence(err) + "."
	}
	defer s.Close()
	metas, err := s.List()
	if err != nil {
		return "The store cannot be read: " + sentence(err) + "."
	}
	return "It opens and holds " + count(len(metas), "secret") + ", which will be lost for ever."
}

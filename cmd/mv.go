package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"secrets/store"
)

func newMv(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "mv OLD NEW",
		Short: "Give a secret another label",
		Long: `Gives a secret another label. Where its variable is made from the label, that
changes too.` + exitStatus(storeExits...),
		Example:           `  secrets mv openai-api-key openai/work`,
		Args:              exactArgs(2),
		ValidArgsFunction: firstLabel(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runMv(sys, at, args[0], args[1]) },
	}
}

var errSameLabel = errors.New("OLD and NEW are the same label")

func runMv(sys Sys, at *place, old, label string) error {
	if err := store.CheckLabel(label); err != nil {
		return err
	}
	if old == label {
		return usage(errSameLabel)
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := s.Meta(old)
	if err != nil {
		return nearest(s, old, err)
	}
	m.Label = label
	if err := checkVariable(m); err != nil {
		return err
	}
	err = s.Update(func(tx *store.Tx) error { return tx.Rename(old, label) })
	if errors.Is(err, store.ErrLabelTaken) {
		err = fmt.Errorf("%s: %w", label, err)
	}
	if err != nil {
		return err
	}
	say(sys, "%s is now %s, lent as %s", old, label, variable(m))
	return nil
}

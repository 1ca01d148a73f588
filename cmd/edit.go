package cmd

import (
	"errors"

	"github.com/spf13/cobra"

	"secrets/store"
)

var errNothingToChange = errors.New("there is nothing to change: --env, --note or --expires is missing")

func newEdit(sys Sys, at *place) *cobra.Command {
	var o about
	c := &cobra.Command{
		Use:   "edit LABEL [flags]",
		Short: "Change what is known about a secret, but not its value",
		Long: `Changes the variable, the note or the expiry of a secret. The value is neither
opened nor changed; 'set --replace' puts a new one in its place.` + exitStatus(storeExits...),
		Example: `  secrets edit github/token --env GH_TOKEN
  secrets edit stripe-key --expires 90d --note "rotate with the finance team"
  secrets edit stripe-key --expires never --note ""`,
		Args:              exactArgs(1),
		ValidArgsFunction: firstLabel(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runEdit(sys, at, args[0], o) },
	}
	o.flags(c)
	return c
}

func runEdit(sys Sys, at *place, label string, o about) error {
	if !o.given() {
		return usageError{errNothingToChange, "secrets edit --help shows how it is used; for a new value: secrets set LABEL --replace"}
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	var edited store.Meta
	err = s.Update(func(tx *store.Tx) error {
		return tx.Edit(label, func(m *store.Meta) error {
			err := o.apply(m, sys.Now())
			edited = *m
			return err
		})
	})
	if err != nil {
		return nearest(s, label, err)
	}
	say(sys, "changed %s, lent as %s", label, variable(edited))
	return nil
}

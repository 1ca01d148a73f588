package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secrets/store"
)

func newRm(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "rm LABEL…",
		Short: "Remove secrets",
		Long: `Removes secrets, all of them or, where a label is unknown, none. Nothing of a
removed value stays in the store's file; copies and backups of the file keep it.
The value itself stays valid until it is revoked where it came from.` + exitStatus(storeExits...),
		Example: `  secrets rm openai-api-key
  secrets rm old/stripe old/github`,
		Args:              someLabels,
		ValidArgsFunction: completeLabels(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runRm(sys, at, args) },
	}
}

func runRm(sys Sys, at *place, labels []string) error {
	labels = slices.Compact(slices.Sorted(slices.Values(labels)))
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, label := range labels {
		if _, err := s.Meta(label); err != nil {
			return nearest(s, label, err)
		}
	}
	err = s.Update(func(tx *store.Tx) error {
		for _, label := range labels {
			if err := tx.Remove(label); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	say(sys, "removed %s", strings.Join(labels, ", "))
	return nil
}

package cmd

import (
	"github.com/spf13/cobra"

	"secrets/machine/transfer"
)

func newExport(sys Sys, at *place) *cobra.Command {
	var o parcel
	c := &cobra.Command{
		Use:   "export --to RECIPIENT… LABEL…",
		Short: "Seal secrets for another store",
		Long: `Seals secrets into an age file that the recipients alone can open, and import
into their own stores. The recipient of a store is what 'secrets identity'
prints there: make sure that it comes from there, since whoever gave you another
one gets the values. A file that is there is not replaced. Refused where an
agent is detected.

It ends after 7 days, if --expires does not say otherwise.` + exitStatus(storeExits...),
		Example: `  secrets export --to age1pq1… -o for-laptop.age npm-token github/token
  secrets export --to age1pq1… npm-token | ssh laptop secrets import --yes -`,
		Args:              someLabels,
		ValidArgsFunction: completeLabels(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runExport(sys, at, args, o) },
	}
	o.flags(c, "7d")
	return c
}

func runExport(sys Sys, at *place, labels []string, o parcel) error {
	if err := o.check(sys, at); err != nil {
		return err
	}
	b := &transfer.Bundle{Kind: transfer.KindTransfer, Created: sys.Now()}
	defer b.Wipe()
	if err := pack(sys, at, b, labels); err != nil {
		return err
	}
	return o.finish(sys, b)
}

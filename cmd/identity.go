package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

func newIdentity(sys Sys, at *place) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "identity",
		Short: "Print this machine's age recipient, for others to export to",
		Long: `Prints the age recipient (age1pq1…) of this store: what others seal with
'secrets export --to', only this store opens, with 'secrets import'. It is no
secret. The identity behind it is made when it is first asked for, lies
in the store, sealed under its key, and is shown to nobody.` + exitStatus(storeExits...),
		Example: `  secrets identity
  ssh work secrets export --to "$(secrets identity)" db-url | secrets import -`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runIdentity(sys, at, asJSON) },
	}
	jsonFlag(c, &asJSON)
	return c
}

func runIdentity(sys Sys, at *place, asJSON bool) error {
	s, key, err := openVault(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	defer key.Wipe()
	slot, err := identitySlot(s, key)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(sys, map[string]any{"recipient": slot.Recipient})
	}
	_, err = fmt.Fprintln(sys.Stdout, slot.Recipient)
	return err
}

// identitySlot finds the store's identity, and makes it where there is none.
func identitySlot(s *store.Store, vaultKey redact.Value) (slot transfer.IdentitySlot, err error) {
	err = s.Update(func(tx *store.Tx) error { // even if only to read: its slots are verified
		slots := tx.Slots()
		var found bool
		if slot, found, err = transfer.FindIdentitySlot(slots); found || err != nil {
			return err
		}
		id, err := machine.NextSlotID(slots)
		if err != nil {
			return err
		}
		if slot, err = transfer.NewIdentitySlot(id, epochOf(s.Header()), vaultKey); err != nil {
			return err
		}
		if slots, err = withSlot(slots, slot); err != nil {
			return err
		}
		tx.SetSlots(slots)
		return nil
	})
	return slot, err
}

// ownIdentities open what was sealed for this store.
func ownIdentities(s *store.Store, vaultKey redact.Value) (transfer.Identities, error) {
	slot, err := identitySlot(s, vaultKey)
	if err != nil {
		return transfer.Identities{}, err
	}
	identity, err := slot.OpenIdentity(vaultKey, epochOf(s.Header()))
	if err != nil {
		return transfer.Identities{}, err
	}
	defer identity.Wipe()
	return transfer.ParseIdentities(identity, transfer.Human{})
}

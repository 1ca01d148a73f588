package cmd

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"secrets/machine/transfer"
	"secrets/store"
)

func newRecoveryList(sys Sys, at *place) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the recoveries",
		Long: `Lists the recoveries of the store, by a number each, with the recipients whose
identities open it. Long recipients are cut short, but for --json.` + exitStatus(storeExits...),
		Example: `  secrets recovery list
  secrets recovery list --json | jq -r '.recoveries[].recipients[]'`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runRecoveryList(sys, at, asJSON) },
	}
	jsonFlag(c, &asJSON)
	return c
}

func newRecoveryRm(sys Sys, at *place) *cobra.Command {
	return &cobra.Command{
		Use:   "rm NUMBER",
		Short: "Remove a recovery",
		Long: `Removes a recovery, by the number that 'secrets recovery list' shows, when its
identity is lost or may be in other hands. That identity still opens copies of
the store's file from before, and who has used it may have kept the key: remove
those copies, and put the store under a new key with 'secrets rekey'.

Refused where an agent is detected.` + exitStatus(storeExits...),
		Example: `  secrets recovery rm 2 && secrets rekey`,
		Args:    exactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runRecoveryRm(sys, at, args[0]) },
	}
}

var (
	errRecoveryNumber = errors.New("a recovery is named by its number")
	errNoSuchRecovery = errors.New("there is no recovery of that number")
)

func runRecoveryList(sys Sys, at *place, asJSON bool) error {
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	slots, err := transfer.RecoverySlots(s.Header().Slots)
	if err != nil {
		return err
	}
	if asJSON {
		list := make([]map[string]any, 0, len(slots))
		for _, slot := range slots {
			list = append(list, map[string]any{"number": slot.ID, "recipients": slot.Recipients})
		}
		return writeJSON(sys, map[string]any{"recoveries": list})
	}
	if len(slots) == 0 {
		say(sys, "%s; to make one: secrets recovery create", noRecoveryWords("there is no recovery", s.Header().KeySource))
		return nil
	}
	rows := [][]string{{"NUMBER", "FOR"}}
	for _, slot := range slots {
		rows = append(rows, []string{strconv.FormatUint(slot.ID, 10), recipientWords(slot.Recipients)})
	}
	return writeTable(sys, rows)
}

func runRecoveryRm(sys Sys, at *place, number string) error {
	if err := mayBind(sys); err != nil {
		return err
	}
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return usage(errRecoveryNumber)
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.Update(func(tx *store.Tx) error {
		slots, err := withoutRecovery(tx.Slots(), id)
		if err == nil {
			tx.SetSlots(slots)
		}
		return err
	})
	if err != nil {
		return err
	}
	say(sys, "removed the recovery; copies of the store's file from before still open with it: remove them, and take a new key: secrets rekey")
	return warnNoRecovery(sys, s.Header())
}

// withoutRecovery leaves one recovery out of the slots of a store.
func withoutRecovery(slots []json.RawMessage, id uint64) (rest []json.RawMessage, err error) {
	for _, raw := range slots {
		one, err := transfer.RecoverySlots([]json.RawMessage{raw})
		if err != nil {
			return nil, err
		}
		if len(one) == 0 || one[0].ID != id {
			rest = append(rest, raw)
		}
	}
	if len(rest) == len(slots) {
		return nil, errNoSuchRecovery
	}
	return rest, nil
}

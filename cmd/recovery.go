package cmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

func newRecovery(sys Sys, at *place) *cobra.Command {
	c := &cobra.Command{
		Use:   "recovery COMMAND",
		Short: "Make, test and remove ways back from a lost key or machine",
		Long: `A recovery is an age identity (a line AGE-SECRET-KEY-…) that opens the store
when its key or this machine is lost. Keep it away from this machine: in a
password manager, or on paper in a safe place. Who has it and a copy of the
store's file has all values. The store itself keeps the recipient alone, which
opens nothing.` + exitStatus(storeExits...),
		Example: `  secrets recovery create
  secrets recovery test`,
		Args: cobra.ArbitraryArgs,
		RunE: runParent,
	}
	c.AddCommand(newRecoveryCreate(sys, at), newRecoveryTest(sys, at), newRecoveryList(sys, at), newRecoveryRm(sys, at))
	return c
}

func newRecoveryCreate(sys Sys, at *place) *cobra.Command {
	var to []string
	c := &cobra.Command{
		Use:   "create [--to RECIPIENT]…",
		Short: "Make a recovery",
		Long: `Makes an age identity, post-quantum, and shows it once, on your terminal and
nowhere else. It is written down nowhere: what you do not keep is gone.

With --to, the recovery is for age recipients of your own, those of age plugins
(a hardware token) included, and nothing is shown. age does not mix post-quantum
recipients and others: make one recovery for each kind.

Refused where an agent is detected.` + exitStatus(storeExits...),
		Example: `  secrets recovery create
  secrets recovery create --to age1pq1… --to age1pq1…`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runRecoveryCreate(sys, at, to) },
	}
	c.Flags().StringArrayVar(&to, "to", nil, "an age `recipient` of your own; may be repeated")
	return c
}

func newRecoveryTest(sys Sys, at *place) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "test",
		Short: "Prove that a recovery works",
		Long: `Proves that an identity opens the store, without the store's own key and without
changing anything. The identity is asked for on the terminal, or read from a
file.` + exitStatus(storeExits...),
		Example: `  secrets recovery test
  secrets recovery test --identity-file /media/usb/recovery.txt`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runRecoveryTest(sys, at, file) },
	}
	identityFileFlag(c, &file)
	return c
}

func identityFileFlag(c *cobra.Command, file *string) {
	wordFlag(c.Flags(), file, "identity-file", "the `file` with the age identity")
}

// isIdentity tells whether an identity stands where the name of a file belongs. age
// takes them in capitals only, and files are named age-plugin-….txt.
func isIdentity(file string) bool {
	return strings.Contains(file, "AGE-SECRET-KEY-") || strings.Contains(file, "AGE-PLUGIN-")
}

var (
	errIdentityInArguments = errors.New("an identity stands where the name of a file belongs")

	errNotKept    = errors.New("what was typed is not the end of the identity")
	errNoRecovery = errors.New("the store has no recovery")
	errNoWayBack  = errors.New("the store does not open, and has no recovery")

	errNotItsRecovery = errors.New("this identity belongs to none of the store's recoveries")
)

func runRecoveryCreate(sys Sys, at *place, to []string) error {
	if err := mayBind(sys); err != nil {
		return err
	}
	if len(to) > 0 {
		recipients, err := transfer.ParseRecipients(to, pluginHuman(sys))
		if err != nil {
			return err
		}
		return addRecovery(sys, at, func() (transfer.Recipients, error) { return recipients, nil })
	}
	p, err := sys.terminal("or name recipients of your own with --to")
	if err != nil {
		return err
	}
	defer p.close()
	return addRecovery(sys, at, func() (transfer.Recipients, error) {
		identity, recipient, err := transfer.NewIdentity()
		if err != nil {
			return transfer.Recipients{}, err
		}
		defer identity.Wipe()
		if err := showOnce(p, identity); err != nil {
			return transfer.Recipients{}, err
		}
		return transfer.ParseRecipients([]string{recipient}, transfer.Human{})
	})
}

// addRecovery adds a recovery slot. Whom it is for is said once the store has
// been opened, so that nobody keeps an identity that opens nothing.
func addRecovery(sys Sys, at *place, to func() (transfer.Recipients, error)) error {
	s, key, err := openVault(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	defer key.Wipe()
	if _, err := s.List(); err != nil { // nobody shall write down what a damaged store cannot take
		return err
	}
	recipients, err := to()
	if err != nil {
		return err
	}
	slot, err := transfer.NewRecoverySlot(0, epochOf(s.Header()), key, recipients)
	if err != nil {
		return err
	}
	err = s.Update(func(tx *store.Tx) error {
		slots := tx.Slots()
		if slot.ID, err = machine.NextSlotID(slots); err != nil {
			return err
		}
		if slots, err = withSlot(slots, slot); err != nil {
			return err
		}
		tx.SetSlots(slots)
		return nil
	})
	if err != nil {
		return err
	}
	say(sys, "the store has a recovery, for %s; prove it: secrets recovery test", count(len(slot.Recipients), "recipient"))
	return nil
}

// The alternate screen of a terminal leaves nothing in its scrollback.
const (
	screenOn  = "\x1b[?1049h\x1b[H"
	screenOff = "\x1b[?1049l"
)

// endShown is how much of the identity is to be typed, and tries how often.
const (
	endShown = 6
	tries    = 3
)

// showOnce shows an identity on the terminal, and goes on when its end was typed
// from wherever it is kept now.
func showOnce(p *prompter, identity redact.Value) error {
	if !p.dumb {
		fmt.Fprint(p.out, screenOn)
		defer fmt.Fprint(p.out, screenOff)
	}
	fmt.Fprintf(p.out, "This opens the store when its key or this machine is lost. It is shown this once.\nKeep it away from this machine.\n\n")
	line := append(identity.Expose(), "\n\n"...)
	defer clear(line)
	if _, err := p.out.Write(line); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	want := identity.Expose()
	want = want[len(want)-endShown:]
	for range tries {
		typed, err := p.hiddenLine(fmt.Sprintf("Type its last %d characters, from where you keep it (not shown): ", endShown))
		if err != nil {
			return err
		}
		fits := bytes.EqualFold(bytes.TrimSpace(typed.Expose()), want)
		typed.Wipe()
		if fits {
			return nil
		}
	}
	return errNotKept
}

func runRecoveryTest(sys Sys, at *place, file string) error {
	s, slot, key, err := openByRecovery(sys, at, file)
	if err != nil {
		return err
	}
	defer s.Close()
	key.Wipe()
	if err := s.Check(); err != nil {
		return err
	}
	metas, err := s.List()
	if err != nil {
		return err
	}
	say(sys, "it works: the identity opens the store, which holds %s (recovery for %s)", count(len(metas), "secret"), recipientWords(slot.Recipients))
	return nil
}

// openByRecovery opens the store with an identity, and proves that the key in the
// recovery slot is the store's own before anything in its header is trusted.
func openByRecovery(sys Sys, at *place, file string) (*store.Store, transfer.RecoverySlot, redact.Value, error) {
	none := func(err error) (*store.Store, transfer.RecoverySlot, redact.Value, error) {
		return nil, transfer.RecoverySlot{}, redact.Value{}, err
	}
	path, err := at.store(sys)
	if err != nil {
		return none(err)
	}
	s, err := store.Open(path, at.options())
	if errors.Is(err, store.ErrNoStore) {
		return none(&noStoreError{path})
	}
	if err != nil {
		return none(err)
	}
	slot, key, err := recoveryKey(sys, s.Header(), file, func(key redact.Value) error {
		if err := s.Unlock(key); err != nil {
			return err
		}
		_, err := s.List()
		if err != nil {
			s.Close()
		}
		return err
	})
	if err != nil {
		return none(err)
	}
	return s, slot, key, nil
}

// recoveryKey opens the recovery slots in a header with an identity, from a file or
// asked for, until a key proves right. The caller wipes it.
func recoveryKey(sys Sys, h store.Header, file string, prove func(key redact.Value) error) (transfer.RecoverySlot, redact.Value, error) {
	none := func(err error) (transfer.RecoverySlot, redact.Value, error) {
		return transfer.RecoverySlot{}, redact.Value{}, err
	}
	slots, err := transfer.RecoverySlots(h.Slots)
	if err != nil {
		return none(err)
	}
	if len(slots) == 0 {
		return none(errNoRecovery)
	}
	with, err := askIdentity(sys, file)
	if err != nil {
		return none(err)
	}
	var failed error
	for _, slot := range slots {
		key, err := slot.Open(epochOf(h), with)
		if err == nil {
			if err = prove(key); err == nil {
				return slot, key, nil
			}
			key.Wipe()
		}
		// That one slot is for somebody else is no news beside what is wrong with another.
		if failed == nil || errors.Is(failed, transfer.ErrWrongIdentity) {
			failed = err
		}
	}
	if errors.Is(failed, transfer.ErrWrongIdentity) {
		failed = errNotItsRecovery
	}
	return none(failed)
}

// A noStoreError is that there is no store to recover.
type noStoreError struct{ path string }

func (e *noStoreError) Error() string { return "there is no store to recover" }

// askIdentity reads an identity from a file, or asks for it on the terminal.
func askIdentity(sys Sys, file string) (transfer.Identities, error) {
	text, err := identityText(sys, file)
	if err != nil {
		return transfer.Identities{}, err
	}
	defer text.Wipe()
	return transfer.ParseIdentities(text, pluginHuman(sys))
}

func identityText(sys Sys, file string) (redact.Value, error) {
	if isIdentity(file) {
		return redact.Value{}, usage(errIdentityInArguments)
	}
	if file != "" {
		text, _, err := transfer.Places{File: file}.Read()
		return text, err
	}
	p, err := sys.terminal("an identity may also come from --identity-file")
	if err != nil {
		return redact.Value{}, err
	}
	defer p.close()
	return p.hiddenLine("The recovery's identity, AGE-SECRET-KEY-… (not shown): ")
}

// recipientWords names recipients by their beginnings: a post-quantum one has
// some two thousand characters.
func recipientWords(recipients []string) string {
	const shown = 20
	words := slices.Clone(recipients)
	for i, r := range words {
		if len(r) > shown {
			words[i] = r[:shown] + "…"
		}
	}
	return cmp.Or(strings.Join(words, ", "), "nobody")
}

// recoveryFinding is doctor's line on the way back. Where the store does not open,
// none can be made.
func recoveryFinding(h store.Header, opens bool, failed func(string, error) finding) finding {
	slots, err := transfer.RecoverySlots(h.Slots)
	switch {
	case err != nil:
		return failed("recovery", err)
	case len(slots) == 0:
		f := finding{Check: "recovery", Level: "warning", State: "none", Fact: noRecoveryWords("none", h.KeySource)}
		if opens {
			f.Next = "make one: secrets recovery create"
		}
		return f
	}
	var recipients []string
	for _, slot := range slots {
		recipients = append(recipients, slot.Recipients...)
	}
	return finding{Check: "recovery", Level: "ok", State: "ok", Fact: "for " + recipientWords(recipients)}
}

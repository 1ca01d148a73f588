package cmd

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

type importOptions struct {
	identityFile string
	replace, yes bool
}

func newImport(sys Sys, at *place) *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take secrets that another store exported for this one",
		Long: `Opens a file that 'secrets export' made for this store, or for the identity in
--identity-file, shows the labels in it, and stores the secrets, all or none, if
you say so on the terminal or with --yes. FILE may be - for stdin. What has
expired is refused, and a label that is there is replaced only with --replace.

age says who can open a file, and not who made it: import what you expect, from
where you expect it.` + exitStatus(storeExits...),
		Example: `  secrets import for-laptop.age
  ssh work secrets export --to "$(secrets identity)" db-url | secrets import -`,
		Args: exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runImport(sys, at, args[0], o) },
	}
	identityFileFlag(c, &o.identityFile)
	c.Flags().BoolVar(&o.replace, "replace", false, "replace the secrets that are there")
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return c
}

var (
	errNotImported = errors.New("nothing was imported")
	errNotAgreed   = errors.New("nobody is there to say whether to import this")
	errNotForUs    = errors.New("the file was not sealed for this store")
	errItemExpired = errors.New("a secret in the file has expired")
)

// A labelsTakenError refuses to replace what nobody said to replace.
type labelsTakenError struct{ labels []string }

func (e *labelsTakenError) Error() string {
	return "these are in the store already: " + strings.Join(e.labels, ", ")
}

func runImport(sys Sys, at *place, path string, o importOptions) error {
	s, key, err := openVault(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	defer key.Wipe()
	with, err := o.identities(sys, s, key)
	if err != nil {
		return err
	}
	b, err := readBundle(sys, path, with, transfer.KindTransfer, sys.Now())
	if errors.Is(err, transfer.ErrWrongIdentity) && o.identityFile == "" {
		err = errNotForUs
	}
	if err != nil {
		return err
	}
	defer b.Wipe()
	if slices.ContainsFunc(b.Items, func(i transfer.Item) bool { return expired(meta(i), sys.Now()) }) {
		return errItemExpired
	}
	if err := writeTable(sys, b.rows(sys.Now())); err != nil {
		return err
	}
	warn(sys, "age does not say who made this file: is it what you expected, from where you expected it?")
	if err := o.agreed(sys, s, b); err != nil {
		return err
	}
	if err := s.Update(func(tx *store.Tx) error { return o.put(sys, tx, b) }); err != nil {
		return err
	}
	say(sys, "imported %s", count(len(b.Items), "secret"))
	return nil
}

func (o importOptions) identities(sys Sys, s *store.Store, key redact.Value) (transfer.Identities, error) {
	if o.identityFile != "" {
		return askIdentity(sys, o.identityFile)
	}
	return ownIdentities(s, key)
}

// agreed wants to hear that this is to be stored.
func (o importOptions) agreed(sys Sys, s *store.Store, b bundleChest) error {
	taken, err := o.check(b, s.Meta)
	if err != nil || o.yes {
		return err
	}
	p, err := sys.terminal("")
	if err != nil {
		return errNotAgreed
	}
	defer p.close()
	question := "Store " + count(len(b.Items), "secret")
	if len(taken) > 0 {
		question += ", in the place of " + strings.Join(taken, ", ")
	}
	yes, err := p.confirm(question+"? [y/N] ", "y", "yes")
	if err == nil && !yes {
		err = errNotImported
	}
	return err
}

// check finds the labels that are taken, and refuses where they are not to be
// replaced.
func (o importOptions) check(b bundleChest, known func(string) (store.Meta, error)) (taken []string, err error) {
	for _, item := range b.Items {
		_, err := known(item.Label)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			taken = append(taken, item.Label)
		}
	}
	if len(taken) > 0 && !o.replace {
		return nil, &labelsTakenError{taken}
	}
	return taken, nil
}

// put stores all that is in b. Whether a value can be masked is not the word of
// whoever made the file.
func (o importOptions) put(sys Sys, tx *store.Tx, b bundleChest) error {
	if _, err := o.check(b, tx.Meta); err != nil { // others may have come first meanwhile
		return err
	}
	for _, item := range b.Items {
		m := meta(item)
		m.Created, m.Updated = sys.Now(), sys.Now()
		m.Unmasked = item.Value.Len() < anyMask
		if err := tx.Put(m, item.Value); err != nil {
			return err
		}
	}
	return nil
}

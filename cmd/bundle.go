package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

func newBundle(sys Sys, at *place) *cobra.Command {
	c := &cobra.Command{
		Use:   "bundle COMMAND",
		Short: "Make secrets for a machine without a store: CI, a container",
		Long: `A bundle is an age file with a few secrets, for a machine without a store, a
keyring or a home: 'secrets exec --bundle FILE' lends what is in it. It may lie
in a repository; who has one of its identities can read all of it.` + exitStatus(storeExits...),
		Example: `  secrets bundle create --to age1pq1… -o ci.age npm-token
  secrets bundle show ci.age --identity-file identity.txt`,
		Args: cobra.ArbitraryArgs,
		RunE: runParent,
	}
	c.AddCommand(newBundleCreate(sys, at), newBundleShow(sys, at), newBundleRotate(sys, at))
	return c
}

// A parcel is what every file that leaves the machine is given.
type parcel struct {
	to      []string
	expires string
	out     string
	old     string // the file that is replaced, instead of out

	recipients transfer.Recipients // as check has read them
	ends       time.Time           // the zero time for never
}

func (o *parcel) flags(c *cobra.Command, expires string) {
	f := c.Flags()
	f.StringArrayVar(&o.to, "to", nil, "an age `recipient` who can open it; may be repeated")
	f.StringVar(&o.expires, "expires", expires, "when it ends: a time `span` (90d, 12h, 8w, 1y), a date (2027-01-31) or never")
	f.VarP(word{&o.out}, "output", "o", "the `file` to write; without it, or for -, stdout, if that is not a terminal")
}

// end is when it ends, the zero time for never.
func (o *parcel) end(now time.Time) (time.Time, error) {
	if o.expires == "never" {
		return time.Time{}, nil
	}
	t, err := parseExpiry(o.expires, now)
	if err != nil {
		return t, usage(err)
	}
	return t, nil
}

var (
	errNoOutput      = errors.New("a sealed file is not written to a terminal")
	errTwoIdentities = errors.New("--identity-file and --identity-fd do not go together")
	errOtherKind     = errors.New("this file was exported for a store, and is no bundle")
	errNotTransfer   = errors.New("this file is a bundle, and was not exported for a store")
	errNothingGiven  = errors.New("there is nothing to put into it: LABEL or NAME=- is missing")
	errLabelTwice    = errors.New("one label cannot be that of a secret in the store and of a new one")
	errStdinTwice    = errors.New("only one value can come from stdin")
)

// check reads the flags, and refuses what would fail once secrets are open.
func (o *parcel) check(sys Sys, at *place) (err error) {
	if o.out == "-" {
		o.out = ""
	}
	switch {
	case len(o.to) == 0:
		return transfer.ErrNoRecipient
	case o.out == "" && o.old == "" && isTerminal(sys.Stdout):
		return usage(errNoOutput)
	case sys.agent() != "":
		return errAgentSeals
	}
	if o.ends, err = o.end(sys.Now()); err != nil {
		return err
	}
	if path, err := at.store(sys); err == nil && o.out != "" && store.OwnName(path, o.out) {
		return store.ErrOwnName
	}
	if o.out != "" && isThere(o.out) {
		return &fs.PathError{Op: "open", Path: o.out, Err: syscall.EEXIST}
	}
	o.recipients, err = transfer.ParseRecipients(o.to, pluginHuman(sys))
	return err
}

// seal writes b to its recipients: to stdout, into a new file, or in the place of
// an old one.
func (o *parcel) seal(sys Sys, b *transfer.Bundle) error {
	write := func(w io.Writer) error { return b.Write(w, o.recipients) }
	switch {
	case o.old != "":
		return replaceFile(o.old, write)
	case o.out == "":
		return write(sys.Stdout)
	}
	// Others may read it: what is in it is sealed, and the service or container that
	// it is for is likely another user.
	return store.WriteNew(o.out, 0o644, func(f *os.File) error { return write(f) })
}

// replaceFile writes a file in the place of one, with its mode, in one step. A link
// to it stays one. After an error the old file is there as it was.
func replaceFile(path string, write func(io.Writer) error) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	old, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(old.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func newBundleCreate(sys Sys, at *place) *cobra.Command {
	var o parcel
	c := &cobra.Command{
		Use:   "create --to RECIPIENT… {LABEL | NAME=-}…",
		Short: "Make a bundle",
		Long: `Makes a bundle of secrets from the store, or of one value that is typed or comes
from stdin: NAME=-, lent as the variable NAME. Without a LABEL no store is
needed. A file that is there is not replaced. Refused where an agent is
detected.

It ends after 90 days, if --expires does not say otherwise.` + exitStatus(storeExits...),
		Example: `  secrets bundle create --to age1pq1… -o ci.age npm-token deploy-key
  printf %s "$TOKEN" | secrets bundle create --to age1pq1… -o ci.age TOKEN=-`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeLabels(sys, at),
		RunE:              func(_ *cobra.Command, args []string) error { return runBundleCreate(sys, at, args, o) },
	}
	o.flags(c, "90d")
	return c
}

func runBundleCreate(sys Sys, at *place, args []string, o parcel) error {
	if err := o.check(sys, at); err != nil {
		return err
	}
	var labels []string
	name := ""
	for _, arg := range args {
		variable, piped := strings.CutSuffix(arg, "=-")
		switch {
		case !piped:
			labels = append(labels, arg)
		case name != "":
			return usage(errStdinTwice)
		default:
			name = variable
		}
	}
	switch {
	case len(args) == 0:
		return usage(errNothingGiven)
	case name != "" && slices.Contains(labels, name):
		return usage(errLabelTwice)
	}
	b := &transfer.Bundle{Kind: transfer.KindBundle, Created: sys.Now()}
	defer b.Wipe()
	if err := pack(sys, at, b, labels); err != nil {
		return err
	}
	if name != "" {
		if err := cmp.Or(store.CheckLabel(name), checkVariable(store.Meta{Label: name, Env: name})); err != nil {
			return err
		}
		value, err := stdinValue(sys, name)
		if err != nil {
			return err
		}
		b.Items = append(b.Items, transfer.Item{Label: name, Env: name, Value: value})
		if err := checkLength(value, false); err != nil {
			return err
		}
	}
	return o.finish(sys, b)
}

// stdinValue is the value for a variable: it is asked for where stdin is a terminal.
func stdinValue(sys Sys, name string) (redact.Value, error) {
	if isTerminal(sys.Stdin) {
		return newPrompter(sys).newValue(name)
	}
	return readValue(sys, sys.Stdin, "stdin")
}

// pack puts secrets of the store into b; without labels, no store is opened.
func pack(sys Sys, at *place, b *transfer.Bundle, labels []string) error {
	if len(labels) == 0 {
		return nil
	}
	s, err := openStore(sys, at)
	if err != nil {
		return err
	}
	defer s.Close()
	b.From = s.Header().StoreID
	for _, label := range slices.Compact(slices.Sorted(slices.Values(labels))) {
		m, value, err := lend(sys, s, label, toSeal)
		if err != nil {
			return err
		}
		b.Items = append(b.Items, transfer.Item{
			Label: m.Label, Env: m.Env, Note: m.Note, Expires: m.Expires, Unmasked: m.Unmasked, Value: value,
		})
	}
	return nil
}

// finish dates and writes b, and says what it is.
func (o *parcel) finish(sys Sys, b *transfer.Bundle) error {
	b.Expires = o.ends
	if err := o.seal(sys, b); err != nil {
		return err
	}
	end := "never"
	if !b.Expires.IsZero() {
		end = b.Expires.Format(time.DateOnly)
	}
	say(sys, "sealed %s for %s; expires: %s", count(len(b.Items), "secret"), count(len(o.to), "recipient"), end)
	return nil
}

// An identityOrigin says where the identity of a bundle is.
type identityOrigin struct {
	file string
	fd   int
}

func (o *identityOrigin) flags(c *cobra.Command) {
	identityFileFlag(c, &o.file)
	c.Flags().IntVar(&o.fd, "identity-fd", noFD, "read the identity from descriptor `N`")
	c.Flags().Lookup("identity-fd").DefValue = "0" // so that none is shown
}

// read returns the text of the identity, and where it is from.
func (o *identityOrigin) read(sys Sys, at *place) (text redact.Value, from string, err error) {
	places := transfer.Places{File: o.file, Getenv: sys.Getenv}
	switch {
	case o.fd != noFD && o.file != "":
		return text, "", usage(errTwoIdentities)
	case o.fd != noFD && o.fd < 0:
		return text, "", usage(errBadFD)
	case o.fd != noFD:
		if places.Stream, err = at.open(sys, o.fd); err != nil {
			return text, "", err
		}
	case isIdentity(o.file):
		return text, "", usage(errIdentityInArguments)
	}
	return places.Read()
}

// A bundleChest lends out of a bundle, as a store does.
type bundleChest struct{ *transfer.Bundle }

// openBundle opens a bundle in memory. age does not say who wrote it: what it
// says of itself is checked as if a stranger had typed it.
func openBundle(sys Sys, at *place, path string, with identityOrigin, kind transfer.Kind, now time.Time) (bundleChest, error) {
	text, from, err := with.read(sys, at)
	if err != nil {
		return bundleChest{}, err
	}
	identities, err := transfer.ParseIdentities(text, pluginHuman(sys))
	text.Wipe()
	if err != nil {
		return bundleChest{}, fmt.Errorf("%s: %w", from, err)
	}
	return readBundle(sys, path, identities, kind, now)
}

func readBundle(sys Sys, path string, with transfer.Identities, kind transfer.Kind, now time.Time) (bundleChest, error) {
	if isIdentity(path) {
		return bundleChest{}, usage(errIdentityInArguments)
	}
	r := waitedFor(sys, sys.Stdin, "the file", "stdin")
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return bundleChest{}, err
		}
		defer f.Close()
		r = f
	}
	b, err := transfer.ReadBundle(r, with, now)
	if err != nil {
		return bundleChest{}, err
	}
	chest := bundleChest{b}
	if err := chest.check(kind); err != nil {
		b.Wipe()
		return bundleChest{}, err
	}
	return chest, nil
}

func (b bundleChest) check(kind transfer.Kind) error {
	switch {
	case b.Kind == kind:
	case kind == transfer.KindBundle:
		return errOtherKind
	default:
		return errNotTransfer
	}
	for i, item := range b.Items {
		err := cmp.Or(store.CheckLabel(item.Label), checkVariable(meta(item)))
		if err == nil {
			err = checkNote(item.Note)
		}
		if err != nil {
			return &itemError{i + 1, err}
		}
	}
	return nil
}

// An itemError is what is wrong with one of the secrets in a file.
type itemError struct {
	number int
	error
}

func (e *itemError) Error() string { return fmt.Sprintf("item %d of the file: %v", e.number, e.error) }
func (e *itemError) Unwrap() error { return e.error }

// meta is what a bundle knows about a secret.
func meta(i transfer.Item) store.Meta {
	return store.Meta{Label: i.Label, Env: i.Env, Note: i.Note, Expires: i.Expires, Unmasked: i.Unmasked}
}

// Get returns a copy of the value of a label.
func (b bundleChest) Get(label string) (store.Meta, redact.Value, error) {
	for _, item := range b.Items {
		if item.Label == label {
			return meta(item), item.Value.Clone(), nil
		}
	}
	return store.Meta{}, redact.Value{}, store.ErrNotFound
}

// List returns what is known about each secret.
func (b bundleChest) List() ([]store.Meta, error) {
	metas := make([]store.Meta, 0, len(b.Items))
	for _, item := range b.Items {
		metas = append(metas, meta(item))
	}
	return metas, nil
}

func newBundleShow(sys Sys, at *place) *cobra.Command {
	var with identityOrigin
	var asJSON bool
	c := &cobra.Command{
		Use:   "show FILE",
		Short: "Show what is in a bundle, but no values",
		Long: `Shows the labels in a bundle, the variables they are lent as and when it ends,
also where it has ended. The identity is looked for where 'secrets exec
--bundle' looks.` + exitStatus(exitOK, exitFailed, exitUsage, exitHuman, exitDamaged, exitRefused),
		Example: `  secrets bundle show ci.age --identity-file identity.txt`,
		Args:    exactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runBundleShow(sys, at, args[0], with, asJSON) },
	}
	with.flags(c)
	jsonFlag(c, &asJSON)
	return c
}

func runBundleShow(sys Sys, at *place, path string, with identityOrigin, asJSON bool) error {
	b, err := openBundle(sys, at, path, with, transfer.KindBundle, time.Time{})
	if err != nil {
		return err
	}
	defer b.Wipe()
	ended := store.Meta{Expires: b.Expires}
	if asJSON {
		var list []map[string]any
		for _, item := range b.Items {
			list = append(list, map[string]any{
				"label": item.Label, "variable": variable(meta(item)), "expires": jsonTime(item.Expires), "note": item.Note,
			})
		}
		return writeJSON(sys, map[string]any{
			"secrets": list, "created": jsonTime(b.Created), "expires": jsonTime(b.Expires), "expired": expired(ended, sys.Now()),
		})
	}
	end := expiryWords(ended, sys.Now())
	if !expired(ended, sys.Now()) {
		end = "expires: " + end
	}
	say(sys, "made %s, %s", b.Created.Format(time.DateOnly), end)
	return writeTable(sys, b.rows(sys.Now()))
}

// rows is a table of what is in it.
func (b bundleChest) rows(now time.Time) [][]string {
	rows := [][]string{{"LABEL", "VARIABLE", "EXPIRES", "NOTE"}}
	for _, item := range b.Items {
		m := meta(item)
		rows = append(rows, []string{m.Label, variable(m), expiryWords(m, now), firstLine(m.Note)})
	}
	return rows
}

func newBundleRotate(sys Sys, at *place) *cobra.Command {
	var o parcel
	var with identityOrigin
	c := &cobra.Command{
		Use:   "rotate FILE --to RECIPIENT…",
		Short: "Seal a bundle for other recipients, or for longer",
		Long: `Opens a bundle and seals what is in it for the recipients that are given, and
only them, under a new file key and expiry, in the place of the old file or in a
new one. The values stay as they are: who had an identity of the old file has
them. Where that is why you rotate, change the values where they come from, and
make a new bundle. Refused where an agent is detected.` + exitStatus(exitOK, exitFailed, exitUsage, exitHuman, exitDamaged, exitRefused),
		Example: `  secrets bundle rotate ci.age --identity-file old.txt --to age1pq1…`,
		Args:    exactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return runBundleRotate(sys, at, args[0], with, o) },
	}
	o.flags(c, "90d")
	c.Flags().Lookup("output").Usage = "the `file` to write, - for stdout; without it, the old file is replaced"
	with.flags(c)
	return c
}

func runBundleRotate(sys Sys, at *place, path string, with identityOrigin, o parcel) error {
	if o.out == "" && path != "-" {
		o.old = path
	}
	if err := o.check(sys, at); err != nil {
		return err
	}
	b, err := openBundle(sys, at, path, with, transfer.KindBundle, time.Time{})
	if err != nil {
		return err
	}
	defer b.Wipe()
	b.Created = sys.Now()
	if err := o.finish(sys, b.Bundle); err != nil || o.old == "" {
		return err
	}
	say(sys, "replaced %s", filepath.Clean(path))
	return nil
}

package cmd

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"secrets/redact"
	"secrets/store"
)

type setOptions struct {
	about
	fromFile string
	fromEnv  string
	generate int
	random   bool // --generate was given
	replace  bool
	unmasked bool
}

func newSet(sys Sys, at *place) *cobra.Command {
	var o setOptions
	c := &cobra.Command{
		Use:   "set LABEL",
		Short: "Store a value under a label",
		Long: `Stores a value under a label. On a terminal the value is asked for twice and not
shown; a pasted key of several lines is taken whole. Otherwise it is read from
stdin. A single line loses its line end; a value of several lines and
--from-file keep every byte. A value is 1 byte to 64 KiB long.

A label is up to 128 letters, digits and . _ / @ - and begins with a letter or
digit. The variable a command finds the value in is the label in capitals with _
for everything else (openai-api-key: OPENAI_API_KEY), or what --env says.

A value is replaced only with --replace, or after a yes on a terminal. A value
of 4 to 7 bytes is masked only where it stands as a word of its own, a shorter
one never: that is taken only with --unmasked.

The first 'set' makes the store, as 'init' does, where the keyring can serve.` + exitStatus(storeExits...),
		Example: `  secrets set openai-api-key
  pbpaste | secrets set github/token --env GH_TOKEN --expires 90d
  secrets set deploy-key --from-file ~/.ssh/id_ed25519
  secrets set session-secret --generate 64`,
		Args:              setArgs,
		ValidArgsFunction: firstLabel(sys, at),
	}
	o.flags(c)
	f := c.Flags()
	c.RunE = func(_ *cobra.Command, args []string) error {
		o.random = f.Changed("generate")
		return runSet(sys, at, args[0], o)
	}
	wordFlag(f, &o.fromFile, "from-file", "take the value from a `file`, every byte of it")
	wordFlag(f, &o.fromEnv, "from-env", "take the value from the environment variable `NAME`")
	f.IntVar(&o.generate, "generate", 0, "make a random value of this many letters and digits, 16 to 4096")
	f.BoolVar(&o.replace, "replace", false, "replace the value that is there")
	f.BoolVar(&o.unmasked, "unmasked", false, "take a value under 4 bytes, which is never masked")
	return c
}

// The lengths of a generated value. A letter or digit has 5.95 bits: 16 of them
// cannot be guessed.
const (
	minGenerated = 16
	maxGenerated = 4096
)

// Below fullMask, only some forms of a value are masked; below anyMask, none:
// they would mask half of what a command prints.
const (
	anyMask  = 4
	fullMask = 8
)

var (
	errValueInArguments = errors.New("a value must not stand on the command line")
	errTwoOrigins       = errors.New("--from-file, --from-env and --generate exclude each other")
	errGenerated        = fmt.Errorf("--generate takes %d to %d", minGenerated, maxGenerated)
	errTooShort         = fmt.Errorf("a value under %d bytes cannot be masked", anyMask)
	errLongEnough       = fmt.Errorf("--unmasked is for values under %d bytes: this one can be masked", anyMask)
	errNotReplaced      = errors.New("nothing was replaced")
)

// A labelTakenError refuses to replace a value that nobody said to replace.
type labelTakenError struct{ label string }

func (e *labelTakenError) Error() string { return e.label + " has a value already" }

// setArgs tells the mistake that costs most from the others: who types a value
// behind the label has shown it to the shell's history and to ps.
func setArgs(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(errValueInArguments)
	}
	return exactArgs(1)(c, args)
}

func runSet(sys Sys, at *place, label string, o setOptions) error {
	if err := o.check(); err != nil {
		return usage(err)
	}
	if err := store.CheckLabel(label); err != nil {
		return err
	}
	if at.valueNext = o.asks(sys); at.valueNext && sys.agent() != "" {
		return &nobodyError{"a value may also come from a pipe or a file"}
	}
	s, err := openStore(sys, at)
	if errors.Is(err, store.ErrNoStore) {
		s, err = makeFor(sys, at, label, o)
	}
	if at.unmute != nil {
		at.unmute()
	}
	if err != nil {
		return err
	}
	defer s.Close()
	now := sys.Now()
	_, was, err := o.describe(s.Meta, label, now)
	if err != nil {
		return err
	}
	value, replace, err := o.value(sys, label, was.known)
	if err != nil {
		return err
	}
	defer value.Wipe()
	if err := checkLength(value, o.unmasked); err != nil {
		return err
	}
	var m store.Meta
	err = s.Update(func(tx *store.Tx) (err error) {
		// Another process may have come first while the value was asked for.
		if m, was, err = o.describe(tx.Meta, label, now); err != nil {
			return err
		}
		if was.known && !replace {
			return &labelTakenError{label}
		}
		return tx.Put(m, value)
	})
	if err != nil {
		return err
	}
	say(sys, "%s %s, lent as %s", map[bool]string{true: "replaced", false: "stored"}[was.known], label, variable(m))
	if was.ended {
		say(sys, "its time had ended, and it never expires now; to say when: secrets edit %s --expires 90d", label)
	}
	if other := sharing(s, m); other != "" {
		warn(sys, "%s is lent as %s too: to use both at once, give one another name: secrets edit %s --env NAME", other, variable(m), label)
	}
	if n := value.Len(); n >= anyMask && n < fullMask {
		warn(sys, "a value of %d bytes is masked only where it stands as a word of its own", n)
	}
	if odd := oddity(value); odd != "" {
		warn(sys, "the value %s, which commands get as well; if it is not meant: secrets set %s --replace", odd, label)
	}
	return nil
}

// A former is what there was under a label before.
type former struct {
	known bool
	ended bool // its time is over, and no new one was given
}

// describe is what is known about the secret by now, changed as the flags say.
func (o setOptions) describe(look func(label string) (store.Meta, error), label string, now time.Time) (store.Meta, former, error) {
	m, err := look(label)
	was := former{known: err == nil}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return m, was, err
	}
	m.Label, m.Updated, m.Unmasked = label, now, o.unmasked
	if !was.known {
		m.Created = now
	}
	was.ended = was.known && o.expires == nil && expired(m, now)
	if was.ended { // a new value would be told to have ended by each use
		m.Expires = time.Time{}
	}
	err = o.apply(&m, now)
	return m, was, err
}

// sharing is a label whose secret is lent under the same variable, or nothing.
func sharing(s *store.Store, m store.Meta) string {
	metas, err := s.List()
	if err != nil {
		return ""
	}
	for _, other := range metas {
		if other.Label != m.Label && variable(other) == variable(m) {
			return other.Label
		}
	}
	return ""
}

// makeFor makes the store for the first secret, where the keyring can serve, but
// not for one that could not be stored.
func makeFor(sys Sys, at *place, label string, o setOptions) (*store.Store, error) {
	if err := o.apply(&store.Meta{Label: label}, sys.Now()); err != nil {
		return nil, err
	}
	// Another process may be making it too, and be the first.
	if err := runInit(sys, at, initOptions{keySource: "keyring"}); err != nil && !errors.Is(err, store.ErrExists) {
		return nil, err
	}
	return openStore(sys, at)
}

// check refuses flags that contradict each other.
func (o setOptions) check() error {
	origins := 0
	for _, given := range []bool{o.fromFile != "", o.fromEnv != "", o.random} {
		if given {
			origins++
		}
	}
	switch {
	case origins > 1:
		return errTwoOrigins
	case o.random && (o.generate < minGenerated || o.generate > maxGenerated):
		return errGenerated
	}
	return nil
}

// asks tells whether the value is asked for on the terminal.
func (o setOptions) asks(sys Sys) bool {
	return o.fromFile == "" && o.fromEnv == "" && !o.random && isTerminal(sys.Stdin)
}

// value gets the value from where the flags say, and with it the right to
// replace one that is there.
func (o setOptions) value(sys Sys, label string, known bool) (v redact.Value, replace bool, err error) {
	asks := o.asks(sys)
	if known && !o.replace && !asks {
		return v, false, &labelTakenError{label}
	}
	switch {
	case asks:
		p := newPrompter(sys)
		if known && !o.replace {
			yes, err := p.confirm(label+" has a value already. Replace it? [y/N] ", "y", "yes")
			if err != nil {
				return v, false, err
			}
			if !yes {
				return v, false, errNotReplaced
			}
		}
		v, err = p.newValue(label)
	case o.fromFile != "":
		v, err = valueOfFile(o.fromFile)
	case o.fromEnv != "":
		v, err = valueOfVariable(sys, o.fromEnv)
	case o.random:
		v = generate(o.generate)
	default:
		v, err = readValue(sys, sys.Stdin, "stdin")
	}
	return v, known || o.replace, err
}

func checkLength(v redact.Value, unmasked bool) error {
	switch {
	case v.Len() == 0:
		return store.ErrEmptyValue
	case v.Len() < anyMask && !unmasked:
		return errTooShort
	case v.Len() >= anyMask && unmasked:
		return usage(errLongEnough)
	}
	return nil
}

// valueOfFile reads a file as it is, up to one byte more than a value may have.
func valueOfFile(path string) (redact.Value, error) {
	f, err := os.Open(path)
	if err != nil {
		return redact.Value{}, &fromFileError{err}
	}
	defer f.Close()
	v, err := readWhole(f)
	if err != nil {
		return v, &fromFileError{err}
	}
	return v, nil
}

// A fromFileError says that a file cannot be read. It does not repeat the path,
// which may be a value.
type fromFileError struct{ err error }

func (e *fromFileError) Error() string {
	var path *fs.PathError
	if errors.As(e.err, &path) {
		return "the file of --from-file cannot be read: " + path.Err.Error()
	}
	return "the file of --from-file cannot be read"
}

func (e *fromFileError) Unwrap() error { return e.err }

// A variableError says that a variable to read a value from is not there.
type variableError struct{ name string }

func (e *variableError) Error() string {
	if store.CheckEnv(e.name) != nil { // then it may be a value, and is not repeated
		return "that cannot be the name of a variable"
	}
	return "there is no variable " + named(e.name, "") + ", or it is empty"
}

func valueOfVariable(sys Sys, name string) (redact.Value, error) {
	value := sys.Getenv(name)
	if value == "" {
		return redact.Value{}, &variableError{name}
	}
	return redact.NewValue([]byte(value)), nil
}

// generate makes a value of n letters and digits, each as likely as the other.
func generate(n int) redact.Value {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const fair = 256 - 256%len(alphabet) // bytes from here on would favour the first letters
	value := make([]byte, 0, n)
	var draw [64]byte
	for len(value) < n {
		_, _ = rand.Read(draw[:]) // never fails: see its documentation
		for _, b := range draw {
			if int(b) < fair && len(value) < n {
				value = append(value, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	clear(draw[:])
	return redact.NewValue(value)
}

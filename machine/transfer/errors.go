package transfer

import (
	"errors"
	"fmt"
	"time"
)

// What can be wrong with a recipient or an identity.
var (
	ErrNoRecipient     = errors.New("there is no recipient")
	ErrRecipient       = errors.New("this is not an age recipient")
	ErrSecretRecipient = errors.New("this is an age identity, which is secret, in the place of a recipient")
	ErrMixedRecipients = errors.New("one age file cannot be for these recipients together: post-quantum ones and others do not mix")
	ErrNoIdentity      = errors.New("there is no age identity")
	ErrIdentity        = errors.New("this is not an age identity")
)

// What can be wrong with an age file, from outside to inside.
var (
	ErrNotAge        = errors.New("this is not an age file")
	ErrWrongIdentity = errors.New("the identity does not open the file")
	ErrDamaged       = errors.New("the age file is damaged or cut short")
	ErrTooLarge      = errors.New("the file is too large")
	ErrMalformed     = errors.New("the age file does not hold what it should")
	ErrEmptyBundle   = errors.New("the bundle holds no secret")
	ErrOtherStore    = errors.New("the age file holds the key of another store, or an older key of this one")
	ErrUnknownSlot   = errors.New("the store has a key slot that this version does not know")
)

// A VersionError is a bundle of a version that is not known here.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the bundle has version %d, and %d is the newest that is known here", e.Version, version)
}

// An ExpiredError is a bundle whose time is over.
type ExpiredError struct{ Expires time.Time }

func (e *ExpiredError) Error() string {
	return "the file expired at " + e.Expires.UTC().Format(time.RFC3339)
}

// An ItemError names the item of a bundle that is wrong, beginning with 1. It
// does not name the label, which may be anything.
type ItemError struct {
	Item   int
	Reason string
}

func (e *ItemError) Error() string { return fmt.Sprintf("item %d of the bundle: %s", e.Item, e.Reason) }
func (e *ItemError) Unwrap() error { return ErrMalformed }

// A PluginError is what went wrong in an age plugin, a program of its own. What
// Err says may be the plugin's words; where it asked and the Human did not answer,
// Err is the Human's error.
type PluginError struct {
	Name    string // of the plugin: its program is age-plugin-<name>
	Missing bool   // there is no such program
	Err     error
}

func (e *PluginError) Error() string {
	if e.Missing {
		return "there is no program age-plugin-" + e.Name
	}
	return "age-plugin-" + e.Name + ": " + e.Err.Error()
}

func (e *PluginError) Unwrap() error { return e.Err }

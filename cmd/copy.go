package cmd

import (
	"errors"
	"fmt"
	"os"

	"secrets/store"
)

// A copy of a store has the key that the store has: who takes it away from the
// one takes it from the other.

// A copyError refuses to take away the key that another file needs.
type copyError struct{ path string }

func (e *copyError) Error() string {
	return "this is a copy of the store in " + e.path + ", which would not open any more"
}

// An obscureError refuses to take a key away while it cannot be told whether
// another file needs it.
type obscureError struct{ err error }

func (e *obscureError) Error() string {
	return fmt.Sprintf("the store in the usual place may need the same key, and cannot be read: %v", e.err)
}

func (e *obscureError) Unwrap() error { return e.err }

// checkSingle refuses to go on with a copy of the store that lies in the usual
// place, and with any other store while that one cannot be read: a damaged one may
// still be saved, with its key.
func checkSingle(sys Sys, at *place, id store.ID) error {
	path, err := at.store(sys)
	if err != nil {
		return err
	}
	usual, err := usualStore(sys)
	switch {
	case errors.Is(err, errNoHome): // so there is no usual place
		return nil
	case err != nil:
		return err
	case usual == path || sameFile(usual, path):
		return nil
	}
	other, err := store.Open(usual, at.options())
	switch {
	case errors.Is(err, store.ErrNoStore):
		return nil
	case err != nil:
		return &obscureError{err}
	}
	defer other.Close()
	if other.Header().StoreID == id {
		return &copyError{usual}
	}
	return nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, failure := os.Stat(b)
	return err == nil && failure == nil && os.SameFile(one, other)
}

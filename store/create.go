package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"secrets/redact"
)

// Create makes an empty store under a vault key of 32 bytes, and its folder if
// need be. The header's format and public key are set here. A file that is there
// already is never touched: ErrExists.
func Create(path string, opt Options, h Header, vaultKey redact.Value) error {
	k, err := newKeys(vaultKey, h.StoreID, h.Epoch)
	if err != nil {
		return err
	}
	defer k.wipe()
	h.Format = Format
	if err := k.vouch(&h); err != nil {
		return err
	}
	header, err := h.encode()
	if err != nil {
		return err
	}

	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	l, err := lockStore(path, opt)
	if err != nil {
		return err
	}
	defer l.release()
	err = draft{header: header, generation: 1}.place(path, k, link)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if errors.As(err, new(*SyncError)) {
		// An error means that there is no store: who made its key may forget it.
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// link gives a finished file its name, but only where the name is free; else
// the error is fs.ErrExist.
func link(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	_ = os.Remove(from) // else the next writer does
	return nil
}

// Destroy removes a store, damaged or not, without its key. The lock file
// stays.
func Destroy(path string, opt Options) error {
	l, err := lockStore(path, opt)
	if err != nil {
		return err
	}
	defer l.release()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w in %s", ErrNoStore, filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	if err := checkFile(path, info); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	if err := removeDraft(path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

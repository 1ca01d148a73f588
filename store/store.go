package store

import (
	"cmp"
	"errors"
	"os"
	"slices"

	"secrets/redact"
)

// FileName is what a store file is called in its folder.
const FileName = "store.db"

// Options of everything that touches a store file.
type Options struct {
	// AllowRemoteFS opens a store on a network file system too, where a lock
	// may hold nobody and a rename may not be one step.
	AllowRemoteFS bool

	anywhere bool // not a store in use: any folder, owner and permissions will do
}

// A Store is one store file, known by its header and, once unlocked, readable.
// It holds no file open between calls.
type Store struct {
	path   string
	opt    Options
	header Header
	keys   *keys
	follow KeyFinder
}

// A KeyFinder finds the vault key of a store by its header: it may ask a keyring
// or a human.
type KeyFinder func(Header) (redact.Value, error)

// Open reads and checks the header; no key is needed. It returns ErrNoStore
// where there is none, *KindError, *OwnerError, *PermissionError or
// *RemoteError where the file is not safe to use, *NewerFormatError and
// *DamageError.
func Open(path string, opt Options) (*Store, error) {
	go prepareVerify()
	s := &Store{path: path, opt: opt}
	err := s.read(func(c *content) error {
		s.header = c.head
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Header is the header as it was when the store was opened.
func (s *Store) Header() Header { return s.header }

// Unlock derives the keys from the vault key, which it neither keeps nor wipes.
// It returns a *CriticalError where the store needs a later version of secrets.
func (s *Store) Unlock(vaultKey redact.Value) error {
	if err := s.header.understood(); err != nil {
		return err
	}
	k, err := newKeys(vaultKey, s.header.StoreID, s.header.Epoch)
	if err != nil {
		return err
	}
	s.keys = k
	return nil
}

// UnlockWith is Unlock with the key that find finds, and returns it too. A rekey
// may come between the header and its key: then find is asked for the key of the
// header that is there by now.
func (s *Store) UnlockWith(find KeyFinder) (redact.Value, error) {
	for {
		vaultKey, err := find(s.header)
		if err == nil {
			return vaultKey, s.Unlock(vaultKey)
		}
		if again, reopenErr := Open(s.path, s.opt); reopenErr == nil && again.continues(s) {
			s.header = again.header
			continue
		}
		return vaultKey, err
	}
}

// Follow makes View, Get, Meta, List, Update, Check and Backup go on with the key that find
// finds where they would return ErrRekeyed, unless another store took the place
// of this one. No lock is held while find looks.
func (s *Store) Follow(find KeyFinder) { s.follow = find }

// followed calls do, and again whenever a rekey came in between.
func (s *Store) followed(do func() error) error {
	for {
		err := do()
		if !errors.Is(err, ErrRekeyed) || s.follow == nil {
			return err
		}
		again, reopenErr := Open(s.path, s.opt)
		if reopenErr != nil || !again.continues(s) {
			return err
		}
		vaultKey, err := again.UnlockWith(s.follow)
		vaultKey.Wipe()
		if err != nil {
			return err
		}
		s.Close()
		s.header, s.keys = again.header, again.keys
	}
}

// continues says whether s is what a rekey made of another.
func (s *Store) continues(other *Store) bool {
	return s.header.StoreID == other.header.StoreID && s.header.Epoch > other.header.Epoch
}

// Close wipes the keys.
func (s *Store) Close() {
	if s.keys != nil {
		s.keys.wipe()
		s.keys = nil
	}
}

// Get returns the current value of a label, ErrNotFound where the store surely
// has none, and a *CriticalError where lending it takes a later version. What
// it costs does not grow with the number of secrets.
func (s *Store) Get(label string) (meta Meta, value redact.Value, err error) {
	err = s.View(func(v View) (err error) {
		meta, value, err = v.Get(label)
		return err
	})
	return meta, value, err
}

// Meta is Get without the value, which stays sealed. What a later version has
// to understand before it lends, this may show.
func (s *Store) Meta(label string) (meta Meta, err error) {
	err = s.current(func(snap *snapshot) (err error) {
		_, meta, err = snap.about(label)
		return err
	})
	return meta, err
}

// List returns what is known about each secret, sorted by label. It opens no
// value.
func (s *Store) List() (metas []Meta, err error) {
	err = s.View(func(v View) (err error) {
		metas, err = v.List()
		return err
	})
	return metas, err
}

// A View is the store as it is at one moment.
type View struct{ snap *snapshot }

// View calls use with the store as it is now. Whatever is written meanwhile, use
// meets one state of it; and since that is verified once, several secrets cost
// little more than one.
func (s *Store) View(use func(View) error) error {
	return s.current(func(snap *snapshot) error { return use(View{snap}) })
}

// Get is Store.Get.
func (v View) Get(label string) (Meta, redact.Value, error) { return v.snap.get(label) }

// List is Store.List.
func (v View) List() ([]Meta, error) {
	metas, err := v.snap.list()
	slices.SortFunc(metas, func(a, b Meta) int { return cmp.Compare(a.Label, b.Label) })
	return metas, err
}

// current is verified, where Follow was asked for, across a rekey.
func (s *Store) current(use func(*snapshot) error) error {
	return s.followed(func() error { return s.verified(use) })
}

// verified calls use with the file as it is now, its manifest verified.
func (s *Store) verified(use func(*snapshot) error) error {
	if s.keys == nil {
		return ErrLocked
	}
	return s.read(func(c *content) error {
		snap, err := c.verify(s.keys)
		if err != nil {
			return err
		}
		return use(snap)
	})
}

// read calls use with the file as it is now, its header checked. Every write
// makes a fresh file, so what is open does not change meanwhile.
func (s *Store) read(use func(*content) error) error {
	f, err := openFile(s.path, s.opt)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return locate(s.path, readFile(f, use))
}

func readFile(f *os.File, use func(*content) error) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c, err := readContent(f, info.Size())
	if err != nil {
		return err
	}
	return use(c)
}

package store

import (
	"cmp"
	"os"
	"secrets/redact"
	"slices"
)

// FileName is what a store file is called in its folder.
const FileName = "store.db"

// Options of everything that touches a store file.
type Options struct {
	// AllowRemoteFS opens a store on a network file system too, where a lock
	// may hold nobody and a rename may not be one step.
	AllowRemoteFS bool
}

// A Store is one store file, known by its header and, once unlocked, readable.
// It holds no file open between calls.
type Store struct {
	path   string
	opt    Options
	header Header
	keys   *keys
}

// Open reads and checks the header; no key is needed. It returns ErrNoStore
// where there is none, *KindError, *OwnerError, *PermissionError or
// *RemoteError where the file is not safe to use, *NewerFormatError and
// *DamageError.
func Open(path string, opt Options) (*Store, error) {
	f, err := openFile(path, opt)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	c, err := readContent(f)
	if err != nil {
		return nil, locate(path, err)
	}
	return &Store{path: path, opt: opt, header: c.head}, nil
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
func (s *Store) Get(label string) (Meta, redact.Value, error) {
	snap, err := s.snapshot()
	if err != nil {
		return Meta{}, redact.Value{}, err
	}
	defer snap.close()
	meta, value, err := snap.get(label)
	if err != nil {
		return Meta{}, redact.Value{}, locate(s.path, err)
	}
	return meta, value, nil
}

// Meta is Get without the value, which stays sealed. What a later version has
// to understand before it lends, this may show.
func (s *Store) Meta(label string) (Meta, error) {
	snap, err := s.snapshot()
	if err != nil {
		return Meta{}, err
	}
	defer snap.close()
	_, meta, err := snap.about(label)
	return meta, locate(s.path, err)
}

// List returns what is known about each secret, sorted by label. It opens no
// value.
func (s *Store) List() ([]Meta, error) {
	snap, err := s.snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.close()
	metas, err := snap.list()
	if err != nil {
		return nil, locate(s.path, err)
	}
	slices.SortFunc(metas, func(a, b Meta) int { return cmp.Compare(a.Label, b.Label) })
	return metas, nil
}

// snapshot opens the file anew and verifies its manifest. As every write makes
// a fresh file, what is open stays as it is.
func (s *Store) snapshot() (*snapshot, error) {
	if s.keys == nil {
		return nil, ErrLocked
	}
	f, err := openFile(s.path, s.opt)
	if err != nil {
		return nil, err
	}
	snap, err := verify(f, s.keys)
	if err != nil {
		_ = f.Close()
		return nil, locate(s.path, err)
	}
	return snap, nil
}

func verify(f *os.File, k *keys) (*snapshot, error) {
	c, err := readContent(f)
	if err != nil {
		return nil, err
	}
	if c.head.StoreID != k.id || c.head.Epoch != k.epoch {
		return nil, ErrRekeyed
	}
	if err := c.head.understood(); err != nil {
		return nil, err
	}
	b, err := c.meta.get([]byte(keyManifest))
	if err != nil {
		return nil, err
	}
	m, err := verifyManifest(k, c.header, b)
	if err != nil {
		return nil, err
	}
	return &snapshot{file: f, keys: k, content: c, manifest: m}, nil
}

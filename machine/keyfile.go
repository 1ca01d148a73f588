package machine

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"secrets/redact"
)

// How long a writer of the key file waits for another one, and how often it
// looks.
const (
	lockPatience = 5 * time.Second
	lockInterval = 10 * time.Millisecond
)

// maxKeyFile bounds the key file in bytes: some ten thousand keys.
const maxKeyFile = 1 << 20

// FileSource keeps keys in a file of their own, away from the stores: one line
// "<store id in hex> <epoch> <unpadded base64>" for each epoch of each store.
//
// The file is 0600. It is changed by a new file that is renamed over it, under
// a lock on "<path>.lock", so that readers need no lock and writers lose
// nothing. Lines that cannot be read are kept as they are.
type FileSource struct{ Path string }

// A FileFault says why a key file is not safe to use.
type FileFault string

// The faults of a key file.
const (
	FaultSymlink    FileFault = "symlink"
	FaultNotRegular FileFault = "not-regular"
	FaultOwner      FileFault = "other-owner"
	FaultMode       FileFault = "open-to-others"
)

// An UnsafeFileError refuses a file that others could read or have put there.
type UnsafeFileError struct {
	Path  string
	Fault FileFault
	Mode  fs.FileMode // as it is; 0600 is what it should be
}

func (e *UnsafeFileError) Error() string {
	switch e.Fault {
	case FaultSymlink:
		return e.Path + " is a symbolic link"
	case FaultOwner:
		return e.Path + " belongs to another user"
	case FaultMode:
		return fmt.Sprintf("%s can be read or written by others: its mode is %#o", e.Path, e.Mode.Perm())
	default:
		return e.Path + " is not a regular file"
	}
}

// Type is "file".
func (FileSource) Type() string { return fileType }

// Probe says whether the key file is safe to use; none yet is fine.
func (s FileSource) Probe() error {
	lines, err := s.read()
	clear(lines)
	return err
}

// Key reads the key of e.
func (s FileSource) Key(e Epoch) (redact.Value, error) {
	lines, err := s.read()
	if err != nil {
		return redact.Value{}, err
	}
	defer clear(lines)
	return findKey(lines, e)
}

// Create makes the key of e, and the file and its folder where there are none.
func (s FileSource) Create(e Epoch) (redact.Value, error) {
	if err := os.MkdirAll(filepath.Dir(s.Path), 0o700); err != nil {
		return redact.Value{}, err
	}
	key := newKey()
	defer key.Wipe()
	err := s.change(func(lines []byte) ([]byte, error) {
		there, err := findKey(lines, e)
		there.Wipe()
		if !errors.Is(err, KeyMissing) {
			return nil, KeyExists
		}
		return appendKey(lines, e, key), nil
	})
	if err != nil {
		return redact.Value{}, err
	}
	kept, err := s.Key(e)
	if err == nil && !kept.Equal(key) {
		kept.Wipe()
		return redact.Value{}, KeyNotKept
	}
	return kept, err
}

// Delete removes the line of e.
func (s FileSource) Delete(e Epoch) error {
	err := s.change(func(lines []byte) ([]byte, error) {
		kept := make([]byte, 0, len(lines))
		for line := range bytes.Lines(lines) {
			if !namesEpoch(line, e) {
				kept = append(kept, line...)
			}
		}
		if len(kept) == len(lines) {
			clear(kept)
			return nil, KeyMissing
		}
		return kept, nil
	})
	if errors.Is(err, fs.ErrNotExist) { // not even a folder
		return KeyMissing
	}
	return err
}

// read returns the whole file, or nothing where there is none. The caller
// clears it.
func (s FileSource) read() ([]byte, error) {
	f, err := openPrivate(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxKeyFile {
		return nil, s.tooLong()
	}
	lines := make([]byte, info.Size()+1) // one array: reading by growing would leave copies
	n, err := io.ReadFull(f, lines)
	switch {
	case err == nil:
		err = fmt.Errorf("%s: %w: it grew while it was read", s.Path, KeyMalformed)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return lines[:n], nil
	}
	clear(lines)
	return nil, err
}

func (s FileSource) tooLong() error {
	return fmt.Errorf("%s: %w: longer than %d bytes", s.Path, KeyMalformed, maxKeyFile)
}

// change rewrites the file under its lock.
func (s FileSource) change(edit func(lines []byte) ([]byte, error)) error {
	lock, err := os.OpenFile(s.Path+".lock", os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // and gives the lock up
	if err := acquire(lock); err != nil {
		return err
	}
	lines, err := s.read()
	if err != nil {
		return err
	}
	defer clear(lines)
	edited, err := edit(lines)
	if err != nil {
		return err
	}
	defer clear(edited)
	if len(edited) > maxKeyFile {
		return s.tooLong()
	}
	return s.replace(edited)
}

// acquire waits for the lock, which ends with the process that holds it.
func acquire(lock *os.File) error {
	for range lockPatience / lockInterval {
		held, err := tryLock(lock)
		if err != nil {
			return fmt.Errorf("%s: %w", lock.Name(), err)
		}
		if held {
			return nil
		}
		time.Sleep(lockInterval)
	}
	return fmt.Errorf("%s: %w", lock.Name(), Busy)
}

// replace puts lines in the place of the file, so that a crash at any moment
// leaves the old one or the new one. Whoever holds the lock may take away what
// an earlier crash left behind.
func (s FileSource) replace(lines []byte) error {
	fresh := s.Path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := writeSynced(fresh, lines)
	if err == nil {
		err = os.Rename(fresh, s.Path)
	}
	if err != nil {
		_ = os.Remove(fresh)
		return err
	}
	return syncFolder(filepath.Dir(s.Path))
}

func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// findKey finds the one line of e.
func findKey(lines []byte, e Epoch) (redact.Value, error) {
	var found []byte
	for line := range bytes.Lines(lines) {
		if !namesEpoch(line, e) {
			continue
		}
		if found != nil {
			return redact.Value{}, KeyMalformed // two lines: which of them is it?
		}
		found = line
	}
	if found == nil {
		return redact.Value{}, KeyMissing
	}
	fields := bytes.Fields(found)
	if len(fields) != 3 {
		return redact.Value{}, KeyMalformed
	}
	return decodeKey(fields[2])
}

// namesEpoch tells whether line is the line of e, readable or not.
func namesEpoch(line []byte, e Epoch) bool {
	fields := bytes.Fields(line)
	return len(fields) >= 2 &&
		string(fields[0]) == hex.EncodeToString(e.Store[:]) &&
		string(fields[1]) == strconv.FormatUint(e.Number, 10)
}

// maxLine bounds the line of a key: a store's id, an epoch, a key, what stands
// between them and the line ends.
const maxLine = 32 + 20 + 43 + 4

// appendKey returns lines and the line of e, in memory of their own, and in one
// array: growing would leave copies.
func appendKey(lines []byte, e Epoch, key redact.Value) []byte {
	out := append(make([]byte, 0, len(lines)+maxLine), lines...)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	out = fmt.Appendf(out, "%x %d ", e.Store, e.Number)
	out = base64.RawStdEncoding.AppendEncode(out, key.Expose())
	return append(out, '\n')
}

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// What a store can answer without a fault of its own.
var (
	ErrNoStore     = errors.New("there is no store")
	ErrExists      = errors.New("a store exists already")
	ErrNotFound    = errors.New("no such label")
	ErrLabelTaken  = errors.New("the label exists already")
	ErrEmptyValue  = errors.New("the value is empty")
	ErrValueTooBig = fmt.Errorf("the value is larger than %d bytes", MaxValue)
	ErrNoteTooBig  = fmt.Errorf("the note is longer than %d bytes", MaxNote)
	ErrOwnName     = errors.New("that name is the store's own")
	ErrFull        = fmt.Errorf("the store holds %d secrets already", MaxSecrets)

	// ErrNoCipher is the error of a program that runs in Go's FIPS 140-only mode.
	ErrNoCipher = errors.New("XChaCha20-Poly1305 is not to be had in FIPS 140-only mode")

	// ErrLocked is the error of an operation that needs Unlock first.
	ErrLocked = errors.New("the store is not unlocked")

	// ErrRekeyed says that the store got another vault key, or is another
	// store, since it was opened: open it again, or see Store.Follow.
	ErrRekeyed = errors.New("the store changed its key since it was opened")
)

// A DamageError says that a store is not what was written: broken, cut short or
// tampered with. Where names the part, What is wrong with it.
type DamageError struct{ Path, Where, What string }

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged: %s: %s", e.Path, e.Where, e.What)
}

func damaged(where, format string, args ...any) error {
	return &DamageError{Where: where, What: fmt.Sprintf(format, args...)}
}

// locate writes the path into an error that was made below the file.
func locate(path string, err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		damage.Path = path
	}
	var newer *NewerFormatError
	if errors.As(err, &newer) {
		newer.Path = path
	}
	return err
}

// A WriteError says that a new file, read back, was not what had been written.
// The store is as it was before.
type WriteError struct{ Path, Reason string }

func (e *WriteError) Error() string {
	return fmt.Sprintf("%s was not written right: %s", e.Path, e.Reason)
}

// A SyncError says that a change was made, but that a loss of power may still
// undo it: the folder could not be synced.
type SyncError struct {
	Path string
	Err  error
}

func (e *SyncError) Error() string {
	return fmt.Sprintf("%s was written, but may not outlast a loss of power: %v", e.Path, e.Err)
}

func (e *SyncError) Unwrap() error { return e.Err }

// A BusyError says that another process held the lock for 5 seconds, or others
// after each other did for a minute. PID is the last, 0 where it could not be told.
type BusyError struct {
	Path string
	PID  int
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return e.Path + " is held by another process"
	}
	return fmt.Sprintf("%s is held by process %d", e.Path, e.PID)
}

// A NewerFormatError says that a later version of secrets wrote the store.
type NewerFormatError struct {
	Path   string
	Format int
}

func (e *NewerFormatError) Error() string {
	return fmt.Sprintf("%s has format %d; this version reads format %d", e.Path, e.Format, Format)
}

// A CriticalError says that Where names fields as critical that this version
// does not know. Fields gives for each the first version of secrets that does.
type CriticalError struct {
	Where  string
	Fields map[string]string
}

func (e *CriticalError) Error() string {
	needs := make([]string, 0, len(e.Fields))
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		needs = append(needs, fmt.Sprintf("%s (since %s)", field, e.Fields[field]))
	}
	return fmt.Sprintf("%s needs what this version does not know: %s", e.Where, strings.Join(needs, ", "))
}

// A PermissionError says that a file or folder is open to others than its owner.
type PermissionError struct {
	Path       string
	Mode, Want fs.FileMode
}

func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s has mode %04o, not %04o", e.Path, e.Mode.Perm(), e.Want)
}

// An OwnerError says that a file or folder belongs to another user.
type OwnerError struct {
	Path string
	UID  int
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to user %d", e.Path, e.UID)
}

// A KindError says that a path leads to something else than it should: a
// symbolic link, a folder, a pipe.
type KindError struct {
	Path string
	Mode fs.FileMode
}

func (e *KindError) Error() string {
	return fmt.Sprintf("%s is %s", e.Path, kind(e.Mode))
}

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode.IsRegular():
		return "a file"
	}
	return "not a regular file"
}

// A RemoteError says that a path lies on a network file system, where neither
// locks nor renames are certain.
type RemoteError struct{ Path, FileSystem string }

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s is on a network file system (%s)", e.Path, e.FileSystem)
}

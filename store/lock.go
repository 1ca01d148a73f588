package store

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// LockName is the file beside a store that its writers lock. It is never
// removed or replaced: two writers would then hold two locks.
const LockName = "store.lock"

// A writer waits for the lock up to lockWait and looks every lockPoll.
const (
	lockWait = 5 * time.Second
	lockPoll = 5 * time.Millisecond
)

// A lock is held by one writer. The system drops it when he dies.
type lock struct{ f *os.File }

// lockStore takes the lock of the store at path, in a folder that is safe to
// write to.
func lockStore(path string, opt Options) (*lock, error) {
	folder := filepath.Dir(path)
	if err := checkFolder(folder, opt); err != nil {
		return nil, err
	}
	return acquire(folder)
}

// acquire takes the lock of a folder, or returns a *BusyError.
func acquire(folder string) (*lock, error) {
	path := filepath.Join(folder, LockName)
	f, err := openNoFollow(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	l := &lock{f}
	if err = f.Chmod(0o600); err == nil { // whatever the umask
		err = l.wait()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	l.sign()
	return l, nil
}

func (l *lock) wait() error {
	timeout := time.After(lockWait)
	for {
		held, err := tryLock(l.f)
		if held || err != nil {
			return err
		}
		select {
		case <-timeout:
			return &BusyError{Path: l.f.Name(), PID: l.holder()}
		case <-time.After(lockPoll):
		}
	}
}

// sign writes who holds the lock, for those who wait. It is a courtesy: the
// lock holds without it.
func (l *lock) sign() {
	_ = l.f.Truncate(0)
	_, _ = l.f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
}

func (l *lock) holder() int {
	line := make([]byte, 20)
	n, _ := l.f.ReadAt(line, 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	return pid
}

func (l *lock) release() {
	_ = l.f.Truncate(0)
	_ = l.f.Close()
}

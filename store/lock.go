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

// A writer waits for each holder of the lock up to lockWait, for all of them up to
// queueWait, and looks ever less often: many who wait must not keep the one who
// writes from it.
const (
	lockWait  = 5 * time.Second
	queueWait = time.Minute
	firstPoll = time.Millisecond
	lastPoll  = 30 * time.Millisecond
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
	holder := 0
	one, all := time.NewTimer(lockWait), time.After(queueWait)
	for poll := firstPoll; ; poll = min(2*poll, lastPoll) {
		held, err := tryLock(l.f)
		if held || err != nil {
			return err
		}
		if pid := l.holder(); pid != holder && pid != 0 {
			holder = pid
			one.Reset(lockWait)
		}
		select {
		case <-one.C:
			return &BusyError{Path: l.f.Name(), PID: holder}
		case <-all:
			return &BusyError{Path: l.f.Name(), PID: holder}
		case <-time.After(poll):
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
	first, _, _ := strings.Cut(string(line[:n]), "\n")
	pid, _ := strconv.Atoi(first)
	return pid
}

func (l *lock) release() {
	_ = l.f.Truncate(0)
	_ = l.f.Close()
}

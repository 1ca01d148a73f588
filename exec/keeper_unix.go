//go:build unix

package exec

import (
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A keeper is a process that removes the files of a shelf when we no longer
// can. It holds one end of a pipe: that ends when we do, even by KILL.
type keeper struct {
	child *child
	rope  *os.File
}

func startKeeper(dir string) (*keeper, error) {
	path, err := self()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }()
	end, rope, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = end.Close() }()
	// In a session of its own: neither the terminal's keys nor its end are
	// meant for it.
	child, err := startChild(path, []string{"secrets", keeperName, dir}, nil,
		[]uintptr{end.Fd(), null.Fd(), null.Fd()}, &syscall.SysProcAttr{Setsid: true})
	if err != nil {
		_ = rope.Close()
		return nil, err
	}
	return &keeper{child: child, rope: rope}, nil
}

// pid is 0 where there is no keeper.
func (k *keeper) pid() int {
	if k == nil {
		return 0
	}
	return k.child.pid
}

// dismiss ends a keeper that has nothing left to do.
func (k *keeper) dismiss() {
	if k == nil {
		return
	}
	k.child.signal(syscall.SIGKILL)
	k.child.await()
	_ = k.rope.Close()
}

func keeperMain(dir string) int {
	signal.Ignore(forwarded...)
	_, _ = io.Copy(io.Discard, os.NewFile(0, "rope"))
	removeShelf(dir)
	return 0
}

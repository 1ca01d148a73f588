//go:build unix

package exec

import (
	"runtime"
	"sync"
	"syscall"
)

// A sigset is a set of signals.
type sigset uint64

func (s sigset) has(sig syscall.Signal) bool { return s>>(sig-1)&1 == 1 }

// A child is a process of ours that is being waited for.
type child struct {
	pid     int
	changes chan syscall.WaitStatus // stopped, …, ended
	spared  int                     // another child of ours, not meant by signalEveryone
	leads   bool                    // a process group

	mu       sync.Mutex
	gone     bool   // reaped: the number may be another process's by now
	outlived sigset // by a leader, when it had ended
}

// startChild starts the program at path. Where the system ends a child with its
// parent it is the thread that counts: one goroutine starts the child, and keeps
// its thread until the child has ended.
func startChild(path string, args, env []string, files []uintptr, sys *syscall.SysProcAttr) (*child, error) {
	news := awaitNews()
	c := &child{changes: make(chan syscall.WaitStatus, 1), leads: sys.Setpgid}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var err error
		c.pid, err = syscall.ForkExec(path, args, &syscall.ProcAttr{Env: env, Files: files, Sys: sys})
		started <- err
		if err == nil {
			c.watch(news)
		}
	}()
	if err := <-started; err != nil {
		news.close()
		return nil, err
	}
	return c, nil
}

// watch turns news, which may stand for several changes, into changes.
func (c *child) watch(news news) {
	defer news.close()
	for {
		news.wait(c.pid)
		for {
			status, ok := c.poll()
			if !ok {
				break
			}
			c.changes <- status
			if status.Exited() || status.Signaled() {
				return
			}
		}
	}
}

func (c *child) poll() (status syscall.WaitStatus, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leads {
		c.outlived = outlived(c.pid)
	}
	pid, err := syscall.Wait4(c.pid, &status, syscall.WNOHANG|syscall.WUNTRACED, nil)
	if err != nil || pid != c.pid {
		return 0, false
	}
	c.gone = status.Exited() || status.Signaled()
	return status, true
}

// await waits for the end.
func (c *child) await() syscall.WaitStatus {
	for {
		if change := <-c.changes; change.Exited() || change.Signaled() {
			return change
		}
	}
}

// signalGroup sends sig to the process group that the program leads, and says
// whether the program may go on, or end by itself. Once it has ended its group may be
// another's.
func (c *child) signalGroup(sig syscall.Signal) (survives bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	survives = sig == syscall.SIGTSTP || sig == syscall.SIGTTIN
	if !c.gone {
		survives = survives || outlived(c.pid).has(sig)
		_ = syscall.Kill(-c.pid, sig)
	}
	return survives
}

// signal sends sig to the program itself, and to nobody once it has ended.
func (c *child) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		_ = syscall.Kill(c.pid, sig)
	}
}

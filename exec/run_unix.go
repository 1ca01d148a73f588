//go:build unix

package exec

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// A run is a program that has been started.
type run struct {
	wiring  *wiring
	child   *child
	inbox   *inbox
	timeout <-chan time.Time
	late    bool          // the timeout has passed
	drained chan struct{} // closed when all output of the ended program is passed on
	status  Status
}

func (c *Command) run(path string) (Status, error) {
	// The kernel kills the program when the thread that started it dies.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	w, err := c.wire()
	if err != nil {
		return Status{}, err
	}
	inbox := openInbox()
	defer inbox.close()
	program, err := startChild(path, c.Args, c.environ(nil), w.program, mortal())
	if err != nil {
		_ = w.close()
		return Status{}, wrapStart(c.Args[0], err)
	}
	inbox.started()
	w.started()

	r := &run{wiring: w, child: program, inbox: inbox}
	if c.Timeout > 0 {
		r.timeout = time.After(c.Timeout)
	}
	status := r.wait()
	return status, w.close()
}

// wait is the life of the program: signals go in, its stops and its end come
// out.
func (r *run) wait() Status {
	for {
		select {
		case sig := <-r.inbox.signals:
			if r.drained != nil && isFatal(sig) {
				return Status{Signal: sig.(syscall.Signal)} //nolint:forcetypeassert // the only kind on unix
			}
			r.forward(sig)
		case change := <-r.child.changes:
			r.changed(change)
		case <-r.timeout:
			r.end()
		case <-r.drained:
			return r.status
		}
	}
}

func (r *run) forward(sig os.Signal) {
	if !fromTerminal(sig) {
		r.child.signal(sig.(syscall.Signal)) //nolint:forcetypeassert // the only kind on unix
	}
}

func (r *run) changed(change syscall.WaitStatus) {
	if change.Stopped() {
		r.stop(change.StopSignal())
		return
	}
	r.status = statusOf(change)
	if r.late {
		r.status = Status{Code: CodeTimeout}
	}
	r.drained = make(chan struct{})
	go func() {
		r.wiring.finish()
		close(r.drained)
	}()
}

// stop stops us with the program, unless it was woken with us meanwhile, so
// that a shell sees the job stopped.
func (r *run) stop(sig syscall.Signal) {
	if stopped(r.child.pid) {
		_ = syscall.Kill(syscall.Getpid(), sig)
	}
}

// end is what happens at the timeout, and again when the grace has passed.
func (r *run) end() {
	if r.late {
		r.child.signal(syscall.SIGKILL)
		return
	}
	r.late = true
	r.child.signal(syscall.SIGTERM)
	r.child.signal(syscall.SIGCONT)
	r.timeout = time.After(Grace)
}

func statusOf(end syscall.WaitStatus) Status {
	if end.Signaled() {
		return Status{Signal: end.Signal()}
	}
	return Status{Code: end.ExitStatus()}
}

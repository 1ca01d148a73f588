//go:build unix

package exec

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A program is what has been started: a child of ours, or of our monitor.
type program interface {
	// signal sends a signal to the program itself.
	signal(sig syscall.Signal)
	// signalEveryone sends it to all that the program started as well.
	signalEveryone(sig syscall.Signal)
}

// A run is a program that has been started, and all that goes with it.
type run struct {
	program   program
	changes   <-chan syscall.WaitStatus
	monitor   *monitored // nil if the program is on pipes
	terminal  *terminal  // nil if the program is on pipes
	front     bool       // the terminal was ours when the program last went on
	wiring    *wiring
	inbox     *inbox
	unread    chan struct{} // keys wait that only the program can want; nil unless the terminal is shared
	timeout   <-chan time.Time
	late      bool           // the timeout has passed
	interrupt syscall.Signal // the last one of a key that we got in the program's place, or 0
	drained   chan struct{}  // closed when all output of the ended program is passed on
	open      []*stream      // what others still hold then
	status    Status
}

// run leaves the other signals taken: to give each back costs as much as to take it,
// and the caller ends next.
func (c *Command) run(path string, files *shelf) (Status, error) {
	w, terminal, err := c.wire()
	if err != nil {
		return Status{}, err
	}
	defer w.close()
	r := &run{wiring: w, terminal: terminal, inbox: openInbox(terminal != nil || len(w.screens) > 0)}
	if terminal != nil {
		terminal.inbox = r.inbox
		r.inbox.takeStops()
	}
	if err := c.start(r, path, files); err != nil {
		if ended := endedEarly(0); errors.As(err, &ended) {
			return Status{Signal: syscall.Signal(ended)}, nil
		}
		return Status{}, wrapExec(c.Args[0], err)
	}
	if c.Timeout > 0 {
		r.timeout = time.After(c.Timeout)
	}
	status := r.wait()
	select {
	case <-r.drained:
		c.relay(r.open)
		err = w.finish()
	default: // a signal ended us first; the caller's file takes nothing now
	}
	r.leave()
	if r.terminal != nil {
		// Who types ^C now means the caller, who would take our end for an answer.
		signal.Reset(syscall.SIGINT)
		if sig, came := r.inbox.last(); came {
			return Status{Signal: sig}, nil
		}
	}
	return status, err
}

// start starts the program, on the terminal if it has one.
func (c *Command) start(r *run, path string, files *shelf) error {
	env := c.environ(files.env)
	if r.terminal != nil {
		if err := r.startMonitored(order{path: path, args: c.Args, env: env, adopt: c.Timeout > 0, front: !r.terminal.shared}); err != nil {
			return err
		}
	} else {
		if c.Timeout > 0 {
			adopt()
		}
		child, err := startChild(path, c.Args, env, descriptors(r.wiring.program), mortal())
		if err != nil {
			return err
		}
		child.spared = files.keeper.pid()
		r.program, r.changes = child, child.changes
	}
	r.inbox.started()
	r.wiring.started()
	r.forwardEarly()
	return nil
}

// forwardEarly passes on what came while the program was started: nobody else has had
// it. What is typed is for all that the program may have started by now.
func (r *run) forwardEarly() {
	for sig, came := r.inbox.early(); came; sig, came = r.inbox.early() {
		if sig == syscall.SIGINT || sig == syscall.SIGQUIT {
			r.program.signalEveryone(sig)
		} else {
			r.program.signal(sig)
		}
	}
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
		case <-r.inbox.resized:
			r.resize()
		case <-r.inbox.woken:
			r.goOn(false)
		case <-r.inbox.stops:
			r.forward(syscall.SIGTSTP)
		case <-r.unread: // as a read of them would
			r.monitor.signalGroup(syscall.SIGTTIN)
		case change := <-r.changes:
			r.changed(change)
		case <-r.timeout:
			r.end()
		case <-r.drained:
			return r.status
		}
	}
}

// forward passes a signal on, unless the program has it already. On a terminal
// of its own it has none: ours is raw and makes no signals, or makes them for us
// alone while it is shared.
func (r *run) forward(s os.Signal) {
	sig := s.(syscall.Signal) //nolint:forcetypeassert // the only kind on unix
	switch {
	case r.terminal == nil && fromTerminal(sig):
	case r.shares() && (fromTerminal(sig) || sig == syscall.SIGHUP):
		r.forwardKey(sig)
	default:
		r.program.signal(sig)
	}
}

// resize passes on a new size of the terminal. A program in our own session was
// told before we were, and asked too early: it is told again.
func (r *run) resize() {
	if r.terminal != nil {
		copySize(r.terminal.master, r.terminal.tty)
	}
	if r.shares() { // in the background of its pty, it is not told
		r.program.signal(syscall.SIGWINCH)
	}
	for _, s := range r.wiring.screens {
		copySize(s.master, s.caller)
		r.program.signal(syscall.SIGWINCH)
	}
}

func (r *run) changed(change syscall.WaitStatus) {
	if change.Stopped() {
		r.stop(change.StopSignal())
		return
	}
	r.status = statusOf(change)
	r.inbox.forgetKeys()
	if r.shares() && r.interrupted() {
		r.status = Status{Signal: r.interrupt}
	}
	if r.late {
		r.status = Status{Code: CodeTimeout, TimedOut: true}
		r.program.signalEveryone(syscall.SIGKILL)
	}
	r.drained = make(chan struct{})
	go func() {
		r.wiring.pause()
		if r.terminal == nil && !r.late {
			r.open = r.wiring.linger()
		}
		close(r.drained)
	}()
}

// stop stops us with the program, so that a shell sees the job stopped.
func (r *run) stop(sig syscall.Signal) {
	if r.terminal == nil {
		// If it was ^Z, it stopped us as well, and we are both awake again. With
		// a timeout one of us has to watch the time.
		if child, ok := r.program.(*child); ok && r.timeout == nil && stopped(child.pid) {
			suspend(syscall.SIGSTOP)
			if stopped(child.pid) { // only we were woken
				child.signal(syscall.SIGCONT)
			}
		}
		return
	}
	r.wiring.pause()
	if r.asksForTerminal(sig) {
		r.takeOver()
		return
	}
	r.wiring.idle()
	r.terminal.leave()
	suspend(sig)
	r.wiring.resume()
	r.goOn(true)
}

// goOn is what happens after fg or bg: the terminal is ours again, or is not.
func (r *run) goOn(wake bool) {
	if r.terminal == nil {
		return
	}
	front := !r.terminal.shared && r.terminal.foreground()
	if front {
		r.terminal.enter()
	}
	if wake && r.shares() {
		r.lookForUnread()
	}
	if wake || front != r.front {
		r.monitor.proceed(front, r.terminal.modes)
	}
	if r.front = front; front {
		r.terminal.listen()
	}
}

// end is what happens at the timeout, and again when the grace has passed.
func (r *run) end() {
	if r.late {
		r.program.signalEveryone(syscall.SIGKILL)
		return
	}
	r.late = true
	r.program.signalEveryone(syscall.SIGTERM)
	r.program.signalEveryone(syscall.SIGCONT)
	r.timeout = time.After(Grace)
}

// leave gives the terminal back and ends the monitor, before our end of the pty
// is closed: that would hang up on what the program left running.
func (r *run) leave() {
	if r.terminal != nil {
		r.terminal.close()
		r.monitor.close()
	}
}

func statusOf(end syscall.WaitStatus) Status {
	if end.Signaled() {
		return Status{Signal: end.Signal()}
	}
	return Status{Code: end.ExitStatus()}
}

// descriptors are those that a process inherits as 0, 1 and 2.
func descriptors(files [3]*os.File) []uintptr {
	return []uintptr{files[0].Fd(), files[1].Fd(), files[2].Fd()}
}

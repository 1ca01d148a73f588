//go:build unix

package exec

import "syscall"

// How a terminal is shared. A program that feeds ours by a pipe may want the keys, as
// for a password, and writes its messages to the terminal. So that stays as it is, and
// ours is in the background of its pty: the first time that it reads keys or changes
// the modes the kernel stops it there, and we take the terminal over. One that waits for
// keys without reading any is stopped by us, on Linux: where there are keys that nobody
// reads.

// shares says whether the terminal is shared.
func (r *run) shares() bool { return r.terminal != nil && r.terminal.shared }

// forwardKey passes on a signal that a key of the terminal made for our process group.
func (r *run) forwardKey(sig syscall.Signal) {
	r.monitor.signalGroup(sig)
	if sig != syscall.SIGTSTP {
		r.interrupt = sig
	}
}

// asksForTerminal says whether that is why the program has stopped: also where the
// terminal became ours without a word, as a job does that runs when it is brought back.
func (r *run) asksForTerminal(sig syscall.Signal) bool {
	return !r.front && (sig == syscall.SIGTTIN || sig == syscall.SIGTTOU) && r.terminal.foreground()
}

// takeOver gives the terminal to the program. What it has written is passed on.
func (r *run) takeOver() {
	r.terminal.forsake()
	r.terminal.shared = false
	r.wiring.unshare()
	r.goOn(true)
	r.wiring.resume()
}

// interrupted says whether a key has ended the program, even if it seems to have ended
// by itself: who feeds it may have ended first, and it before it got its own signal.
func (r *run) interrupted() bool {
	r.inbox.catchUp()
	for sig, came := r.inbox.early(); came; sig, came = r.inbox.early() {
		r.forward(sig)
	}
	return r.interrupt != 0 && r.monitor.killed(r.interrupt)
}

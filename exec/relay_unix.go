//go:build unix

package exec

import (
	"encoding/json"
	"os"
	"os/signal"
	"syscall"
	"time"

	"secrets/redact"
)

// A process that the program left behind may go on writing to its pipes. A
// shell does not wait for it, so we do not, and what it writes arrives none the
// less: a relay, our own binary started again, stays with the pipes and masks
// them until nobody holds them any more.

// lull is how long we wait ourselves before that: most of those who are left
// behind are only a little slower.
const lull = 50 * time.Millisecond

// firstPipe is the number of the first pipe that a relay inherits.
const firstPipe = 3

// A watch is what a relay is told: which values to mask, and for each pipe
// whether it is the caller's standard output, 1, or standard error, 2.
type watch struct {
	Labels []string
	Values [][]byte
	Caller []int
	Held   [][]byte // what the maskers of the pipes still hold
}

// linger gives the streams that have not ended a moment, and says which of them
// still have not.
func (w *wiring) linger() (open []*stream) {
	w.resume()
	late := time.After(lull)
	for _, s := range w.streams {
		select {
		case <-s.waiting:
		case <-late:
			late = time.After(0)
		}
	}
	w.pause()
	for _, s := range w.streams {
		if !s.ended {
			open = append(open, s)
		}
	}
	return open
}

// relay leaves the open streams to a process of their own. If there can be none
// the pipes break, when we close them.
func (c *Command) relay(open []*stream) {
	if len(open) == 0 {
		return
	}
	path, err := self()
	if err != nil {
		return
	}
	from, to, err := os.Pipe()
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()

	var orders watch
	defer func() {
		for _, held := range orders.Held {
			clear(held)
		}
	}()
	for _, secret := range c.secrets() {
		orders.Labels = append(orders.Labels, secret.Label)
		orders.Values = append(orders.Values, secret.Value.Expose())
	}
	files := []uintptr{from.Fd(), c.Stdout.Fd(), c.Stderr.Fd()}
	for _, s := range open {
		_ = s.outlet.end() // it comes before what the relay writes
		files = append(files, s.from.Fd())
		caller := 2
		if s.outlet.file == c.Stdout {
			caller = 1
		}
		orders.Caller = append(orders.Caller, caller)
	}
	_, err = syscall.ForkExec(path, []string{"secrets", relayName}, &syscall.ProcAttr{
		Files: files, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	_ = from.Close()
	if err != nil {
		return
	}
	for _, s := range open {
		orders.Held = append(orders.Held, s.to.Leave().Expose())
	}
	_ = json.NewEncoder(to).Encode(orders)
}

func relayMain() int {
	Conceal()
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE)
	var orders watch
	if err := json.NewDecoder(os.NewFile(0, "orders")).Decode(&orders); err != nil {
		return notStarted
	}
	var secrets []redact.Secret
	for i, value := range orders.Values {
		secrets = append(secrets, redact.Secret{Label: orders.Labels[i], Value: redact.NewValue(value)})
	}
	masker := redact.NewMasker(secrets)
	callers := [3]*os.File{nil, os.NewFile(1, "stdout"), os.NewFile(2, "stderr")}
	var streams []*stream
	for i, caller := range orders.Caller {
		s := newStream(os.NewFile(uintptr(firstPipe+i), "pipe"), masker, callers[caller])
		resumed, err := masker.Resume(s.outlet, redact.NewValue(orders.Held[i]))
		if err != nil {
			return notStarted
		}
		s.to = resumed
		s.used.Store(true) // what is held may have to be shown at the end
		s.flow()
		streams = append(streams, s)
	}
	for _, s := range streams {
		<-s.waiting
		_ = s.finish()
	}
	return 0
}

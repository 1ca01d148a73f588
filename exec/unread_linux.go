package exec

import (
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// unreadFor is how long a line that was typed waits before we look who wants it. Who
// is waiting for it in a read has it at once.
const unreadFor = 100 * time.Millisecond

// lookForUnread tells the run, while the terminal is shared, that a line waits which
// nobody reads, and that the program has the terminal open to read. Without that it
// was typed ahead for somebody else.
func (r *run) lookForUnread() {
	r.unread = make(chan struct{}, 1)
	t, monitor := r.terminal, r.monitor.monitor.pid
	t.watching, t.forsaken = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(t.watching)
		for t.keys.await() == nil {
			select {
			case <-t.forsaken:
				return
			case <-time.After(unreadFor):
			}
			if t.keys.waiting() > 0 && t.foreground() && mayRead(monitor) {
				r.unread <- struct{}{}
				return
			}
		}
	}()
}

// forsake ends that.
func (t *terminal) forsake() {
	if t.watching != nil {
		close(t.forsaken)
		_ = t.keys.SetReadDeadline(past)
		<-t.watching
		_ = t.keys.SetReadDeadline(time.Time{})
		t.watching = nil
	}
}

// mayRead says whether a process below another one has opened its terminal, beside
// the outputs that it was started with.
func mayRead(root int) bool {
	for _, pid := range descendants(root, 0) {
		fds, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
		for _, fd := range fds {
			if n := filepath.Base(fd); n == "1" || n == "2" {
				continue
			}
			if target, err := os.Readlink(fd); err == nil && (target == "/dev/tty" || filepath.Dir(target) == "/dev/pts") {
				return true
			}
		}
	}
	return false
}

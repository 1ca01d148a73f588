package exec

import (
	"os"
	"sync"
)

// An outlet is the caller's file, behind the masker. What one read brought goes
// out in one write, however many pieces the masker makes of it: two programs
// that write lines into one pipe rely on that.
type outlet struct {
	file *os.File

	mu        sync.Mutex
	gathering bool
	gathered  []byte
}

// Write is for the masker, which also writes by itself after an idle moment.
func (o *outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gathering {
		o.gathered = append(o.gathered, p...)
		return len(p), nil
	}
	return o.file.Write(p)
}

func (o *outlet) gather() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = true
}

// flush writes what was gathered.
func (o *outlet) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gathering = false
	if len(o.gathered) == 0 {
		return nil
	}
	_, err := o.file.Write(o.gathered)
	o.gathered = o.gathered[:0]
	return err
}

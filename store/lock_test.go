package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// Others may hold the lock after each other for longer than any of them may.
func TestLockQueue(t *testing.T) {
	for _, test := range []struct {
		name    string
		holders int
		each    time.Duration
		busy    time.Duration // after this, or 0 if it is taken
		holder  int           // who is named then
	}{
		{"a short hold", 1, 4 * time.Second, 0, 0},
		{"many holders", 12, 4 * time.Second, 0, 0},
		{"a long hold", 1, 6 * time.Second, lockWait, 1000},
		{"too many holders", 30, 4500 * time.Millisecond, queueWait, 1013},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				held, err := acquire(folder)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = held.f.WriteAt([]byte("12345678\n"), 0) // what is behind the first line does not count
				go func() {
					for i := range test.holders {
						_, _ = held.f.WriteAt(fmt.Appendf(nil, "%d\n", 1000+i), 0)
						time.Sleep(test.each)
					}
					held.release()
				}()
				synctest.Wait()
				start := time.Now()
				l, err := acquire(folder)
				switch waited := time.Since(start).Round(time.Second); {
				case test.busy > 0:
					checkErrorAs(t, "acquire", err, &BusyError{Path: filepath.Join(folder, LockName), PID: test.holder})
					if waited != test.busy {
						t.Errorf("waited for %v, want %v", waited, test.busy)
					}
				case err != nil:
					t.Error(err)
				default:
					l.release()
				}
				time.Sleep(time.Duration(test.holders) * test.each) // until all is over
			})
		})
	}
}

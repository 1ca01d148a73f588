//go:build !linux && !windows

package exec

import "os"

// sameFile says whether what is written to both ends up in one sequence. A file
// that was opened twice, as in >f 2>f, cannot be told apart here from one open
// that both streams share, which is by far the more common.
func sameFile(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

package exec

import (
	"os"

	"golang.org/x/sys/windows"
)

var compareObjectHandles = windows.NewLazySystemDLL("kernelbase.dll").NewProc("CompareObjectHandles")

// sameFile says whether what is written to both ends up in one sequence: both
// are the console, or handles to one open of a file or a pipe. os.SameFile would
// not do: for it, all pipes are one.
func sameFile(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	if errA != nil || errB != nil {
		return false
	}
	if infoA.Mode()&infoB.Mode()&os.ModeCharDevice != 0 {
		return true
	}
	same, _, _ := compareObjectHandles.Call(a.Fd(), b.Fd())
	return same != 0
}

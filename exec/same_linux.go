package exec

import (
	"os"

	"golang.org/x/sys/unix"
)

// sameFile says whether what is written to both ends up in one sequence: the
// same pipe, socket or device, the same open of a regular file, or its end, as in
// >>f 2>>f. A file that was opened twice otherwise, as in >f 2>f, has two places
// to write at.
func sameFile(a, b *os.File) bool {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	if errA != nil || errB != nil || !os.SameFile(infoA, infoB) {
		return false
	}
	return !infoA.Mode().IsRegular() || sameOpen(a, b) || appends(a) && appends(b)
}

func appends(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_APPEND != 0
}

// sameOpen asks kcmp(2); where that is not allowed, most likely it is one.
func sameOpen(a, b *os.File) bool {
	const file = 0 // KCMP_FILE of linux/kcmp.h
	pid := uintptr(unix.Getpid())
	order, _, errno := unix.RawSyscall6(unix.SYS_KCMP, pid, pid, file, a.Fd(), b.Fd(), 0)
	return errno != 0 || order == 0
}

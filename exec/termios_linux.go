package exec

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS

	noKey = 0 // in the place of a key that does nothing: _POSIX_VDISABLE
)

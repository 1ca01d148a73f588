package exec

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA

	noKey = 0xff // in the place of a key that does nothing: _POSIX_VDISABLE
)

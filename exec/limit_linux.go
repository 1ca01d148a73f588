package exec

import "os"

// maxVariable is the most bytes of one "NAME=value": MAX_ARG_STRLEN of
// linux/binfmts.h, 32 pages, with the NUL at the end.
var maxVariable = 32*os.Getpagesize() - 1

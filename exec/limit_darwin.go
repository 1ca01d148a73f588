package exec

// maxVariable is the most bytes of one "NAME=value". macOS has only a limit
// for arguments and environment together, ARG_MAX of sys/syslimits.h.
var maxVariable = 1<<20 - 1

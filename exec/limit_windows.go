package exec

import "strings"

// maxVariable is the most bytes of one "NAME=value": CreateProcess takes
// 32,767 characters, and a byte of UTF-8 is never more than one of them.
var maxVariable = 32767

// sameName compares names of variables.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

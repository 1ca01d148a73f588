// Package exec runs a program with secrets lent to it, and masks them in what
// it prints. Apart from that nothing changes: the program meets the terminal
// or the pipes it would meet without us, gets each signal once, and its end is
// our end.
//
// The rules are:
//   - each stream keeps its kind: what is a terminal for us is a terminal for
//     the program, what is not is a pipe, and two streams that are one file
//     share one pipe or one terminal;
//   - nothing of the input is read that the program may not want;
//   - a value is never an argument, and never in our own environment;
//   - whatever way we end, the terminal is left as it was found and no file
//     with a value stays behind.
//
// docs/exec.md says what differs between systems.
//
// Floor 1: imports redact.
package exec

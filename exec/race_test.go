//go:build linux && race

package exec_test

// slower is how much longer what is done many times takes with the race
// detector, which is in the front as well.
const slower = 20

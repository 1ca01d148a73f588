//go:build unix

package exec

// Names by which our own binary is started again.
const (
	monitorName = "__monitor"
	keeperName  = "__keeper"
	relayName   = "__relay"
)

// Helper is the second life of our binary. Run starts it again, hidden, to lead the
// session of a program that has a terminal of its own, to keep watch over files with
// values, or to mask what a program left running still writes. Main calls Helper
// with its arguments (less the program's name) before anything else. If ok, that
// life is over and code is the exit code.
func Helper(args []string) (code int, ok bool) {
	switch {
	case len(args) == 3 && args[0] == monitorName:
		return monitorMain(args[1], args[2]), true
	case len(args) == 2 && args[0] == keeperName:
		return keeperMain(args[1]), true
	case len(args) == 1 && args[0] == relayName:
		return relayMain(), true
	}
	return 0, false
}

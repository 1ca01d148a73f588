package exec

// Monitor is the second life of our binary. Run starts it again, hidden, to be
// the leader of a session of its own; Main calls Monitor with its arguments,
// before anything else. Where ok is true that life is over, and code is the
// exit code.
func Monitor(_ []string) (code int, ok bool) { return 0, false }

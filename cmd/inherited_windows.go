package cmd

// inherited cannot be told of a handle; reading shows whether it is one.
func inherited(int) bool { return true }

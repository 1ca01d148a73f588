// Command secrets keeps API keys on this machine and lends them, by label, to
// the programs that need them.
package main

import (
	"os"

	"secrets/cmd"
)

func main() {
	os.Exit(cmd.Main(os.Args[1:], cmd.System()))
}

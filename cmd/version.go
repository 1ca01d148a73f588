package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"secrets/store"
)

// version is set by the linker in a release (see goreleaser.yaml); a binary
// made by 'go install' knows its version from the module.
var version = ""

func newVersion(sys Sys) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Prints the version, and with --json the facts that tell this program from others
of its name.` + exitStatus(exitOK, exitUsage),
		Example: `  secrets version
  secrets version --json`,
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error { return runVersion(sys, asJSON) },
	}
	jsonFlag(c, &asJSON)
	return c
}

func runVersion(sys Sys, asJSON bool) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); v == "" && ok {
		v = info.Main.Version
	}
	if v == "" {
		v = "(devel)"
	}
	if asJSON {
		return writeJSON(sys, map[string]any{
			"name":         "secrets",
			"description":  "keeps API keys on this machine and lends them to commands by label",
			"version":      v,
			"store_format": store.Format,
			"go":           runtime.Version(),
			"os":           runtime.GOOS,
			"arch":         runtime.GOARCH,
		})
	}
	_, err := fmt.Fprintf(sys.Stdout, "secrets %s %s/%s\n", v, runtime.GOOS, runtime.GOARCH)
	return err
}

package cmd

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan is hidden: releases and packages call it, users have man.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the man pages into a folder",
		Long:   `Writes one man page a command into DIR, which is made if it is not there.` + exitStatus(exitOK, exitFailed, exitUsage),
		Hidden: true,
		Args:   exactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("making the folder of the man pages: %w", err)
			}
			c.Root().DisableAutoGenTag = true // a page must not change with the day it is made on
			return doc.GenManTree(c.Root(), &doc.GenManHeader{Section: "1", Source: "secrets", Manual: "secrets", Date: &time.Time{}}, args[0])
		},
	}
}

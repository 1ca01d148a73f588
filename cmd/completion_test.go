package cmd_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "make the files of completions/ anew")

// The scripts that packages bring are those that the program prints.
func TestCompletionFiles(t *testing.T) {
	h := newHome(t)
	folder := filepath.Join("..", "completions")
	files := map[string]string{"bash": "secrets.bash", "zsh": "secrets.zsh", "fish": "secrets.fish", "powershell": "secrets.ps1"}
	for shell, name := range files {
		want, path := h.must(t, "", "completion", shell), filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v: run make completions", err)
			continue
		}
		if diff := cmp.Diff(string(got), want); diff != "" {
			t.Errorf("%s is stale: run make completions\n%s", path, diff)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(files) {
		t.Errorf("%s has %d files, want %d: %v", folder, len(entries), len(files), entries)
	}
}

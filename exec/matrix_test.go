package exec_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMatrix looks for the tests that docs/exec-tests.md names: each of its cases
// names one, and all of them exist.
func TestMatrix(t *testing.T) {
	exist := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "../cmd/*_test.go"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^func ((Test|Benchmark)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				exist[found[1]] = true
			}
		}
	}
	scripts, _ := filepath.Glob("../cmd/testdata/script/*.txtar")
	for _, script := range scripts {
		exist[filepath.Base(script)] = true
	}

	doc, err := os.ReadFile("../docs/exec-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	cases := regexp.MustCompile(`(?m)^\| (\d+).*\| (.*) \|$`).FindAllStringSubmatch(string(doc), -1)
	if len(cases) == 0 {
		t.Fatal("no case found")
	}
	for _, c := range cases {
		for name := range strings.SplitSeq(c[2], ", ") {
			if !exist[name] {
				t.Errorf("case %s: there is no %s", c[1], name)
			}
		}
	}
}

package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// docs/pitfalls.md names a test for each pitfall, and each of them exists.
func TestPitfalls(t *testing.T) {
	doc, err := os.ReadFile("../docs/pitfalls.md")
	if err != nil {
		t.Fatal(err)
	}
	there := tests(t)
	named := regexp.MustCompile(`\b(Test|Fuzz)\w+|[\w-]+\.txtar`)
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| (.*) \|$`).FindAllSubmatch(doc, -1)
	for i, row := range rows {
		if got := string(row[1]); got != strconv.Itoa(i+1) {
			t.Errorf("pitfall %s comes behind %d", got, i)
		}
		names := named.FindAllString(string(row[2]), -1)
		if reason := regexp.MustCompile(`^no test of its own: `).Match(row[2]); reason == (len(names) > 0) {
			t.Errorf("pitfall %s has neither a test nor a reason, or both: %s", row[1], row[2])
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("pitfall %s: there is no %s", row[1], name)
			}
		}
	}
	if len(rows) != 51 {
		t.Errorf("%d pitfalls, want 51", len(rows))
	}
}

// No text shows a value in the arguments of a program, where ps shows it.
func TestNoTextExpandsIntoArguments(t *testing.T) {
	into := regexp.MustCompile(`curl[^\n|]*\$(NAME|\w*KEY|\w*TOKEN)\b`)
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/demo/run", "*.go", "../completions/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			flowed := regexp.MustCompile(`\n> `).ReplaceAll(text, []byte(" "))
			if found := into.Find(flowed); found != nil {
				t.Errorf("%s: %s", path, found)
			}
		}
	}
}

// tests are the names of all tests and scripts.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, pattern := range []string{"../*/*_test.go", "../*/*/*_test.go", "testdata/script/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			there[filepath.Base(path)] = true
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range declared.FindAllSubmatch(text, -1) {
				there[string(name[1])] = true
			}
		}
	}
	return there
}

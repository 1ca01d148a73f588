package cmd

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "ab", 1},
		{"abc", "xabc", 1},
		{"list", "lsit", 1}, // neighbours exchanged
		{"list", "lit", 1},
		{"ca", "abc", 3}, // nothing is changed twice
		{"kitten", "sitting", 3},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := distance(pair[0], pair[1]); got != c.want {
				t.Errorf("%q, %q: got %d, want %d", pair[0], pair[1], got, c.want)
			}
		}
	}
}

func TestCompleted(t *testing.T) {
	words := []string{"openai-api-key", "github/token", "github/key"}
	for typed, want := range map[string]string{
		"openai": "openai-api-key",
		"tok":    "github/token",
		"to":     "",
		"github": "",
		"key":    "",
		"":       "",
	} {
		if got := completed(typed, words); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestClosest(t *testing.T) {
	words := []string{"openai-api-key", "github/token", "db"}
	for typed, want := range map[string]string{
		"openai-api-kye": "openai-api-key",
		"openai-key":     "",
		"openai-apikey":  "openai-api-key",
		"github/tokn":    "github/token",
		"githubtoken":    "github/token",
		"gitlab/token":   "github/token",
		"dc":             "",
		"db2":            "db",
		"":               "",
	} {
		if got := closest(typed, words); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

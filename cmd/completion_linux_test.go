package cmd_test

import (
	"os/exec"
	"testing"
)

// A human types the beginning of a label and a tab, in real shells with the
// script loaded as it tells to be. Debian: bash bash-completion zsh fish.
func TestCompletionInShells(t *testing.T) {
	t.Parallel()
	for _, shell := range []struct {
		name, load string
		args       []string
	}{
		{"bash", "source /usr/share/bash-completion/bash_completion && source <(secrets completion bash)", []string{"--norc", "-i"}},
		{"zsh", "autoload -U compinit && compinit -D && source <(secrets completion zsh)", []string{"-f", "-i"}},
		{"fish", "secrets completion fish | source", []string{"--no-config", "--private", "-i"}},
	} {
		for typed, rest := range map[string]string{
			"secrets show open":                      "",
			"secrets exec --use open":                " -- sh -c 'echo lent=${#OPENAI_API_KEY}'",
			"secrets exec --use github/bot,KEY=open": " -- sh -c 'echo lent=${#KEY}'",
			"secrets exec --use KEY=open":            " -- sh -c 'echo lent=${#KEY}'",
			"secrets exec --use github/bot,open":     " -- sh -c 'echo lent=${#OPENAI_API_KEY}'",
			"secrets exec --use=open":                " -- sh -c 'echo lent=${#OPENAI_API_KEY}'",
		} {
			t.Run(shell.name+"/"+typed, func(t *testing.T) {
				t.Parallel()
				h := newHome(t)
				h.must(t, "sk-example-0123456789", "set", "openai-api-key")
				h.must(t, "0123456789", "set", "github/bot")
				c := exec.Command(shell.name, shell.args...)
				c.Dir, c.Env = h.dir, append(h.env, "PS1=ready> ")
				s := sit(t, c)
				s.press(t, shell.load+" && echo load''ed\r")
				s.wait(t, "loaded")
				s.press(t, typed+"\t")
				s.wait(t, "i-api-key")
				s.press(t, rest+"\r")
				if rest == "" {
					s.wait(t, "OPENAI_API_KEY")
				} else {
					s.wait(t, "lent=21")
				}
			})
		}
	}
}

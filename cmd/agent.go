package cmd

import (
	"errors"
	"os"
)

// agentVariables are what coding agents set for the commands they run; one that
// is set and not empty counts. It is a courtesy, not a wall: an agent can unset
// them, and the README says so. Variables that an editor sets for its human's
// terminal too (VSCODE_PID, CURSOR_TRACE_ID, REPL_ID) are not in the list.
var agentVariables = []string{
	"AGENT",             // Amp, Goose; proposed for all
	"AI_AGENT",          // proposed for all
	"ANTIGRAVITY_AGENT", // Google's Antigravity
	"AUGMENT_AGENT",     // Augment
	"CLAUDECODE",        // Claude Code
	"CLINE_ACTIVE",      // Cline
	"CODEX_CI",          // Codex CLI
	"CODEX_SANDBOX",     // Codex CLI
	"CODEX_THREAD_ID",   // Codex CLI
	"COPILOT_CLI",       // GitHub Copilot CLI
	"CURSOR_AGENT",      // Cursor's agent
	"GEMINI_CLI",        // Gemini CLI
	"GOOSE_TERMINAL",    // Goose
	"OPENCODE",          // opencode
}

// agent names the variable by which a coding agent shows, or is empty.
func (s Sys) agent() string {
	for _, name := range agentVariables {
		if s.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// human reports whether a person, and as far as can be told no agent, is on the
// other side of all the given streams.
func (s Sys) human(streams ...*os.File) bool {
	for _, f := range streams {
		if !isTerminal(f) {
			return false
		}
	}
	return !s.nobody && s.agent() == ""
}

var errNobodyToAsk = errors.New("there is nobody to ask: no terminal, or an agent's")

// A nobodyError is errNobodyToAsk for something that may come in another way.
type nobodyError struct{ instead string }

func (e *nobodyError) Error() string { return errNobodyToAsk.Error() }
func (e *nobodyError) Unwrap() error { return errNobodyToAsk }

// terminal is where a human can be asked, though stdin and stderr may belong to
// a pipeline: the terminal that the command was started from. The caller closes
// it. Instead is what else would do, or nothing.
func (s Sys) terminal(instead string) (*prompter, error) {
	if s.Terminal == nil || s.nobody || s.agent() != "" {
		return nil, &nobodyError{instead}
	}
	in, out, err := s.Terminal()
	if err != nil {
		return nil, &nobodyError{instead}
	}
	return s.prompter(in, out), nil
}

// alone is the world in which nobody is asked.
func (s Sys) alone() Sys {
	s.nobody = true
	return s
}

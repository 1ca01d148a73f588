//go:build unix

package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var identityLine = regexp.MustCompile(`AGE-SECRET-KEY-PQ-1[0-9A-Z]+`)

// The identity is shown once, on the alternate screen of the terminal; only who
// has it somewhere can go on, and then it opens the store.
func TestRecoveryOnATerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "sk-0123456789", "set", "k")
	s := h.at(t, nil, "recovery", "create")
	s.wait(t, "from where you keep it (not shown): ")
	identity := identityLine.FindString(s.screen())
	end := identity[len(identity)-6:]
	s.press(t, "wrong\r")
	s.press(t, end+"\r")
	s.wait(t, "the store has a recovery")
	s.end(t, 0)
	if got := len(identityLine.FindAllString(s.screen(), -1)); got != 1 {
		t.Errorf("the identity was shown %d times", got)
	}

	if err := os.RemoveAll(filepath.Join(h.dir, "keyring")); err != nil {
		t.Fatal(err)
	}
	h.folder(t, "keyring")
	const asks = "The recovery's identity, AGE-SECRET-KEY-… (not shown): "
	s = h.at(t, nil, "recovery", "test")
	s.answer(t, asks, identity+"\r")
	s.wait(t, "it works: the identity opens the store, which holds 1 secret")
	s.end(t, 0, identity)
	s = h.at(t, nil, "recover")
	s.answer(t, asks, identity+"\r")
	s.wait(t, "the store has a new key")
	s.end(t, 0, identity)
	if got := h.value(t, "k"); got != "sk-0123456789" {
		t.Errorf("got %q", got)
	}
}

// A plugin asks for its PIN on the terminal, and cannot be taken for us.
func TestRecoveryWithAPIN(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	plugins := h.folder(t, "plugins")
	if err := buildPlugins(plugins, "fob"); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "PATH="+plugins+":"+os.Getenv("PATH"))
	h.must(t, "sk-0123456789", "set", "k")
	h.must(t, "", "recovery", "create", "--to", "age1fob1qyd4nh4d")
	identity := filepath.Join(h.dir, "identity")
	if err := os.WriteFile(identity, []byte("AGE-PLUGIN-FOB-1QYTRH8UU\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const asks = "age-plugin-fob: PIN: "
	s := h.at(t, nil, "recovery", "test", "--identity-file", identity)
	s.answer(t, asks, "0000\r")
	s.wait(t, "wrong PIN")
	s.end(t, 1, "0000")
	s = h.at(t, nil, "recovery", "test", "--identity-file", identity)
	s.answer(t, asks, "\x03")
	s.wait(t, "interrupted; no secret was changed")
	s.end(t, 130)
	s = h.at(t, nil, "recovery", "test", "--identity-file", identity)
	s.answer(t, asks, "2580\r")
	s.wait(t, "it works")
	s.end(t, 0, "2580")
}

// Without a proof that it is kept, there is no recovery.
func TestRecoveryThatIsNotKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys   string
		status int
		shows  string
	}{
		"wrong": {"aaaaaa\rbbbbbb\rcccccc\r", 4, "what was typed is not the end of the identity"},
		"^C":    {"\x03", 130, "interrupted; no secret was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "", "init")
			before := readFile(t, h.store())
			s := h.at(t, nil, "recovery", "create")
			for _, key := range c.keys {
				s.wait(t, "(not shown): ")
				s.press(t, string(key))
			}
			s.wait(t, c.shows)
			s.end(t, c.status)
			if readFile(t, h.store()) != before {
				t.Error("the store has changed")
			}
		})
	}
	t.Run("agent", func(t *testing.T) {
		t.Parallel()
		h := newHome(t)
		h.must(t, "", "init")
		s := h.at(t, []string{"CLAUDECODE=1"}, "recovery", "create")
		s.wait(t, "is not changed by an agent")
		s.end(t, 4, "AGE-SECRET-KEY-")
	})
}

// A passphrase is asked for on the terminal, and what is typed behind it is the
// command's.
func TestPassphraseOnATerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	s := h.at(t, nil, "init", "--key-source", "passphrase")
	s.answer(t, "New passphrase (not shown): ", "correct horse\r")
	s.answer(t, "The same again: ", "correct horse\r")
	s.wait(t, "bound to the passphrase")
	s.end(t, 0, "horse")

	const asks = "Passphrase of the store (not shown): "
	s = h.at(t, nil, "set", "k")
	s.answer(t, asks, "correct horse\r")
	s.answer(t, question, "sk-typed-0123\r")
	s.answer(t, again, "sk-typed-0123\r")
	s.end(t, 0, "horse", "sk-")

	s = h.at(t, nil, "set", "early") // typed while the passphrase is tried
	s.answer(t, asks, "correct horse\r")
	s.wait(t, asks+"\x1b[?2004h\x1b[?2004l\r\n")
	s.waitRaw(t)
	if strings.Contains(s.screen(), "Value of early") {
		t.Error("nothing hides what is typed before the value is asked for")
	}
	s.press(t, "sk-early-0123\r")
	s.answer(t, again, "sk-early-0123\r")
	s.wait(t, "stored early")
	s.end(t, 0, "horse", "sk-")

	s = h.at(t, nil, "set", "stopped")
	s.answer(t, asks, "wrong horse\r")
	s.wait(t, "the passphrase is wrong")
	s.end(t, 4, "horse")

	s = h.at(t, nil, "exec", "--use", "k", "--", "sh", "-c", `echo ready; read line; echo "read $line, $K"`)
	s.answer(t, asks, "correct horse\r")
	s.answer(t, "ready", "for the command\n")
	s.wait(t, "read for the command, [secret:k]")
	s.end(t, 0, "horse")

	s = h.at(t, nil, "exec", "--stdin", "k", "--", "cat")
	s.answer(t, asks, "wrong horse\r")
	s.wait(t, "the passphrase is wrong")
	s.end(t, 125, "horse")

	s = h.at(t, nil, "rekey")
	s.answer(t, asks, "correct horse\r")
	s.answer(t, "New passphrase (not shown): ", "one\r")
	s.answer(t, "The same again: ", "two\r")
	s.wait(t, "the two passphrases differ")
	s.end(t, 1)
}

// A backup may have had another passphrase than the store has.
func TestRestoreAsksForBothPassphrases(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "correct horse", "init", "--key-source", "passphrase", "--passphrase-fd", "0")
	h.must(t, "correct horse", "backup", "old.db", "--passphrase-fd", "0")
	h.must(t, "correct horse\nanother horse", "rekey", "--passphrase-fd", "0")
	before := readFile(t, h.store())

	s := h.at(t, nil, "restore", "old.db")
	s.answer(t, "Passphrase of the backup (not shown): ", "another horse\r")
	s.wait(t, "it takes the one that the store had when the backup was made")
	s.end(t, 4, "horse")

	s = h.at(t, nil, "restore", "old.db")
	s.answer(t, "Passphrase of the backup (not shown): ", "correct horse\r")
	s.answer(t, "Passphrase of the store (not shown): ", "\x03")
	s.wait(t, "interrupted")
	s.end(t, 130, "horse", "[y/N]")
	if readFile(t, h.store()) != before {
		t.Error("the store has changed")
	}
}

// What is in a file is shown, and then asked about.
func TestImportOnATerminal(t *testing.T) {
	t.Parallel()
	for answer, status := range map[string]int{"y": 0, "n": 1, "": 1} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.must(t, "sk-0123456789", "set", "k")
			recipient := strings.TrimSpace(h.must(t, "", "identity"))
			h.must(t, "", "export", "--to", recipient, "-o", "moved.age", "k")
			h.must(t, "", "rm", "k")
			s := h.at(t, nil, "import", "moved.age")
			s.wait(t, "k      K         never")
			s.answer(t, "Store 1 secret? [y/N] ", answer+"\n")
			s.end(t, status, "sk-")
			h.status(t, 3*status, "", "show", "k")
		})
	}
}

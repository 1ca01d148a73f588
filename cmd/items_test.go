package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secrets/machine/transfer"
	"secrets/redact"
)

// age does not say who made a file: what is in it may be anything.
func TestForgedItems(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must(t, "", "init", "--key-source", "file")
	to, err := transfer.ParseRecipients([]string{"age1lxughg6yuw9ftqrnyh4p35m6nhj9er3dsapcez8g0mx3r0kqsc8qfeke27"}, transfer.Human{})
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(h.dir, "identity")
	if err := os.WriteFile(identity, []byte("AGE-SECRET-KEY-16Q2UPDC8G8U5WCD5DGSCZNDFSV3MPHZLYPNADS256LR6NC25VE9QUCSDA3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		item   transfer.Item
		status int
		hint   string
	}{
		"a variable that steers programs": {transfer.Item{Label: "k", Env: "LD_PRELOAD"}, 9, "have it made again, with another variable for it"},
		"no label":                        {transfer.Item{Label: "no label!"}, 7, "get the file again from where it was made"},
		"a note that moves the cursor":    {transfer.Item{Label: "k", Note: "\x1b[2J"}, 7, "get the file again from where it was made"},
	} {
		test.item.Value = redact.NewValue([]byte("sk-0123456789"))
		b := &transfer.Bundle{Kind: transfer.KindTransfer, Created: time.Now(), Items: []transfer.Item{test.item}}
		path := filepath.Join(h.dir, "forged.age")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Write(f, to); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		e := h.status(t, test.status, "", "import", path, "--identity-file", identity, "--yes")
		if !strings.Contains(e.stderr, "item 1 of the file: ") || !strings.Contains(e.stderr, "hint: "+test.hint+"\n") {
			t.Errorf("%s: got\n%s", name, e.stderr)
		}
	}
}

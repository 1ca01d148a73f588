package transfer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"secrets/machine"
	"secrets/redact"
)

// TestMain makes this binary an age plugin where it runs under such a name.
func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if name, ok := strings.CutPrefix(name, "age-plugin-"); ok {
		os.Exit(runPlugin(name))
	}
	os.Exit(m.Run())
}

// runPlugin is the plugin of three names: fob, which wants a PIN to decrypt;
// fobpqc, which calls itself post-quantum; and broken.
func runPlugin(name string) int {
	p, err := plugin.New(name)
	if err != nil {
		return 1
	}
	token := fob{p: p, pqc: name == "fobpqc", broken: name == "broken"}
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return token, nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return token, nil })
	return p.Main()
}

// A fob keeps the file key in the open: what it encrypts is no secret.
type fob struct {
	p           *plugin.Plugin
	pqc, broken bool
}

const fobPIN = "2580"

var errFob = errors.New("the fob is out of order")

func (f fob) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	s, _, err := f.WrapWithLabels(fileKey)
	return s, err
}

func (f fob) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	if f.broken {
		return nil, nil, errFob
	}
	var labels []string
	if f.pqc {
		labels = []string{"postquantum"}
	}
	return []*age.Stanza{{Type: f.p.Name(), Body: fileKey}}, labels, nil
}

func (f fob) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != f.p.Name() {
			continue
		}
		pin, err := f.p.RequestValue("PIN", true)
		if err != nil {
			return nil, err
		}
		if pin != fobPIN {
			return nil, errors.New("wrong PIN")
		}
		return s.Body, nil
	}
	return nil, age.ErrIncorrectIdentity
}

// installPlugins puts the plugins into a PATH of their own.
func installPlugins(t *testing.T, names ...string) {
	t.Helper()
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	folder := t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, "age-plugin-"+name)
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o700)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := self.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, self); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder)
}

// The recipients and the identity of a plugin, here with an empty content.
func fobRecipient(name string) string { return plugin.EncodeRecipient(name, []byte{1}) }
func fobIdentity(name string) string  { return plugin.EncodeIdentity(name, []byte{1}) }

// withPIN is a human who knows a PIN.
func withPIN(pin string) Human {
	return Human{Ask: func(_, _ string, _ bool) (redact.Value, error) { return redact.NewValue([]byte(pin)), nil }}
}

// A holder has an identity and its recipient.
type holder struct {
	identity   redact.Value
	identities Identities
	recipient  string
	recipients Recipients
}

func newHolder(t testing.TB) holder {
	t.Helper()
	identity, recipient, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return holder{identity, identities(t, string(identity.Expose())), recipient, recipients(t, recipient)}
}

func recipients(t testing.TB, texts ...string) Recipients {
	t.Helper()
	r, err := ParseRecipients(texts, Human{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func identities(t testing.TB, text string) Identities {
	t.Helper()
	ids, err := ParseIdentities(redact.NewValue([]byte(text)), Human{})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// vectors are what testdata/vectors.py wrote after age's specification.
type vectors struct {
	Identity, Recipient string
	Store               string
	Epoch               uint64
	VaultKey            string `json:"vault_key"`
	Slot                json.RawMessage
	BundleJSON          string `json:"bundle_json"`
	Bundle              string
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v vectors) epoch(t testing.TB) machine.Epoch {
	t.Helper()
	id, err := hex.DecodeString(v.Store)
	if err != nil {
		t.Fatal(err)
	}
	return machine.Epoch{Store: [16]byte(id), Number: v.Epoch}
}

var (
	testEpoch    = machine.Epoch{Store: [16]byte{1, 2, 3}, Number: 1}
	testVaultKey = redact.NewValue([]byte(strings.Repeat("V", vaultKeySize)))
)

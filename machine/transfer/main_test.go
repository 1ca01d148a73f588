package transfer

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age/plugin"

	"secrets/machine"
	"secrets/redact"
)

const fobPIN = "2580"

// installPlugins builds testdata/fob, under each name, into a PATH of its own.
func installPlugins(t *testing.T, names ...string) {
	t.Helper()
	folder := t.TempDir()
	fob := filepath.Join(folder, "fob")
	if out, err := exec.Command("go", "build", "-o", fob, "./testdata/fob").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range names {
		path := filepath.Join(folder, "age-plugin-"+name)
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
		if err := os.Link(fob, path); err != nil {
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

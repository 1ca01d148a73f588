package cmd_test

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"secrets/cmd"
	sexec "secrets/exec"
	"secrets/machine"
	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

// shapes are what holds a value, or a key, outside of the house. The value goes
// into each of them; keys names the bytes of keys that must not show either.
func shapes(t *testing.T, value string) (holders map[string]any, keys map[string][]byte) {
	t.Helper()
	hidden := func(text string) redact.Value { return redact.NewValue([]byte(text)) }
	secret := redact.Secret{Label: "canary", Value: hidden(value)}
	masker := redact.NewMasker([]redact.Secret{secret})
	t.Cleanup(masker.Wipe)
	writer := masker.Writer(io.Discard)
	t.Cleanup(func() { writer.Close() })
	if _, err := io.WriteString(writer, value[:len(value)-1]); err != nil { // it waits for the last byte
		t.Fatal(err)
	}
	loan := sexec.Loan{Name: "CANARY", Label: "canary", Value: hidden(value)}
	hardware, err := machine.NewHardwareID("machine-id", canaryMachine)
	if err != nil {
		t.Fatal(err)
	}

	epoch := machine.Epoch{Store: store.NewID(), Number: 1}
	key, vaultKey := make([]byte, 32), make([]byte, 32)
	for i := range key {
		key[i], vaultKey[i] = byte(7*i+1), byte(11*i+5)
	}
	slot := machine.NewSlot(1, "file")
	if err := slot.Seal(redact.NewValue(key), hardware, epoch, redact.NewValue(vaultKey)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store", store.FileName)
	s := openedStore(t, path, epoch, redact.NewValue(vaultKey))
	meta := store.Meta{Label: "canary", Created: time.Now(), Updated: time.Now()}
	var inside store.Tx
	if err := s.Update(func(tx *store.Tx) error {
		inside = *tx
		return tx.Put(meta, hidden(value))
	}); err != nil {
		t.Fatal(err)
	}
	var view store.View
	if err := s.View(func(v store.View) error { view = v; return nil }); err != nil {
		t.Fatal(err)
	}
	remains, err := store.ReadRemains(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	backup, err := store.OpenBackup(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(remains.Unlock(redact.NewValue(vaultKey)), backup.Unlock(redact.NewValue(vaultKey))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remains.Close(); backup.Close() })

	identities, err := transfer.ParseIdentities(hidden(canaryIdentity), transfer.Human{})
	if err != nil {
		t.Fatal(err)
	}
	recipients, err := transfer.ParseRecipients([]string{canaryRecipient}, transfer.Human{})
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := transfer.NewRecoverySlot(2, epoch, redact.NewValue(vaultKey), recipients)
	if err != nil {
		t.Fatal(err)
	}
	identitySlot, err := transfer.NewIdentitySlot(3, epoch, redact.NewValue(vaultKey))
	if err != nil {
		t.Fatal(err)
	}
	item := transfer.Item{Label: "canary", Value: hidden(value)}

	holders = map[string]any{
		"redact.Value":             secret.Value,
		"redact.Secret":            secret,
		"redact.Masker":            masker,
		"redact.Writer":            writer,
		"exec.Loan":                loan,
		"exec.Command":             sexec.Command{Args: []string{"true"}, Loans: []sexec.Loan{loan}, Files: []sexec.Loan{loan}, Input: &secret, Masked: []redact.Secret{secret}},
		"machine.HardwareID":       hardware,
		"machine.Slot":             slot,
		"machine.FileSource":       machine.FileSource{Path: "key"},
		"machine.KeyringSource":    machine.KeyringSource{Keyring: folderKeyring("keyring")},
		"machine.PassphraseSource": machine.PassphraseSource{Ask: func() (redact.Value, error) { return hidden(value), nil }},
		"transfer.Bundle":          &transfer.Bundle{Kind: transfer.KindBundle, Items: []transfer.Item{item}},
		"transfer.Item":            item,
		"transfer.Identities":      identities,
		"transfer.IdentitySlot":    identitySlot,
		"transfer.Key":             transfer.Key{Epoch: epoch, VaultKey: redact.NewValue(vaultKey)},
		"transfer.Places":          transfer.Places{Getenv: func(string) string { return canaryIdentity }},
		"transfer.RecoverySlot":    recovery,
		"store.Backup":             backup,
		"store.Remains":            remains,
		"store.Store":              s,
		"store.Tx":                 inside,
		"store.View":               view,
		"store.Meta":               meta,
		"store.Header":             s.Header(),
	}
	keys = map[string][]byte{
		"the key":         key,
		"the vault key":   vaultKey,
		"the store's key": storeKey(t, epoch, vaultKey),
		"the hardware ID": []byte(canaryMachine),
		"the identity":    identityBytes(canaryIdentity),
	}
	return holders, keys
}

// identityBytes are those of an age identity: Bech32, without its six letters of
// checksum.
func identityBytes(identity string) (bytes []byte) {
	const letters = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	data := identity[strings.LastIndex(identity, "1")+1:]
	var bits, n int
	for _, letter := range data[:len(data)-6] {
		bits, n = bits<<5|strings.IndexRune(letters, letter), n+5
		if n >= 8 {
			n -= 8
			bytes, bits = append(bytes, byte(bits>>n)), bits&(1<<n-1)
		}
	}
	return bytes
}

// holdNothing are the exported types that are not in shapes, since neither a
// value nor a key is ever in them.
var holdNothing = []string{
	"machine.Argon2id", "machine.Epoch", "machine.State", "machine.HardwareState", "machine.FileFault",
	"machine.KeySource", "machine.Keyring", // interfaces
	"transfer.Human", "transfer.Kind", "transfer.Recipients",
	"store.Changes", "store.ID", "store.KeyFinder", "store.Options", "store.Report",
	"exec.Status",
}

// Every type that a room exports is looked at. Errors are driven through the
// commands.
func TestEveryTypeIsLookedAt(t *testing.T) {
	holders, _ := shapes(t, canaries["token"])
	for room, folder := range map[string]string{"redact": "redact", "machine": "machine", "transfer": "machine/transfer", "store": "store", "exec": "exec"} {
		paths, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files of %s: %v", room, err)
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok || !spec.Name.IsExported() || strings.HasSuffix(spec.Name.Name, "Error") {
					return true
				}
				name := room + "." + spec.Name.Name
				if _, held := holders[name]; held == slices.Contains(holdNothing, name) {
					t.Errorf("%s: in shapes: %t; it has to be there or in holdNothing", name, held)
				}
				return true
			})
		}
	}
}

func openedStore(t *testing.T, path string, epoch machine.Epoch, vaultKey redact.Value) *store.Store {
	t.Helper()
	if err := store.Create(path, store.Options{}, store.Header{StoreID: epoch.Store, Epoch: epoch.Number}, vaultKey); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(vaultKey); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// storeKey is the key that all other keys of a store come from, made here by
// docs/format.md.
func storeKey(t *testing.T, e machine.Epoch, vaultKey []byte) []byte {
	t.Helper()
	salt := append(binary.BigEndian.AppendUint32(nil, 16), e.Store[:]...)
	salt = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(salt, 8), e.Number)
	key, err := hkdf.Extract(sha256.New, vaultKey, salt)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ways are all that a careless line of code could do with what holds a value.
var ways = map[string]func(any) []byte{
	"slog text": func(v any) []byte {
		return logged(v, func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) })
	},
	"slog JSON": func(v any) []byte {
		return logged(v, func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) })
	},
	"JSON": func(v any) []byte {
		text, err := json.Marshal(v)
		return fmt.Append(text, err)
	},
}

func init() {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T"} {
		ways[verb] = func(v any) []byte { return fmt.Appendf(nil, verb, v) }
	}
}

func logged(v any, handler func(io.Writer) slog.Handler) []byte {
	var text bytes.Buffer
	slog.New(handler(&text)).Error("a careless line", "value", v)
	return text.Bytes()
}

func TestNothingPrintsAValue(t *testing.T) {
	for shape, value := range canaries {
		holders, keys := shapes(t, value)
		found := traces{}
		found.watch("the value", []byte(value))
		found.watch("the value, but one", []byte(value[:len(value)-1]))
		for name, key := range keys {
			found.watchKey(name, key)
		}
		for holder, v := range holders {
			for way, write := range ways {
				for kind, v := range map[string]any{"": v, "[]": []any{v}, "map of ": map[string]any{"k": v}, "error of ": fmt.Errorf("careless: %v", v)} {
					if what := found.find(write(v)) + found.find(undumped(write(v))) + found.find(unquoted(write(v))); what != "" {
						t.Errorf("%s: %s of %s%s shows %s: %s", shape, way, kind, holder, what, write(v))
					}
				}
			}
		}
	}
}

// A key in quotes is found, whatever its bytes are.
func TestUnquoted(t *testing.T) {
	for _, key := range []string{
		"\xf6\x1bD\xcd\x00\x93\tnq\xd6\x01\xaa\"\\",
		"\xf6\x1bD\xcd\n\x93\tnq\xd6\n\xaa\"\\",
	} {
		found := traces{}
		found.watchKey("the key", []byte(key))
		for _, text := range []string{fmt.Sprintf("%q", key), fmt.Sprintf("%+q", key)} {
			if found.find(unquoted([]byte(text))) == "" {
				t.Errorf("%s: not found", text)
			}
		}
	}
}

// What is looked for would be found: the same ways show what is not hidden.
func TestCarelessWaysShow(t *testing.T) {
	value := []byte(canaries["token"])
	found := traces{}
	found.watch("the value", value)
	for way, write := range ways {
		bare := struct{ Text []byte }{value}
		if what := found.find(write(bare)) + found.find(undumped(write(bare))); what == "" && way != "%T" {
			t.Errorf("%s: nothing is found in %s", way, write(bare))
		}
	}
}

// panicRoom names the room in which this process, a child of the test, panics.
const panicRoom = "CMD_TEST_PANIC_ROOM"

// panics panic while a value is at hand, each in another room. The value is in
// the file at path.
var panics = map[string]func(t *testing.T, path string){
	"cmd": func(*testing.T, string) {
		sys := cmd.System()
		sys.Hardware = func() (machine.HardwareID, error) { return machine.NewHardwareID("machine-id", canaryMachine) }
		sys.Now = func() time.Time { panic("as asked") }
		cmd.Main([]string{"exec", "--use", "canary", "--", "true"}, sys)
	},
	"machine": func(*testing.T, string) {
		sys := cmd.System()
		sys.Hardware = func() (machine.HardwareID, error) { panic("as asked") }
		cmd.Main([]string{"list"}, sys)
	},
	"store": func(t *testing.T, path string) {
		s := openedStore(t, filepath.Join(t.TempDir(), "store", store.FileName), machine.Epoch{Store: store.NewID(), Number: 1}, redact.NewValue(bytes.Repeat([]byte{1}, 32)))
		_ = s.Update(func(tx *store.Tx) error {
			value := valueAt(path)
			_ = tx.Put(store.Meta{Label: "canary"}, value)
			panic(fmt.Sprint("as asked ", tx, value))
		})
	},
	"transfer": func(t *testing.T, path string) {
		recipients, err := transfer.ParseRecipients([]string{canaryRecipient}, transfer.Human{})
		if err != nil {
			t.Fatal(err)
		}
		b := &transfer.Bundle{Kind: transfer.KindBundle, Items: []transfer.Item{{Label: "canary", Value: valueAt(path)}}}
		_ = b.Write(panickingWriter{}, recipients)
	},
	"exec": func(_ *testing.T, path string) {
		c := &sexec.Command{Args: []string{"true"}, Loans: []sexec.Loan{{Name: "CANARY", Label: "canary", Value: valueAt(path)}}}
		go panic(c.Loans[0])
		_, _ = c.Run()
		time.Sleep(time.Minute)
	},
	"redact": func(_ *testing.T, path string) {
		value := valueAt(path)
		w := redact.NewMasker([]redact.Secret{{Label: "canary", Value: value}}).Writer(panickingWriter{})
		_, _ = w.Write(append(value.Expose(), "\nand more of it\n"...))
	},
}

type panickingWriter struct{}

func (panickingWriter) Write([]byte) (int, error) { panic("as asked") }

func valueAt(path string) redact.Value {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return redact.NewValue(text)
}

func TestPanic(t *testing.T) {
	if room := os.Getenv(panicRoom); room != "" {
		panics[room](t, os.Getenv(panicRoom+"_VALUE"))
		return
	}
	for shape, value := range canaries {
		for room := range panics {
			t.Run(shape+"/"+room, func(t *testing.T) {
				t.Parallel()
				h := newHome(t)
				h.env = append(h.env, "TEST_MACHINE_ID="+canaryMachine)
				h.must(t, "", "init", "--key-source", "file")
				h.must(t, value, "set", "canary", "--expires", "1h")
				path := filepath.Join(t.TempDir(), "value")
				if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
				c := exec.Command(os.Args[0], "-test.run", "^TestPanic$")
				c.Env = append(h.env, "GOTRACEBACK=all", panicRoom+"="+room, panicRoom+"_VALUE="+path)
				e := run(t, c, "")
				if e.status != 2 || !bytes.Contains([]byte(e.stderr), []byte("goroutine ")) {
					t.Fatalf("it did not panic: exit status %d\n%s%s", e.status, e.stdout, e.stderr)
				}
				found := traces{}
				found.watch("the value", []byte(value))
				found.watch("the hardware ID", []byte(canaryMachine))
				if what := found.find([]byte(e.stdout + e.stderr)); what != "" {
					t.Errorf("the trace shows %s:\n%s", what, e.stderr)
				}
			})
		}
	}
}

// A keyring's library that panics, with the key in its mouth, is a keyring that
// failed.
func TestPanicInKeyring(t *testing.T) {
	sys := cmd.System()
	sys.Env = []string{"HOME=" + t.TempDir()}
	k := &panickingKeyring{}
	sys.Keyring = k
	sys.Hardware = func() (machine.HardwareID, error) { return machine.NewHardwareID("machine-id", canaryMachine) }
	path := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	sys.Stderr = stderr
	if code := cmd.Main([]string{"init"}, sys); code != 5 {
		t.Errorf("exit status %d, want 5", code)
	}
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 || k.text == "" {
		t.Fatalf("nothing was said, or kept: %v", err)
	}
	if bytes.Contains(text, []byte(k.text)) || bytes.Contains(text, []byte(hex.EncodeToString([]byte(k.text)))) {
		t.Errorf("the key shows: %s", text)
	}
}

type panickingKeyring struct{ text string }

func (*panickingKeyring) Probe(context.Context, string) error { return nil }
func (*panickingKeyring) Get(string) (string, error)          { return "", machine.KeyMissing }
func (*panickingKeyring) Delete(string) error                 { return machine.KeyMissing }
func (k *panickingKeyring) Set(_, text string) error {
	k.text = text
	panic("setting " + text)
}

package cmd_test

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"secrets/cmd"
	sexec "secrets/exec"
	"secrets/machine"
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
	s := openedStore(t, epoch, redact.NewValue(vaultKey))
	meta := store.Meta{Label: "canary", Created: time.Now(), Updated: time.Now()}
	var inside store.Tx
	if err := s.Update(func(tx *store.Tx) error {
		inside = *tx
		return tx.Put(meta, hidden(value))
	}); err != nil {
		t.Fatal(err)
	}
	holders = map[string]any{
		"redact.Value":          secret.Value,
		"redact.Secret":         secret,
		"redact.Masker":         masker,
		"redact.Writer":         writer,
		"exec.Loan":             loan,
		"exec.Command":          sexec.Command{Args: []string{"true"}, Loans: []sexec.Loan{loan}, Files: []sexec.Loan{loan}, Input: &secret, Masked: []redact.Secret{secret}},
		"machine.HardwareID":    hardware,
		"machine.Slot":          slot,
		"machine.FileSource":    machine.FileSource{Path: "key"},
		"machine.KeyringSource": machine.KeyringSource{Keyring: folderKeyring("keyring")},
		"store.Store":           s,
		"store.Tx":              inside,
		"store.Meta":            meta,
		"store.Header":          s.Header(),
	}
	keys = map[string][]byte{
		"the key":            key,
		"the vault key":      vaultKey,
		"the store's key":    storeKey(t, epoch, vaultKey),
		"the hardware ID":    []byte(canaryMachine),
		"the value":          []byte(value),
		"the value, but one": []byte(value[:len(value)-1]),
	}
	return holders, keys
}

func openedStore(t *testing.T, epoch machine.Epoch, vaultKey redact.Value) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store", store.FileName)
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
		holders, secret := shapes(t, value)
		found := traces{}
		for name, bytes := range secret {
			found.watch(name, bytes)
		}
		for holder, v := range holders {
			for way, write := range ways {
				for kind, v := range map[string]any{"": v, "[]": []any{v}, "map of ": map[string]any{"k": v}, "error of ": fmt.Errorf("careless: %v", v)} {
					if what := found.find(write(v)) + found.find(undumped(write(v))); what != "" {
						t.Errorf("%s: %s of %s%s shows %s: %s", shape, way, kind, holder, what, write(v))
					}
				}
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
		s := openedStore(t, machine.Epoch{Store: store.NewID(), Number: 1}, redact.NewValue(bytes.Repeat([]byte{1}, 32)))
		_ = s.Update(func(tx *store.Tx) error {
			value := valueAt(path)
			_ = tx.Put(store.Meta{Label: "canary"}, value)
			panic(fmt.Sprint("as asked ", tx, value))
		})
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

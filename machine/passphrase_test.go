package machine

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secrets/redact"
)

// Pitfall 27: what a header asks for is looked at before any work is done. Were
// it not, these would take up to 4 TiB or for ever.
func TestArgon2idIsBounded(t *testing.T) {
	for _, tc := range []struct {
		cost string
		want bool
	}{
		{`{"t":3,"m":262144,"p":4}`, true},
		{`{"t":10,"m":1048576,"p":16}`, true},
		{`{"t":1,"m":8,"p":1}`, true},
		{`{"t":11,"m":64,"p":1}`, false},
		{`{"t":4294967295,"m":64,"p":1}`, false},
		{`{"t":1,"m":1048577,"p":1}`, false},
		{`{"t":1,"m":4294967295,"p":1}`, false},
		{`{"t":1,"m":1048576,"p":17}`, false},
		{`{"t":1,"m":1048576,"p":255}`, false},
		{`{"t":0,"m":64,"p":1}`, false},
		{`{"t":1,"m":0,"p":1}`, false},
		{`{"t":1,"m":64,"p":0}`, false},
		{`{"t":1,"m":15,"p":2}`, false},
		{`{}`, false},
		{`null`, false},
	} {
		var cost *Argon2id
		if err := json.Unmarshal([]byte(tc.cost), &cost); err != nil {
			t.Fatal(err)
		}
		if got := cost.allowed(); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.cost, got, tc.want)
		}
		if tc.want {
			continue
		}
		slot := sealedSlot(t, passphraseType)
		slot.Argon2id = cost
		if _, err := slot.Open(testKey, testHardware(t), testEpoch); !errors.Is(err, ErrSlotDamaged) {
			t.Errorf("%s: got %v, want %v", tc.cost, err, ErrSlotDamaged)
		}
	}
	for _, cost := range []string{`{"t":4294967296}`, `{"m":4294967296}`, `{"p":256}`, `{"t":-1}`, `{"t":1.5}`, `{"t":"1"}`} {
		if err := json.Unmarshal([]byte(`{"argon2id":`+cost+`}`), new(Slot)); err == nil {
			t.Errorf("%s: read", cost)
		}
	}
}

// Another cost is another key, so that whoever lowers it learns nothing.
func TestArgon2idIsPartOfTheKey(t *testing.T) {
	for _, cost := range []Argon2id{{2, 8, 1}, {1, 16, 1}, {1, 16, 2}} {
		slot := sealedSlot(t, passphraseType)
		slot.Argon2id = &cost
		if _, err := slot.Open(testKey, testHardware(t), testEpoch); !errors.Is(err, ErrWrongKey) {
			t.Errorf("%+v: got %v, want %v", cost, err, ErrWrongKey)
		}
	}
}

func TestNewPassphraseSlot(t *testing.T) {
	slot := NewSlot(1, passphraseType)
	if diff := cmp.Diff(&Argon2id{Passes: 3, Memory: 256 << 10, Threads: 4}, slot.Argon2id); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	slot.Argon2id.Passes = 1
	if other := NewSlot(2, passphraseType); other.Argon2id.Passes != 3 {
		t.Error("two slots share their cost")
	}
	if err := slot.Seal(redact.Value{}, NoHardwareID, testEpoch, testVaultKey); !errors.Is(err, ErrNoPassphrase) {
		t.Errorf("sealed under no passphrase: got %v, want %v", err, ErrNoPassphrase)
	}
	if err := slot.Seal(testKey, NoHardwareID, testEpoch, redact.Value{}); !errors.Is(err, errKeySize) {
		t.Errorf("sealed no vault key: got %v, want %v", err, errKeySize)
	}
	for _, typ := range []string{keyringType, fileType} {
		if slot := NewSlot(1, typ); slot.Argon2id != nil {
			t.Errorf("a %s slot has a cost", typ)
		}
	}
}

func TestPassphraseSource(t *testing.T) {
	errAsk := errors.New("nobody is there")
	answer := func(text string, err error) func() (redact.Value, error) {
		return func() (redact.Value, error) { return redact.NewValue([]byte(text)), err }
	}
	var s KeySource = PassphraseSource{Ask: answer("old", nil), Choose: answer("new", nil)}
	if got := s.Type(); got != passphraseType {
		t.Errorf("type %q", got)
	}
	for name, got := range map[string]error{"probe": s.Probe(), "delete": s.Delete(testEpoch)} {
		if got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, ask := range map[string]func(KeySource) (redact.Value, error){
		"old": func(s KeySource) (redact.Value, error) { return s.Key(testEpoch) },
		"new": func(s KeySource) (redact.Value, error) { return s.Create(testEpoch) },
	} {
		if got, err := ask(s); err != nil || string(got.Expose()) != name {
			t.Errorf("%s: got %q, %v", name, got.Expose(), err)
		}
		if _, err := ask(PassphraseSource{Ask: answer("", nil), Choose: answer("", nil)}); !errors.Is(err, ErrNoPassphrase) {
			t.Errorf("%s, empty: got %v, want %v", name, err, ErrNoPassphrase)
		}
		if _, err := ask(PassphraseSource{Ask: answer("", errAsk), Choose: answer("", errAsk)}); !errors.Is(err, errAsk) {
			t.Errorf("%s: got %v, want %v", name, err, errAsk)
		}
	}
}

// FuzzSlot holds Open to its three errors, whatever the header says.
func FuzzSlot(f *testing.F) {
	for _, v := range readVectors(f).Slots {
		f.Add([]byte(v.Slot))
	}
	f.Add([]byte(`{"type":"passphrase","argon2id":{"t":4294967295,"m":4294967295,"p":255}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var slot Slot
		if json.Unmarshal(text, &slot) != nil {
			return
		}
		if slot.Argon2id != nil && slot.Argon2id.allowed() {
			slot.Argon2id = &Argon2id{Passes: 1, Memory: 8, Threads: 1} // allowed, but too slow to fuzz
		}
		_, err := slot.Open(testKey, NoHardwareID, testEpoch)
		if !errors.Is(err, ErrWrongKey) && !errors.Is(err, ErrHardwareChanged) && !errors.Is(err, ErrSlotDamaged) {
			t.Errorf("got %v", err)
		}
	})
}

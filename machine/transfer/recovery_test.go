package transfer

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secrets/machine"
	"secrets/redact"
)

// A recovery slot that was written elsewhere, after the specifications alone.
func TestGoldenRecoverySlot(t *testing.T) {
	v := readVectors(t)
	var slot RecoverySlot
	if err := json.Unmarshal(v.Slot, &slot); err != nil {
		t.Fatal(err)
	}
	got, err := slot.Open(v.epoch(t), identities(t, v.Identity))
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got.Expose()) != v.VaultKey {
		t.Errorf("vault key %x, want %s", got.Expose(), v.VaultKey)
	}
	text, err := json.Marshal(slot)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, v.Slot); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compact.String(), string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// One as the first version wrote it, with the recipient it makes by itself.
func TestPostQuantumRecoverySlot(t *testing.T) {
	text, err := os.ReadFile("testdata/post-quantum.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Identity string
		Slot     RecoverySlot
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	got, err := kept.Slot.Open(readVectors(t).epoch(t), identities(t, kept.Identity))
	if err != nil || !got.Equal(testVaultKey) {
		t.Errorf("does not open: %v", err)
	}
}

func TestRecovery(t *testing.T) {
	a, b, stranger := newHolder(t), newHolder(t), newHolder(t)
	slot, err := NewRecoverySlot(3, testEpoch, testVaultKey, recipients(t, a.recipient, b.recipient))
	if err != nil {
		t.Fatal(err)
	}
	if slot.ID != 3 || slot.Type != RecoveryType {
		t.Errorf("id %d, type %q", slot.ID, slot.Type)
	}
	if diff := cmp.Diff([]string{a.recipient, b.recipient}, slot.Recipients); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	otherStore, otherEpoch := testEpoch, testEpoch
	otherStore.Store[15]++
	otherEpoch.Number++
	changed := func(change func([]byte) []byte) RecoverySlot {
		s := slot
		s.File = change(slices.Clone(slot.File))
		return s
	}
	sealed := func(plain string) RecoverySlot {
		file, err := seal([]byte(plain), a.recipients)
		if err != nil {
			t.Fatal(err)
		}
		return RecoverySlot{File: file}
	}
	head := string(recoveryHead(testEpoch))
	for _, tc := range []struct {
		name string
		slot RecoverySlot
		with Identities
		e    machine.Epoch
		want error
	}{
		{"the first", slot, a.identities, testEpoch, nil},
		{"the second", slot, b.identities, testEpoch, nil},
		{"among others", slot, hide(slices.Concat(stranger.identities.list(), a.identities.list())), testEpoch, nil},
		{"a stranger", slot, stranger.identities, testEpoch, ErrWrongIdentity},
		{"nobody", slot, Identities{}, testEpoch, ErrNoIdentity},
		{"copied to another store", slot, a.identities, otherStore, ErrOtherStore},
		{"of another epoch", slot, a.identities, otherEpoch, ErrOtherStore},
		{"cut short", changed(func(f []byte) []byte { return f[:len(f)-1] }), a.identities, testEpoch, ErrDamaged},
		{"longer", changed(func(f []byte) []byte { return append(f, 0) }), a.identities, testEpoch, ErrDamaged},
		{"one bit", changed(func(f []byte) []byte { f[len(f)-1] ^= 1; return f }), a.identities, testEpoch, ErrDamaged},
		{"no file", RecoverySlot{}, a.identities, testEpoch, ErrNotAge},
		{"another file", RecoverySlot{File: []byte("sk_live_1234")}, a.identities, testEpoch, ErrNotAge},
		{"another purpose", sealed("secrets/v2" + head[10:] + "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"), a.identities, testEpoch, ErrMalformed},
		{"no key", sealed(head), a.identities, testEpoch, ErrMalformed},
		{"a short key", sealed(head + "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"), a.identities, testEpoch, ErrMalformed},
		{"a long key", sealed(head + "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"), a.identities, testEpoch, ErrMalformed},
		{"nothing", sealed(""), a.identities, testEpoch, ErrMalformed},
	} {
		got, err := tc.slot.Open(tc.e, tc.with)
		if !errors.Is(err, tc.want) || (tc.want == nil) != got.Equal(testVaultKey) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := NewRecoverySlot(3, testEpoch, testVaultKey, Recipients{}); !errors.Is(err, ErrNoRecipient) {
		t.Errorf("for nobody: got %v, want %v", err, ErrNoRecipient)
	}
	if _, err := NewRecoverySlot(3, testEpoch, redact.Value{}, a.recipients); !errors.Is(err, errKeySize) {
		t.Errorf("of no key: got %v, want %v", err, errKeySize)
	}
}

// No length at which a recovery file can be cut gives a key.
func TestRecoveryCutAnywhere(t *testing.T) {
	a := newHolder(t)
	slot, err := NewRecoverySlot(1, testEpoch, testVaultKey, a.recipients)
	if err != nil {
		t.Fatal(err)
	}
	for n := range slot.File {
		cut := RecoverySlot{File: slot.File[:n]}
		if _, err := cut.Open(testEpoch, a.identities); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotAge) {
			t.Errorf("cut at %d of %d: got %v", n, len(slot.File), err)
		}
	}
}

// Pitfall 34: a rekey seals the new key to the same recipients, without their
// identities, and the old slot opens nothing of the new epoch.
func TestCarryOver(t *testing.T) {
	installPlugins(t, "fob")
	a, b := newHolder(t), newHolder(t)
	from := Key{testEpoch, testVaultKey}
	to := Key{machine.Epoch{Store: testEpoch.Store, Number: 2}, redact.NewValue(bytes.Repeat([]byte{'W'}, vaultKeySize))}

	first, err := NewRecoverySlot(2, from.Epoch, from.VaultKey, recipients(t, a.recipient, b.recipient))
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewRecoverySlot(3, from.Epoch, from.VaultKey, recipients(t, fobRecipient("fob")))
	if err != nil {
		t.Fatal(err)
	}
	own, err := NewIdentitySlot(4, from.Epoch, from.VaultKey)
	if err != nil {
		t.Fatal(err)
	}
	before := marshal(t, machine.NewSlot(1, "keyring"), first, second, own, machine.NewSlot(5, "file"), machine.NewSlot(6, "passphrase"))
	after, err := CarryOver(before, from, to, Human{})
	if err != nil {
		t.Fatal(err)
	}

	slots, err := RecoverySlots(after)
	if err != nil || len(after) != 3 || len(slots) != 2 {
		t.Fatalf("%d slots, %d of recovery, %v", len(after), len(slots), err)
	}
	fob, err := ParseIdentities(redact.NewValue([]byte(fobIdentity("fob"))), withPIN(fobPIN))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		slot RecoverySlot
		id   uint64
		with Identities
	}{{"a", slots[0], 2, a.identities}, {"b", slots[0], 2, b.identities}, {"fob", slots[1], 3, fob}} {
		got, err := tc.slot.Open(to.Epoch, tc.with)
		if err != nil || !got.Equal(to.VaultKey) || tc.slot.ID != tc.id {
			t.Errorf("%s: slot %d, %v", tc.name, tc.slot.ID, err)
		}
	}
	if _, err := first.Open(to.Epoch, a.identities); !errors.Is(err, ErrOtherStore) {
		t.Errorf("the old slot in the new header: got %v, want %v", err, ErrOtherStore)
	}

	carried, found, err := FindIdentitySlot(after)
	if err != nil || !found || carried.ID != 4 || carried.Recipient != own.Recipient {
		t.Fatalf("identity slot: found %v, id %d, %v", found, carried.ID, err)
	}
	if bytes.Equal(carried.Salt, own.Salt) {
		t.Error("the identity slot kept its salt")
	}
	was, err := own.OpenIdentity(from.VaultKey, from.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	is, err := carried.OpenIdentity(to.VaultKey, to.Epoch)
	if err != nil || !is.Equal(was) {
		t.Errorf("another identity: %v", err)
	}
}

func TestCarryOverRefuses(t *testing.T) {
	from := Key{testEpoch, testVaultKey}
	own, err := NewIdentitySlot(4, from.Epoch, from.VaultKey)
	if err != nil {
		t.Fatal(err)
	}
	own.Wrap[0] ^= 1
	missing := RecoverySlot{ID: 2, Type: RecoveryType, Recipients: []string{fobRecipient("absent")}}
	nobody := RecoverySlot{ID: 2, Type: RecoveryType}
	for _, tc := range []struct {
		name string
		slot json.RawMessage
		want error
	}{
		{"a later type", json.RawMessage(`{"type":"grant"}`), ErrUnknownSlot},
		{"no type", json.RawMessage(`{}`), ErrUnknownSlot},
		{"no object", json.RawMessage(`7`), machine.ErrSlotDamaged},
		{"a damaged recovery slot", json.RawMessage(`{"type":"recovery","file":7}`), machine.ErrSlotDamaged},
		{"a damaged identity slot", marshal(t, own)[0], machine.ErrSlotDamaged},
		{"no recipients", marshal(t, nobody)[0], ErrNoRecipient},
	} {
		if got, err := CarryOver([]json.RawMessage{tc.slot}, from, from, Human{}); !errors.Is(err, tc.want) || got != nil {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := CarryOver(marshal(t, missing), from, from, Human{}); !errors.As(err, new(*PluginError)) {
		t.Errorf("a plugin that is gone: got %v", err)
	}
}

func marshal(t *testing.T, slots ...any) (raws []json.RawMessage) {
	t.Helper()
	for _, slot := range slots {
		raw, err := json.Marshal(slot)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	return raws
}

// What this machine's identity opens is what was encrypted to its recipient.
func TestIdentitySlot(t *testing.T) {
	slot, err := NewIdentitySlot(1, testEpoch, testVaultKey)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := slot.OpenIdentity(testVaultKey, testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	file, err := seal([]byte("hello"), recipients(t, slot.Recipient))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := open(file, identities(t, string(secret.Expose()))); err != nil || string(plain) != "hello" {
		t.Errorf("got %q, %v", plain, err)
	}
	if _, found, err := FindIdentitySlot(marshal(t, machine.NewSlot(1, "keyring"))); found || err != nil {
		t.Errorf("none: found %v, %v", found, err)
	}
	for _, damaged := range []string{`7`, `{"type":"identity","salt":7}`} {
		if _, _, err := FindIdentitySlot([]json.RawMessage{json.RawMessage(damaged)}); !errors.Is(err, machine.ErrSlotDamaged) {
			t.Errorf("%s: got %v, want %v", damaged, err, machine.ErrSlotDamaged)
		}
	}
	for _, damaged := range []string{`7`, `{"type":"recovery","file":7}`} {
		if _, err := RecoverySlots([]json.RawMessage{json.RawMessage(damaged)}); !errors.Is(err, machine.ErrSlotDamaged) {
			t.Errorf("%s: got %v, want %v", damaged, err, machine.ErrSlotDamaged)
		}
	}
}

// FuzzRecoverySlot holds Open to its errors, whatever the header says.
func FuzzRecoverySlot(f *testing.F) {
	v := readVectors(f)
	with := identities(f, v.Identity)
	f.Add([]byte(v.Slot))
	f.Fuzz(func(t *testing.T, text []byte) {
		slots, err := RecoverySlots([]json.RawMessage{text})
		if err != nil || len(slots) == 0 {
			return
		}
		key, err := slots[0].Open(v.epoch(t), with)
		if err == nil && hex.EncodeToString(key.Expose()) != v.VaultKey {
			t.Errorf("another key: %x", key.Expose())
		}
	})
}

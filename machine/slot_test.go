package machine

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secrets/redact"
)

// vectors are what testdata/vectors.py computed from the standards alone.
type vectors struct {
	Hardware []struct{ Source, ID, Hash string }
	Slots    []struct {
		Name         string
		Key          string
		HardwareHash string `json:"hardware_hash"`
		Store        string
		Epoch        uint64
		Content      string // the vault key or the identity
		KEK          string `json:"kek"`
		Slot         json.RawMessage
	}
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

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Pitfall 28: a changed info string is a store that does not open any more.
func TestGoldenSlots(t *testing.T) {
	for _, v := range readVectors(t).Slots {
		t.Run(v.Name, func(t *testing.T) {
			var slot Slot
			if err := json.Unmarshal(v.Slot, &slot); err != nil {
				t.Fatal(err)
			}
			key := redact.NewValue(unhex(t, v.Key))
			hw := HardwareID{hash: redact.NewValue(unhex(t, v.HardwareHash))}
			e := Epoch{Store: [16]byte(unhex(t, v.Store)), Number: v.Epoch}

			got, err := slot.derive(key, hw, e)
			if err != nil {
				t.Fatal(err)
			}
			want := slotKeys{slot.KeyTag, slot.HardwareTag, slot.Check, unhex(t, v.KEK)}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(slotKeys{})); diff != "" {
				t.Errorf("derived values (-want +got):\n%s", diff)
			}
			var content redact.Value
			if slot.Type == IdentityType {
				content, err = slot.OpenIdentity(key, e)
			} else {
				content, err = slot.Open(key, hw, e)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(content.Expose()); got != v.Content {
				t.Errorf("content %s, want %s", got, v.Content)
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
		})
	}
}

var (
	testEpoch    = Epoch{Store: [16]byte{1, 2, 3}, Number: 1}
	testKey      = redact.NewValue(bytes.Repeat([]byte{'K'}, keySize))
	testVaultKey = redact.NewValue(bytes.Repeat([]byte{'V'}, keySize))
)

func testHardware(t *testing.T) HardwareID {
	t.Helper()
	hw, err := NewHardwareID("machine-id", "0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	return hw
}

func sealedSlot(t *testing.T, typ string) Slot {
	t.Helper()
	slot := NewSlot(1, typ)
	if typ == passphraseType {
		slot.Argon2id = &Argon2id{Passes: 1, Memory: 8, Threads: 1}
	}
	if err := slot.Seal(testKey, testHardware(t), testEpoch, testVaultKey); err != nil {
		t.Fatal(err)
	}
	return slot
}

// Pitfall 25: wrong key, other hardware and tampering are three errors, and
// pitfall 24: each field of the slot and of what it is bound to counts.
func TestSlotErrors(t *testing.T) {
	flip := func(b []byte) { b[len(b)-1] ^= 1 }
	otherHardware, err := NewHardwareID("machine-id", "ffffffffffffffffffffffffffffffff")
	if err != nil {
		t.Fatal(err)
	}
	type attempt struct {
		slot  Slot
		key   redact.Value
		hw    HardwareID
		epoch Epoch
	}
	for _, tc := range []struct {
		name           string
		change         func(*attempt)
		want           error
		wantPassphrase error
	}{
		{"nothing", func(*attempt) {}, nil, nil},
		{"other key", func(a *attempt) { a.key = testVaultKey }, ErrWrongKey, ErrWrongKey},
		{"no key", func(a *attempt) { a.key = redact.Value{} }, ErrWrongKey, ErrWrongKey},
		{"other hardware", func(a *attempt) { a.hw = otherHardware }, ErrHardwareChanged, ErrHardwareChanged},
		{"no hardware", func(a *attempt) { a.hw = NoHardwareID }, ErrHardwareChanged, ErrHardwareChanged},
		{"other key and hardware", func(a *attempt) { a.key, a.hw = testVaultKey, otherHardware }, ErrWrongKey, ErrHardwareChanged},
		{"other store", func(a *attempt) { a.epoch.Store[0] ^= 1 }, ErrWrongKey, ErrHardwareChanged},
		{"other epoch", func(a *attempt) { a.epoch.Number++ }, ErrWrongKey, ErrHardwareChanged},
		{"id", func(a *attempt) { a.slot.ID++ }, ErrWrongKey, ErrHardwareChanged},
		{"type", func(a *attempt) { a.slot.Type += "x" }, ErrWrongKey, ErrSlotDamaged},
		{"salt", func(a *attempt) { flip(a.slot.Salt) }, ErrWrongKey, ErrHardwareChanged},
		{"hardware tag", func(a *attempt) { flip(a.slot.HardwareTag) }, ErrHardwareChanged, ErrHardwareChanged},
		{"check", func(a *attempt) { flip(a.slot.Check) }, ErrSlotDamaged, ErrWrongKey},
		{"nonce", func(a *attempt) { flip(a.slot.Nonce) }, ErrSlotDamaged, ErrSlotDamaged},
		{"wrap", func(a *attempt) { flip(a.slot.Wrap) }, ErrSlotDamaged, ErrSlotDamaged},
		{"short salt", func(a *attempt) { a.slot.Salt = a.slot.Salt[1:] }, ErrSlotDamaged, ErrSlotDamaged},
		{"no key tag", func(a *attempt) { a.slot.KeyTag = nil }, ErrSlotDamaged, nil},
		{"no hardware tag", func(a *attempt) { a.slot.HardwareTag = nil }, ErrSlotDamaged, ErrSlotDamaged},
		{"no check", func(a *attempt) { a.slot.Check = nil }, ErrSlotDamaged, ErrSlotDamaged},
		{"no nonce", func(a *attempt) { a.slot.Nonce = nil }, ErrSlotDamaged, ErrSlotDamaged},
		{"no wrap", func(a *attempt) { a.slot.Wrap = nil }, ErrSlotDamaged, ErrSlotDamaged},
	} {
		for typ, want := range map[string]error{keyringType: tc.want, fileType: tc.want, passphraseType: tc.wantPassphrase} {
			t.Run(typ+"/"+tc.name, func(t *testing.T) {
				a := attempt{sealedSlot(t, typ), testKey, testHardware(t), testEpoch}
				tc.change(&a)
				vaultKey, err := a.slot.Open(a.key, a.hw, a.epoch)
				if !errors.Is(err, want) {
					t.Fatalf("got %v, want %v", err, want)
				}
				if (want == nil) != vaultKey.Equal(testVaultKey) {
					t.Errorf("opened: %v, error: %v", vaultKey.Equal(testVaultKey), err)
				}
			})
		}
	}
}

// A slot says nothing about the hardware ID to whoever has not got the key: two
// slots of one machine share no tag.
func TestSlotsDiffer(t *testing.T) {
	a, b := sealedSlot(t, keyringType), sealedSlot(t, keyringType)
	for _, pair := range [][2][]byte{{a.Salt, b.Salt}, {a.KeyTag, b.KeyTag}, {a.HardwareTag, b.HardwareTag}, {a.Check, b.Check}, {a.Nonce, b.Nonce}, {a.Wrap, b.Wrap}} {
		if bytes.Equal(pair[0], pair[1]) {
			t.Errorf("two slots share %x", pair[0])
		}
	}
}

func TestNextSlotID(t *testing.T) {
	for _, tc := range []struct {
		slots string
		want  uint64
		err   error
	}{
		{`[]`, 1, nil},
		{`[{"id":0}]`, 1, nil},
		{`[{"id":1},{"id":7,"type":"recovery"},{"id":3}]`, 8, nil},
		{`[{"id":-1}]`, 0, ErrSlotDamaged},
	} {
		var slots []json.RawMessage
		if err := json.Unmarshal([]byte(tc.slots), &slots); err != nil {
			t.Fatal(err)
		}
		if got, err := NextSlotID(slots); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: got %d, %v; want %d, %v", tc.slots, got, err, tc.want, tc.err)
		}
	}
}

// An empty key would seal for everybody.
func TestSealRefusesOtherLengths(t *testing.T) {
	for _, tc := range []struct {
		name          string
		key, vaultKey redact.Value
	}{
		{"no key", redact.Value{}, testVaultKey},
		{"no vault key", testKey, redact.Value{}},
		{"short key", redact.NewValue(make([]byte, 31)), testVaultKey},
		{"long vault key", testKey, redact.NewValue(make([]byte, 33))},
	} {
		slot := NewSlot(1, keyringType)
		if err := slot.Seal(tc.key, NoHardwareID, testEpoch, tc.vaultKey); !errors.Is(err, errKeySize) {
			t.Errorf("%s: got %v, want %v", tc.name, err, errKeySize)
		}
		if slot.Wrap != nil {
			t.Errorf("%s: sealed all the same", tc.name)
		}
	}
}

// Pitfall 32: where only FIPS 140 algorithms are allowed, the slot says so.
func TestCipherUnavailable(t *testing.T) {
	const child = "MACHINE_TEST_FIPS"
	if os.Getenv(child) == "" {
		t.Setenv(child, "1")
		t.Setenv("GODEBUG", "fips140=only")
		if out, err := exec.Command(os.Args[0], "-test.run", "^TestCipherUnavailable$").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	slot := NewSlot(1, keyringType)
	if err := slot.Seal(testKey, testHardware(t), testEpoch, testVaultKey); !errors.Is(err, ErrCipherUnavailable) {
		t.Errorf("seal: got %v, want %v", err, ErrCipherUnavailable)
	}
	golden := readVectors(t).Slots[0]
	if err := json.Unmarshal(golden.Slot, &slot); err != nil {
		t.Fatal(err)
	}
	key := redact.NewValue(unhex(t, golden.Key))
	hw := HardwareID{hash: redact.NewValue(unhex(t, golden.HardwareHash))}
	e := Epoch{Store: [16]byte(unhex(t, golden.Store)), Number: golden.Epoch}
	if _, err := slot.Open(key, hw, e); !errors.Is(err, ErrCipherUnavailable) {
		t.Errorf("open: got %v, want %v", err, ErrCipherUnavailable)
	}
}

// A payload of a later version is told apart from damage.
func TestUnknownPayload(t *testing.T) {
	slot := sealedSlot(t, keyringType)
	keys, err := slot.derive(testKey, testHardware(t), testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := newCipher(keys.kek)
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range [][]byte{nil, {0x01}, append([]byte{0x02}, testVaultKey.Expose()...)} {
		slot.Wrap = aead.Seal(nil, slot.Nonce, payload, slot.additionalData(testEpoch))
		if _, err := slot.Open(testKey, testHardware(t), testEpoch); !errors.Is(err, ErrUnknownPayload) {
			t.Errorf("payload of %d bytes: got %v, want %v", len(payload), err, ErrUnknownPayload)
		}
	}
}

// An identity slot opens with the vault key of its epoch alone, and one kind of
// slot never passes for the other.
func TestIdentitySlot(t *testing.T) {
	identity := redact.NewValue([]byte("AGE-SECRET-KEY-PQ-1…"))
	slot := NewSlot(9, IdentityType)
	if err := slot.SealIdentity(testVaultKey, testEpoch, identity); err != nil {
		t.Fatal(err)
	}
	next := Epoch{Store: testEpoch.Store, Number: testEpoch.Number + 1}
	for _, tc := range []struct {
		name string
		key  redact.Value
		e    Epoch
		want error
	}{
		{"its own", testVaultKey, testEpoch, nil},
		{"another key", testKey, testEpoch, ErrWrongKey},
		{"another epoch", testVaultKey, next, ErrWrongKey},
	} {
		got, err := slot.OpenIdentity(tc.key, tc.e)
		if !errors.Is(err, tc.want) || (tc.want == nil) != got.Equal(identity) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := slot.Open(testVaultKey, NoHardwareID, testEpoch); !errors.Is(err, ErrUnknownPayload) {
		t.Errorf("opened as a vault key: got %v, want %v", err, ErrUnknownPayload)
	}
	bound := sealedSlot(t, keyringType)
	if _, err := bound.OpenIdentity(testKey, testEpoch); !errors.Is(err, ErrHardwareChanged) {
		t.Errorf("opened as an identity: got %v, want %v", err, ErrHardwareChanged)
	}
	if err := slot.SealIdentity(redact.Value{}, testEpoch, identity); !errors.Is(err, errKeySize) {
		t.Errorf("sealed under no key: got %v, want %v", err, errKeySize)
	}
}

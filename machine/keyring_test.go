package machine

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"

	"secrets/redact"
)

// fakeKeyring is a keyring in memory whose calls can be replaced.
type fakeKeyring struct {
	mu    sync.Mutex
	items map[string]string

	probe func(context.Context) error
	get   func() (string, error)
	set   func() error
	sets  int
}

func (k *fakeKeyring) Probe(ctx context.Context, _ string) error {
	if k.probe != nil {
		return k.probe(ctx)
	}
	return nil
}

func (k *fakeKeyring) Get(name string) (string, error) {
	if k.get != nil {
		return k.get()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	text, ok := k.items[name]
	if !ok {
		return "", KeyMissing
	}
	return text, nil
}

func (k *fakeKeyring) Set(name, text string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sets++
	if k.set != nil {
		return k.set()
	}
	if k.items == nil {
		k.items = map[string]string{}
	}
	k.items[name] = text
	return nil
}

func (k *fakeKeyring) Delete(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.items[name]; !ok {
		return KeyMissing
	}
	delete(k.items, name)
	return nil
}

const testItem = "01020300000000000000000000000000/e1"

func TestKeyringSourceKeepsKeys(t *testing.T) {
	k := &fakeKeyring{}
	testSource(t, KeyringSource{Keyring: k})
	key, err := KeyringSource{Keyring: k}.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	got, want := k.items[testItem], "skr1:"+base64.RawStdEncoding.EncodeToString(key.Expose())
	if got != want || len(got) != 48 {
		t.Errorf("item is %q, want %q", got, want)
	}
}

// testSource is what every key source has to do.
func testSource(t *testing.T, s KeySource) {
	t.Helper()
	other := Epoch{Store: testEpoch.Store, Number: testEpoch.Number + 1}
	if err := s.Probe(); err != nil {
		t.Errorf("probe: %v", err)
	}
	if _, err := s.Key(testEpoch); !errors.Is(err, KeyMissing) {
		t.Errorf("before: got %v, want %v", err, KeyMissing)
	}
	if err := s.Delete(testEpoch); !errors.Is(err, KeyMissing) {
		t.Errorf("delete before: got %v, want %v", err, KeyMissing)
	}
	first, err := s.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Create(other)
	if err != nil {
		t.Fatal(err)
	}
	if first.Len() != keySize || second.Len() != keySize || first.Equal(second) {
		t.Error("the keys are not 32 bytes each of their own")
	}
	if _, err := s.Create(testEpoch); !errors.Is(err, KeyExists) {
		t.Errorf("again: got %v, want %v", err, KeyExists)
	}
	for e, want := range map[Epoch]redact.Value{testEpoch: first, other: second} {
		if got, err := s.Key(e); err != nil || !got.Equal(want) {
			t.Errorf("%v: another key, or %v", e, err)
		}
	}
	if err := s.Delete(testEpoch); err != nil {
		t.Error(err)
	}
	if _, err := s.Key(testEpoch); !errors.Is(err, KeyMissing) {
		t.Errorf("after: got %v, want %v", err, KeyMissing)
	}
	if got, err := s.Key(other); err != nil || !got.Equal(second) {
		t.Errorf("the other epoch: another key, or %v", err)
	}
}

// Pitfalls 5 and 6: a Set that says it worked, and what is found afterwards.
func TestKeyringReadBack(t *testing.T) {
	other := keyPrefix + base64.RawStdEncoding.EncodeToString(testKey.Expose())
	for _, tc := range []struct {
		name string
		kept string
		want error
	}{
		{"a dismissed prompt", "", KeyNotKept},
		{"another key", other, KeyNotKept},
		{"cut short", other[:47], KeyMalformed},
		{"longer", other + "A", KeyMalformed},
		{"another prefix", "skr2:" + other[5:], KeyMalformed},
		{"no prefix", other[5:], KeyMalformed},
		{"padded", other + "=", KeyMalformed},
		{"not canonical", other[:47] + "t", KeyMalformed},
		{"a newline", other + "\n", KeyMalformed},
	} {
		k := &fakeKeyring{items: map[string]string{}}
		k.set = func() error {
			if tc.kept != "" {
				k.items[testItem] = tc.kept
			}
			return nil
		}
		if _, err := (KeyringSource{Keyring: k}).Create(testEpoch); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if tc.kept == "" || tc.kept == other {
			continue
		}
		_, err := KeyringSource{Keyring: k}.Key(testEpoch)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s, read: got %v, want %v", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), other[5:20]) {
			t.Errorf("%s: the error quotes the item: %v", tc.name, err)
		}
	}
}

// Pitfall 7: what is there is never overwritten, and where nobody knows whether
// it is there, nothing is made.
func TestKeyringNeverOverwrites(t *testing.T) {
	for _, tc := range []struct {
		name string
		get  func() (string, error)
		want error
	}{
		{"a key", func() (string, error) { return keyPrefix + strings.Repeat("A", 43), nil }, KeyExists},
		{"something else", func() (string, error) { return "something else", nil }, KeyExists},
		{"locked", func() (string, error) { return "", Locked }, Locked},
		{"denied", func() (string, error) { return "", Denied }, Denied},
		{"a failure", func() (string, error) { return "", errors.New("what now") }, nil},
	} {
		k := &fakeKeyring{get: tc.get}
		_, err := KeyringSource{Keyring: k}.Create(testEpoch)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if k.sets != 0 {
			t.Errorf("%s: written all the same", tc.name)
		}
	}
}

// Pitfalls 2 and 3 by the clock: whatever hangs, wherever, ends after 3 s; after
// a minute where a human may be about to answer. The probe never waits for a
// human.
func TestKeyringPatience(t *testing.T) {
	create := func(s KeyringSource) error { _, err := s.Create(testEpoch); return err }
	key := func(s KeyringSource) error { _, err := s.Key(testEpoch); return err }
	for _, tc := range []struct {
		name        string
		interactive bool
		hang        string
		locked      bool
		use         func(KeyringSource) error
		want        error
		wantWait    time.Duration
		wantNotices int
	}{
		{"probe", false, "probe", false, key, TimedOut, keyringPatience, 0},
		{"probe, interactive", true, "probe", false, key, TimedOut, keyringPatience, 0},
		{"probe alone, interactive", true, "get", true, KeyringSource.Probe, Locked, 0, 0},
		{"get", false, "get", false, key, TimedOut, keyringPatience, 0},
		{"get, interactive", true, "get", false, key, TimedOut, humanPatience, 1},
		{"set", false, "set", false, create, TimedOut, keyringPatience, 0},
		{"set, interactive", true, "set", false, create, TimedOut, humanPatience, 1},
		{"locked", false, "get", true, key, Locked, 0, 0},
		{"locked, interactive", true, "get", true, key, TimedOut, humanPatience, 1},
		{"locked, answered", true, "", true, create, nil, 0, 0},
		{"locked, dismissed", true, "dismissed", true, key, Locked, 0, 0},
		{"nothing", true, "", false, create, nil, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				released := make(chan struct{})
				defer close(released)
				k := &fakeKeyring{}
				k.probe = func(context.Context) error {
					if tc.hang == "probe" {
						<-released
					}
					if tc.locked {
						return Locked
					}
					return nil
				}
				switch tc.hang {
				case "get":
					k.get = func() (string, error) { <-released; return "", KeyMissing }
				case "dismissed":
					k.get = func() (string, error) { return "", Failed }
				case "set":
					k.set = func() error { <-released; return nil }
				}
				notices := 0
				s := KeyringSource{Keyring: k, Interactive: tc.interactive, Notice: func() { notices++ }}
				start := time.Now()
				if err := tc.use(s); !errors.Is(err, tc.want) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
				if got := time.Since(start); got != tc.wantWait {
					t.Errorf("waited %v, want %v", got, tc.wantWait)
				}
				if notices != tc.wantNotices {
					t.Errorf("%d notices, want %d", notices, tc.wantNotices)
				}
			})
		})
	}
}

// go-keyring panics where the bus goes away under an open prompt; the panic may
// quote what it was working on.
func TestKeyringPanic(t *testing.T) {
	k := &fakeKeyring{get: func() (string, error) { panic("skr1:canary") }}
	_, err := KeyringSource{Keyring: k}.Key(testEpoch)
	if !errors.Is(err, Failed) || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want %v", err, Failed)
	}
}

type exitError int

func (e exitError) ExitCode() int { return int(e) }
func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Pitfall 10: what the keyrings of the three systems answer.
func TestStates(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want State
	}{
		{keyring.ErrNotFound, KeyMissing},
		{keyring.ErrUnsupportedPlatform, Unsupported},
		{exitError(36), Locked},
		{exitError(44), KeyMissing},
		{exitError(51), Denied},
		{exitError(128), Denied},
		{exitError(1), Failed},
		{syscall.Errno(1312), NoLogonSession},
		{syscall.Errno(1168), KeyMissing},
		{syscall.Errno(5), Denied},
		{syscall.Errno(87), Failed},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.ServiceUnknown"}, NoProvider},
		{dbus.Error{Name: "org.freedesktop.Secret.Error.IsLocked"}, Locked},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.AccessDenied"}, Denied},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.NoReply"}, TimedOut},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.UnknownMethod"}, Failed},
		{errors.New("failed to unlock correct collection"), Failed},
	} {
		err := withState(fmt.Errorf("wrapped: %w", tc.err))
		var got State
		if !errors.As(err, &got) || got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.err, got, tc.want)
		}
		if !strings.Contains(err.Error(), tc.err.Error()) {
			t.Errorf("%v: the cause is lost in %v", tc.err, err)
		}
	}
	if withState(nil) != nil {
		t.Error("no error is an error")
	}
}

// Each State has its sentence.
func TestStateFacts(t *testing.T) {
	seen := map[string]State{}
	for state, fact := range facts {
		if fact == "" || string(state) == "" {
			t.Errorf("%q says %q", state, fact)
		}
		if other, ok := seen[fact]; ok {
			t.Errorf("%q and %q say the same", state, other)
		}
		seen[fact] = state
	}
	if !bytes.Contains([]byte(fmt.Errorf("%w: x", Locked).Error()), []byte("locked: x")) {
		t.Error("a wrapped State does not state its fact")
	}
}

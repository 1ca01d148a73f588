package machine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"secrets/redact"
)

// How long the keyring may take: in all, where it answers by itself or not at
// all; to answer after a human was asked; and before a word is said about the
// waiting.
const (
	keyringPatience = 3 * time.Second
	humanPatience   = 60 * time.Second
	noticeAfter     = time.Second
)

// keyPrefix begins the text of every item, and says how to read the rest.
const keyPrefix = "skr1:"

// A Keyring keeps short texts, each under a name, for this user alone. Its
// errors wrap a State.
type Keyring interface {
	// Probe says within ctx, without a prompt, whether the item name could be
	// read or written now; where name is empty, whether any could. An item
	// that is not there is no error. ctx ends when the item is done with.
	Probe(ctx context.Context, name string) error
	// Get returns the text of an item, or KeyMissing.
	Get(name string) (string, error)
	// Set keeps text, in the place of an older one.
	Set(name, text string) error
	// Delete forgets an item, or returns KeyMissing.
	Delete(name string) error
}

// KeyringSource keeps keys in a keyring: 32 random bytes in the item
// "<store id>/e<epoch>", as "skr1:" and unpadded base64.
//
// Every call ends within 3 s. Only where Interactive is set may the keyring
// prompt, and then a call may take up to a minute.
type KeyringSource struct {
	Keyring     Keyring
	Interactive bool   // a human is there to answer a prompt
	Notice      func() // called once when a human may have been waited for, for a second; may be nil
}

// Type is "keyring".
func (KeyringSource) Type() string { return keyringType }

// Probe says whether the keyring could serve now, without a prompt.
func (s KeyringSource) Probe() error {
	s.Interactive = false
	v, err := s.visit("")
	v.end()
	return err
}

// Key reads the key of e.
func (s KeyringSource) Key(e Epoch) (redact.Value, error) {
	v, err := s.visit(e.String())
	defer v.end()
	if err != nil {
		return redact.Value{}, err
	}
	return v.key()
}

// Create makes the key of e. It is read back because a prompt that the user
// dismissed looks like success: such a key is KeyNotKept.
func (s KeyringSource) Create(e Epoch) (redact.Value, error) {
	v, err := s.visit(e.String())
	defer v.end()
	if err != nil {
		return redact.Value{}, err
	}
	there, err := v.key()
	there.Wipe()
	switch {
	case err == nil, errors.Is(err, KeyMalformed):
		return redact.Value{}, KeyExists
	case !errors.Is(err, KeyMissing):
		return redact.Value{}, err
	}
	key := newKey()
	defer key.Wipe()
	if err := v.set(keyPrefix + base64.RawStdEncoding.EncodeToString(key.Expose())); err != nil {
		return redact.Value{}, err
	}
	kept, err := v.key()
	if errors.Is(err, KeyMissing) || err == nil && !kept.Equal(key) {
		kept.Wipe()
		return redact.Value{}, KeyNotKept
	}
	return kept, err
}

// Delete forgets the key of e.
func (s KeyringSource) Delete(e Epoch) error {
	v, err := s.visit(e.String())
	defer v.end()
	if err != nil {
		return err
	}
	return v.await(func() error { return s.Keyring.Delete(v.name) })
}

// A visit is one use of one item: all its calls share a deadline.
type visit struct {
	keyring Keyring
	name    string
	ctx     context.Context
	cancel  context.CancelFunc
	late    *time.Timer // cancels
	locked  bool        // a human is asked to unlock it
	notice  func()
	waited  <-chan time.Time
}

// visit probes the keyring and, where it can serve, opens a visit. The visit
// must be ended in any case.
func (s KeyringSource) visit(name string) (*visit, error) {
	ctx, cancel := context.WithCancel(context.Background())
	v := &visit{keyring: s.Keyring, name: name, ctx: ctx, cancel: cancel, late: time.AfterFunc(keyringPatience, cancel)}
	err := v.await(func() error { return s.Keyring.Probe(ctx, name) })
	if !s.Interactive {
		return v, err
	}
	v.locked = errors.Is(err, Locked)
	if err != nil && !v.locked {
		return v, err
	}
	v.late.Reset(humanPatience)
	if s.Notice != nil {
		v.notice, v.waited = s.Notice, time.After(noticeAfter)
	}
	return v, nil
}

func (v *visit) end() {
	v.late.Stop()
	v.cancel()
}

func (v *visit) key() (redact.Value, error) {
	var key redact.Value
	err := v.await(func() error {
		text, err := v.keyring.Get(v.name)
		if err != nil {
			return err
		}
		key, err = parseKey(text)
		return err
	})
	if err != nil {
		return redact.Value{}, err
	}
	return key, nil
}

func (v *visit) set(text string) error {
	return v.await(func() error { return v.keyring.Set(v.name, text) })
}

// await calls f and waits for it no longer than the visit lasts. A call that
// hangs cannot be stopped: it is left behind, for the process to end.
func (v *visit) await(f func() error) error {
	done := make(chan error, 1)
	go func() {
		// go-keyring panics where the bus goes away under an open prompt.
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("%w: panic", Failed)
			}
		}()
		done <- f()
	}()
	for {
		select {
		case err := <-done:
			if v.locked && errors.Is(err, Failed) {
				return Locked // the prompt was dismissed
			}
			return err
		case <-v.waited:
			v.notice()
		case <-v.ctx.Done():
			return TimedOut
		}
	}
}

// parseKey reads the text of an item.
func parseKey(text string) (redact.Value, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	if !ok {
		return redact.Value{}, KeyMalformed
	}
	copied := []byte(encoded)
	defer clear(copied)
	return decodeKey(copied)
}

// decodeKey reads unpadded base64 of 32 bytes. Its error does not quote it.
func decodeKey(encoded []byte) (redact.Value, error) {
	if len(encoded) != base64.RawStdEncoding.EncodedLen(keySize) { // the decoder skips line breaks
		return redact.Value{}, KeyMalformed
	}
	key := make([]byte, keySize)
	if n, err := base64.RawStdEncoding.Strict().Decode(key, encoded); err != nil || n != keySize {
		clear(key)
		return redact.Value{}, KeyMalformed
	}
	return redact.NewValue(key), nil
}

package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"secrets/redact"
)

// A writer goes through numbered steps that change the store in every way there
// is, and is killed at any moment. What he acknowledged is there afterwards, what
// he was at is there as a whole or not at all, and nothing else.

// A model is what a store holds after some steps.
type model struct {
	steps  int
	epoch  uint64
	values map[string]string
}

func newModel() *model { return &model{epoch: 1, values: map[string]string{}} }

func (m *model) clone() *model {
	return &model{m.steps, m.epoch, maps.Clone(m.values)}
}

const allSteps = 8

// step makes the next step.
func (m *model) step() {
	n := strconv.Itoa(m.steps)
	switch m.steps % allSteps {
	case 0:
		m.values["a"] = "a" + n
	case 1:
		m.values["b"] = strings.Repeat("b"+n, 2000)
	case 2:
		m.values["c"] = m.values["b"]
		delete(m.values, "b")
	case 3, 7:
		m.epoch++
	case 4:
		m.values["a"] = "again" + n
	case 5:
		delete(m.values, "c")
	}
	m.steps++
}

// stepStore makes the same step with a store.
func (m *model) stepStore(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Unlock(keyOfEpoch(m.epoch)); err != nil {
		return err
	}
	n := strconv.Itoa(m.steps)
	switch m.steps % allSteps {
	case 0:
		return s.Update(func(tx *Tx) error { return tx.Put(about("a"), text("a"+n)) })
	case 1:
		return s.Update(func(tx *Tx) error { return tx.Put(about("b"), text(strings.Repeat("b"+n, 2000))) })
	case 2:
		return s.Update(func(tx *Tx) error { return tx.Rename("b", "c") })
	case 3, 7:
		return s.Rekey(func(now Header) (Header, redact.Value, error) {
			now.Epoch++
			return now, keyOfEpoch(now.Epoch), nil
		})
	case 4:
		return s.Update(func(tx *Tx) error { return tx.Put(about("a"), text("again"+n)) })
	case 5:
		return s.Update(func(tx *Tx) error { return tx.Remove("c") })
	default:
		return repair(path, keyOfEpoch(m.epoch))
	}
}

func keyOfEpoch(epoch uint64) redact.Value {
	return redact.NewValue(bytes.Repeat([]byte{byte(epoch), byte(epoch >> 8)}, vaultKeySize/2))
}

// repair saves what is left, which is all, and puts it into the store's place.
func repair(path string, key redact.Value) error {
	repaired := filepath.Join(filepath.Dir(path), RepairedName)
	if err := os.Remove(repaired); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r, err := ReadRemains(path, Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Unlock(key); err != nil {
		return err
	}
	if _, _, err := r.Save(); err != nil {
		return err
	}
	b, err := OpenBackup(repaired)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.Unlock(key); err != nil {
		return err
	}
	kept, err := b.Restore(path, Options{})
	if err == nil {
		err = os.Remove(kept)
	}
	return err
}

// check wants the store to be where the model is.
func (m *model) check(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if s.header.Epoch != m.epoch {
		return fmt.Errorf("epoch %d, want %d", s.header.Epoch, m.epoch)
	}
	if err := s.Unlock(keyOfEpoch(m.epoch)); err != nil {
		return err
	}
	metas, err := s.List()
	if err != nil {
		return err
	}
	got := map[string]string{}
	for _, meta := range metas {
		_, v, err := s.Get(meta.Label)
		if err != nil {
			return err
		}
		got[meta.Label] = string(v.Expose())
	}
	if !maps.Equal(got, m.values) {
		return fmt.Errorf("it holds %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(m.values)))
	}
	return nil
}

// checkEither wants the store to be where the model is, or one step further, and
// takes the model there.
func (m *model) checkEither(path string) error {
	err := m.check(path)
	if err == nil {
		return nil
	}
	next := m.clone()
	next.step()
	if nextErr := next.check(path); nextErr != nil {
		return fmt.Errorf("after step %d: %w; after the next: %w", m.steps, err, nextErr)
	}
	*m = *next
	return nil
}

// stepForEver makes steps, from one on, and says each when it is done.
func stepForEver(path, from string) error {
	n, err := strconv.Atoi(from)
	if err != nil {
		return err
	}
	m := newModel()
	for m.steps < n {
		m.step()
	}
	for {
		if err := m.stepStore(path); err != nil {
			return fmt.Errorf("step %d: %w", m.steps, err)
		}
		m.step()
		fmt.Println(m.steps)
	}
}

func newModelStore(t testing.TB) (string, *model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets", FileName)
	h := Header{StoreID: NewID(), Epoch: 1, Created: noon, KeySource: "file"}
	if err := Create(path, Options{}, h, keyOfEpoch(1)); err != nil {
		t.Fatal(err)
	}
	return path, newModel()
}

func TestTortureKilledWriters(t *testing.T) {
	path, m := newModelStore(t)
	rounds := runs(100, 1800)
	for round := range rounds {
		writer := child(t, "steps", path, strconv.Itoa(m.steps))
		writer.Stderr = os.Stderr
		kill, rest := startUntil(t, writer)
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		kill()
		said, err := io.ReadAll(rest)
		if err != nil {
			t.Fatal(err)
		}
		_ = writer.Wait()
		for range 1 + bytes.Count(said, []byte("\n")) {
			m.step()
		}
		if err := m.checkEither(path); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	for range allSteps { // and no lock and no draft is in the way
		if err := m.stepStore(path); err != nil {
			t.Fatal(err)
		}
		m.step()
	}
	if err := m.check(path); err != nil {
		t.Error(err)
	}
	for _, name := range folder(t, filepath.Dir(path)) {
		if strings.HasSuffix(name, draftSuffix) {
			t.Errorf("%s was left", name)
		}
	}
	figures(t, "kills: %d; steps: %d", rounds, m.steps)
}

func folder(t testing.TB, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// An init that is killed leaves a store or none, and is not in the way of the
// next.
func TestTortureKilledInits(t *testing.T) {
	made, none := 0, 0
	rounds := runs(40, 300)
	for round := range rounds {
		path := filepath.Join(t.TempDir(), "secrets", FileName)
		cmd := child(t, "init", path, "")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(runs(40_000, 60_000))) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s, err := Open(path, Options{})
		if errors.Is(err, ErrNoStore) {
			none++
			if err := Create(path, Options{}, Header{StoreID: NewID(), Epoch: 1}, vaultKey()); err != nil {
				t.Errorf("round %d: init again: %v", round, err)
			}
			checkFolderHolds(t, filepath.Dir(path), FileName, LockName)
			continue
		}
		if err != nil {
			t.Errorf("round %d: %v", round, err)
			continue
		}
		made++
		if err := s.Unlock(vaultKey()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		put(t, s, "key", "value")
		checkFolderHolds(t, filepath.Dir(path), FileName, LockName)
	}
	figures(t, "kills: %d; a store: %d; none: %d", rounds, made, none)
}

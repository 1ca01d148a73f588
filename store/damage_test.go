package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Here a store file is damaged in every way that one change of a bit, a page, a
// length or a key can damage it. Each ends in the current value or in a
// *DamageError; TestMain's process survives, which is the rest of it.

// torture asks the tests that have it in their name for the long run, as make
// torture does; else each takes a sample.
var torture = os.Getenv("SECRETS_TORTURE") != ""

// runs is how many times a test does what it does.
func runs(sample, long int) int {
	if torture {
		return long
	}
	return sample
}

// figures says what a test did, and whether all of it ended right. The long run
// says it once more at its end, see TestMain.
func figures(t *testing.T, format string, args ...any) {
	t.Helper()
	end := "wrong: none"
	if t.Failed() {
		end = "WRONG: as said above"
	}
	line := fmt.Sprintf(format, args...) + "; " + end
	t.Log(line)
	told.Lock()
	defer told.Unlock()
	told.lines = append(told.lines, strings.TrimPrefix(t.Name(), "TestTorture")+": "+line)
}

var told struct {
	sync.Mutex
	lines []string
}

// damages says how damaged files ended.
type damages struct{ value, refused atomic.Int64 }

// report fails the test unless both ends were met.
func (d *damages) report(t *testing.T) {
	t.Helper()
	value, refused := d.value.Load(), d.refused.Load()
	figures(t, "damaged files: %d; the current value: %d; an error: %d", value+refused, value, refused)
	if value == 0 || refused == 0 {
		t.Error("all of them ended alike")
	}
}

// A specimen is a store file with all that it says.
type specimen struct {
	file    []byte
	values  map[string]string
	labels  []string
	scratch chan string // paths for damaged files, one for each processor
}

// newSpecimen has 50 secrets, and takes 20 pages.
func newSpecimen(t testing.TB) (*Store, *specimen) {
	t.Helper()
	values := map[string]string{}
	s := newStore(t)
	update(t, s, func(tx *Tx) error {
		for i := range 50 {
			label := fmt.Sprintf("label/%02d", i)
			values[label] = fmt.Sprintf("value-%02d", i)
			if err := tx.Put(about(label), text(values[label])); err != nil {
				return err
			}
		}
		return nil
	})
	return s, specimenOf(t, s, values)
}

func specimenOf(t testing.TB, s *Store, values map[string]string) *specimen {
	t.Helper()
	sp := &specimen{
		file: contents(t, s.path), values: values, labels: slices.Sorted(maps.Keys(values)),
		scratch: make(chan string, runtime.GOMAXPROCS(0)),
	}
	for range cap(sp.scratch) {
		sp.scratch <- elsewhere(t, nil)
	}
	return sp
}

// check opens a damaged file and reads one label. Where whole, it lists all too,
// loads all as a writer does, and looks at all as doctor --deep does.
func (sp *specimen) check(t *testing.T, d *damages, what string, file []byte, label string, whole bool) {
	err := sp.read(file, label, whole)
	if whole {
		if deepErr := sp.deep(file, err); deepErr != nil {
			err = deepErr
		}
	}
	switch {
	case err == nil:
		d.value.Add(1)
	case errors.As(err, new(*DamageError)):
		d.refused.Add(1)
	default:
		t.Errorf("%s: %s: %v", what, label, err)
	}
}

// read returns the first thing that is wrong: a *DamageError where the store says
// so, another error where it says something else than it should.
func (sp *specimen) read(file []byte, label string, whole bool) error {
	c, err := readContent(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	k, err := newKeys(vaultKey(), c.head.StoreID, c.head.Epoch)
	if err != nil {
		return err
	}
	snap, err := c.verify(k)
	if err != nil {
		return err
	}
	if whole {
		metas, listErr := snap.list()
		if listErr == nil && len(metas) != len(sp.labels) {
			return fmt.Errorf("list has %d secrets", len(metas))
		}
		_, writeErr := snap.records()
		for _, err := range []error{listErr, writeErr} {
			if err != nil && !errors.As(err, new(*DamageError)) {
				return err
			}
		}
	}
	_, v, err := snap.get(label)
	if err == nil && string(v.Expose()) != sp.values[label] {
		return fmt.Errorf("the value is %q", v.Expose())
	}
	return err
}

// deep wants the deep check to end, in the process of all these tests, and to find
// whole no file that a reader found damaged. The reader's is not passed on.
func (sp *specimen) deep(file []byte, reader error) error {
	path := <-sp.scratch
	defer func() { sp.scratch <- path }()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return err
	}
	r, err := ReadRemains(path, Options{})
	if err != nil {
		if !errors.As(err, new(*DamageError)) {
			return fmt.Errorf("deep: %w", err)
		}
		return nil
	}
	defer r.Close()
	if err := r.Unlock(vaultKey()); err != nil {
		return fmt.Errorf("deep: %w", err)
	}
	report, err := r.Report()
	switch {
	case err != nil:
		return fmt.Errorf("deep: %w", err)
	case report.Damage != nil && !errors.As(report.Damage, new(*DamageError)):
		return fmt.Errorf("deep: %w", report.Damage)
	case report.Damage == nil && reader != nil:
		return fmt.Errorf("deep finds it whole, a reader does not: %v", reader) //nolint:errorlint // no damage any more
	}
	return nil
}

// each calls f for every number below n, on all processors.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}

func TestTortureBits(t *testing.T) {
	_, sp := newSpecimen(t)
	seed := rand.Uint64()
	t.Logf("%d bytes, seed %d", len(sp.file), seed)
	var d damages
	step := runs(8, 1)
	each(len(sp.file)/step, func(i int) {
		file := bytes.Clone(sp.file)
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		at := i*step + random.IntN(step)
		for _, bit := range random.Perm(8)[:runs(1, 8)] {
			file[at] ^= 1 << bit
			label := sp.labels[random.IntN(len(sp.labels))]
			sp.check(t, &d, fmt.Sprintf("byte %d, bit %d", at, bit), file, label, random.IntN(20) == 0)
			file[at] ^= 1 << bit
		}
	})
	d.report(t)
}

func TestTortureLengths(t *testing.T) {
	_, sp := newSpecimen(t)
	var d damages
	step := runs(29, 1)
	each(len(sp.file)/step+1, func(i int) {
		n := i * step
		sp.check(t, &d, fmt.Sprintf("cut at %d", n), sp.file[:n], sp.labels[n%len(sp.labels)], i%runs(1, 20) == 0)
	})
	d.report(t)
}

// Every page is emptied, filled, and replaced by every other, by itself as it was
// in an older file, and by that of another store.
func TestTorturePages(t *testing.T) {
	s, sp := newSpecimen(t)
	_, other := newSpecimen(t)
	old := sp.file
	update(t, s, func(tx *Tx) error {
		for label := range sp.values {
			sp.values[label] += ", the newer"
			if err := tx.Put(about(label), text(sp.values[label])); err != nil {
				return err
			}
		}
		return nil
	})
	sp = specimenOf(t, s, sp.values)
	n := len(sp.file) / pageSize
	page := func(file []byte, i int) []byte {
		if i < len(file)/pageSize {
			return file[i*pageSize:][:pageSize]
		}
		return make([]byte, pageSize)
	}
	var d damages
	try := func(what string, i int, change func(file []byte)) {
		file := bytes.Clone(sp.file)
		change(file)
		for j := range runs(3, len(sp.labels)) {
			sp.check(t, &d, fmt.Sprintf("page %d %s", i, what), file, sp.labels[(i+17*j)%len(sp.labels)], j == 0)
		}
	}
	each(n, func(i int) {
		try("emptied", i, func(file []byte) { clear(page(file, i)) })
		try("filled", i, func(file []byte) { copy(page(file, i), bytes.Repeat([]byte{0xff}, pageSize)) })
		try("as it was", i, func(file []byte) { copy(page(file, i), page(old, i)) })
		try("of another store", i, func(file []byte) { copy(page(file, i), page(other.file, i)) })
		for j := range n {
			try(fmt.Sprintf("like page %d", j), i, func(file []byte) { copy(page(file, i), page(sp.file, j)) })
			try(fmt.Sprintf("and page %d swapped", j), i, func(file []byte) {
				copy(page(file, i), page(sp.file, j))
				copy(page(file, j), page(sp.file, i))
			})
			// Whatever is checked by the page's own number passes then.
			try(fmt.Sprintf("like page %d but for its number", j), i, func(file []byte) {
				copy(page(file, i)[8:], page(sp.file, j)[8:])
			})
		}
	})
	d.report(t)
}

// Every key of every bucket is taken out, replaced by what it was in an older
// file, and by each other of its bucket; header, manifest and index come back
// together and alone.
func TestTortureKeys(t *testing.T) {
	s, sp := newSpecimen(t)
	old := dump(t, s.path)
	for label := range sp.values {
		sp.values[label] += ", the newer"
	}
	update(t, s, func(tx *Tx) error {
		for label, value := range sp.values {
			if err := tx.Put(about(label), text(value)); err != nil {
				return err
			}
		}
		return nil
	})
	sp = specimenOf(t, s, sp.values)
	now := dump(t, s.path)
	var d damages
	try := func(what string, change func(content map[string]map[string][]byte)) {
		content := map[string]map[string][]byte{}
		for bucket, pairs := range now {
			content[bucket] = maps.Clone(pairs)
		}
		change(content)
		path := filepath.Join(t.TempDir(), "changed")
		assemble(t, path, content)
		file := contents(t, path)
		step := runs(10, 1)
		for j := 0; j < len(sp.labels); j += step {
			sp.check(t, &d, what, file, sp.labels[j+len(what)%step], j == 0)
		}
	}
	for bucket, pairs := range now {
		keys := slices.Sorted(maps.Keys(pairs))
		for i, key := range keys {
			what := fmt.Sprintf("%s/%x", bucket, key)
			try(what+" removed", func(c map[string]map[string][]byte) { delete(c[bucket], key) })
			try(what+" as it was", func(c map[string]map[string][]byte) { c[bucket][key] = old[bucket][key] })
			for j := range min(runs(2, 20), len(keys)-1) {
				other := keys[(i+j+1)%len(keys)]
				try(what+" swapped", func(c map[string]map[string][]byte) { c[bucket][key], c[bucket][other] = pairs[other], pairs[key] })
			}
		}
		try(bucket+" as it was", func(c map[string]map[string][]byte) { c[bucket] = old[bucket] })
	}
	d.report(t)
}

// Whatever is damaged, what is saved is what was there.
func TestTortureRemains(t *testing.T) {
	s, sp := newSpecimen(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var saved, headless atomic.Int64
	n := runs(200, 5000)
	each(n, func(i int) {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		file := bytes.Clone(sp.file)
		for range 1 + random.IntN(40) {
			switch at := random.IntN(len(file)); random.IntN(8) {
			case 0:
				clear(file[at/pageSize*pageSize:][:min(pageSize, len(file)-at/pageSize*pageSize)])
			case 1:
				file = file[:max(at, len(file)*3/4)]
			default:
				file[at] ^= 1 << random.IntN(8)
			}
		}
		path := <-sp.scratch
		defer func() { sp.scratch <- path }()
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Error(err)
		}
		r, err := ReadRemains(path, Options{})
		if err != nil {
			headless.Add(1)
			if !errors.As(err, new(*DamageError)) {
				t.Errorf("run %d: %v", i, err)
			}
			return
		}
		defer r.Close()
		r.keys = s.keys
		_, d, err := r.salvage()
		r.keys = nil
		if err != nil {
			t.Errorf("run %d: %v", i, err)
		}
		for key, rec := range d.records {
			meta, _, err := s.keys.openMeta(key, rec.id, rec.meta)
			value, _, valueErr := s.keys.open(purposeValue, rec.id, rec.value)
			want := sp.values[meta.Label]
			if err != nil || valueErr != nil || string(value) != want && want != "" {
				t.Errorf("run %d: %s: %q, %v, %v", i, meta.Label, value, err, valueErr)
			}
			saved.Add(1)
		}
	})
	figures(t, "damaged files: %d; without a header: %d; secrets saved: %d of %d", n, headless.Load(), saved.Load(), (n-int(headless.Load()))*len(sp.values))
	if saved.Load() == 0 || headless.Load() == 0 {
		t.Error("all of them ended alike")
	}
}

package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"secrets/machine"
	"secrets/redact"
	"secrets/store"
)

// What secrets costs beside what it is compared with, in one run: the two take
// turns, so that a busy machine is busy for both.

// A turn is the time of one try of each.
type turn struct{ plain, ours time.Duration }

// compare lets the two take turns, and reports their medians, in milliseconds,
// and what ours costs more: as a difference of the medians and of the best, and
// as a ratio.
func compare(b *testing.B, plain, ours func()) {
	b.Helper()
	var turns []turn
	ours() // what is read for the first time is in the caches then
	for b.Loop() {
		turns = append(turns, turn{timed(plain), timed(ours)})
	}
	median, best := middle(turns)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(median.plain), "plain-ms")
	b.ReportMetric(milliseconds(median.ours), "ours-ms")
	b.ReportMetric(milliseconds(median.ours-median.plain), "more-ms")
	b.ReportMetric(milliseconds(best.ours-best.plain), "more-ms-at-best")
	b.ReportMetric(float64(median.ours)/float64(median.plain), "ratio")
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// middle is the median and the least of each.
func middle(turns []turn) (median, best turn) {
	var plain, ours []time.Duration
	for _, t := range turns {
		plain, ours = append(plain, t.plain), append(ours, t.ours)
	}
	slices.Sort(plain)
	slices.Sort(ours)
	half := len(turns) / 2
	return turn{plain[half], ours[half]}, turn{plain[0], ours[0]}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// runs waits for a command, which must succeed.
func runs(b *testing.B, c *exec.Cmd) {
	if err := c.Run(); err != nil {
		b.Errorf("%q: %v", c.Args, err)
	}
}

func trueBare(b *testing.B, h *home) func() {
	return func() {
		c := exec.Command("/bin/true")
		c.Env = h.env
		runs(b, c)
	}
}

func trueLent(b *testing.B, h *home) func() {
	return func() { runs(b, h.command(nil, "exec", "--use", "label/0", "--", "/bin/true")) }
}

// BenchmarkExec is the start of a command that does nothing, with the key in a
// file, in stores of several sizes, and in the keyring; and of 200 at once.
func BenchmarkExec(b *testing.B) {
	program := build(b)
	for _, secrets := range []int{1, 100, store.MaxSecrets} {
		b.Run(fmt.Sprintf("file/%d", secrets), func(b *testing.B) {
			h := filledHome(b, program, secrets)
			compare(b, trueBare(b, h), trueLent(b, h))
		})
	}
	b.Run("keyring/1", func(b *testing.B) {
		h := newSession(b).home(b, program)
		h.must(b, "sk-0123456789abcdef0123456789abcdef", "set", "label/0")
		compare(b, trueBare(b, h), trueLent(b, h))
	})
	b.Run("file/200-at-once", func(b *testing.B) {
		h := filledHome(b, program, 1)
		all := func(f func()) func() { return func() { atOnce(200, func(int) { f() }) } }
		compare(b, all(trueBare(b, h)), all(trueLent(b, h)))
	})
}

// filledHome has a store with so many secrets, made here: ten thousand processes
// would take too long.
func filledHome(b *testing.B, program string, secrets int) *home {
	b.Helper()
	h := bareHome(b, program)
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	hardware, err := machine.ReadHardwareID(os.Getenv)
	check(err)
	epoch := machine.Epoch{Store: store.NewID(), Number: 1}
	source := machine.FileSource{Path: h.keyFile()}
	key, err := source.Create(epoch)
	check(err)
	vaultKey := redact.NewValue(bytes.Repeat([]byte{7}, 32))
	slot := machine.NewSlot(1, source.Type())
	check(slot.Seal(key, hardware, epoch, vaultKey))
	raw, err := json.Marshal(slot)
	check(err)
	check(store.Create(h.store(), store.Options{}, store.Header{
		StoreID: epoch.Store, Epoch: epoch.Number, Created: time.Now(),
		KeySource: source.Type(), HardwareSource: hardware.Source, Slots: []json.RawMessage{raw},
	}, vaultKey))
	s, err := store.Open(h.store(), store.Options{})
	check(err)
	check(s.Unlock(vaultKey))
	defer s.Close()
	check(s.Update(func(tx *store.Tx) error {
		for i := range secrets {
			m := store.Meta{Label: fmt.Sprintf("label/%d", i), Created: time.Now(), Updated: time.Now()}
			if err := tx.Put(m, redact.NewValue(fmt.Appendf(nil, "sk-%032d", i))); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

// BenchmarkExecPipe is a quarter of a GiB of a log through the mask, for ten
// secrets, beside the same pipe with one more cat.
func BenchmarkExecPipe(b *testing.B) {
	const size = 256 << 20
	h := filledHome(b, build(b), 10)
	path := filepath.Join(b.TempDir(), "log")
	if err := os.WriteFile(path, logText(size), 0o600); err != nil {
		b.Fatal(err)
	}
	shell := func(script string) func() {
		return func() {
			c := h.command(nil)
			c.Path, c.Args = "/bin/sh", []string{"sh", "-c", script, "sh", h.program, path}
			runs(b, c)
		}
	}
	uses := ""
	for i := range 10 {
		uses += fmt.Sprintf(" --use label/%d", i)
	}
	compare(b,
		shell(`cat "$2" | cat | cat >/dev/null`),
		shell(`"$1" exec`+uses+` -- cat "$2" | cat >/dev/null`))
}

// logText is what a service writes that has much to say.
func logText(size int) []byte {
	var text bytes.Buffer
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "2026-11-22T12:%02d:%02d.%03dZ INFO request id=%08x method=GET path=/v1/items/%d?page=%d status=200 bytes=%d took=%dms agent=\"curl/8.5.0\"\n",
			i/60%60, i%60, i%1000, uint32(i)*2654435761, i%5003, i%17, i*37%65536, i%211)
	}
	return text.Bytes()[:size]
}

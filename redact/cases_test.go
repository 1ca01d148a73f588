package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A testCase is one of testdata/cases.json.
type testCase struct {
	Name, Class, Category string
	Secret                string
	Secrets               []string
	Input                 string
	InputB64              string   `json:"input_b64"`
	Chunks                []int    // where the input is cut
	PauseMS               int      `json:"pause_ms"` // at each cut
	MustNotContain        []string `json:"must_not_contain"`
	MustNotContainB64     []string `json:"must_not_contain_b64"`
	MustContain           []string `json:"must_contain"`
	MustContainB64        []string `json:"must_contain_b64"`
	ExpectUnchanged       bool     `json:"expect_unchanged"`
	Probe                 []struct {
		After    int
		MustHave string `json:"must_have"`
	}
	Streams []struct{ Stream, Data string }
}

// beyond are the cases that are known not to be masked, with the reason.
var beyond = map[string]string{
	"gzip-base64": "compression hides a value from everybody who does not decompress",
}

func readCases(t *testing.T) (cases []testCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (c *testCase) secrets() (secrets []Secret) {
	values := c.Secrets
	if values == nil {
		values = []string{c.Secret}
	}
	for i, v := range values {
		secrets = append(secrets, Secret{Label: string(rune('A' + i)), Value: NewValue([]byte(v))})
	}
	return secrets
}

func unbase64(t *testing.T, texts []string) (decoded []string) {
	t.Helper()
	for _, text := range texts {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, string(b))
	}
	return decoded
}

func (c *testCase) input(t *testing.T) []byte {
	t.Helper()
	if c.InputB64 != "" {
		return []byte(unbase64(t, []string{c.InputB64})[0])
	}
	return []byte(c.Input)
}

// fault says what is wrong with an output, or nothing.
func (c *testCase) fault(t *testing.T, output []byte) string {
	for _, s := range append(unbase64(t, c.MustNotContainB64), c.MustNotContain...) {
		if bytes.Contains(output, []byte(s)) {
			return "shows " + s
		}
	}
	for _, s := range append(unbase64(t, c.MustContainB64), c.MustContain...) {
		if !bytes.Contains(output, []byte(s)) {
			return "lost " + s
		}
	}
	if c.ExpectUnchanged && !bytes.Equal(output, c.input(t)) {
		return "was changed"
	}
	return ""
}

// masked writes the input cut at the given places.
func masked(m *Masker, input []byte, cuts ...int) []byte {
	return written(m, input, func(*Writer) {}, cuts...)
}

// maskedIdly is masked with an idle moment after each write.
func maskedIdly(m *Masker, input []byte, cuts ...int) []byte {
	return written(m, input, (*Writer).Idle, cuts...)
}

func written(m *Masker, input []byte, after func(*Writer), cuts ...int) []byte {
	var out bytes.Buffer
	w := m.Writer(&out)
	w.idle = time.Hour
	from := 0
	for _, to := range append(slices.Clone(cuts), len(input)) {
		if _, err := w.Write(input[from:to]); err != nil {
			panic(err)
		}
		after(w)
		from = to
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func everywhere(n int) (cuts []int) {
	for i := 1; i < n; i++ {
		cuts = append(cuts, i)
	}
	return cuts
}

// TestCases runs every case whole, byte by byte, cut as it says and cut at every
// place.
func TestCases(t *testing.T) {
	for _, c := range readCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			m := NewMasker(c.secrets())
			input := c.input(t)
			want := masked(m, input)
			fault := c.fault(t, want)
			if reason, known := beyond[c.Name]; known {
				if fault == "" {
					t.Errorf("is masked, although %s", reason)
				}
				return
			}
			if fault != "" {
				t.Fatalf("%s\n%s\n%s", fault, clip(input), clip(want))
			}
			cuts := [][]int{everywhere(len(input)), c.Chunks}
			for i := 1; i < len(input); i += 1 + len(input)/mostCuts {
				cuts = append(cuts, []int{i})
			}
			for _, cut := range cuts {
				if got := masked(m, input, cut...); !bytes.Equal(got, want) {
					t.Fatalf("cut at %v\n got %s\nwant %s", cut[:min(len(cut), 9)], clip(got), clip(want))
				}
			}
		})
	}
}

func clip(b []byte) string {
	const most = 700
	if len(b) > most {
		return string(b[:most]) + " …"
	}
	return string(b)
}

// TestCasesPrompt looks at what each case must show before it ends.
func TestCasesPrompt(t *testing.T) {
	for _, c := range readCases(t) {
		if c.Probe == nil {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				m := NewMasker(c.secrets())
				w := m.Writer(&out)
				input, from := c.input(t), 0
				for i, to := range append(slices.Clone(c.Chunks), len(input)) {
					if _, err := w.Write(input[from:to]); err != nil {
						t.Fatal(err)
					}
					from = to
					if c.Class == "stretch" { // only these may take a moment
						time.Sleep(100 * time.Millisecond)
					}
					synctest.Wait() // the timer's goroutine may be writing
					for _, p := range c.Probe {
						if p.After == i+1 && !bytes.Contains(out.Bytes(), []byte(p.MustHave)) {
							t.Errorf("after write %d: %q, want %q in it", p.After, out.Bytes(), p.MustHave)
						}
					}
					time.Sleep(time.Duration(c.PauseMS) * time.Millisecond)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if fault := c.fault(t, out.Bytes()); fault != "" {
					t.Errorf("%s: %q", fault, clip(out.Bytes()))
				}
			})
		})
	}
}

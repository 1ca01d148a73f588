package redact

import (
	"bytes"
	crand "crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	ahocorasick "github.com/petar-dambovaliev/aho-corasick"
)

// sink is where a plain copy and a masked one go: memory of the text's length.
type sink struct {
	memory []byte
	at     int
}

func (s *sink) Write(p []byte) (int, error) {
	s.at += copy(s.memory[s.at:], p)
	return len(p), nil
}

const (
	benchText  = 64 << 20
	benchPiece = 1 << 20 // measured one by one, the best time of each: the machine may be busy
	benchWrite = 32 << 10
)

func randomToken(r *rand.Rand) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := []byte("ghp_")
	for range 36 {
		b = append(b, digits[r.IntN(len(digits))])
	}
	return string(b)
}

func benchSecrets(n int) (values []string, secrets []Secret) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		v := randomToken(r)
		values = append(values, v)
		secrets = append(secrets, Secret{fmt.Sprintf("key-%d", i), NewValue([]byte(v))})
	}
	return values, secrets
}

// logText looks like the log of a service.
func logText() []byte {
	r := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	for i := 0; b.Len() < benchText; i++ {
		fmt.Fprintf(&b, "2026-09-14T10:%02d:%02d.%03dZ [worker-%d] connection to 10.0.%d.%d:5432 established in %d ms, pool size now %d\n",
			i/60%60, i%60, r.IntN(1000), r.IntN(32), r.IntN(255), r.IntN(255), r.IntN(90), r.IntN(100))
	}
	return b.Bytes()[:benchText]
}

// mixedText has JSON lines, URLs, colours and stack traces besides: something
// special every forty bytes.
func mixedText() []byte {
	r := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	for i := 0; b.Len() < benchText; i++ {
		switch at := fmt.Sprintf("2026-09-14T10:%02d:%02d.%03dZ", i/60%60, i%60, r.IntN(1000)); r.IntN(8) {
		case 0:
			fmt.Fprintf(&b, `{"time":"%s","level":"info","msg":"request \"%s\" done","user":%d,"took":"%dms"}`+"\n", at, hexWord(r, 8), r.IntN(1e6), r.IntN(900))
		case 1:
			fmt.Fprintf(&b, "%s GET /api/v1/items?id=%d&sort=name&q=%s%%20%s HTTP/1.1 200 %d\n", at, r.IntN(1e5), hexWord(r, 3), hexWord(r, 4), r.IntN(1e5))
		case 2:
			fmt.Fprintf(&b, "\x1b[32mINFO\x1b[0m %s worker %d picked up job %s (attempt %d of 5)\n", at, r.IntN(32), hexWord(r, 16), r.IntN(5))
		case 3:
			fmt.Fprintf(&b, "\tat com.example.service.Handler$%d.invoke(Handler.java:%d)\n", r.IntN(9), r.IntN(900))
		default:
			fmt.Fprintf(&b, "%s [worker-%d] connection to 10.0.%d.%d:5432 established in %d ms, pool size now %d\n", at, r.IntN(32), r.IntN(255), r.IntN(255), r.IntN(90), r.IntN(100))
		}
	}
	return b.Bytes()[:benchText]
}

func hexWord(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

func binaryText() []byte {
	b := make([]byte, benchText)
	_, _ = crand.Read(b)
	return b
}

// nearMisses is full of values, and forms of them, with one byte changed, and less
// than three quarters before it.
func nearMisses(values []string) []byte {
	r := rand.New(rand.NewPCG(9, 9))
	var b bytes.Buffer
	for b.Len() < benchText {
		v := []byte(values[r.IntN(len(values))])
		v[len(v)/2+r.IntN(len(v)/4)] ^= 1
		switch r.IntN(3) {
		case 0:
			b.WriteString(hex.EncodeToString(v))
		default:
			b.Write(v)
		}
		b.WriteString(" \n"[r.IntN(2):][:1])
	}
	return b.Bytes()[:benchText]
}

func repeated(s string) []byte {
	return []byte(strings.Repeat(s, benchText/len(s)+1))[:benchText]
}

// ratio measures how fast text is masked, as a part of how fast it is copied.
func ratio(b *testing.B, text []byte, secrets []Secret) {
	b.Helper()
	m := NewMasker(secrets)
	<-m.built
	measure(b, text, func(dst io.Writer, piece []byte) {
		w := m.Writer(dst)
		write(w, piece)
		_ = w.Close()
	})
}

// measure does to the pieces of text what mask does, and copies others.
func measure(b *testing.B, text []byte, mask func(dst io.Writer, piece []byte)) {
	b.Helper()
	copied, masked := make([]byte, len(text)), make([]byte, len(text)+len(text)/4)
	pieces := len(text) / benchPiece
	plain, slow := make([]time.Duration, pieces), make([]time.Duration, pieces)
	for b.Loop() {
		for i := range pieces {
			from := i * benchPiece
			start := time.Now()
			write(&sink{memory: copied[from:]}, text[from:from+benchPiece])
			least(&plain[i], time.Since(start))

			i = (i + pieces/2) % pieces // another one, so that neither finds its text in the cache
			from = i * benchPiece
			start = time.Now()
			mask(&sink{memory: masked[from:]}, text[from:from+benchPiece])
			least(&slow[i], time.Since(start))
		}
	}
	b.ReportMetric(float64(sum(plain))/float64(sum(slow)), "of-copy")
	b.ReportMetric(float64(len(text))/sum(slow).Seconds()/1e6, "MB/s")
	b.ReportMetric(float64(len(text))/sum(plain).Seconds()/1e6, "MB/s-copied")
	b.ReportMetric(0, "ns/op")
}

func write(w io.Writer, text []byte) {
	for from := 0; from < len(text); from += benchWrite {
		_, _ = w.Write(text[from:min(len(text), from+benchWrite)])
	}
}

func least(d *time.Duration, new time.Duration) {
	if *d == 0 || new < *d {
		*d = new
	}
}

func sum(all []time.Duration) (d time.Duration) {
	for _, one := range all {
		d += one
	}
	return d
}

func BenchmarkMask(b *testing.B) {
	texts := []struct {
		name string
		text []byte
	}{{"log", logText()}, {"mixed", mixedText()}, {"binary", binaryText()}}
	for _, n := range []int{0, 1, 10, 100, 1000} {
		values, secrets := benchSecrets(n)
		for _, t := range texts {
			b.Run(fmt.Sprintf("%s/secrets=%d", t.name, n), func(b *testing.B) { ratio(b, t.text, secrets) })
		}
		if n > 0 {
			b.Run(fmt.Sprintf("near/secrets=%d", n), func(b *testing.B) { ratio(b, nearMisses(values), secrets) })
		}
	}
	large := (&scene{Rand: rand.New(rand.NewPCG(3, 3))}).bytes(64<<10, someLetters)
	b.Run("near/64KiB", func(b *testing.B) {
		ratio(b, nearMisses([]string{large}), []Secret{{"large", NewValue([]byte(large))}})
	})
}

// worst are texts that are all of what costs most, by what they repeat.
var worst = []struct{ name, unit string }{
	{"letter", "a"},
	{"letters", "ab"},
	{"newline", "\n"},
	{"indent", "\n "},
	{"return", "\r"},
	{"percent", "%"},
	{"backslash", `\`},
	{"backspace", "\b"},
	{"esc", "\x1b"},
	{"sequence", "\x1b["},
	{"colours", "\x1b[1;31mx\x1b[0m"},
	{"percent-codes", "%41"},
	{"percent-percent", "%25"},
	{"unicode-escapes", `\u0041`},
	{"unicode-begun", `\u00`},
	{"nested", `\\\\\\\"`},
	{"entities", "&amp;"},
	{"entities-begun", "&#"},
	{"invisible-begun", "\xe2\x80"},
	{"overstruck", "x\bx"},
	{"dump", "00000000  70 77 3d 67 68 78 5f 45  79 34 6d 70 6c 65 54 30  |pw=ghx_Ey4mpleT0|\n"},
	{"hex", "70"},
}

// BenchmarkWorst masks them.
func BenchmarkWorst(b *testing.B) {
	_, secrets := benchSecrets(10)
	for _, t := range worst {
		b.Run(t.name, func(b *testing.B) { ratio(b, repeated(t.unit)[:benchText/8], secrets) })
	}
}

// BenchmarkGrowth tells how much more time a byte of them takes in a text that is
// sixteen times as long, also where a value looks like the text.
func BenchmarkGrowth(b *testing.B) {
	_, ten := benchSecrets(10)
	for _, t := range worst {
		for name, secrets := range map[string][]Secret{"ten": ten, "alike": alike(t.unit)} {
			b.Run(t.name+"/"+name, func(b *testing.B) {
				m := NewMasker(secrets)
				text := repeated(t.unit)
				var short, long time.Duration
				for b.Loop() {
					for range 16 {
						least(&short, timed(m, text[:32<<10]))
						least(&long, timed(m, text[:512<<10]))
					}
				}
				b.ReportMetric(float64(long)/float64(16*short), "growth")
				b.ReportMetric(float64(long.Nanoseconds())/(512<<10), "ns/byte")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// alike are values that a text of units is full of.
func alike(unit string) []Secret {
	text := strings.Repeat(unit, 64)
	return []Secret{
		{"forty", NewValue([]byte(text[:40]))},
		{"ten", NewValue([]byte(text[1:11]))},
		{"four", NewValue([]byte(text[:4]))},
	}
}

func timed(m *Masker, text []byte) time.Duration {
	start := time.Now()
	w := m.Writer(io.Discard)
	write(w, text)
	_ = w.Close()
	return time.Since(start)
}

// BenchmarkPeers masks the values as they are, and nothing else, by other means.
func BenchmarkPeers(b *testing.B) {
	log := logText()
	for _, n := range []int{1, 10, 100} {
		values, _ := benchSecrets(n)
		var pairs []string
		for i, v := range values {
			pairs = append(pairs, v, "[secret:"+refLabel(i)+"]")
		}
		replacer := strings.NewReplacer(pairs...)
		b.Run(fmt.Sprintf("strings.Replacer/secrets=%d", n), func(b *testing.B) {
			measure(b, log, func(dst io.Writer, piece []byte) { _, _ = replacer.WriteString(dst, string(piece)) })
		})
		builder := ahocorasick.NewAhoCorasickBuilder(ahocorasick.Opts{MatchKind: ahocorasick.LeftMostLongestMatch, DFA: true})
		automaton := builder.Build(values)
		b.Run(fmt.Sprintf("aho-corasick/secrets=%d", n), func(b *testing.B) {
			measure(b, log, func(dst io.Writer, piece []byte) {
				if found := automaton.FindAll(string(piece)); len(found) > 0 {
					b.Error("found a value in the log")
				}
				_, _ = dst.Write(piece)
			})
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		_, secrets := benchSecrets(n)
		b.Run(fmt.Sprintf("secrets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := NewMasker(secrets)
				<-m.built
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/secret")
		})
	}
}

package redact

import (
	"math/rand/v2"
	"testing"
)

// No line that may be of a dump is passed over at first sight.
func TestBeginsAsText(t *testing.T) {
	s := &scene{Rand: rand.New(rand.NewPCG(6, 6))}
	passed := 0
	for range 500_000 {
		line := []byte(s.bytes(s.IntN(12), "0af: x\t,-z"))
		if beginsAsText(line) {
			passed++
			if mayBeDump(line) {
				t.Fatalf("%q may be a line of a dump", line)
			}
		}
	}
	if passed == 0 {
		t.Error("every line was looked at closely")
	}
}

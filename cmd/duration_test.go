package cmd

import (
	"math"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 500, time.UTC)

func TestParseExpiry(t *testing.T) {
	in := func(d time.Duration) time.Time { return noon.Add(d).Truncate(time.Second) }
	for s, want := range map[string]time.Time{
		"1h":         in(time.Hour),
		"12h":        in(12 * time.Hour),
		"90d":        in(90 * 24 * time.Hour),
		"8w":         in(8 * 7 * 24 * time.Hour),
		"1y":         in(365 * 24 * time.Hour),
		"100y":       in(100 * 365 * 24 * time.Hour),
		"2026-11-23": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		"2028-02-29": time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		got, err := parseExpiry(s, noon)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v (%v), want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "d", "90", "0d", "-1d", "1.5d", "1m", "1D", "90 d", " 90d", "90dd", "101y", "36501d", "99999999999999999999d",
		"2026-11-22", "2020-01-01", "2027-02-29", "2027-1-31", "31.1.2027", "soon",
	} {
		if got, err := parseExpiry(s, noon); err == nil {
			t.Errorf("%q: got %v, want an error", s, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                      "now",
		0:                               "now",
		time.Minute - 1:                 "now",
		time.Minute:                     "1m",
		time.Hour - 1:                   "59m",
		time.Hour:                       "1h",
		24*time.Hour - 1:                "23h",
		24 * time.Hour:                  "1d",
		364 * 24 * time.Hour:            "364d",
		365 * 24 * time.Hour:            "1y",
		10*365*24*time.Hour - time.Hour: "9y",
		100 * 365 * 24 * time.Hour:      "100y",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// A moment after a time was set it is still that time, and a moment after it
// passed there is a word for it.
func TestAheadAndAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "in less than 1m",
		time.Minute - 1:         "in less than 1m",
		time.Minute:             "in 1m",
		time.Hour - time.Second: "in 1h",
		90*day - time.Second:    "in 90d",
		90*day - 13*time.Hour:   "in 89d",
		2*year - time.Second:    "in 2y",
		math.MaxInt64:           "in 292y", // what time.Until says of all that is later
	} {
		if got := ahead(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0:                  "just now",
		time.Minute - 1:    "just now",
		time.Minute:        "1m ago",
		90*day - time.Hour: "89d ago",
	} {
		if got := ago(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

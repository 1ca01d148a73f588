package cmd

import (
	"errors"
	"strconv"
	"time"
)

// day and its like as people mean them in "rotate in 90 days": no leap seconds,
// no time zones.
const (
	day  = 24 * time.Hour
	week = 7 * day
	year = 365 * day
)

var (
	errExpiry = errors.New("--expires takes a time span (12h, 90d, 8w, 1y), a date (2027-01-31) or never")
	errPast   = errors.New("--expires takes a date that is still to come")
)

// parseExpiry reads when a secret ends: a number with h, d, w or y counted from
// now, or a date YYYY-MM-DD, whose day is the first on which it has expired (UTC).
func parseExpiry(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if !t.After(now) {
			return time.Time{}, errPast
		}
		return t, nil
	}
	units := map[byte]time.Duration{'h': time.Hour, 'd': day, 'w': week, 'y': year}
	if len(s) > 1 {
		n, err := strconv.Atoi(s[:len(s)-1])
		unit, ok := units[s[len(s)-1]]
		if err == nil && ok && n > 0 && n <= int(100*year/unit) {
			return now.Add(time.Duration(n) * unit).UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, errExpiry
}

// span says a duration as a person would: in its largest whole unit.
func span(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{year, "y"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}}
	for _, u := range units {
		if d >= u.size {
			return strconv.Itoa(int(d/u.size)) + u.name
		}
	}
	return "now"
}

// age says how old something is.
func age(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return span(d) + " old"
}

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
	errExpiry = errors.New("--expires takes a time span (12h, 90d, 8w, 1y; 100y at most), a date (2027-01-31) or never")
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
	if d < time.Minute {
		return "now"
	}
	size, name := unit(d)
	return strconv.Itoa(int(d/size)) + name
}

// unit is the largest one of which d has at least one, and else the smallest.
func unit(d time.Duration) (size time.Duration, name string) {
	switch {
	case d >= year:
		return year, "y"
	case d >= day:
		return day, "d"
	case d >= time.Hour:
		return time.Hour, "h"
	}
	return time.Minute, "m"
}

// ago says how long something is past.
func ago(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return span(d) + " ago"
}

// ahead says how far off something is, to the nearest unit: what was set to 90
// days is 90 days off a moment later too.
func ahead(d time.Duration) string {
	if d < time.Minute {
		return "in less than 1m"
	}
	size, _ := unit(d)
	return "in " + span(d.Round(size))
}

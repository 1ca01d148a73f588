package cmd

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"secrets/store"
)

// An unknownLabelError names the label that was meant, where one is near.
type unknownLabelError struct {
	label, near string
	bundled     bool // looked for in a bundle, not in the store
}

func (e *unknownLabelError) Error() string { return "there is no secret " + named(e.label, e.near) }
func (e *unknownLabelError) Unwrap() error { return store.ErrNotFound }

// nearest turns store.ErrNotFound into an error that knows the label that was
// probably meant, and into a *store.LabelError what can be none and so may be a
// value; other errors stay as they are.
func nearest(s chest, label string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := store.CheckLabel(label); err != nil {
		return err
	}
	unknown := &unknownLabelError{label: label}
	_, unknown.bundled = s.(bundleChest)
	metas, listErr := s.List()
	if listErr != nil {
		return errors.Join(unknown, listErr)
	}
	labels := labelsOf(metas)
	for _, m := range metas {
		if name, err := m.EnvName(); err == nil && name == label {
			unknown.near = m.Label
			return unknown
		}
	}
	unknown.near = cmp.Or(closest(label, labels), completed(label, labels))
	return unknown
}

// maxNamed is the length in bytes from which a word that means nothing to us is
// not repeated: it may be a value that was typed in the wrong place.
const maxNamed = 20

// named quotes a word that was typed, where it is short or near is what was
// meant by it.
func named(word, near string) string {
	if len(word) < maxNamed || near != "" {
		return strconv.Quote(word)
	}
	return "of that name"
}

// closest is the word that was probably meant by typed, or nothing: one mistake
// in three letters is still a typing error.
func closest(typed string, words []string) string {
	best, found := len(typed)/3+1, ""
	for _, word := range words {
		if d := distance(typed, word); d < best {
			best, found = d, word
		}
	}
	return found
}

// completed is the one word that has typed in it, three letters or more, or
// nothing.
func completed(typed string, words []string) (found string) {
	for _, word := range words {
		switch {
		case len(typed) < 3 || !strings.Contains(word, typed):
		case found != "":
			return ""
		default:
			found = word
		}
	}
	return found
}

// distance is the number of bytes to insert, delete or replace, or of neighbours
// to exchange, to make b of a (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d := min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

// knownLabels lists the labels of a store that opens without a question, for
// completion; of any other, nothing.
func knownLabels(sys Sys, at *place) []string {
	s, err := openStore(sys.alone(), &place{keyFile: at.keyFile, allowRemoteFS: at.allowRemoteFS, passphraseFD: noFD})
	if err != nil {
		return nil
	}
	defer s.Close()
	metas, err := s.List()
	if err != nil {
		return nil
	}
	return labelsOf(metas)
}

func labelsOf(metas []store.Meta) []string {
	labels := make([]string, 0, len(metas))
	for _, m := range metas {
		labels = append(labels, m.Label)
	}
	return labels
}

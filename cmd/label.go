package cmd

import (
	"errors"
	"fmt"

	"secrets/store"
)

// An unknownLabelError names the label that was meant, where one is near.
type unknownLabelError struct{ label, near string }

func (e *unknownLabelError) Error() string { return fmt.Sprintf("there is no secret %q", e.label) }
func (e *unknownLabelError) Unwrap() error { return store.ErrNotFound }

// nearest turns store.ErrNotFound into an error that knows the label that was
// probably meant; other errors stay as they are.
func nearest(s *store.Store, label string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	unknown := &unknownLabelError{label: label}
	metas, listErr := s.List()
	if listErr != nil {
		return errors.Join(unknown, listErr)
	}
	// One mistake in three letters is still a typing error.
	best := len(label)/3 + 1
	for _, m := range metas {
		if d := distance(label, m.Label); d < best {
			unknown.near, best = m.Label, d
		}
	}
	return unknown
}

// distance is the number of bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// knownLabels lists the labels of a store that opens without a question, for
// completion; of any other, nothing.
func knownLabels(sys Sys, at *place) []string {
	sys.Stdin = nil // nobody is there to answer
	s, err := openStore(sys, at)
	if err != nil {
		return nil
	}
	defer s.Close()
	metas, err := s.List()
	if err != nil {
		return nil
	}
	labels := make([]string, 0, len(metas))
	for _, m := range metas {
		labels = append(labels, m.Label)
	}
	return labels
}

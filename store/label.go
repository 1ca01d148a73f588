package store

import (
	"fmt"
	"strings"
)

// MaxLabel is the greatest length of a label in bytes.
const MaxLabel = 128

// The characters are compared by hand: a compiled expression would cost every
// exec more than the comparing.
const (
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits     = "0123456789"
	labelMarks = "._/@-"
)

// isOf tells whether text is one of first's characters and then only such ones
// and those of rest.
func isOf(text, first, rest string) bool {
	return text != "" && strings.IndexByte(first, text[0]) >= 0 && strings.Trim(text, first+rest) == ""
}

// A LabelError says why a text cannot be a label. It does not repeat the text:
// what was typed in a label's place may be a value.
type LabelError struct{ Reason string }

func (e *LabelError) Error() string { return "this cannot be a label: " + e.Reason }

// CheckLabel returns a *LabelError where label is not one.
func CheckLabel(label string) error {
	switch {
	case label == "":
		return &LabelError{"it is empty"}
	case len(label) > MaxLabel:
		return &LabelError{fmt.Sprintf("it is longer than %d bytes", MaxLabel)}
	case !isOf(label, letters+digits, labelMarks):
		return &LabelError{"it must begin with a letter or digit and may hold letters, digits and . _ / @ -"}
	}
	return nil
}

// An EnvError says why a text cannot name an environment variable. It does not
// repeat the text either.
type EnvError struct{ Reason string }

func (e *EnvError) Error() string { return "this cannot name a variable: " + e.Reason }

// CheckEnv returns an *EnvError where name is not one that every shell takes
// (POSIX.1-2024, base definitions, 3.216 Name).
func CheckEnv(name string) error {
	if !isOf(name, letters+"_", digits) {
		return &EnvError{"it must begin with a letter or _ and may hold letters, digits and _"}
	}
	return nil
}

// EnvName is the variable that a label is lent as by default: upper case, with
// every other character turned to an underscore. A label that begins with a
// digit has none and gives an *EnvError.
func EnvName(label string) (string, error) {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, label)
	if CheckEnv(name) != nil {
		return "", &EnvError{"the label does not begin with a letter"}
	}
	return name, nil
}

package store

import (
	"fmt"
	"regexp"
	"strings"
)

// MaxLabel is the greatest length of a label in bytes.
const MaxLabel = 128

var (
	labelShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/@-]*$`)
	envShape   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// A LabelError says why Label cannot name a secret.
type LabelError struct{ Label, Reason string }

func (e *LabelError) Error() string { return fmt.Sprintf("bad label %q: %s", e.Label, e.Reason) }

// CheckLabel returns a *LabelError where label is not one.
func CheckLabel(label string) error {
	switch {
	case label == "":
		return &LabelError{label, "it is empty"}
	case len(label) > MaxLabel:
		return &LabelError{label[:MaxLabel], fmt.Sprintf("it is longer than %d bytes", MaxLabel)}
	case !labelShape.MatchString(label):
		return &LabelError{label, "it must begin with a letter or digit and may hold letters, digits and . _ / @ -"}
	}
	return nil
}

// An EnvError says that Name cannot name an environment variable. Label is set
// where the name was made from it.
type EnvError struct{ Name, Label string }

func (e *EnvError) Error() string { return fmt.Sprintf("bad variable name %q", e.Name) }

// CheckEnv returns an *EnvError where name is not one that every shell takes
// (POSIX.1-2024, base definitions, 3.216 Name).
func CheckEnv(name string) error {
	if !envShape.MatchString(name) {
		return &EnvError{Name: name}
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
		return "", &EnvError{Name: name, Label: label}
	}
	return name, nil
}

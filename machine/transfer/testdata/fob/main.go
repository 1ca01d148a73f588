// Fob is an age plugin for tests, in the place of a hardware token. What it does
// hangs on the name that it is installed under:
//
//	age-plugin-fob     wants a PIN, 2580, to decrypt
//	age-plugin-fobpqc  the same, and calls itself post-quantum
//	age-plugin-stick   wants nothing
//	age-plugin-broken  fails
//
// It keeps the file key in the open: what it encrypts is no secret.
package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"
)

func main() {
	program := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	p, err := plugin.New(strings.TrimPrefix(program, "age-plugin-"))
	if err != nil {
		os.Exit(1)
	}
	p.HandleRecipient(func([]byte) (age.Recipient, error) { return fob{p}, nil })
	p.HandleIdentity(func([]byte) (age.Identity, error) { return fob{p}, nil })
	os.Exit(p.Main())
}

type fob struct{ *plugin.Plugin }

func (f fob) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	s, _, err := f.WrapWithLabels(fileKey)
	return s, err
}

func (f fob) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	if f.Name() == "broken" {
		return nil, nil, errors.New("the fob is out of order")
	}
	var labels []string
	if f.Name() == "fobpqc" {
		labels = []string{"postquantum"}
	}
	return []*age.Stanza{{Type: f.Name(), Body: fileKey}}, labels, nil
}

func (f fob) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != f.Name() {
			continue
		}
		if f.Name() == "stick" {
			return s.Body, nil
		}
		pin, err := f.RequestValue("PIN", true)
		if err != nil {
			return nil, err
		}
		if pin != "2580" {
			return nil, errors.New("wrong PIN")
		}
		return s.Body, nil
	}
	return nil, age.ErrIncorrectIdentity
}

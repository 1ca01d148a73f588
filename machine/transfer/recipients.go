package transfer

import (
	"crypto/fips140"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"secrets/machine"
)

// Recipients are those who can open an age file.
type Recipients struct {
	texts []string
	list  []age.Recipient
}

// ParseRecipients reads recipients as age writes them: age1pq1… (post-quantum),
// age1… (X25519) and age1<name>1… of the plugin age-plugin-<name>, which runs
// when something is encrypted. human is for those plugins alone.
func ParseRecipients(texts []string, human Human) (Recipients, error) {
	if err := available(); err != nil {
		return Recipients{}, err
	}
	var r Recipients
	for i, text := range texts {
		text = strings.TrimSpace(text)
		recipient, err := parseRecipient(text, human)
		if err != nil {
			return Recipients{}, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		if !slices.Contains(r.texts, text) {
			r.texts, r.list = append(r.texts, text), append(r.list, recipient)
		}
	}
	if len(r.list) == 0 {
		return Recipients{}, ErrNoRecipient
	}
	return r, nil
}

// parseRecipient drops age's own errors, which quote the text: it may be an
// identity that was given by mistake.
func parseRecipient(text string, human Human) (age.Recipient, error) {
	upper := strings.ToUpper(text)
	if strings.Contains(upper, "AGE-SECRET-KEY-") || strings.HasPrefix(upper, "AGE-PLUGIN-") { // an identity, or the file of one
		return nil, ErrSecretRecipient
	}
	if recipient, err := age.ParseHybridRecipient(text); err == nil {
		return recipient, nil
	}
	if recipient, err := age.ParseX25519Recipient(text); err == nil {
		return recipient, nil
	}
	ui, unanswered := human.client()
	if recipient, err := plugin.NewRecipient(text, ui); err == nil && !native(recipient.Name()) {
		return pluginRecipient{recipient, unanswered}, nil
	}
	return nil, ErrRecipient
}

// native tells whether age1<name>1… is age's own: one that is malformed must not
// start a program.
func native(name string) bool { return name == "pq" }

// Texts are the recipients as they were given, each once.
func (r Recipients) Texts() []string { return slices.Clone(r.texts) }

// available says where age cannot be used: with Go's FIPS 140-only mode on, age
// 1.3.2 makes post-quantum keys in a loop that does not end.
func available() error {
	if fips140.Enforced() {
		return fmt.Errorf("age: %w", machine.ErrCipherUnavailable)
	}
	return nil
}

// A witness sees the labels by which age decides which recipients mix. Of what
// age returns where they do not, only the text would tell.
type witness struct {
	age.Recipient
	labels *[][]string
}

func (w witness) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	if r, ok := w.Recipient.(age.RecipientWithLabels); ok {
		stanzas, labels, err = r.WrapWithLabels(fileKey)
	} else {
		stanzas, err = w.Wrap(fileKey)
	}
	if err == nil {
		slices.Sort(labels)
		*w.labels = append(*w.labels, labels)
	}
	return stanzas, labels, err
}

// differ tells whether two of the recipients have other labels.
func differ(labels [][]string) bool {
	for _, l := range labels {
		if !slices.Equal(l, labels[0]) {
			return true
		}
	}
	return false
}

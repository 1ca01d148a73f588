package transfer

import (
	"cmp"
	"errors"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"secrets/redact"
)

// A Human is asked what an age plugin wants to know: a PIN, a touch of a token.
// The zero Human is nobody: plugins work as long as they need none. What a
// plugin says comes from a program that is not ours.
type Human struct {
	Tell    func(plugin, message string) error
	Ask     func(plugin, question string, secret bool) (redact.Value, error)
	Confirm func(plugin, question, yes, no string) (bool, error) // no may be empty
	Waiting func(plugin string)                                  // after 5 s of silence, on a goroutine of its own
}

// client is the human as age knows it. Where he does not answer, the plugin hears
// that he does not, and unanswered says why.
func (h Human) client() (ui *plugin.ClientUI, unanswered *error) {
	unanswered = new(error)
	ui = &plugin.ClientUI{DisplayMessage: h.Tell, WaitTimer: h.Waiting}
	if h.Ask != nil {
		ui.RequestValue = func(name, question string, secret bool) (string, error) {
			answer, err := h.Ask(name, question, secret)
			defer answer.Wipe()
			*unanswered = err
			return string(answer.Expose()), err // age wants a string
		}
	}
	if h.Confirm != nil {
		ui.Confirm = func(name, question, yes, no string) (bool, error) {
			agreed, err := h.Confirm(name, question, yes, no)
			*unanswered = err
			return agreed, err
		}
	}
	return ui, unanswered
}

// pluginRecipient and pluginIdentity make a *PluginError of what goes wrong in
// the plugin, so that it is told apart from a damaged file.
type (
	pluginRecipient struct {
		*plugin.Recipient
		unanswered *error
	}
	pluginIdentity struct {
		*plugin.Identity
		unanswered *error
	}
)

func (r pluginRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	stanzas, labels, err := r.Recipient.WrapWithLabels(fileKey)
	return stanzas, labels, pluginError(r.Name(), err, *r.unanswered)
}

func (i pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := i.Identity.Unwrap(stanzas)
	return fileKey, pluginError(i.Name(), err, *i.unanswered)
}

func pluginError(name string, err, unanswered error) error {
	if err == nil {
		return nil
	}
	return &PluginError{Name: name, Missing: errors.As(err, new(*plugin.NotFoundError)), Err: cmp.Or(unanswered, err)}
}

package transfer

import (
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

func (h Human) client() *plugin.ClientUI {
	ui := &plugin.ClientUI{DisplayMessage: h.Tell, Confirm: h.Confirm, WaitTimer: h.Waiting}
	if h.Ask != nil {
		ui.RequestValue = func(name, question string, secret bool) (string, error) {
			answer, err := h.Ask(name, question, secret)
			defer answer.Wipe()
			return string(answer.Expose()), err // age wants a string
		}
	}
	return ui
}

// pluginRecipient and pluginIdentity make a *PluginError of what goes wrong in
// the plugin, so that it is told apart from a damaged file.
type (
	pluginRecipient struct{ *plugin.Recipient }
	pluginIdentity  struct{ *plugin.Identity }
)

func (r pluginRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	stanzas, labels, err := r.Recipient.WrapWithLabels(fileKey)
	return stanzas, labels, pluginError(r.Name(), err)
}

func (i pluginIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := i.Identity.Unwrap(stanzas)
	return fileKey, pluginError(i.Name(), err)
}

func pluginError(name string, err error) error {
	if err == nil {
		return nil
	}
	return &PluginError{Name: name, Missing: errors.As(err, new(*plugin.NotFoundError)), Err: err}
}

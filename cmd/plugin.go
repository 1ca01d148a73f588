package cmd

import (
	"secrets/machine/transfer"
	"secrets/redact"
)

// pluginHuman is whom an age plugin can ask: the human at the terminal, where
// there is one. What a plugin says is shown without control characters, since
// it is a program that is not ours.
func pluginHuman(sys Sys) transfer.Human {
	said := func(plugin, text string) string {
		return "age-plugin-" + plugin + ": " + printable(text)
	}
	return transfer.Human{
		Tell: func(plugin, message string) error {
			say(sys, "%s", said(plugin, message))
			return nil
		},
		Ask: func(plugin, question string, _ bool) (redact.Value, error) {
			p, err := sys.terminal("")
			if err != nil {
				return redact.Value{}, err
			}
			defer p.close()
			return p.hiddenLine(said(plugin, question) + ": ")
		},
		Confirm: func(plugin, question, yes, no string) (bool, error) {
			p, err := sys.terminal("")
			if err != nil {
				return false, err
			}
			defer p.close()
			if no != "" {
				no = ", else " + no
			}
			return p.confirm(said(plugin, question)+" [y: "+yes+no+"] ", "y", "yes")
		},
		Waiting: func(plugin string) { say(sys, "waiting for age-plugin-%s …", plugin) },
	}
}

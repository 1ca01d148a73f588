package machine

import "context"

// Probe has nothing to ask: /usr/bin/security itself says at once what is
// wrong.
func (systemKeyring) Probe(context.Context, string) error { return nil }

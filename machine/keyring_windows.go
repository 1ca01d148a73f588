package machine

import "context"

// Probe has nothing to ask: the Credential Manager never prompts and says at
// once what is wrong.
func (*systemKeyring) Probe(context.Context, string) error { return nil }

package cmd

import (
	"errors"

	"secrets/exec"
	"secrets/machine/transfer"
	"secrets/store"
)

const numberHint = "secrets recovery list shows the numbers"

// aboutTransfer explains what goes wrong with recoveries, bundles and what they
// are opened with.
func aboutTransfer(err error) (advice, bool) {
	var (
		plugin  *transfer.PluginError
		expired *transfer.ExpiredError
		version *transfer.VersionError
		sync    *store.SyncError
		taken   *labelsTakenError
		item    *itemError
		name    *exec.NameError
	)
	switch {
	case errors.As(err, &item) && errors.As(err, &name) && name.Steers:
		return advice{exitRefused, "have it made again, with another variable for it"}, true
	case errors.As(err, &item):
		return advice{exitDamaged, "get the file again from where it was made"}, true
	case errors.As(err, &plugin) && plugin.Missing:
		return advice{exitFailed, "install the plugin, so that it is in PATH"}, true
	case errors.As(err, &plugin) && !errors.Is(err, errNobodyToAsk):
		return advice{exitFailed, "is the token there, and was it touched? try again"}, true
	case errors.Is(err, transfer.ErrSecretRecipient):
		return advice{exitUsage, "treat the identity as exposed: it is in your shell's history and was in the process list\na recipient begins with age1"}, true
	case errors.Is(err, errIdentityInArguments):
		return advice{exitUsage, "treat the identity as exposed: it was in the process list, and may be in a shell's history\nput it into a file and name that with --identity-file; one that SECRETS_IDENTITY holds needs no flag"}, true
	case errors.Is(err, transfer.ErrRecipient), errors.Is(err, transfer.ErrNoRecipient):
		return advice{exitUsage, "a recipient is a line age1…, as 'secrets identity' or age-keygen -y prints it: --to RECIPIENT"}, true
	case errors.Is(err, transfer.ErrMixedRecipients):
		return advice{exitUsage, "make one for the recipients age1pq1… and one for the others"}, true
	case errors.Is(err, transfer.ErrNoIdentity):
		return advice{exitHuman, "put it into the variable SECRETS_IDENTITY or the file /run/secrets/secrets-identity, or name its file: --identity-file FILE"}, true
	case errors.Is(err, transfer.ErrIdentity):
		return advice{exitHuman, "an identity is a line AGE-SECRET-KEY-… or AGE-PLUGIN-…"}, true
	case errors.Is(err, errNotItsRecovery):
		return advice{exitHuman, "secrets doctor shows whom they are for"}, true
	case errors.Is(err, errNotForUs):
		return advice{exitHuman, "have it exported to what 'secrets identity' prints, or name the identity that it is for: --identity-file FILE"}, true
	case errors.Is(err, transfer.ErrWrongIdentity):
		return advice{exitHuman, "take the identity that belongs to one of its recipients; or the file was damaged: get it again"}, true
	case errors.Is(err, transfer.ErrOtherStore):
		return advice{exitDamaged, "the recovery was put there from elsewhere: trust neither the file nor who gave it to you"}, true
	case errors.Is(err, transfer.ErrNotAge), errors.Is(err, transfer.ErrDamaged), errors.Is(err, transfer.ErrMalformed):
		return advice{exitDamaged, "get the file again from where it was made"}, true
	case errors.As(err, &expired):
		return advice{exitRefused, "have a new one made"}, true
	case errors.As(err, &version), errors.Is(err, transfer.ErrUnknownSlot):
		return advice{exitRefused, "install a later version of secrets"}, true
	case errors.Is(err, transfer.ErrTooLarge):
		return advice{exitRefused, "it is not what it should be, or has to be made in parts"}, true
	case errors.Is(err, errAgentSeals):
		return advice{exitHuman, "run it yourself; an agent lets a command have a value: secrets exec --use LABEL -- COMMAND"}, true
	case errors.Is(err, errAgentBinds):
		return advice{exitHuman, "run it yourself"}, true
	case errors.As(err, &taken):
		return advice{exitRefused, "nothing was imported; to put the new values in their place: --replace"}, true
	case errors.Is(err, errNotAgreed):
		return advice{exitHuman, "run it yourself, on a terminal, or agree beforehand with --yes"}, true
	case errors.Is(err, errItemExpired):
		return advice{exitRefused, "nothing was imported; have a new one made"}, true
	case errors.Is(err, errOtherKind):
		return advice{exitRefused, "put it into a store: secrets import FILE"}, true
	case errors.Is(err, errNotTransfer):
		return advice{exitRefused, "lend what is in it: secrets exec --bundle FILE --use LABEL -- COMMAND"}, true
	case errors.Is(err, errNoOutput):
		return advice{exitUsage, "name a file: -o FILE"}, true
	case errors.Is(err, errNoRecovery):
		return advice{exitNotFound, "make one while the store opens: secrets recovery create"}, true
	case errors.Is(err, errNoWayBack):
		return advice{exitNotFound, "bring back the key and the hardware ID that it had; if they are gone, start over: secrets destroy"}, true
	case errors.Is(err, errNoSuchRecovery):
		return advice{exitNotFound, numberHint}, true
	case errors.Is(err, errRecoveryNumber):
		return advice{exitUsage, numberHint}, true
	case errors.Is(err, errNotKept):
		return advice{exitHuman, "no recovery was made; try again, and keep the new identity"}, true
	case errors.Is(err, errNotLost):
		return advice{exitRefused, "for a new key: secrets rekey"}, true
	case errors.As(err, &sync):
		return advice{exitFailed, "the change is made; have a look at the disk"}, true
	}
	return advice{}, false
}

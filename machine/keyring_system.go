package machine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// keyringService is the service that all our items belong to.
const keyringService = "dev.secrets.cli"

// systemKeyring is the keyring of this system: what Probe found fit for use is
// then used through go-keyring, which knows no deadline and prompts as it likes.
type systemKeyring struct {
	getenv  func(string) string
	runtime string // where the session bus of this user is, unless a variable says it

	found atomic.Pointer[foundItem] // by the last Probe; Linux alone has one
}

// SystemKeyring is the keyring of the operating system: the Secret Service on
// Linux, the login keychain on macOS, the Credential Manager on Windows.
func SystemKeyring(getenv func(string) string) Keyring {
	return &systemKeyring{getenv: getenv, runtime: "/run/user/" + strconv.Itoa(os.Getuid())}
}

func (k *systemKeyring) Get(name string) (string, error) {
	text, err := k.found.Load().read(name)
	if err == nil || errors.Is(err, TimedOut) {
		return text, err
	}
	text, err = keyring.Get(keyringService, name)
	return text, withState(err)
}

func (*systemKeyring) Set(name, text string) error {
	return withState(keyring.Set(keyringService, name, text))
}

func (*systemKeyring) Delete(name string) error {
	return withState(keyring.Delete(keyringService, name))
}

// withState says which State an error of go-keyring or the bus means.
func withState(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", stateOf(err), err)
}

func stateOf(err error) State {
	var tool interface{ ExitCode() int }
	var errno syscall.Errno
	var reply dbus.Error
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return KeyMissing
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return Unsupported
	case errors.As(err, &tool):
		return stateOfSecurity(tool.ExitCode())
	case errors.As(err, &errno):
		return stateOfErrno(errno)
	case errors.As(err, &reply):
		return stateOfReply(reply.Name)
	default:
		return Failed
	}
}

// stateOfSecurity reads the exit code of macOS's /usr/bin/security: the low
// byte of an OSStatus of SecBase.h.
func stateOfSecurity(code int) State {
	switch code {
	case 36: // errSecInteractionNotAllowed: a locked keychain and no desktop to ask on
		return Locked
	case 44: // errSecItemNotFound
		return KeyMissing
	case 51, 128: // errSecAuthFailed, userCanceledErr
		return Denied
	default:
		return Failed
	}
}

// stateOfErrno reads an error of the Windows Credential Manager.
func stateOfErrno(errno syscall.Errno) State {
	switch errno {
	case 1312: // ERROR_NO_SUCH_LOGON_SESSION: over OpenSSH, and other network logons
		return NoLogonSession
	case 1168: // ERROR_NOT_FOUND
		return KeyMissing
	case 5: // ERROR_ACCESS_DENIED
		return Denied
	default:
		return Failed
	}
}

// stateOfReply reads the name of a D-Bus error.
func stateOfReply(name string) State {
	switch name {
	case "org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.Spawn.ExecFailed",
		"org.freedesktop.DBus.Error.Spawn.ChildExited",
		"org.freedesktop.DBus.Error.Spawn.ChildSignaled":
		return NoProvider
	case "org.freedesktop.Secret.Error.IsLocked":
		return Locked
	case "org.freedesktop.DBus.Error.AccessDenied":
		return Denied
	case "org.freedesktop.DBus.Error.NoReply",
		"org.freedesktop.DBus.Error.Timeout",
		"org.freedesktop.DBus.Error.TimedOut":
		return TimedOut
	default:
		return Failed
	}
}

package machine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"secrets/redact"
)

// A HardwareID is a keyed hash of the machine's own ID. It is the second half
// of the binding: not a secret, but it stops a key that travelled with the
// store. No format verb shows the hash.
type HardwareID struct {
	Source    string // where the ID came from: "machine-id", "IOPlatformUUID", "MachineGuid"
	Container bool   // the ID may be the image's, shared by every container made of it

	hash redact.Value
}

// NoHardwareID binds to no hardware: the zero HardwareID.
var NoHardwareID HardwareID

// A HardwareState says why a machine's ID cannot be bound to. It is the error
// itself, as State is.
type HardwareState string

// The states of a hardware ID that is none.
const (
	HardwareAbsent        HardwareState = "absent"
	HardwareUninitialized HardwareState = "uninitialized" // the system has not finished its first boot
	HardwareInvalid       HardwareState = "invalid"       // not 128 bits in hex, all zero, or not readable
	HardwareTransient     HardwareState = "transient"     // made up for this boot alone
)

// Error states the fact; the string of the state itself is its short name.
func (s HardwareState) Error() string {
	switch s {
	case HardwareAbsent:
		return "this machine has no hardware ID"
	case HardwareUninitialized:
		return "the hardware ID is not set up yet"
	case HardwareTransient:
		return "the hardware ID changes with every boot"
	default:
		return "the hardware ID is malformed"
	}
}

// NewHardwareID hashes the ID that source gave: 32 hex digits, in whichever
// case and with whatever dashes and braces the system writes them.
func NewHardwareID(source, raw string) (HardwareID, error) {
	id := strings.ToLower(strings.TrimSpace(raw))
	id = strings.NewReplacer("-", "", "{", "", "}", "").Replace(id)
	switch {
	case id == "":
		return NoHardwareID, HardwareAbsent
	case id == "uninitialized": // systemd writes it for the first boot: machine-id(5)
		return NoHardwareID, HardwareUninitialized
	case len(id) != 32 || strings.Trim(id, "0") == "":
		return NoHardwareID, HardwareInvalid
	}
	if _, err := hex.DecodeString(id); err != nil {
		return NoHardwareID, HardwareInvalid // without err, which quotes the ID
	}
	mac := hmac.New(sha256.New, []byte("secrets/v1/hwid"))
	mac.Write(appendLP(nil, []byte(source), []byte(id)))
	return HardwareID{Source: source, hash: redact.NewValue(mac.Sum(nil))}, nil
}

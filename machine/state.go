package machine

// A State says why a key source cannot serve. As syscall.Errno does, it serves
// as the error itself: errors.Is finds one, errors.As finds which.
type State string

// The states of one key, in whichever source.
const (
	KeyMissing   State = "key-missing"
	KeyMalformed State = "key-malformed"
	KeyExists    State = "key-exists"
	KeyNotKept   State = "key-not-kept" // a prompt was dismissed, or another key was written at the same time
)

// The states of a keyring.
const (
	NoBus          State = "no-bus"
	BusUnreachable State = "bus-unreachable"
	NoProvider     State = "no-provider"
	NoCollection   State = "no-collection"
	Locked         State = "locked"
	TimedOut       State = "timeout"
	NoLogonSession State = "no-logon-session" // Windows: over OpenSSH, for one
	Denied         State = "denied"
	Unsupported    State = "unsupported"
	Failed         State = "failed" // for a reason that has no name here
)

// Busy is the state of a key file that another process changes and does not
// let go.
const Busy State = "busy"

var facts = map[State]string{
	KeyMissing:   "the store's key is not there",
	KeyMalformed: "the store's key is malformed",
	KeyExists:    "the store's key exists already",
	KeyNotKept:   "the keyring did not keep the new key",

	NoBus:          "there is no session bus to reach a keyring by",
	BusUnreachable: "the session bus cannot be reached",
	NoProvider:     "no keyring service runs on the session bus",
	NoCollection:   "the keyring service has no default keyring",
	Locked:         "the keyring is locked",
	TimedOut:       "the keyring did not answer in time",
	NoLogonSession: "this logon session has no keyring",
	Denied:         "the keyring denied access",
	Unsupported:    "this system has no keyring that is supported",
	Failed:         "the keyring failed",

	Busy: "another process holds the key file",
}

// Error states the fact; the string of the State itself is its short name.
func (s State) Error() string { return facts[s] }

package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"secrets/machine"
	"secrets/store"
)

func newDoctor(sys Sys, at *place) *cobra.Command {
	var asJSON, deep, repair bool
	var identityFile string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say in what state the store and its binding are",
		Long: `Says in what state the store, its key source and the hardware ID are, each with
the next step where there is one. It never asks, never writes, and prints
neither IDs nor keys. Its exit status is that of the worst it found; a warning
is none.

With --deep it reads the whole file, down to each value, and says of a damaged
one what can be saved. With --repair it saves that into store.db.repaired beside
the store, which stays as it is; 'secrets restore' puts it in the store's place.
Where the key is lost as well, both take the identity of a recovery from a file.` + exitStatus(storeExits...),
		Example: `  secrets doctor
  secrets doctor --deep
  secrets doctor --json | jq -r '.checks[] | select(.level != "ok").fact'`,
		Args: exactArgs(0),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case repair && (deep || asJSON):
				return usage(errRepairAlone)
			case identityFile != "" && !repair && !deep:
				return usage(errDeepIdentity)
			case repair:
				return runRepair(sys, at, identityFile)
			}
			return runDoctor(sys, at, c, asJSON, deep, identityFile)
		},
	}
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&deep, "deep", false, "read the whole file")
	identityFileFlag(c, &identityFile)
	c.Flags().BoolVar(&repair, "repair", false, "save what is left of a damaged store")
	return c
}

// A finding is one line of doctor.
type finding struct {
	Check string `json:"check"` // store, hardware-id, the key source (keyring, file, passphrase), binding, secrets, recovery, contents
	Level string `json:"level"` // ok, warning, error
	State string `json:"state"` // a short name, made for programs
	Fact  string `json:"fact"`
	Next  string `json:"next,omitempty"`

	code int
}

// A diagnosisError carries the worst finding to the exit code; doctor has said
// all there is to say.
type diagnosisError struct{ code int }

func (e *diagnosisError) Error() string { return "something is wrong" }

func runDoctor(sys Sys, at *place, c *cobra.Command, asJSON, deep bool, identityFile string) error {
	sys = sys.alone()
	findings := examine(sys, at, c)
	if deep {
		if findings[0].State == "damaged" { // what there is to do, the contents say
			findings[0].Next = ""
		}
		findings = append(findings, examineContents(sys, at, identityFile, failure(c))...)
	}
	var err error
	if asJSON {
		err = writeJSON(sys, map[string]any{"checks": findings, "exit_status": worst(findings)})
	} else {
		err = writeFindings(sys, findings)
	}
	if code := worst(findings); err == nil && code != exitOK {
		return &diagnosisError{code}
	}
	return err
}

// severity orders the exit codes from the worst to the least.
var severity = []int{exitDamaged, exitHardware, exitKeyring, exitHuman, exitRefused, exitBusy, exitNotFound, exitFailed}

func worst(findings []finding) int {
	for _, code := range severity {
		for _, f := range findings {
			if f.code == code {
				return code
			}
		}
	}
	return exitOK
}

func writeFindings(sys Sys, findings []finding) error {
	colours := map[string]string{"ok": green, "warning": yellow, "error": red}
	var rows [][]string
	for _, f := range findings {
		rows = append(rows, []string{f.Check, paint(sys, sys.Stdout, colours[f.Level], f.Level), f.Fact})
		for line := range strings.Lines(f.Next) {
			// The colours of nothing, since a column is as wide as its bytes.
			rows = append(rows, []string{"", paint(sys, sys.Stdout, colours[f.Level], ""), "-> " + strings.TrimRight(line, "\n")})
		}
	}
	return writeTable(sys, rows)
}

// failure makes errors into findings.
func failure(c *cobra.Command) func(check string, err error) finding {
	return func(check string, err error) finding {
		a := adviceFor(c, err)
		return finding{Check: check, Level: "error", State: stateName(err), Fact: sentence(err), Next: a.hint, code: a.code}
	}
}

// examine looks at everything, and at each part even where another has failed.
func examine(sys Sys, at *place, c *cobra.Command) []finding {
	failed := failure(c)
	path, err := at.store(sys)
	if err != nil {
		return []finding{failed("store", err)}
	}
	s, err := store.Open(path, at.options())
	if err != nil {
		findings := []finding{failed("store", err), examineHardware(sys, false, "", failed)}
		if errors.Is(err, store.ErrNoStore) { // else it is not known where the key lies
			command := "init" + at.flags()
			if _, err := sys.Hardware(); err != nil {
				command += " --no-hardware-id"
			}
			findings = append(findings, examineKeySource(sys, at, sourceKeyring, func(check string, err error) finding {
				return failed(check, &unusableError{source: sourceKeyring, command: command, err: err}) // there is a choice yet
			}))
		}
		return findings
	}
	h := s.Header()
	failed = func(check string, err error) finding { return failure(c)(check, unopened(at, err, h)) }
	findings := []finding{
		{Check: "store", Level: "ok", State: "ok", Fact: printable(path)},
		examineHardware(sys, true, h.HardwareSource, failed),
		examineKeySource(sys, at, h.KeySource, failed),
	}
	binding := finding{Check: "binding", Level: "ok", State: "ok", Fact: bindingWords(h.KeySource, h.HardwareSource)}
	if h.HardwareSource == "" {
		binding.Level, binding.State = "warning", "key-alone"
		binding.Next = "who has the key can open the store on any machine"
	}
	opened, err := openIfMended(sys, at, findings)
	switch {
	case opened != nil:
		defer opened.Close()
		findings = append(findings, examineSecrets(sys, opened, failed))
	case errors.Is(err, errNobodyToAsk):
		binding = unasked("binding")
	case err != nil:
		binding = failed("binding", err)
	default:
		binding.Level, binding.State, binding.Next = "error", "unknown", ""
		binding.Fact = "not known before that is mended"
	}
	return append(findings, binding, recoveryFinding(h, opened != nil || errors.Is(err, errNobodyToAsk), failed))
}

// unasked is a look that a passphrase would be needed for.
func unasked(check string) finding {
	return finding{
		Check: check, Level: "warning", State: "unasked",
		Fact: "not known: doctor asks for no passphrase",
		Next: "to give it one: secrets doctor --passphrase-fd N",
	}
}

// openIfMended opens the store, but not where a finding says already why it
// cannot be opened: a keyring that hangs would be waited for twice.
func openIfMended(sys Sys, at *place, findings []finding) (*store.Store, error) {
	if worst(findings) != exitOK {
		return nil, nil
	}
	return openStore(sys, at)
}

func examineHardware(sys Sys, made bool, bound string, failed func(string, error) finding) finding {
	id, err := sys.Hardware()
	switch {
	case err != nil && bound != "":
		return failed("hardware-id", &hardwareError{bound: true, err: err})
	case err != nil:
		f := failed("hardware-id", &hardwareError{err: err})
		f.Level, f.code = "warning", exitOK // a store need not be bound to it
		if made {
			f.Next = ""
		}
		return f
	case id.Container:
		return finding{
			Check: "hardware-id", Level: "warning", State: "container",
			Fact: id.Source + " of a container: it may be the image's, and shared by all that run it",
		}
	default:
		return finding{Check: "hardware-id", Level: "ok", State: "ok", Fact: id.Source}
	}
}

func examineKeySource(sys Sys, at *place, name string, failed func(string, error) finding) finding {
	source, err := keySource(sys, at, name)
	if err == nil {
		err = source.Probe()
	}
	if err != nil {
		return failed(name, err)
	}
	if err := at.mayKeep(sys, source); err != nil {
		return finding{
			Check: name, Level: "warning", State: "in-store", Fact: sentence(err),
			Next: "move it to a folder of its own, and name it with --key-file or SECRETS_KEY_FILE",
		}
	}
	return finding{Check: name, Level: "ok", State: "ok", Fact: "can serve"}
}

func examineSecrets(sys Sys, s *store.Store, failed func(string, error) finding) finding {
	metas, err := s.List()
	if err != nil {
		return failed("secrets", err)
	}
	f := finding{Check: "secrets", Level: "ok", State: "ok", Fact: count(len(metas), "secret")}
	var late []string
	for _, m := range metas {
		if expired(m, sys.Now()) {
			late = append(late, m.Label)
		}
	}
	if len(late) > 0 {
		f.Level, f.State = "warning", "expired"
		f.Fact += ", of which expired: " + strings.Join(late, ", ")
		f.Next = "put a new value in its place: secrets set " + late[0] + " --replace"
	}
	return f
}

// stateName is the short name of an error for programs.
func stateName(err error) string {
	var key machine.State
	var hardware machine.HardwareState
	switch {
	case errors.As(err, &hardware):
		return string(hardware)
	case errors.As(err, &key):
		return string(key)
	case errors.Is(err, machine.ErrHardwareChanged):
		return "changed"
	case errors.Is(err, machine.ErrWrongKey):
		return "wrong-key"
	case errors.Is(err, store.ErrNoStore):
		return "absent"
	case errors.As(err, new(*store.DamageError)), errors.Is(err, machine.ErrSlotDamaged), errors.Is(err, errNoSlot):
		return "damaged"
	case errors.As(err, new(*store.PermissionError)), errors.As(err, new(*machine.UnsafeFileError)):
		return "permissions"
	case errors.As(err, new(*store.OwnerError)):
		return "other-owner"
	case errors.As(err, new(*store.KindError)):
		return "not-a-file"
	case errors.As(err, new(*store.RemoteError)):
		return "remote-file-system"
	case errors.As(err, new(*store.NewerFormatError)), errors.As(err, new(*store.CriticalError)):
		return "newer-version"
	default:
		return "failed"
	}
}

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"secrets/machine/transfer"
	"secrets/redact"
	"secrets/store"
)

var (
	errDeepIdentity = errors.New("--identity-file is for --deep and --repair")
	errRepairAlone  = errors.New("--repair goes alone")
	errRepaired     = errors.New("what was saved before is there already")
	errBeyondRepair = errors.New("nothing is left that could be saved")
)

// openRemains finds what is left of the store, and opens it: by its key or, where a
// file with an identity is named, by a recovery.
func openRemains(sys Sys, at *place, identityFile string) (*store.Remains, error) {
	path, err := at.store(sys)
	if err != nil {
		return nil, err
	}
	r, err := store.ReadRemains(path, at.options())
	if errors.As(err, new(*store.DamageError)) {
		err = fmt.Errorf("%w: %w", errBeyondRepair, err)
	}
	if err != nil {
		return nil, err
	}
	if identityFile == "" {
		err = unlock(sys, at, r)
	} else {
		var key redact.Value
		_, key, err = recoveryKey(sys, r.Header(), identityFile, r.Unlock)
		key.Wipe()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// examineContents reads the whole file, down to each value.
func examineContents(sys Sys, at *place, identityFile string, failed func(string, error) finding) []finding {
	r, err := openRemains(sys, at, identityFile)
	if errors.Is(err, store.ErrNoStore) {
		return nil // which is a finding already
	}
	if errors.Is(err, errNobodyToAsk) {
		f := unasked("contents")
		f.Level, f.code = "error", exitHuman // it is what was wanted
		return []finding{f}
	}
	var report store.Report
	if err == nil {
		defer r.Close()
		report, err = r.Report()
	}
	if err != nil {
		return []finding{failed("contents", err)}
	}
	if report.Damage == nil {
		return []finding{{Check: "contents", Level: "ok", State: "ok", Fact: "whole: each value was opened"}}
	}
	f := failed("contents", report.Damage)
	f.Next = strings.Join(append(remainsWords(report, r.Header()), "to save what is left into a new file: secrets doctor"+at.flags()+" --repair"+identityFlag(identityFile)), "\n")
	return []finding{f}
}

// remainsWords says what is left, and what is not.
func remainsWords(r store.Report, h store.Header) []string {
	var lines []string
	line := func(words string, labels []string) {
		if len(labels) > 0 {
			lines = append(lines, words+": "+strings.Join(labels, ", "))
		}
	}
	line("can be saved", r.Proven)
	line("can be saved, but may not be the newest", r.Unproven)
	line("lost", r.Lost)
	if r.Unnamed > 0 {
		lines = append(lines, fmt.Sprintf("can be saved, but has lost its label: %d", r.Unnamed))
	}
	if r.Gone > 0 {
		lines = append(lines, fmt.Sprintf("lost, label and all: %d", r.Gone))
	}
	if recoveries, err := transfer.RecoverySlots(h.Slots); !r.Header && (err != nil || len(recoveries) > 0) {
		lines = append(lines, "nothing proves that the recoveries in it are yours: look at them (secrets recovery list), and rekey")
	}
	return lines
}

func identityFlag(file string) string {
	if file == "" {
		return ""
	}
	return " --identity-file " + quoted(file)
}

// runRepair saves what is left into a file beside the store.
func runRepair(sys Sys, at *place, identityFile string) error {
	r, err := openRemains(sys, at, identityFile)
	if err != nil {
		return err
	}
	defer r.Close()
	report, err := r.Report()
	if err != nil {
		return err
	}
	if report.Damage == nil {
		say(sys, "the store is whole: there is nothing to repair")
		return nil
	}
	saved := len(report.Proven) + len(report.Unproven) + report.Unnamed
	if saved == 0 {
		return fmt.Errorf("%w: %w", errBeyondRepair, report.Damage)
	}
	to, report, err := r.Save()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", errRepaired, to)
	}
	if err != nil {
		return err
	}
	say(sys, "%s", sentence(report.Damage))
	for _, line := range remainsWords(report, r.Header()) {
		say(sys, "%s", line)
	}
	say(sys, "saved %s to %s; the damaged store stays as it is", count(saved, "secret"), printable(to))
	if key, err := vaultKey(sys.alone(), at, r.Header()); err == nil || identityFile == "" {
		key.Wipe()
		say(sys, "to put it in the store's place: secrets restore%s --replace %s", at.flags(), quoted(to))
		return nil
	}
	say(sys, "to put it in the store's place: %s; then: secrets recover%s", putInPlace(to, strings.TrimSuffix(to, store.RepairedName)+store.FileName), at.flags()+identityFlag(identityFile))
	return nil
}

// Package redact carries secrets without showing them, and masks them in what
// programs print.
//
// Value carries the bytes of a secret; nothing that formats, encodes or logs it
// shows them. Masker and Writer replace a value in a stream by [secret:LABEL],
// in every form it commonly takes. In the order of reading:
//
//	value.go        what carries a secret
//	forms.go        what is searched: the forms of a value, and what is no form
//	parts.go        … that are secrets by themselves
//	credentials.go  … beside the name of a user or of a host
//	fields.go       … by the name of their field
//	privatekey.go   … in a private key
//	encode.go       … as programs spell it
//	view.go         where it is searched: texts that remember where they came from
//	marks.go        … and where they may differ from it
//	terminal.go     … the text without line breaks and terminal codes
//	escape.go       … with escapes undone
//	dump.go         … and what a dump spells
//	dumpline.go     … on one of its lines
//	scan.go         all of these, on one stretch of a stream
//	index.go        how: sampled grams find thousands of patterns at once
//	beginning.go    what may become a match is held back
//	mask.go         what is masked, and under which label
//	writer.go       how a stream is written
//	masker.go       many secrets, many streams
//
// docs/masking.md says what is caught and what is not.
//
// Floor 0: the standard library only.
package redact

// Package store keeps labelled secrets, sealed, in one bbolt file.
//
// The rules are:
//   - Every write builds a fresh file beside the old one, under store.lock, and
//     renames it into place. A reader opens what is there and needs no lock.
//   - Everything read is checked against the signed manifest before it is
//     believed: what comes out is the current value or a *DamageError.
//   - A writer checks the whole store first, so a damaged one is never written
//     over.
//
// docs/format.md has the file to the byte.
//
// Floor 1: redact, bbolt, x/crypto and x/sys.
package store

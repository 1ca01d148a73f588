// Package machine binds a store to this machine. A key source holds one
// 32-byte key for each epoch of a store: in the operating system's keyring
// (KeyringSource) or in a file of its own (FileSource); or it asks for a
// passphrase (PassphraseSource). A Slot wraps the store's vault key under that
// key and the hardware ID together.
//
// The rules are:
//
//   - No source ever stands in for another: what cannot be read is an error.
//   - A key that exists is never overwritten, and a new one is read back.
//   - The keyring is probed first, and every call has a deadline.
//   - The wrong key, other hardware and a damaged slot are three errors.
//   - The machine's own ID is hashed where it is read and shown nowhere.
//
// Floor 1: the standard library, go-keyring and godbus, x/crypto, x/sys and
// redact.
package machine

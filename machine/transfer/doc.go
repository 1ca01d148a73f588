// Package transfer is how keys and secrets leave this machine and come to it: as
// age files (age-encryption.org/v1) for the holder of an identity. A
// RecoverySlot holds the store's vault key for the day when this machine is
// gone, a Bundle a few secrets for another machine, and an IdentitySlot the
// identity that other machines encrypt to.
//
// The rules are:
//
//   - A new identity is post-quantum: such files lie in repositories and backups
//     for longer than today's elliptic curves may last.
//   - age says who can read a file, not who wrote it. What a file claims is
//     checked after it was opened, and whoever uses it is told.
//   - A wrong identity, a damaged file, another store and a passed date are four
//     errors, and none of them quotes what was read.
//   - Nothing asks, prints or writes a file here.
//
// Floor 2: the standard library, age, machine and redact.
package transfer

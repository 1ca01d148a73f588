package transfer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"secrets/machine"
	"secrets/redact"
)

// RecoveryType is the type of a recovery slot.
const RecoveryType = "recovery"

// recoveryPurpose begins what a recovery slot encrypts; store id, epoch
// (uint64, big-endian) and vault key follow. age binds a file to nothing, so the
// plaintext says what it is for.
const recoveryPurpose = "secrets/v1/recovery"

const vaultKeySize = 32

// errKeySize guards against a recovery of nothing at all.
var errKeySize = fmt.Errorf("a vault key is %d bytes long", vaultKeySize)

// A RecoverySlot holds the vault key for whoever has one of the identities. It
// lies in the store's header beside the slots of machine.
type RecoverySlot struct {
	ID         uint64   `json:"id"`
	Type       string   `json:"type"`       // RecoveryType
	Recipients []string `json:"recipients"` // as they were given, to seal to them again
	File       []byte   `json:"file"`       // an age file
}

// NewRecoverySlot seals the vault key of e to recipients. The id is unlike that
// of every other slot of the store.
func NewRecoverySlot(id uint64, e machine.Epoch, vaultKey redact.Value, to Recipients) (RecoverySlot, error) {
	if vaultKey.Len() != vaultKeySize {
		return RecoverySlot{}, errKeySize
	}
	plain := append(recoveryHead(e), vaultKey.Expose()...)
	defer clear(plain)
	file, err := seal(plain, to)
	if err != nil {
		return RecoverySlot{}, err
	}
	return RecoverySlot{ID: id, Type: RecoveryType, Recipients: to.Texts(), File: file}, nil
}

// Open returns the vault key of e. ErrOtherStore is that of a slot which was
// copied from another store, or from another epoch of this one.
func (s RecoverySlot) Open(e machine.Epoch, with Identities) (redact.Value, error) {
	plain, err := open(s.File, with)
	if err != nil {
		return redact.Value{}, err
	}
	defer clear(plain)
	head := recoveryHead(e)
	if len(plain) != len(head)+vaultKeySize || !bytes.HasPrefix(plain, []byte(recoveryPurpose)) {
		return redact.Value{}, ErrMalformed
	}
	if !bytes.HasPrefix(plain, head) {
		return redact.Value{}, ErrOtherStore
	}
	return redact.NewValue(bytes.Clone(plain[len(head):])), nil
}

// Reseal seals another vault key, that of e, to the same recipients. It needs no
// identity; human is for recipients of plugins.
func (s RecoverySlot) Reseal(e machine.Epoch, vaultKey redact.Value, human Human) (RecoverySlot, error) {
	to, err := ParseRecipients(s.Recipients, human)
	if err != nil {
		return RecoverySlot{}, fmt.Errorf("recovery slot %d: %w", s.ID, err)
	}
	return NewRecoverySlot(s.ID, e, vaultKey, to)
}

// RecoverySlots finds them among the slots of a header.
func RecoverySlots(slots []json.RawMessage) ([]RecoverySlot, error) {
	var found []RecoverySlot
	for _, raw := range slots {
		typ, err := slotType(raw)
		if err != nil {
			return nil, err
		}
		if typ != RecoveryType {
			continue
		}
		var s RecoverySlot
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
		}
		found = append(found, s)
	}
	return found, nil
}

func recoveryHead(e machine.Epoch) []byte {
	head := make([]byte, 0, len(recoveryPurpose)+len(e.Store)+8+vaultKeySize) // room for the key
	head = append(append(head, recoveryPurpose...), e.Store[:]...)
	return binary.BigEndian.AppendUint64(head, e.Number)
}

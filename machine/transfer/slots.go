package transfer

import (
	"encoding/json"
	"fmt"

	"secrets/machine"
	"secrets/redact"
)

// An IdentitySlot holds this machine's identity, wrapped under the vault key:
// who can open the store can open what was encrypted to this machine. The
// recipient is no secret, and shown without any key.
type IdentitySlot struct {
	machine.Slot
	Recipient string `json:"recipient"`
}

// NewIdentitySlot makes an identity for this machine. The id is unlike that of
// every other slot of the store.
func NewIdentitySlot(id uint64, e machine.Epoch, vaultKey redact.Value) (IdentitySlot, error) {
	identity, recipient, err := NewIdentity()
	if err != nil {
		return IdentitySlot{}, err
	}
	defer identity.Wipe()
	s := IdentitySlot{machine.NewSlot(id, machine.IdentityType), recipient}
	return s, s.SealIdentity(vaultKey, e, identity)
}

// FindIdentitySlot finds it among the slots of a header; there may be none.
func FindIdentitySlot(slots []json.RawMessage) (s IdentitySlot, found bool, err error) {
	for _, raw := range slots {
		typ, err := slotType(raw)
		if err != nil {
			return IdentitySlot{}, false, err
		}
		if typ != machine.IdentityType {
			continue
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			return IdentitySlot{}, false, fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
		}
		return s, true, nil
	}
	return IdentitySlot{}, false, nil
}

// A Key is the vault key of one epoch.
type Key struct {
	Epoch    machine.Epoch
	VaultKey redact.Value
}

// CarryOver returns the slots that a store keeps through a rekey, sealed under
// the new key: those of recovery and of the machine's identity. Those of key
// sources are left out, since rekey makes a new one. The slots must be those of
// a store that was unlocked: only then is it sure who the recipients are.
//
// A slot of another type is ErrUnknownSlot: it would be lost.
func CarryOver(slots []json.RawMessage, from, to Key, human Human) ([]json.RawMessage, error) {
	var kept []json.RawMessage
	for _, raw := range slots {
		typ, err := slotType(raw)
		if err != nil {
			return nil, err
		}
		var fresh any
		switch typ {
		case machine.KeyringSource{}.Type(), machine.FileSource{}.Type(), machine.PassphraseSource{}.Type():
			continue
		case RecoveryType:
			fresh, err = carryRecovery(raw, to, human)
		case machine.IdentityType:
			fresh, err = carryIdentity(raw, from, to)
		default:
			return nil, fmt.Errorf("%w: %q", ErrUnknownSlot, typ)
		}
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(fresh)
		if err != nil {
			return nil, err
		}
		kept = append(kept, raw)
	}
	return kept, nil
}

func carryRecovery(raw json.RawMessage, to Key, human Human) (s RecoverySlot, err error) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
	}
	return s.Reseal(to.Epoch, to.VaultKey, human)
}

func carryIdentity(raw json.RawMessage, from, to Key) (s IdentitySlot, err error) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
	}
	identity, err := s.OpenIdentity(from.VaultKey, from.Epoch)
	if err != nil {
		return s, err
	}
	defer identity.Wipe()
	s.Slot = machine.NewSlot(s.ID, machine.IdentityType)
	return s, s.SealIdentity(to.VaultKey, to.Epoch, identity)
}

func slotType(raw json.RawMessage) (string, error) {
	var slot struct{ Type string }
	if err := json.Unmarshal(raw, &slot); err != nil {
		return "", fmt.Errorf("%w: %w", machine.ErrSlotDamaged, err)
	}
	return slot.Type, nil
}

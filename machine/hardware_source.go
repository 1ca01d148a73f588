package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"time"
)

// The sources of macOS and Windows, apart from the one line that names them, so
// that every system can test them.

// ioregPatience is how long ioreg may take. It answers in milliseconds.
const ioregPatience = 3 * time.Second

// readPlatformUUID asks the program ioreg, with no stdin and no patience for
// one that hangs.
func readPlatformUUID(ioreg string) (HardwareID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ioregPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, ioreg, "-rd1", "-c", "IOPlatformExpertDevice")
	cmd.WaitDelay = 100 * time.Millisecond // for a child of it that keeps the pipe
	out, err := cmd.Output()
	if err != nil {
		return NoHardwareID, fmt.Errorf("%w: %s: %w", HardwareAbsent, ioreg, err)
	}
	_, rest, found := bytes.Cut(out, []byte(`"IOPlatformUUID" = "`))
	uuid, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		return NoHardwareID, fmt.Errorf("%w: %s named no IOPlatformUUID", HardwareAbsent, ioreg)
	}
	return NewHardwareID("IOPlatformUUID", string(uuid))
}

// readMachineGUID takes what the registry gives.
func readMachineGUID(registry func() (string, error)) (HardwareID, error) {
	guid, err := registry()
	if errors.Is(err, fs.ErrNotExist) {
		return NoHardwareID, HardwareAbsent
	}
	if err != nil {
		return NoHardwareID, fmt.Errorf("%w: %w", HardwareInvalid, err)
	}
	return NewHardwareID("MachineGuid", guid)
}

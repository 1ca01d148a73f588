package machine

import "golang.org/x/sys/windows/registry"

// ReadHardwareID reads the ID of this machine: MachineGuid, which Windows Setup
// makes. Its errors wrap a HardwareState and never quote the ID.
func ReadHardwareID(func(string) string) (HardwareID, error) {
	return readMachineGUID(func() (string, error) {
		// A 32-bit process would be shown another, empty key.
		const access = registry.QUERY_VALUE | registry.WOW64_64KEY
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, access)
		if err != nil {
			return "", err
		}
		defer func() { _ = key.Close() }()
		guid, _, err := key.GetStringValue("MachineGuid")
		return guid, err
	})
}

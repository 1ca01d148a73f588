package machine

// ReadHardwareID reads the ID of this machine: IOPlatformUUID, which belongs
// to the logic board. Its errors wrap a HardwareState and never quote the ID.
func ReadHardwareID(func(string) string) (HardwareID, error) {
	return readPlatformUUID("/usr/sbin/ioreg") // absolute: a PATH could shadow it
}

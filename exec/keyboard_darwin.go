package exec

import "os"

// A keyboard is what is typed at a terminal.
type keyboard struct{ *os.File }

// waiting is for what only Linux does to the keys that wait.
func (keyboard) waiting() int { return 0 }

// openKeyboard opens the terminal of our session, and its keyboard.
func openKeyboard() (*os.File, keyboard, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	return tty, keyboard{tty}, err
}

package exec

import (
	"os"
	"os/signal"
	"syscall"
)

// mortal is how a child is started. macOS has no signal for the death of a
// parent: a program on pipes outlives us if we are killed by KILL.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// news of a child come as SIGCHLD: there is no waitid of macOS to call.
type news chan os.Signal

func awaitNews() news {
	deaths := make(news, 1)
	signal.Notify(deaths, syscall.SIGCHLD)
	return deaths
}

func (n news) wait(int) { <-n }

func (n news) close() { signal.Stop(n) }

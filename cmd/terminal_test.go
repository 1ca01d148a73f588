//go:build unix

package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// A seat is a terminal that somebody sits at: what is typed goes in, what is shown
// stays on its screen.
type seat struct {
	keys   *os.File // what the human holds
	tty    *os.File // what the programs hold
	before *term.State
	pid    int // the group in the terminal's foreground

	mu    sync.Mutex
	text  bytes.Buffer
	shown chan struct{} // something more was shown
}

// patience is how long something may take that takes next to nothing.
const patience = 30 * time.Second

// at runs secrets on a terminal, under a shell that stays when secrets has ended:
// the end of a session's leader would put the terminal in order again, and hide
// what secrets left.
func (h *home) at(t *testing.T, env []string, args ...string) *seat {
	t.Helper()
	c := h.command(env, args...)
	shell := exec.Command("sh", append([]string{"-c", `trap : INT TERM HUP QUIT; "$@"; echo "[end $?]"; read _`, "sh"}, c.Args...)...)
	shell.Dir, shell.Env = c.Dir, c.Env
	return sit(t, shell)
}

// sit starts a command that leads the session of a terminal.
func sit(t *testing.T, c *exec.Cmd) *seat {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &seat{keys: keys, tty: tty, shown: make(chan struct{}, 1)}
	s.before = s.state(t)
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = c.Process.Pid
	go s.read()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = tty.Close()
		_ = keys.Close()
	})
	return s
}

func (s *seat) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.keys.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.text.Write(buf[:n])
		s.mu.Unlock()
		select {
		case s.shown <- struct{}{}:
		default:
		}
	}
}

func (s *seat) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// wait waits until the screen shows text.
func (s *seat) wait(t *testing.T, text string) {
	t.Helper()
	late := time.After(patience)
	for !strings.Contains(s.screen(), text) {
		select {
		case <-s.shown:
		case <-late:
			t.Fatalf("the screen does not show %q:\n%q", text, s.screen())
		}
	}
}

func (s *seat) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// answer waits for a question and types.
func (s *seat) answer(t *testing.T, question, keys string) {
	t.Helper()
	s.wait(t, question)
	s.press(t, keys)
}

// end waits for the end of secrets, which has to leave the terminal as it was,
// and have said no word of what must not be shown.
func (s *seat) end(t *testing.T, status int, hidden ...string) {
	t.Helper()
	s.wait(t, "[end ")
	s.wait(t, "]\r\n")
	screen := s.screen()
	if want := fmt.Sprintf("[end %d]", status); !strings.Contains(screen, want) {
		t.Errorf("the screen does not show %s:\n%q", want, screen)
	}
	for _, text := range hidden {
		if strings.Contains(screen, text) {
			t.Errorf("the screen shows %q:\n%q", text, screen)
		}
	}
	if got := s.state(t); *got != *s.before {
		t.Errorf("the terminal was %+v, it is %+v", *s.before, *got)
	}
	if strings.Count(screen, "\x1b[?2004h") != strings.Count(screen, "\x1b[?2004l") {
		t.Errorf("the terminal still marks pastes:\n%q", screen)
	}
}

// waitRaw waits until the terminal is in another mode than at first.
func (s *seat) waitRaw(t *testing.T) {
	t.Helper()
	for late := time.Now().Add(patience); *s.state(t) == *s.before; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the terminal stays as it was:\n%q", s.screen())
		}
	}
}

// state is the mode that the terminal is in.
func (s *seat) state(t *testing.T) *term.State {
	t.Helper()
	state, err := term.GetState(int(s.tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// value is what a label holds, byte for byte.
func (h *home) value(t *testing.T, label string) string {
	t.Helper()
	h.must(t, "", "exec", "--use", "V="+label, "--", "sh", "-c", `printf %s "$V" >value`)
	text, err := os.ReadFile(filepath.Join(h.dir, "value"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

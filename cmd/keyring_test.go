//go:build keyring && linux

package cmd_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// Tests of the program as it is installed, with real keyrings:
//
//	.ci/keyring-session go test -tags keyring -run Keyring ./cmd
//
// Debian: dbus-daemon gnome-keyring libsecret-tools.

// client is a program on the bus of the session.
func (s session) client(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+s.address)
	return c
}

// lock locks the keyring that holds our items.
func (s session) lock(t *testing.T) {
	t.Helper()
	out, err := s.client("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// items are the names of our items, one for each key.
func (s session) items(t *testing.T) (names []string) {
	t.Helper()
	// Its stderr has the attributes.
	out, err := s.client("secret-tool", "search", "--all", "service", "dev.secrets.cli").CombinedOutput()
	if err != nil && len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, name, ok := strings.Cut(line, "attribute.username = "); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// keep puts a text in the place of an item, as another program may.
func (s session) keep(t *testing.T, name, text string) {
	t.Helper()
	c := s.client("secret-tool", "store", "--label", "of another program", "service", "dev.secrets.cli", "username", name)
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func (s session) item(t *testing.T, name string) string {
	t.Helper()
	text, err := s.client("secret-tool", "lookup", "service", "dev.secrets.cli", "username", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (s session) forget(t *testing.T, name string) {
	t.Helper()
	if out, err := s.client("secret-tool", "clear", "service", "dev.secrets.cli", "username", name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestKeyring(t *testing.T) {
	program := build(t)
	for name, test := range map[string]func(*testing.T, session, *home){
		"main path":      keyringMainPath,
		"many execs":     keyringManyExecs,
		"many inits":     keyringManyInits,
		"locked":         keyringLocked,
		"frozen":         keyringFrozen,
		"deleted":        keyringDeleted,
		"malformed":      keyringMalformed,
		"another's item": keyringAnother,
		"dismissed":      keyringDismissed,
		"no bus":         keyringNoBus,
		"no provider":    keyringNoProvider,
		"silent socket":  keyringSilent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			h := s.home(t, program)
			t.Cleanup(func() {
				if left := processesOf(t, h); len(left) > 0 {
					t.Errorf("left running: %q", left)
				}
			})
			test(t, s, h)
		})
	}
}

// processesOf are the programs that have the home in their environment.
func processesOf(t *testing.T, h *home) (names []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		environ, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(environ), "\x00"), "HOME="+h.dir) {
			continue // it ended meanwhile, or is another's
		}
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm"))
		names = append(names, strings.TrimSpace(string(name)))
	}
	return names
}

func keyringMainPath(t *testing.T, s session, h *home) {
	const value = "sk-7Qm2xV9tLw4RzB81-aJ0uYk6"
	h.must(t, value+"\n", "set", "canary") // makes the store
	if items := s.items(t); len(items) != 1 {
		t.Errorf("items %q, want one", items)
	}
	if got := h.must(t, "", "list"); !strings.Contains(got, "canary") {
		t.Errorf("list: got %q", got)
	}
	got := h.must(t, "", "exec", "--use", "canary", "--", "sh", "-c", `echo "key=$CANARY"; test ${#CANARY} -eq 27`)
	if want := "key=[secret:canary]\n"; got != want {
		t.Errorf("exec: got %q, want %q", got, want)
	}
	if got := h.must(t, "", "doctor"); !strings.Contains(got, "can serve") {
		t.Errorf("doctor: got %q", got)
	}
	if _, err := os.Stat(h.keyFile()); err == nil {
		t.Error("there is a key file besides")
	}
	s.at(t, h, "destroy", "Type destroy", "destroy\r")
	if items := s.items(t); len(items) != 0 {
		t.Errorf("after destroy there are items %q", items)
	}
}

// at answers a question of secrets on a terminal.
func (s session) at(t *testing.T, h *home, command, question, answer string) {
	t.Helper()
	seat := h.at(t, nil, command)
	seat.answer(t, question, answer)
	seat.end(t, 0)
}

func keyringManyExecs(t *testing.T, _ session, h *home) {
	h.must(t, canaries["PEM"], "set", "canary")
	manyExecs(t, h, canaries["PEM"])
}

func keyringManyInits(t *testing.T, s session, h *home) {
	manyInits(t, h, "keyring")
	if items := s.items(t); len(items) != 1 {
		t.Errorf("items %q, want one", items)
	}
}

// closedStore runs what has to fail on a store whose key cannot be had, and
// within reason: nobody is there to be waited for. None makes a new key.
func closedStore(t *testing.T, h *home, status int, fact string) {
	t.Helper()
	const patience = 10 * time.Second // 3.5 s is what is promised
	commands := [][]string{{"list"}, {"set", "another"}, {"exec", "--use", "canary", "--", "true"}, {"doctor"}}
	atOnce(len(commands), func(i int) {
		args, want := commands[i], status
		if args[0] == "exec" {
			want = 125
		}
		began := time.Now()
		e := h.status(t, want, "value of another", args...)
		if took := time.Since(began); took > patience {
			t.Errorf("%s took %v", args[0], took)
		}
		if !strings.Contains(e.stdout+e.stderr, fact) {
			t.Errorf("%s says nothing of %q: %s%s", args[0], fact, e.stdout, e.stderr)
		}
	})
}

// A prompt would be waited for, and so be seen.
func keyringLocked(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	s.lock(t)
	closedStore(t, h, 4, "the keyring is locked")
}

func keyringFrozen(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(s.pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	})
	closedStore(t, h, 5, "the keyring did not answer in time")
	bare := s.home(t, h.program)
	bare.status(t, 5, "", "init")
	if _, err := os.Stat(bare.store()); err == nil {
		t.Error("init made a store though the keyring does not answer")
	}
}

func keyringDeleted(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	s.forget(t, s.items(t)[0])
	closedStore(t, h, 5, "the store's key is not there")
	if items := s.items(t); len(items) != 0 {
		t.Errorf("there are items %q again", items)
	}
}

func keyringMalformed(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	name := s.items(t)[0]
	s.keep(t, name, "not a key")
	closedStore(t, h, 7, "the store's key is malformed")
	if got := s.item(t, name); got != "not a key" {
		t.Errorf("the item is %q now", got)
	}
}

func keyringAnother(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	name := s.items(t)[0]
	other := s.home(t, h.program)
	other.must(t, "", "init")
	for _, item := range s.items(t) {
		if item != name {
			s.keep(t, name, s.item(t, item))
		}
	}
	closedStore(t, h, 7, "the key is not the one of this store")
	other.must(t, "", "list")
}

func keyringNoBus(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	h.env = append(h.env, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	closedStore(t, h, 5, "the session bus cannot be reached")
}

// dismissing stands for the program that asks for the keyring's password, and is
// dismissed each time.
type dismissing struct{ asked atomic.Int32 }

func (d *dismissing) BeginPrompting(dbus.ObjectPath) *dbus.Error {
	d.asked.Add(1)
	return dbus.NewError("org.gnome.keyring.Prompter.Error.Failed", []any{"dismissed"})
}

// Only where somebody sits at a terminal is the keyring's own question waited
// for, and its dismissal is an answer.
func keyringDismissed(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	conn, err := dbus.Connect(s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	d := &dismissing{}
	if err := conn.Export(d, "/org/gnome/keyring/Prompter", "org.gnome.keyring.internal.Prompter"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.gnome.keyring.SystemPrompter", 0); err != nil {
		t.Fatal(err)
	}
	s.lock(t)
	bare := s.home(t, h.program)
	for _, at := range []*seat{h.at(t, nil, "list"), bare.at(t, nil, "init")} {
		at.wait(t, "error:")
		at.wait(t, "the keyring is locked")
		at.end(t, 4)
	}
	if d.asked.Load() == 0 {
		t.Error("nobody was asked")
	}
	if _, err := os.Stat(bare.store()); err == nil {
		t.Error("init made a store though the question was dismissed")
	}
}

// A bus on which no program keeps secrets, nor can one be started.
func keyringNoProvider(t *testing.T, s session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	config := filepath.Join(t.TempDir(), "bus.conf")
	text := `<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := exec.Command("dbus-daemon", "--nofork", "--print-address", "--config-file="+config)
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = bus.Process.Kill()
		_ = bus.Wait()
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "DBUS_SESSION_BUS_ADDRESS="+strings.TrimSpace(address))
	closedStore(t, h, 5, "no keyring service runs on the session bus")
}

// A socket that takes connections, and then says nothing.
func keyringSilent(t *testing.T, _ session, h *home) {
	h.must(t, "value of canary", "set", "canary")
	path := filepath.Join(t.TempDir(), "bus")
	socket, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	h.env = append(h.env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+path)
	closedStore(t, h, 5, "the keyring did not answer in time")
}

//go:build keyring && linux

package machine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// Tests with real keyrings, each on a bus of its own:
//
//	go test -tags keyring -run Keyring ./machine
//
// Debian: dbus-daemon gnome-keyring libsecret-tools keepassxc.

// A session is a bus with a gnome-keyring that is unlocked.
type session struct {
	address string
	pid     int // of gnome-keyring-daemon
}

func newSession(t testing.TB) session {
	t.Helper()
	var s session
	line := start(t, "../.ci/keyring-session", "sh", "-c", `echo "$DBUS_SESSION_BUS_ADDRESS $KEYRING_PID"; exec cat`)
	if _, err := fmt.Sscan(line, &s.address, &s.pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return s
}

// start starts a program, returns the first line that it writes, and ends it
// with the test: its stdin closes, and if that is not enough it is killed.
func start(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		late := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return strings.TrimSpace(line)
}

// bareBus is a bus that starts no service by itself.
func bareBus(t *testing.T) (address string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "bus.conf")
	text := `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `dbus-daemon --nofork --print-address --config-file="$0" </dev/null & cat >/dev/null; kill $!`
	return start(t, "sh", "-c", script, config)
}

// on returns the system's keyring on the bus at address. go-keyring keeps one
// connection for the whole process: it is dropped before the next test's bus.
func on(t testing.TB, address string) Keyring {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Cleanup(func() {
		if shared, err := dbus.SessionBus(); err == nil {
			shared.Close()
		}
	})
	return &systemKeyring{getenv: env(map[string]string{"DBUS_SESSION_BUS_ADDRESS": address}), runtime: t.TempDir()}
}

// connect is a client of the test's own.
func connect(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// soon fails the test where a call hangs.
func soon(t *testing.T, call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("hangs")
		return nil
	}
}

func readKey(s KeyringSource) func() error {
	return func() error { _, err := s.Key(testEpoch); return err }
}

func TestKeyringRealKeepsKeys(t *testing.T) {
	testSource(t, KeyringSource{Keyring: on(t, newSession(t).address)})
}

// The item is where and what the format says, as another client sees it.
func TestKeyringRealItem(t *testing.T) {
	s := newSession(t)
	key, err := KeyringSource{Keyring: on(t, s.address)}.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("secret-tool", "lookup", "service", "dev.secrets.cli", "username", testItem).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parseKey(string(out)); err != nil || !got.Equal(key) {
		t.Errorf("another client reads another key, or %v", err)
	}
}

// Pitfalls 6 and 7: an item that was deleted, replaced, or came from another
// store.
func TestKeyringRealItemStates(t *testing.T) {
	source := KeyringSource{Keyring: on(t, newSession(t).address)}
	other := Epoch{Store: [16]byte{9}, Number: 1}
	key, err := source.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Create(other); err != nil {
		t.Fatal(err)
	}
	slot := NewSlot(1, source.Type())
	if err := slot.Seal(key, NoHardwareID, testEpoch, testVaultKey); err != nil {
		t.Fatal(err)
	}
	foreign, err := keyring.Get(keyringService, other.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Set(keyringService, testItem, foreign); err != nil {
		t.Fatal(err)
	}
	key, err = source.Key(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slot.Open(key, NoHardwareID, testEpoch); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another store's key: got %v, want %v", err, ErrWrongKey)
	}
	if err := keyring.Set(keyringService, testItem, "not a key"); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Key(testEpoch); !errors.Is(err, KeyMalformed) {
		t.Errorf("malformed: got %v, want %v", err, KeyMalformed)
	}
	if _, err := source.Create(testEpoch); !errors.Is(err, KeyExists) {
		t.Errorf("malformed, create: got %v, want %v", err, KeyExists)
	}
	if err := keyring.Delete(keyringService, testItem); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Key(testEpoch); !errors.Is(err, KeyMissing) {
		t.Errorf("deleted: got %v, want %v", err, KeyMissing)
	}
}

func BenchmarkKeyringRealKey(b *testing.B) {
	source := KeyringSource{Keyring: on(b, newSession(b).address)}
	if _, err := source.Create(testEpoch); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := source.Key(testEpoch); err != nil {
			b.Fatal(err)
		}
	}
}

// A prompter stands for the program that asks for passwords, and counts.
type prompter struct{ asked atomic.Int32 }

func (p *prompter) BeginPrompting(dbus.ObjectPath) *dbus.Error {
	p.asked.Add(1)
	return dbus.NewError("org.gnome.keyring.Prompter.Error.Failed", []any{"nobody is there"})
}

// Pitfall 4: a locked keyring is told apart at once, and nobody is asked unless
// somebody is there.
func TestKeyringRealLocked(t *testing.T) {
	s := newSession(t)
	source := KeyringSource{Keyring: on(t, s.address)}
	if _, err := source.Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.address)
	p := &prompter{}
	if err := conn.Export(p, "/org/gnome/keyring/Prompter", "org.gnome.keyring.internal.Prompter"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.gnome.keyring.SystemPrompter", 0); err != nil {
		t.Fatal(err)
	}
	lock := conn.Object(secretsName, secretsPath).Call(secretsInterface+".Lock", 0, []dbus.ObjectPath{collectionPath + "login"})
	if lock.Err != nil {
		t.Fatal(lock.Err)
	}
	other := Epoch{Store: [16]byte{9}, Number: 1}
	for what, use := range map[string]func() error{
		"key":    readKey(source),
		"create": func() error { _, err := source.Create(other); return err },
		"delete": func() error { return source.Delete(testEpoch) },
		"probe":  source.Probe,
		"doctor": KeyringSource{Keyring: source.Keyring, Interactive: true}.Probe,
	} {
		if err := soon(t, use); !errors.Is(err, Locked) {
			t.Errorf("%s: got %v, want %v", what, err, Locked)
		}
	}
	if n := p.asked.Load(); n != 0 {
		t.Errorf("a password was asked for %d times", n)
	}
	source.Interactive = true
	if err := soon(t, readKey(source)); !errors.Is(err, Locked) {
		t.Errorf("interactive: got %v, want %v", err, Locked)
	}
	if n := p.asked.Load(); n == 0 {
		t.Error("nobody was asked where somebody was there") // and so the count above proves nothing
	}
}

// Pitfall 3: the daemon is frozen before the probe, or between it and the read.
func TestKeyringRealFrozen(t *testing.T) {
	s := newSession(t)
	k := on(t, s.address)
	source := KeyringSource{Keyring: k}
	if _, err := source.Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	freeze := func() error { return syscall.Kill(s.pid, syscall.SIGSTOP) }
	thaw := func() {
		if err := syscall.Kill(s.pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(thaw)
	if err := freeze(); err != nil {
		t.Fatal(err)
	}
	if err := soon(t, readKey(source)); !errors.Is(err, TimedOut) {
		t.Errorf("before the probe: got %v, want %v", err, TimedOut)
	}
	thaw()
	if err := soon(t, readKey(source)); err != nil {
		t.Errorf("thawed: %v", err)
	}
	source.Keyring = afterProbe{k, freeze}
	if err := soon(t, readKey(source)); !errors.Is(err, TimedOut) {
		t.Errorf("after the probe: got %v, want %v", err, TimedOut)
	}
}

// afterProbe lets something happen between the probe and what follows.
type afterProbe struct {
	Keyring
	happen func() error
}

func (k afterProbe) Probe(ctx context.Context, name string) error {
	return errors.Join(k.Keyring.Probe(ctx, name), k.happen())
}

// TestKeyringRealOneConnection reads a key where go-keyring, which would take a
// connection of its own, finds no bus.
func TestKeyringRealOneConnection(t *testing.T) {
	k := on(t, newSession(t).address)
	if _, err := (KeyringSource{Keyring: k}).Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithTimeout(context.Background(), keyringPatience)
	defer end()
	if err := k.Probe(ctx, testItem); err != nil {
		t.Fatal(err)
	}
	if shared, err := dbus.SessionBus(); err == nil {
		shared.Close()
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	if text, err := k.Get(testItem); err != nil || !strings.HasPrefix(text, keyPrefix) {
		t.Errorf("after the probe: got %q, %v", text, err)
	}
	if _, err := k.Get("another/e1"); err == nil {
		t.Error("another item than the one that was probed for was read")
	}
	end()
	if _, err := k.Get(testItem); !errors.Is(err, TimedOut) {
		t.Errorf("after the end: got %v, want %v", err, TimedOut)
	}
}

func TestKeyringRealNoProvider(t *testing.T) {
	s := KeyringSource{Keyring: on(t, bareBus(t))}
	if err := s.Probe(); !errors.Is(err, NoProvider) {
		t.Errorf("got %v, want %v", err, NoProvider)
	}
}

// Pitfall 8, with the load that a hundred agents make: each reader is a process
// of its own.
func TestKeyringRealParallelReaders(t *testing.T) {
	const wanted = "MACHINE_TEST_WANTED_KEY"
	if want := os.Getenv(wanted); want != "" {
		key, err := KeyringSource{Keyring: SystemKeyring(os.Getenv)}.Key(testEpoch)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(key.Expose()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	key, err := KeyringSource{Keyring: on(t, newSession(t).address)}.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(wanted, hex.EncodeToString(key.Expose()))
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			out, err := exec.Command(os.Args[0], "-test.run", "^TestKeyringRealParallelReaders$").CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}

// Two stores that are made at the same time do not meet.
func TestKeyringRealParallelCreates(t *testing.T) {
	source := KeyringSource{Keyring: on(t, newSession(t).address)}
	var wg sync.WaitGroup
	for n := range 10 {
		wg.Go(func() {
			e := Epoch{Store: [16]byte{byte(n)}, Number: 1}
			made, err := source.Create(e)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := source.Key(e); err != nil || !got.Equal(made) {
				t.Errorf("store %d: another key, or %v", n, err)
			}
		})
	}
	wg.Wait()
}

// Pitfall 11: a keyring that is not unlocked fails the session, though the
// daemon says that all is well.
func TestKeyringRealSessionWrongPassword(t *testing.T) {
	home := t.TempDir()
	for _, tc := range []struct {
		password string
		want     int
	}{{"right", 0}, {"right", 0}, {"wrong", 70}} {
		cmd := exec.Command("../.ci/keyring-session", "true")
		cmd.Env = append(os.Environ(), "KEYRING_HOME="+home, "KEYRING_PASSWORD="+tc.password)
		err := cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != tc.want {
			t.Errorf("%s: exit status %d, want %d: %v", tc.password, got, tc.want, err)
		}
	}
	cmd := exec.Command("../.ci/keyring-session", "sh", "-c", "exit 3")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("the command's own status is lost: %v", err)
	}
}

// Pitfall 9: a second provider, whose collection is not called "login".
func TestKeyringRealKeePassXC(t *testing.T) {
	address := bareBus(t)
	conn := connect(t, address)
	startKeePassXC(t, address)
	waitFor(t, func() bool {
		var path dbus.ObjectPath
		err := conn.Object(secretsName, secretsPath).Call(secretsInterface+".ReadAlias", 0, "default").Store(&path)
		if err != nil || path == "/" {
			return false
		}
		locked, err := conn.Object(secretsName, path).GetProperty(collectionMethods + ".Locked")
		return err == nil && locked.Value() == false
	})
	testSource(t, KeyringSource{Keyring: on(t, address)})
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	for range 300 {
		if ready() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it did not come up")
}

// startKeePassXC opens a fresh database, whose root group is the keyring.
func startKeePassXC(t *testing.T, address string) {
	t.Helper()
	home := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const uuid = "AAECAwQFBgcICQoLDA0ODw==" // base64 of the one below
	xml := write("db.xml", `<?xml version="1.0" encoding="UTF-8"?>
<KeePassFile><Meta><Generator>test</Generator><CustomData><Item>
<Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{00010203-0405-0607-0809-0a0b0c0d0e0f}</Value>
</Item></CustomData></Meta>
<Root><Group><UUID>`+uuid+`</UUID><Name>Root</Name></Group></Root></KeePassFile>`)
	database := filepath.Join(home, "test.kdbx")
	create := exec.Command("keepassxc-cli", "import", xml, database, "--set-password")
	create.Env = append(os.Environ(), "HOME="+home, "QT_QPA_PLATFORM=offscreen")
	create.Stdin = strings.NewReader(strings.Repeat("password\n", 2))
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := write("keepassxc.ini", "[FdoSecrets]\nEnabled=true\nConfirmAccessItem=false\nConfirmDeleteItem=false\nUnlockBeforeSearch=false\n"+
		"[GUI]\nCheckForUpdates=false\n[General]\nUpdateCheckMessageShown=true\n")
	cmd := exec.Command("keepassxc", "--config", config, "--localconfig", write("local.ini", ""), "--pw-stdin", database)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "QT_QPA_PLATFORM=offscreen", "DBUS_SESSION_BUS_ADDRESS="+address)
	cmd.Stdin = strings.NewReader("password\n")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// A fakeService is a keyring daemon that does what real ones do now and then.
type fakeService struct {
	conn       *dbus.Conn
	locked     atomic.Bool // the collection
	itemLocked atomic.Bool
	needPrompt atomic.Bool // unlocking and creating want a prompt
	noDefault  bool
	login      bool // there is a collection "login"
	onPrompt   func()
	prompts    atomic.Int32

	mu     sync.Mutex
	secret []byte
}

const (
	fakeCollection = collectionPath + "wallet"
	fakeItem       = fakeCollection + "/1"
	fakePrompt     = secretsPath + "/prompt/1"
)

type fakeSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (f *fakeService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), secretsPath + "/session/1", nil
}

func (f *fakeService) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	if f.noDefault {
		return "/", nil
	}
	return fakeCollection, nil
}

func (f *fakeService) Unlock(paths []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if f.needPrompt.Load() && (f.locked.Load() || f.itemLocked.Load()) {
		return nil, fakePrompt, nil
	}
	f.locked.Store(false)
	f.itemLocked.Store(false)
	for i, path := range paths {
		if path == secretsPath+"/aliases/default" {
			paths[i] = fakeCollection
		}
	}
	return paths, "/", nil
}

func (f *fakeService) Prompt(string) *dbus.Error {
	f.prompts.Add(1)
	if f.onPrompt != nil {
		f.onPrompt()
		return nil
	}
	go func() { // dismissed, after the reply
		_ = f.conn.Emit(fakePrompt, "org.freedesktop.Secret.Prompt.Completed", true, dbus.MakeVariant(""))
	}()
	return nil
}

func (f *fakeService) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.secret == nil {
		return []dbus.ObjectPath{}, nil
	}
	return []dbus.ObjectPath{fakeItem}, nil
}

func (f *fakeService) CreateItem(_ map[string]dbus.Variant, secret fakeSecret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if f.needPrompt.Load() {
		return "/", fakePrompt, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret = secret.Value
	return fakeItem, "/", nil
}

func (f *fakeService) GetSecret(session dbus.ObjectPath) (fakeSecret, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fakeSecret{session, []byte{}, f.secret, "text/plain"}, nil
}

func (f *fakeService) Get(of, name string) (dbus.Variant, *dbus.Error) {
	switch {
	case name == "Collections":
		all := []dbus.ObjectPath{fakeCollection}
		if f.login {
			all = append(all, collectionPath+"login")
		}
		return dbus.MakeVariant(all), nil
	case of == itemMethods:
		return dbus.MakeVariant(f.itemLocked.Load()), nil
	default:
		return dbus.MakeVariant(f.locked.Load()), nil
	}
}

// serve puts f on a bus of its own.
func (f *fakeService) serve(t *testing.T) (address string) {
	t.Helper()
	address = bareBus(t)
	f.conn = connect(t, address)
	const properties = "org.freedesktop.DBus.Properties"
	for path, interfaces := range map[dbus.ObjectPath][]string{
		secretsPath:                      {secretsInterface, properties},
		fakeCollection:                   {collectionMethods, properties},
		collectionPath + "login":         {collectionMethods, properties},
		secretsPath + "/aliases/default": {collectionMethods},
		fakeItem:                         {itemMethods, properties},
		fakePrompt:                       {"org.freedesktop.Secret.Prompt"},
		secretsPath + "/session/1":       {"org.freedesktop.Secret.Session"},
	} {
		for _, name := range interfaces {
			if err := f.conn.Export(f, path, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := f.conn.RequestName(secretsName, 0); err != nil {
		t.Fatal(err)
	}
	return address
}

func TestKeyringFakeServiceWorks(t *testing.T) {
	f := &fakeService{}
	source := KeyringSource{Keyring: on(t, f.serve(t))}
	key, err := source.Create(testEpoch)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := source.Key(testEpoch); err != nil || !got.Equal(key) {
		t.Errorf("another key, or %v", err)
	}
}

func TestKeyringNoCollection(t *testing.T) {
	f := &fakeService{noDefault: true}
	source := KeyringSource{Keyring: on(t, f.serve(t)), Interactive: true}
	if _, err := source.Create(testEpoch); !errors.Is(err, NoCollection) {
		t.Errorf("got %v, want %v", err, NoCollection)
	}
}

// A collection "login" comes before the default one: go-keyring uses it too.
func TestKeyringLoginCollection(t *testing.T) {
	f := &fakeService{noDefault: true, login: true}
	source := KeyringSource{Keyring: on(t, f.serve(t))}
	if _, err := source.Create(testEpoch); err != nil {
		t.Error(err)
	}
}

// KWallet calls a wallet locked that was opened at login, until it is asked to
// unlock it, which then takes no prompt.
func TestKeyringUnlocksWithoutPrompt(t *testing.T) {
	f := &fakeService{}
	f.locked.Store(true)
	source := KeyringSource{Keyring: on(t, f.serve(t))}
	if _, err := source.Create(testEpoch); err != nil {
		t.Error(err)
	}
	f.locked.Store(true)
	f.itemLocked.Store(true)
	if _, err := source.Key(testEpoch); err != nil {
		t.Error(err)
	}
	if n := f.prompts.Load(); n != 0 {
		t.Errorf("%d prompts", n)
	}
}

// KeePassXC asks for each item that a client wants.
func TestKeyringItemLocked(t *testing.T) {
	f := &fakeService{}
	source := KeyringSource{Keyring: on(t, f.serve(t))}
	if _, err := source.Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	f.needPrompt.Store(true)
	f.itemLocked.Store(true)
	if _, err := source.Key(testEpoch); !errors.Is(err, Locked) {
		t.Errorf("got %v, want %v", err, Locked)
	}
	if n := f.prompts.Load(); n != 0 {
		t.Errorf("%d prompts though nobody is there", n)
	}
	source.Interactive = true
	if err := soon(t, readKey(source)); !errors.Is(err, Locked) {
		t.Errorf("interactive: got %v, want %v", err, Locked)
	}
	if n := f.prompts.Load(); n == 0 {
		t.Error("no prompt though somebody is there")
	}
}

// Pitfall 5: go-keyring reports success for a prompt that was dismissed.
func TestKeyringPromptDismissed(t *testing.T) {
	f := &fakeService{}
	f.needPrompt.Store(true)
	k := on(t, f.serve(t))
	if err := k.Set("canary", "text"); err != nil {
		t.Errorf("go-keyring reports %v now: the read-back may have become needless", err)
	}
	err := soon(t, func() error {
		_, err := KeyringSource{Keyring: k, Interactive: true}.Create(testEpoch)
		return err
	})
	if !errors.Is(err, KeyNotKept) {
		t.Errorf("got %v, want %v", err, KeyNotKept)
	}
	if items, _ := f.SearchItems(nil); len(items) != 0 {
		t.Error("it was kept")
	}
}

// The bus goes away while a prompt is open: go-keyring panics.
func TestKeyringBusEndsUnderPrompt(t *testing.T) {
	f := &fakeService{}
	f.needPrompt.Store(true)
	f.onPrompt = func() {
		var bus int // the process id of the bus itself
		ask := f.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.DBus")
		if err := ask.Store(&bus); err != nil {
			t.Error(err)
		} else if err := syscall.Kill(bus, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	k := on(t, f.serve(t))
	err := soon(t, func() error {
		_, err := KeyringSource{Keyring: k, Interactive: true}.Create(testEpoch)
		return err
	})
	if !errors.Is(err, Failed) {
		t.Errorf("got %v, want %v", err, Failed)
	}
}

// runMark is a variable of every process that these tests start, and of what
// those start in turn.
const runMark = "MACHINE_TEST_RUN"

// Nothing that a test started stays.
func TestMain(m *testing.M) {
	mark := fmt.Sprint(runMark, "=", os.Getpid())
	if err := os.Setenv(runMark, strconv.Itoa(os.Getpid())); err != nil {
		panic(err)
	}
	status := m.Run()
	left := processes(mark)
	for range 100 {
		if len(left) == 0 {
			os.Exit(status)
		}
		time.Sleep(50 * time.Millisecond)
		left = processes(mark)
	}
	fmt.Fprintln(os.Stderr, "left running:", left)
	os.Exit(1)
}

// processes lists those that have mark in their environment. One that has ended
// has no environment any more, even if nobody took its exit status.
func processes(mark string) (found []string) {
	names, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		environ, err := os.ReadFile(name)
		if err != nil || !slices.Contains(strings.Split(string(environ), "\x00"), mark) {
			continue // it ended meanwhile, or is another's
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "comm"))
		found = append(found, filepath.Base(filepath.Dir(name))+" "+strings.TrimSpace(string(command)))
	}
	return found
}

package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Locks and kills are between processes, so these tests start the test binary
// again, to do one of the roles below.
const roleVariable = "SECRETS_STORE_TEST_ROLE"

// A role is what a child process does with the store at path. It reports on
// stdout, one line at a time; what it returns ends it with an error.
var roles = map[string]func(path, arg string) error{
	"write": waiting(writeOne),
	"read":  waiting(readOne),
	"hold":  holdLock,
	"steps": stepForEver,
	"init":  createOne,
}

func TestMain(m *testing.M) {
	role, ok := roles[os.Getenv(roleVariable)]
	if !ok {
		status := m.Run()
		if torture {
			fmt.Println(strings.Join(told.lines, "\n"))
		}
		os.Exit(status)
	}
	if err := role(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(t *testing.T, role, path, arg string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], path, arg)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

func openAs(path string) (*Store, error) {
	s, err := Open(path, Options{})
	if err != nil {
		return nil, err
	}
	return s, s.Unlock(vaultKey())
}

// waiting makes a role that succeeds say how many milliseconds that took.
func waiting(role func(path, arg string) error) func(path, arg string) error {
	return func(path, arg string) error {
		began := time.Now()
		if err := role(path, arg); err != nil {
			return err
		}
		fmt.Println(time.Since(began).Milliseconds())
		return nil
	}
}

// writeOne puts "value of LABEL" under the label.
func writeOne(path, label string) error {
	s, err := openAs(path)
	if err != nil {
		return err
	}
	return s.Update(func(tx *Tx) error { return tx.Put(about(label), text("value of "+label)) })
}

// readOne wants "value of LABEL" under the label.
func readOne(path, label string) error {
	s, err := openAs(path)
	if err != nil {
		return err
	}
	_, v, err := s.Get(label)
	if err == nil && !v.Equal(text("value of "+label)) {
		err = errors.New("a wrong value")
	}
	return err
}

// holdLock says so and waits to be killed.
func holdLock(path, _ string) error {
	s, err := openAs(path)
	if err != nil {
		return err
	}
	return s.Update(func(*Tx) error {
		fmt.Println("held")
		time.Sleep(time.Hour)
		return nil
	})
}

// createOne makes a store and says whether it was the one that did.
func createOne(path, _ string) error {
	err := createEmpty(path)
	if err == nil {
		fmt.Println("made")
	}
	if errors.Is(err, ErrExists) {
		return nil
	}
	return err
}

func createEmpty(path string) error {
	return Create(path, Options{}, Header{StoreID: NewID(), Epoch: 1}, vaultKey())
}

// startAll starts children and returns what each wrote to stdout. All of them
// must succeed.
func startAll(t *testing.T, cmds []*exec.Cmd) []string {
	t.Helper()
	type end struct {
		out []byte
		err error
	}
	ends := make([]chan end, len(cmds))
	for i, cmd := range cmds {
		ends[i] = make(chan end, 1)
		go func() {
			out, err := cmd.Output()
			ends[i] <- end{out, err}
		}()
	}
	var said []string
	for i := range ends {
		e := <-ends[i]
		if e.err != nil {
			var exit *exec.ExitError
			errors.As(e.err, &exit)
			t.Errorf("%v: %v: %s", cmds[i].Args[1:], e.err, exit.Stderr)
		}
		said = append(said, string(e.out))
	}
	return said
}

func TestTortureProcesses(t *testing.T) {
	const writers, readers = 20, 100
	rounds, longest := runs(1, 20), 0
	s := newStore(t, "there")
	for round := range rounds {
		var cmds []*exec.Cmd
		var labels []string
		for i := range writers {
			labels = append(labels, fmt.Sprintf("w%d/%d", round, i))
			cmds = append(cmds, child(t, "write", s.path, labels[i]))
		}
		for range readers {
			cmds = append(cmds, child(t, "read", s.path, "there"))
		}
		for _, said := range startAll(t, cmds) {
			took, _ := strconv.Atoi(strings.TrimSpace(said))
			longest = max(longest, took)
		}
		for _, label := range labels {
			checkValueOf(t, s, label, "value of "+label)
		}
	}
	if got, want := len(labels(t, s)), rounds*writers+1; got != want {
		t.Errorf("got %d labels, want %d", got, want)
	}
	figures(t, "processes: %d, %d at once; the longest wait: %d ms", rounds*(writers+readers), writers+readers, longest)
}

// Readers need no lock, so however many loop, and however long each has the file
// open, a writer gets through.
func TestLoopingReadersStarveNoWriter(t *testing.T) {
	const readers, writes = 8, 10
	s := newStore(t, "there")
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					err := s.verified(func(snap *snapshot) error {
						time.Sleep(300 * time.Millisecond)
						_, v, err := snap.get("there")
						if err == nil && !v.Equal(text("value of there")) {
							err = errors.New("a wrong value")
						}
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for i := range writes {
		put(t, s, "count", strconv.Itoa(i))
	}
	close(done)
	wait.Wait()
	checkValueOf(t, s, "count", strconv.Itoa(writes-1))
}

// Where the cipher is forbidden, that is the error, and there is no store.
func TestFIPSOnly(t *testing.T) {
	s := newStore(t, "key")
	for _, role := range []string{"read", "write"} {
		cmd := child(t, role, s.path, "key")
		cmd.Env = append(cmd.Env, "GODEBUG=fips140=only")
		out, err := cmd.CombinedOutput()
		if got, want := string(out), ErrNoCipher.Error()+"\n"; err == nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", role, got, err, want)
		}
	}
}

func TestManyInitsMakeOneStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", FileName)
	var cmds []*exec.Cmd
	for range 10 {
		cmds = append(cmds, child(t, "init", path, ""))
	}
	made := 0
	for _, said := range startAll(t, cmds) {
		if said == "made\n" {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d processes made a store, want 1", made)
	}
	put(t, unlocked(t, path, vaultKey()), "key", "value")
}

// startUntil starts a child and waits until it says a line.
func startUntil(t *testing.T, cmd *exec.Cmd) (kill func(), rest *bufio.Reader) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rest = bufio.NewReader(out)
	if _, err := rest.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return func() { _ = cmd.Process.Kill() }, rest
}

// A lock that is held too long is told with its holder; readers do not care;
// and when the holder dies, the lock is free and what he left is gone.
func TestLockHeldTooLong(t *testing.T) {
	s := newStore(t, "key")
	holder := child(t, "hold", s.path, "")
	kill, _ := startUntil(t, holder)
	checkValueOf(t, s, "key", "value of key")

	want := &BusyError{Path: filepath.Join(filepath.Dir(s.path), LockName), PID: holder.Process.Pid}
	checkErrorAs(t, "update", s.Update(func(*Tx) error { return nil }), want)

	kill()
	_ = holder.Wait()
	writeFile(t, s.path+draftSuffix, []byte("a file half written"))
	put(t, s, "key", "after the kill")
	checkValueOf(t, s, "key", "after the kill")
	checkFolderHolds(t, filepath.Dir(s.path), FileName, LockName)
}

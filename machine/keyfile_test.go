package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newFileSource(t *testing.T) FileSource {
	t.Helper()
	return FileSource{Path: filepath.Join(t.TempDir(), "state", "secrets", "key")}
}

func TestFileSourceKeepsKeys(t *testing.T) {
	testSource(t, newFileSource(t))
}

// The keys of all stores are read and written in one array each, which is cleared;
// growing would leave copies.
func TestKeyFileIsNotCopied(t *testing.T) {
	content := testLine + otherLine
	for i := range 3 {
		s := writeKeyFile(t, content[:len(content)-i])
		lines, err := s.read()
		if err != nil || string(lines) != content[:len(content)-i] {
			t.Fatalf("got %q (%v)", lines, err)
		}
		if got, want := cap(lines), len(lines)+1; got != want {
			t.Errorf("read into %d bytes, want %d", got, want)
		}
		last := testEpoch
		last.Number = 1<<64 - 1
		if got, want := cap(appendKey(lines, last, testKey)), len(lines)+maxLine; got != want {
			t.Errorf("written in %d bytes, want %d", got, want)
		}
	}
}

const (
	testLine  = "01020300000000000000000000000000 1 S0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0s\n"
	otherLine = "ff020300000000000000000000000000 1 VlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlY\n"
)

func writeKeyFile(t *testing.T, content string) FileSource {
	t.Helper()
	s := newFileSource(t)
	if err := os.MkdirAll(filepath.Dir(s.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func keyFileContent(t *testing.T, s FileSource) string {
	t.Helper()
	content, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestKeyFileLines(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		want          error
	}{
		{"alone", testLine, nil},
		{"among others", otherLine + testLine + otherLine, nil},
		{"without a last newline", strings.TrimSpace(testLine), nil},
		{"CRLF", strings.ReplaceAll(testLine, "\n", "\r\n"), nil},
		{"among junk", "junk\n\n# a word\n" + testLine, nil},
		{"empty", "", KeyMissing},
		{"another epoch", strings.Replace(testLine, " 1 ", " 11 ", 1), KeyMissing},
		{"another store", otherLine, KeyMissing},
		{"twice", testLine + testLine, KeyMalformed},
		{"no key", testLine[:34] + "\n", KeyMalformed},
		{"a short key", testLine[:70] + "\n", KeyMalformed},
		{"a long key", strings.TrimSpace(testLine) + "SSSS\n", KeyMalformed},
		{"a fourth field", strings.TrimSpace(testLine) + " x\n", KeyMalformed},
		{"no base64", strings.Replace(testLine, "S0tL", "!!!!", 1), KeyMalformed},
		{"too long", testLine + strings.Repeat("#", maxKeyFile), KeyMalformed},
	} {
		s := writeKeyFile(t, tc.content)
		key, err := s.Key(testEpoch)
		if !errors.Is(err, tc.want) || err == nil && !key.Equal(testKey) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "S0tL") {
			t.Errorf("%s: the error quotes the key: %v", tc.name, err)
		}
		if errors.Is(tc.want, KeyMissing) {
			continue
		}
		if _, err := s.Create(testEpoch); err == nil {
			t.Errorf("%s: overwritten", tc.name)
		}
		if got := keyFileContent(t, s); got != tc.content {
			t.Errorf("%s: changed", tc.name)
		}
	}
}

// A line that this version cannot read may be a later version's key.
func TestKeyFileKeepsOtherLines(t *testing.T) {
	others := otherLine + "# a word\n\n" + "01020300000000000000000000000000 2 v2:xyz more\n" + "no newline at the end"
	s := writeKeyFile(t, others)
	if _, err := s.Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	if got := keyFileContent(t, s); !strings.HasPrefix(got, others+"\n") || strings.Count(got, "\n") != 6 {
		t.Errorf("after create:\n%s", got)
	}
	if err := s.Delete(testEpoch); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(others+"\n", keyFileContent(t, s)); diff != "" {
		t.Errorf("after delete (-want +got):\n%s", diff)
	}
}

// A crash between writing and renaming leaves a file that the next writer takes
// away; and no writer leaves one behind.
func TestKeyFileLeavesNothingBehind(t *testing.T) {
	s := writeKeyFile(t, otherLine)
	if err := os.WriteFile(s.Path+".new", []byte(testLine), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(testEpoch); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(s.Path))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff([]string{"key", "key.lock"}, got); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
}

// A file that may not grow longer than it may be read.
func TestKeyFileStaysReadable(t *testing.T) {
	full := strings.Repeat("#", maxKeyFile-10)
	s := writeKeyFile(t, full)
	if _, err := s.Create(testEpoch); !errors.Is(err, KeyMalformed) {
		t.Errorf("got %v, want %v", err, KeyMalformed)
	}
	if keyFileContent(t, s) != full {
		t.Error("changed")
	}
}

// Concurrent writers lose nothing, and of those who create the same key one
// succeeds.
func TestKeyFileWriters(t *testing.T) {
	s := newFileSource(t)
	const writers, epochs = 8, 5
	var created, existed [epochs]int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for n := range epochs {
				_, err := s.Create(Epoch{Store: testEpoch.Store, Number: uint64(n)})
				mu.Lock()
				switch {
				case err == nil:
					created[n]++
				case errors.Is(err, KeyExists):
					existed[n]++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for n := range epochs {
		if created[n] != 1 || existed[n] != writers-1 {
			t.Errorf("epoch %d: %d created, %d refused", n, created[n], existed[n])
		}
		if _, err := s.Key(Epoch{Store: testEpoch.Store, Number: uint64(n)}); err != nil {
			t.Errorf("epoch %d: %v", n, err)
		}
	}
}

// A writer that never ends is not waited for without end.
func TestKeyFileLockHeld(t *testing.T) {
	s := writeKeyFile(t, testLine)
	lock, err := os.Create(s.Path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if held, err := tryLock(lock); !held || err != nil {
		t.Fatalf("held %v, error %v", held, err)
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := s.Delete(testEpoch); !errors.Is(err, Busy) {
			t.Errorf("got %v, want %v", err, Busy)
		}
		if got := time.Since(start); got != lockPatience {
			t.Errorf("waited %v, want %v", got, lockPatience)
		}
	})
	if _, err := s.Key(testEpoch); err != nil {
		t.Errorf("a reader waits for no writer: %v", err)
	}
}

// What cannot be written has one cause.
func TestKeyFileInNoFolder(t *testing.T) {
	s := FileSource{Path: filepath.Join(t.TempDir(), "gone", "key")}
	if err := s.replace([]byte(testLine)); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one error", err)
	}
}

func TestEpochString(t *testing.T) {
	if got := fmt.Sprint(testEpoch); got != testItem {
		t.Errorf("got %s, want %s", got, testItem)
	}
}

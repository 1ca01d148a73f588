package transfer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes a file below root and returns its path.
func put(t *testing.T, root, path, content string) string {
	t.Helper()
	path = filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlaces(t *testing.T) {
	root := t.TempDir()
	named := put(t, root, "named", "named\n")
	credential := put(t, root, "credentials/secrets-identity", "credential\n")
	mounted := put(t, root, "run/secrets/secrets-identity", "mounted\n")
	large := put(t, root, "large", strings.Repeat("#", maxIdentities+1))
	full := put(t, root, "full", strings.Repeat("#", maxIdentities))
	folder := filepath.Dir(credential)
	both := map[string]string{"CREDENTIALS_DIRECTORY": folder, "SECRETS_IDENTITY": "variable"}
	absent := filepath.Join(root, "absent")

	for _, tc := range []struct {
		name   string
		places Places
		env    map[string]string
		text   string
		place  string
		want   error
	}{
		{"the file that was named", Places{File: named, root: root}, both, "named\n", named, nil},
		{"and no other", Places{File: absent, root: root}, both, "", absent, fs.ErrNotExist},
		{"systemd's", Places{root: root}, both, "credential\n", credential, nil},
		{"the container's", Places{root: root}, map[string]string{"SECRETS_IDENTITY": "variable"}, "mounted\n", mounted, nil},
		{"a service without this credential", Places{root: root}, map[string]string{"CREDENTIALS_DIRECTORY": root}, "mounted\n", mounted, nil},
		{"the variable", Places{root: absent}, map[string]string{"SECRETS_IDENTITY": "variable"}, "variable", "SECRETS_IDENTITY", nil},
		{"none", Places{root: absent}, nil, "", "", ErrNoIdentity},
		{"the largest", Places{File: full}, nil, strings.Repeat("#", maxIdentities), full, nil},
		{"too large", Places{File: large}, nil, "", large, ErrTooLarge},
	} {
		tc.places.Getenv = func(name string) string { return tc.env[name] }
		text, place, err := tc.places.Read()
		if !errors.Is(err, tc.want) || string(text.Expose()) != tc.text || place != tc.place {
			t.Errorf("%s: got %q from %q, %v; want %q from %q, %v", tc.name, text.Expose(), place, err, tc.text, tc.place, tc.want)
		}
	}

	// One that is there but cannot be read is not passed over.
	if err := os.Remove(credential); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(credential, 0o700); err != nil {
		t.Fatal(err)
	}
	p := Places{Getenv: func(name string) string { return both[name] }, root: root}
	if text, place, err := p.Read(); err == nil || text.Len() > 0 || place != credential {
		t.Errorf("a folder: got %q from %q, %v", text.Expose(), place, err)
	}
}

func TestIdentityFromStream(t *testing.T) {
	for name, want := range map[string]error{"secret\n": nil, strings.Repeat("#", maxIdentities+1): ErrTooLarge} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = w.WriteString(name)
			_ = w.Close()
		}()
		text, _, err := Places{Stream: r}.Read()
		if !errors.Is(err, want) || want == nil && string(text.Expose()) != name {
			t.Errorf("got %q, %v; want %v", text.Expose(), err, want)
		}
		r.Close()
	}
}

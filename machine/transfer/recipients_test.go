package transfer

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secrets/machine"
	"secrets/redact"
)

func TestParseRecipients(t *testing.T) {
	a, v := newHolder(t), readVectors(t)
	fob := fobRecipient("fob")
	secret := string(a.identity.Expose())
	for _, tc := range []struct {
		name  string
		texts []string
		kept  []string
		want  error
	}{
		{"post-quantum", []string{a.recipient}, []string{a.recipient}, nil},
		{"X25519", []string{v.Recipient}, []string{v.Recipient}, nil},
		{"of a plugin", []string{fob}, []string{fob}, nil},
		{"twice", []string{a.recipient, " " + a.recipient + "\n"}, []string{a.recipient}, nil},
		{"none", nil, nil, ErrNoRecipient},
		{"empty", []string{""}, nil, ErrRecipient},
		{"junk", []string{"age1junk"}, nil, ErrRecipient},
		{"an ssh key", []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"}, nil, ErrRecipient},
		{"post-quantum, cut short", []string{a.recipient[:100]}, nil, ErrRecipient},
		{"post-quantum, of no length", []string{fobRecipient("pq")}, nil, ErrRecipient},
		{"one character wrong", []string{swapLast(v.Recipient)}, nil, ErrRecipient},
		{"an identity", []string{secret}, nil, ErrSecretRecipient},
		{"an identity in lower case", []string{strings.ToLower(secret)}, nil, ErrSecretRecipient},
		{"an identity of a plugin", []string{fobIdentity("fob")}, nil, ErrSecretRecipient},
		{"a path", []string{"age1../../evil1qqq"}, nil, ErrRecipient},
	} {
		r, err := ParseRecipients(tc.texts, Human{})
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if diff := cmp.Diff(tc.kept, r.Texts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if err != nil && len(tc.texts) > 0 && tc.texts[0] != "" && strings.Contains(err.Error(), tc.texts[0]) {
			t.Errorf("%s: the error quotes what was given: %v", tc.name, err)
		}
	}
}

func swapLast(s string) string {
	last := "q"
	if strings.HasSuffix(s, last) {
		last = "p"
	}
	return s[:len(s)-1] + last
}

func TestParseIdentities(t *testing.T) {
	a, v := newHolder(t), readVectors(t)
	secret := string(a.identity.Expose())
	for _, tc := range []struct {
		name, text string
		want       error
		n          int
	}{
		{"one", secret, nil, 1},
		{"as age-keygen writes it", "# created: 2026-01-01T00:00:00Z\n# public key: age1…\n" + secret + "\n", nil, 1},
		{"three, CRLF", secret + "\r\n\r\n" + v.Identity + "\r\n" + fobIdentity("fob") + "\r\n", nil, 3},
		{"none", "# a word\n\n", ErrNoIdentity, 0},
		{"empty", "", ErrNoIdentity, 0},
		{"a recipient", a.recipient, ErrIdentity, 0},
		{"cut short", secret[:50], ErrIdentity, 0},
		{"one character wrong", strings.ToUpper(swapLast(strings.ToLower(secret))), ErrIdentity, 0},
		{"one that is right and one that is not", secret + "\nAGE-SECRET-KEY-1QQQ\n", ErrIdentity, 0},
		{"a plugin's, cut short", "AGE-PLUGIN-FOB-1QQ", ErrIdentity, 0},
	} {
		ids, err := ParseIdentities(redact.NewValue([]byte(tc.text)), Human{})
		if !errors.Is(err, tc.want) || len(ids.list()) != tc.n {
			t.Errorf("%s: got %d, %v; want %d, %v", tc.name, len(ids.list()), err, tc.n, tc.want)
		}
		if err != nil && strings.Contains(strings.ToUpper(err.Error()), "KEY-") {
			t.Errorf("%s: the error quotes what was given: %v", tc.name, err)
		}
	}
}

// Pitfall 35: post-quantum recipients and others do not mix, and that is said.
func TestMixedRecipients(t *testing.T) {
	installPlugins(t, "fob", "fobpqc", "broken")
	a, v := newHolder(t), readVectors(t)
	for _, tc := range []struct {
		name  string
		texts []string
		want  error
	}{
		{"both post-quantum", []string{a.recipient, newHolder(t).recipient}, nil},
		{"both classic", []string{v.Recipient, fobRecipient("fob")}, nil},
		{"post-quantum and a plugin of that kind", []string{a.recipient, fobRecipient("fobpqc")}, nil},
		{"post-quantum and X25519", []string{a.recipient, v.Recipient}, ErrMixedRecipients},
		{"X25519 and post-quantum", []string{v.Recipient, a.recipient}, ErrMixedRecipients},
		{"post-quantum and a classic plugin", []string{a.recipient, fobRecipient("fob")}, ErrMixedRecipients},
		{"two plugins", []string{fobRecipient("fob"), fobRecipient("fobpqc")}, ErrMixedRecipients},
	} {
		if _, err := seal([]byte("x"), recipients(t, tc.texts...)); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestPlugins(t *testing.T) {
	installPlugins(t, "fob", "broken")
	errAway := errors.New("nobody is there")
	file, err := seal([]byte("hello"), recipients(t, fobRecipient("fob")))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		human Human
		want  bool
	}{
		{"the PIN", withPIN(fobPIN), true},
		{"another PIN", withPIN("0000"), false},
		{"nobody", Human{}, false},
		{"no answer", Human{Ask: func(_, _ string, _ bool) (redact.Value, error) { return redact.Value{}, errAway }}, false},
	} {
		ids, err := ParseIdentities(redact.NewValue([]byte(fobIdentity("fob"))), tc.human)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := open(file, ids)
		if (err == nil) != tc.want || (string(plain) == "hello") != tc.want {
			t.Errorf("%s: got %q, %v", tc.name, plain, err)
		}
		if failed := new(PluginError); !tc.want && (!errors.As(err, &failed) || failed.Name != "fob" || failed.Missing) {
			t.Errorf("%s: got %v, want a plugin error", tc.name, err)
		}
		if away := tc.name == "no answer"; errors.Is(err, errAway) != away {
			t.Errorf("%s: got %v, which says why nobody answered: want %v", tc.name, err, away)
		}
	}
	for name, missing := range map[string]bool{"broken": false, "absent": true} {
		_, err := seal([]byte("x"), recipients(t, fobRecipient(name)))
		if failed := new(PluginError); !errors.As(err, &failed) || failed.Name != name || failed.Missing != missing {
			t.Errorf("%s: got %#v", name, err)
		}
	}
	if _, err := open(file, newHolder(t).identities); !errors.Is(err, ErrWrongIdentity) {
		t.Errorf("an identity without a plugin: got %v, want %v", err, ErrWrongIdentity)
	}
	other, err := seal([]byte("x"), newHolder(t).recipients)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(other, identities(t, fobIdentity("fob"))); !errors.Is(err, ErrWrongIdentity) {
		t.Errorf("a plugin that is not meant: got %v, want %v", err, ErrWrongIdentity)
	}
}

// Pitfall 32: where only FIPS 140 algorithms are allowed, age is not touched:
// it would make an identity for ever.
func TestFIPSOnly(t *testing.T) {
	const child = "TRANSFER_TEST_FIPS"
	if os.Getenv(child) == "" {
		t.Setenv(child, "1")
		t.Setenv("GODEBUG", "fips140=only")
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFIPSOnly$", "-test.timeout", "1m")
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	v := readVectors(t)
	_, _, err := NewIdentity()
	_, errRecipients := ParseRecipients([]string{v.Recipient}, Human{})
	_, errIdentities := ParseIdentities(redact.NewValue([]byte(v.Identity)), Human{})
	for name, got := range map[string]error{"new identity": err, "recipients": errRecipients, "identities": errIdentities} {
		if !errors.Is(got, machine.ErrCipherUnavailable) {
			t.Errorf("%s: got %v, want %v", name, got, machine.ErrCipherUnavailable)
		}
	}
}

package redact

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	pemfile "encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Keys of each kind, with what is private in them.
func privateKeys(t *testing.T) map[string]func() (key any, private [][]byte) {
	t.Helper()
	numbers := func(all ...*big.Int) (private [][]byte) {
		for _, n := range all {
			private = append(private, n.Bytes())
		}
		return private
	}
	return map[string]func() (any, [][]byte){
		"RSA": func() (any, [][]byte) {
			k, err := rsa.GenerateKey(crand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			return k, numbers(k.D, k.Primes[0], k.Primes[1], k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv)
		},
		"P-256": func() (any, [][]byte) {
			k, d := curveKey(t, elliptic.P256())
			for d[0] == 0 || d[0] > 0xf { // as a number it has an odd digit
				k, d = curveKey(t, elliptic.P256())
			}
			return k, [][]byte{d}
		},
		"P-521": func() (any, [][]byte) {
			k, d := curveKey(t, elliptic.P521())
			return k, [][]byte{d}
		},
		"Ed25519": func() (any, [][]byte) {
			_, k, err := ed25519.GenerateKey(crand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return k, [][]byte{k.Seed()}
		},
	}
}

func curveKey(t *testing.T, curve elliptic.Curve) (key *ecdsa.PrivateKey, d []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, crand.Reader)
	if err == nil {
		d, err = key.Bytes()
	}
	if err != nil {
		t.Fatal(err)
	}
	return key, d
}

// TestPrivateKey has openssl take keys apart and write them as other files: nothing
// private is left, and what is public is as it was. LibreSSL does not know all kinds.
func TestPrivateKey(t *testing.T) {
	for name, generate := range privateKeys(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, private := generate()
			dir := t.TempDir()
			commands := []string{"openssl asn1parse -in $KEY"}
			if name != "Ed25519" || len(openssl(t, dir, "openssl version | grep LibreSSL || true")) == 0 {
				commands = append(commands, "openssl pkey -in $KEY -text -noout", "openssl pkey -in $KEY",
					"openssl pkcs8 -topk8 -nocrypt -in $KEY", "openssl pkey -in $KEY -outform DER",
					"openssl pkey -in $KEY -outform DER | xxd", "openssl pkey -in $KEY -outform DER | xxd -p",
					"openssl pkey -in $KEY -outform DER | base64")
			}
			certificate := certificateOf(t, key)
			for file, text := range keyFiles(t, key) {
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				shown := map[string][]byte{}
				for _, command := range commands {
					shown[command] = openssl(t, path, command)
				}
				for i, number := range private {
					n := new(big.Int).SetBytes(number)
					shown[fmt.Sprintf("number %d", i)] = fmt.Appendf(nil, "%x %X", n, n)
				}
				for how, value := range holders(text, certificate) {
					m := maskerOf(value)
					for command, text := range shown {
						left := masked(m, text)
						if how == "alone" && !bytes.Equal(masked(m, text, everywhere(len(text))...), left) {
							t.Errorf("%s, %s: another mask byte by byte", file, command)
						}
						if bytes.Equal(left, text) {
							t.Errorf("%s, %s: nothing of %s is masked", file, how, command)
						}
						for _, number := range private {
							if seen := spelledIn(left, number); seen != "" {
								t.Errorf("%s, %s: %s shows %q:\n%s", file, how, command, seen, clip(left))
							}
						}
					}
				}
				if len(commands) == 1 || file != "pkcs8" { // of others a line may be one of the public key as well
					continue
				}
				public := openssl(t, path, "openssl pkey -in $KEY -pubout; openssl pkey -in $KEY -pubout | openssl pkey -pubin -text -noout")
				if left := masked(maskerOf(text), public); !bytes.Equal(left, public) {
					t.Errorf("the public key became %s", left)
				}
			}
		})
	}
}

// keyFiles has a key in each of the formats that there are for its kind.
func keyFiles(t *testing.T, key any) map[string]string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(kind string, der []byte) string {
		return string(pemfile.EncodeToMemory(&pemfile.Block{Type: kind, Bytes: der}))
	}
	files := map[string]string{"pkcs8": inPEM("PRIVATE KEY", der)}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		files["pkcs1"] = inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	case *ecdsa.PrivateKey:
		if der, err = x509.MarshalECPrivateKey(key); err != nil {
			t.Fatal(err)
		}
		files["sec1"] = inPEM("EC PRIVATE KEY", der)
	}
	return files
}

func certificateOf(t *testing.T, key any) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(crand.Reader, template, template, key.(crypto.Signer).Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pemfile.EncodeToMemory(&pemfile.Block{Type: "CERTIFICATE", Bytes: der}))
}

// holders are values that hold a key.
func holders(key, certificate string) map[string]string {
	indented := strings.ReplaceAll(strings.TrimSpace(key), "\n", "\n    ") + "\n"
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	return map[string]string{
		"alone":               key,
		"on one line":         strings.ReplaceAll(key, "\n", `\n`),
		"behind a parameter":  "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key,
		"behind attributes":   "Bag Attributes\n    friendlyName: me\nKey Attributes: <No Attributes>\n" + key,
		"behind its public":   certificate + key,
		"before its public":   key + certificate,
		"both in base64":      base64.StdEncoding.EncodeToString([]byte(certificate + key)),
		"of a service":        `{"type": "service_account", "private_key": ` + strconv.Quote(key) + `, "client_id": "1"}`,
		"by any name":         `{"tls.key": ` + strconv.Quote(key) + `}`,
		"in base64":           encoded,
		"in a kubeconfig":     "- name: me\n  user:\n    client-key-data: " + encoded + "\n",
		"in a block of YAML":  "host: a\nkey: |\n    " + indented + "port: 1\n",
		"in a here-document":  "key = <<-EOF\n    " + indented + "    EOF\n",
		"in a file of dotenv": "HOST=a\nKEY=\"" + key + "\"\n",
	}
}

func openssl(t *testing.T, path, command string) []byte {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), "KEY="+path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out
}

var notHex = regexp.MustCompile(`[^0-9a-f]`)

// spelledIn is what of a number a text shows: eight bytes of it, as they are, in hex or
// in base64.
func spelledIn(text, number []byte) string {
	const least = 8
	digits := notHex.ReplaceAllString(strings.ToLower(string(text)), "")
	letters := strings.Join(strings.Fields(string(text)), "")
	for i := 0; i+least <= len(number); i++ {
		piece := number[i : i+least]
		if spelled := hex.EncodeToString(piece); strings.Contains(digits, spelled) {
			return spelled
		}
		if bytes.Contains(text, piece) {
			return string(piece)
		}
		for _, spelled := range refInside(base64.StdEncoding.EncodeToString, 3, string(piece)) {
			if strings.Contains(letters, spelled) {
				return spelled
			}
		}
	}
	return ""
}

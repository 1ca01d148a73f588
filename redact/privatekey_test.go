package redact

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	pemfile "encoding/pem"
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
			k, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			d, err := k.Bytes()
			if err != nil {
				t.Fatal(err)
			}
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

// TestPrivateKey has openssl take keys apart and write them as other files: nothing
// private is left, and what is public is as it was. LibreSSL does not know all kinds.
func TestPrivateKey(t *testing.T) {
	for name, generate := range privateKeys(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, private := generate()
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			unknown := name == "Ed25519" && len(openssl(t, dir, "openssl version | grep LibreSSL || true")) > 0
			files := map[string]string{"pkcs8": string(pemfile.EncodeToMemory(&pemfile.Block{Type: "PRIVATE KEY", Bytes: der}))}
			switch key := key.(type) {
			case *rsa.PrivateKey:
				files["traditional"] = string(pemfile.EncodeToMemory(&pemfile.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
			case *ecdsa.PrivateKey:
				der, err := x509.MarshalECPrivateKey(key)
				if err != nil {
					t.Fatal(err)
				}
				files["traditional"] = string(pemfile.EncodeToMemory(&pemfile.Block{Type: "EC PRIVATE KEY", Bytes: der}))
			}
			for file, text := range files {
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				encoded := base64.StdEncoding.EncodeToString([]byte(text))
				account := `{"type": "service_account", "private_key": ` + strconv.Quote(text) + `, "client_id": "1"}`
				for _, value := range []string{text, strings.ReplaceAll(text, "\n", `\n`), account, encoded, "- name: me\n  user:\n    client-key-data: " + encoded + "\n"} {
					m := maskerOf(value)
					for _, command := range []string{
						"openssl asn1parse -in $KEY", "openssl pkey -in $KEY -text -noout", "openssl pkey -in $KEY",
						"openssl pkcs8 -topk8 -nocrypt -in $KEY", "openssl pkey -in $KEY -outform DER",
						"openssl pkey -in $KEY -outform DER | xxd", "openssl pkey -in $KEY -outform DER | xxd -p",
						"openssl pkey -in $KEY -outform DER | base64",
					} {
						if unknown && !strings.Contains(command, "asn1parse") {
							continue
						}
						shown := openssl(t, path, command)
						for _, cuts := range [][]int{nil, everywhere(len(shown))} {
							left := masked(m, shown, cuts...)
							if bytes.Equal(left, shown) {
								t.Errorf("%s, %s: nothing is masked", file, command)
							}
							for _, number := range private {
								if seen := spelledIn(left, number); seen != "" {
									t.Errorf("%s, %s shows %q:\n%s", file, command, seen, clip(left))
								}
							}
						}
					}
					if unknown || file != "pkcs8" { // of others a line may be one of the public key as well
						continue
					}
					public := openssl(t, path, "openssl pkey -in $KEY -pubout; openssl pkey -in $KEY -pubout | openssl pkey -pubin -text -noout")
					if left := masked(m, public); !bytes.Equal(left, public) {
						t.Errorf("%s: the public key became %s", file, left)
					}
				}
			}
		})
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

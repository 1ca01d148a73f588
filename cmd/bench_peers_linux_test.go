package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkPeers has those who do a part of what we do take turns with the bare
// command, as we do: from its start to its end, and with much output. They are
// in the folder that .ci/peers has filled and SECRETS_PEERS names. Each has one
// value to lend, and those that can mask it do.
func BenchmarkPeers(b *testing.B) {
	folder := os.Getenv("SECRETS_PEERS")
	if folder == "" {
		b.Skip("SECRETS_PEERS names no folder: make bench")
	}
	b.Setenv("PATH", filepath.Join(folder, "bin")+":"+filepath.Join(folder, "node_modules", ".bin")+":"+os.Getenv("PATH"))
	h := filledHome(b, build(b), 1)
	h.env = append(h.env,
		"SOPS_AGE_KEY="+canaryIdentity,
		"AWS_VAULT_BACKEND=file", "AWS_VAULT_FILE_PASSPHRASE=x",
	)
	setUp := exec.Command("sh", "-ec", `
		value=sk-00000000000000000000000000000000
		printf 'TOKEN=%s\n' $value >.env
		printf '# @defaultSensitive=true\n# ---\nTOKEN=\n' >.env.schema
		sops encrypt --age `+canaryRecipient+` --output sealed.env .env
		AWS_ACCESS_KEY_ID=AKIA0000000000000000 AWS_SECRET_ACCESS_KEY=$value aws-vault add --env profile`)
	setUp.Dir, setUp.Env = h.dir, h.env
	if out, err := setUp.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	peers := []struct {
		name string
		run  func(program ...string) command
	}{
		{"secrets", h.lent},
		{"sops", func(program ...string) command {
			return h.bare("sops", "exec-env", "sealed.env", "exec '"+strings.Join(program, "' '")+"'")
		}},
		{"aws-vault", h.after("aws-vault", "exec", "--no-session", "profile", "--")},
		{"dotenvx", h.after("dotenvx", "run", "--quiet", "--")},
		{"dotenvx-redact", h.after("dotenvx", "run", "--quiet", "--redact", "--")},
		{"varlock", h.after("varlock", "run", "--")},
	}
	for _, peer := range peers {
		b.Run("start/"+peer.name, func(b *testing.B) {
			compare(b, 10, timed(outputs[0].run(b, h.bare("/bin/true"))), timed(outputs[0].run(b, peer.run("/bin/true"))))
		})
	}
	for _, peer := range peers {
		b.Run("throughput/"+peer.name, func(b *testing.B) {
			compare(b, 5, timed(outputs[0].run(b, h.bare(text(64)...))), timed(outputs[0].run(b, peer.run(text(64)...))))
		})
	}
}

// after runs a program at the end of a command line.
func (h *home) after(words ...string) func(program ...string) command {
	return func(program ...string) command { return h.bare(append(words[:len(words):len(words)], program...)...) }
}

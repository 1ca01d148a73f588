package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An age identity that is in no use but the tests', and its recipient.
const (
	ciIdentity  = "AGE-SECRET-KEY-16Q2UPDC8G8U5WCD5DGSCZNDFSV3MPHZLYPNADS256LR6NC25VE9QUCSDA3"
	ciRecipient = "age1lxughg6yuw9ftqrnyh4p35m6nhj9er3dsapcez8g0mx3r0kqsc8qfeke27"
	ciValue     = "npm_0123456789abcdef"
)

// A runner is a folder with all that the files of docs/ci.md want to find.
type runner struct {
	dir, secrets string
	files        map[string]string // of docs/ci.md, by the name in their first line
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{dir: t.TempDir(), files: map[string]string{}}
	r.secrets = build(t)
	h := newHome(t)
	h.must(t, ciValue, "set", "npm-token")
	h.must(t, "", "bundle", "create", "--to", ciRecipient, "-o", filepath.Join(r.dir, "ci.age"), "npm-token")
	r.put(t, "secrets-identity", ciIdentity+"\n", 0o600)
	r.put(t, "npm", "#!/bin/sh\necho \"$1 with $NPM_TOKEN, ${SECRETS_IDENTITY-none}\"\n", 0o700)
	doc, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```[a-z]+\n# (\\S+)\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		r.files[block[1]] = block[2]
	}
	return r
}

func (r *runner) put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// match finds a part of a file of docs/ci.md.
func (r *runner) match(t *testing.T, file, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(r.files[file])
	if found == nil {
		t.Fatalf("%s has no %s:\n%s", file, pattern, r.files[file])
	}
	return found[1]
}

// The lines of docs/ci.md that lend do it, in an environment with no more than
// the platform's.
func TestCIFiles(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	path := "PATH=" + r.dir + ":" + filepath.Dir(r.secrets) + ":/usr/bin:/bin"
	for name, c := range map[string]struct{ line, env string }{
		"GitHub": {r.match(t, ".github/workflows/publish.yml", `run: \|\n +(secrets exec .*)\n`), "SECRETS_IDENTITY=" + ciIdentity},
		"GitLab": {r.match(t, ".gitlab-ci.yml", `- (secrets exec .*)\n`), "SECRETS_IDENTITY_FILE=" + filepath.Join(r.dir, "secrets-identity")},
		"systemd": {
			strings.NewReplacer("/usr/local/bin/secrets", r.secrets, "/etc/server/", "", "/usr/local/bin/server", "npm publish").
				Replace(r.match(t, "/etc/systemd/system/server.service", `ExecStart=(.*)\n`)),
			"CREDENTIALS_DIRECTORY=" + r.dir,
		},
	} {
		command := exec.Command("sh", "-ec", c.line)
		command.Dir, command.Env = r.dir, []string{path, c.env}
		e := run(t, command, "")
		if want := "publish with [secret:npm-token], none\n"; e.status != 0 || e.stdout != want {
			t.Errorf("%s: got %d, %q, want %q\n%s", name, e.status, e.stdout, want, e.stderr)
		}
		command = exec.Command("sh", "-ec", c.line)
		command.Dir, command.Env = r.dir, []string{path, "SECRETS_IDENTITY_FILE=/nonexistent"}
		if e := run(t, command, ""); e.status != 125 || e.stdout != "" {
			t.Errorf("%s without its identity: got %d, %q", name, e.status, e.stdout)
		}
	}
	if unit := r.files["/etc/systemd/system/server.service"]; !strings.Contains(unit, "\nLoadCredentialEncrypted=secrets-identity\n") {
		t.Errorf("the unit loads no identity:\n%s", unit)
	}
}

// The container of docs/ci.md: an empty root that cannot be written, no proc, no
// dev, no home, no network, no environment and no rights.
func TestCIContainer(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	server := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(r.dir, "server"), "./testdata/bare")
	server.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := server.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var words []string
	if err := json.Unmarshal([]byte(r.match(t, "Containerfile", `ENTRYPOINT (.*)\n`)), &words); err != nil {
		t.Fatal(err)
	}
	got := r.contain(t, "run/secrets", words)
	uid := "uid 65534\n"
	if os.Geteuid() != 0 {
		uid = "uid 0\n" // of a namespace in which that means nothing
	}
	want := end{stdout: "lent [secret:npm-token]\nidentity false\n" + uid + "/ci.age\n/run\n/secrets\n/server\n"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = r.contain(t, "run/elsewhere", words)
	if got.status != 125 || !strings.Contains(got.stderr, "there is no age identity") {
		t.Errorf("without an identity: got %+v", got)
	}
}

// contain runs a command in the container, whose identity is in a folder.
func (r *runner) contain(t *testing.T, folder string, words []string) end {
	t.Helper()
	const setUp = `set -e
root=$1 secrets=$2 folder=$3 spec=$4; shift 4
mount -t tmpfs -o mode=755 tmpfs "$root"
cp "$secrets" ci.age server "$root"
mkdir -p "$root/$folder"
cp secrets-identity "$root/$folder"
chmod -R a+rX "$root"
mount -o remount,ro "$root"
exec env -i $(command -v chroot) $spec "$root" "$@"`
	args := []string{"-m", "-n", "-i", "-u", "-p", "-f"}
	spec := "--userspec=65534:65534"
	if os.Geteuid() != 0 {
		args, spec = append(args, "-r"), "--userspec=0:0"
	}
	args = append(args, "sh", "-c", setUp, "sh", t.TempDir(), r.secrets, folder, spec)
	c := exec.Command("unshare", append(args, words...)...)
	c.Dir = r.dir
	return run(t, c, "")
}

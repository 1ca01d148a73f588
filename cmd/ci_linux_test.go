package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const ciValue = "npm_0123456789abcdef"

// A runner is a folder with all that the files of docs/ci.md want to find.
type runner struct {
	dir, secrets string
	doc          string            // docs/ci.md
	files        map[string]string // of it, by the name in their first line
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{dir: t.TempDir(), files: map[string]string{}}
	r.secrets = build(t)
	h := newHome(t)
	h.must(t, ciValue, "set", "npm-token")
	h.must(t, "", "bundle", "create", "--to", canaryRecipient, "-o", filepath.Join(r.dir, "ci.age"), "npm-token")
	r.put(t, "secrets-identity", canaryIdentity+"\n", 0o600)
	r.put(t, "npm", "#!/bin/sh\necho \"$1 with $NPM_TOKEN, ${SECRETS_IDENTITY-none}\"\n", 0o755)
	server := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(r.dir, "server"), "./testdata/bare")
	server.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := server.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	doc, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```[a-z]+\n# (\\S+)\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		r.files[block[1]] = block[2]
	}
	r.doc = string(doc)
	return r
}

func (r *runner) put(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	// A process that another test starts meanwhile would inherit the open file, and
	// a program that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
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

// The jobs of docs/ci.md, step by step: with a read-only checkout and programs,
// but without a home, devices, a network, an ID of the machine or rights. Where
// something can be written, no value is left.
func TestCIJobs(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	program, err := os.ReadFile(r.secrets)
	if err != nil {
		t.Fatal(err)
	}
	platform := strings.NewReplacer(
		"${{ vars.SECRETS_URL }}", "file:///secrets",
		"${{ vars.SECRETS_SHA256 }}", fmt.Sprintf("%x", sha256.Sum256(program)),
		"${{ secrets.SECRETS_IDENTITY }}", canaryIdentity,
	)
	workflow := platform.Replace(r.files[".github/workflows/publish.yml"])
	get := step.FindStringSubmatch(workflow)
	publish := step.FindStringSubmatch(strings.Replace(workflow, get[0], "", 1))
	r.put(t, "get", get[2], 0o644)
	r.put(t, "publish", publish[2], 0o644)
	r.put(t, "gitlab", r.match(t, ".gitlab-ci.yml", `(?m)^    - (secrets exec .*\n)`), 0o644)
	const look = "\n" + `find /temp -type f | sort; grep -rl npm_0123 /temp || echo nothing left`

	for name, c := range map[string]struct {
		script string
		want   end
	}{
		"GitHub": {
			"export RUNNER_TEMP=/temp GITHUB_PATH=/temp/path; bash -e get; export PATH=$(cat $GITHUB_PATH):$PATH; " +
				strings.Replace(strings.TrimSpace(publish[1]), ": ", "=", 1) + " bash -e publish" + look,
			end{stdout: "/temp/secrets: OK\npublish with [secret:npm-token], none\n/temp/path\n/temp/secrets\nnothing left\n"},
		},
		"GitHub, of a fork": {
			"export RUNNER_TEMP=/temp GITHUB_PATH=/temp/path; bash -e get; export PATH=$(cat $GITHUB_PATH):$PATH; SECRETS_IDENTITY= bash -e publish",
			end{stdout: "/temp/secrets: OK\n", stderr: noIdentity, status: 125},
		},
		"GitLab": {
			"cp secrets-identity /temp/file; export SECRETS_IDENTITY_FILE=/temp/file PATH=/:$PATH; sh -e gitlab" + look,
			end{stdout: "publish with [secret:npm-token], none\n/temp/file\nnothing left\n"},
		},
		"GitLab, unprotected": {
			"export PATH=/:$PATH; sh -e gitlab",
			end{stderr: "secrets: error: --identity-file takes a value\nsecrets: hint: secrets exec --help shows how it is used\n", status: 125},
		},
	} {
		t.Run(name, func(t *testing.T) {
			const furnish = `
				for link in bin sbin lib lib64; do [ ! -L /$link ] || cp -P /$link "$1"; done
				mkdir "$1/usr" "$1/work" "$1/temp"
				mount --bind /usr "$1/usr"
				cp "$2" "$1/secrets"
				cp ci.age npm get publish gitlab "$1/work"
				install -m 444 secrets-identity "$1/work"
				mount -t tmpfs -o mode=1777 none "$1/temp"`
			if got := r.enter(t, furnish, "/usr/bin/env", "-C", "/work", "PATH=/work:/usr/bin:/bin", "sh", "-ec", c.script); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// step is one of a workflow that runs something: its environment and that.
var step = regexp.MustCompile(`(?m)^      - name: .*\n(?:        env:\n((?:          .*\n)+))?        run: \|\n((?:          .*\n)+)`)

const noIdentity = "secrets: error: there is no age identity\nsecrets: hint: put it into the variable SECRETS_IDENTITY or the file /run/secrets/secrets-identity, or name its file: --identity-file FILE\n"

// The container of docs/ci.md: an empty root that cannot be written, no proc, no
// dev, no home, no network, no environment and no rights.
func TestCIContainer(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	var words []string
	if err := json.Unmarshal([]byte(r.match(t, "Containerfile", `ENTRYPOINT (.*)\n`)), &words); err != nil {
		t.Fatal(err)
	}
	const furnish = `cp "$2" "$1/secrets"; cp ci.age server "$1"; mkdir "$1/run"`
	got := r.enter(t, furnish+`; mkdir "$1/run/secrets"; install -m 444 secrets-identity "$1/run/secrets"`, words...)
	uid := "uid 65534\n"
	if os.Geteuid() != 0 {
		uid = "uid 0\n" // of a namespace in which that means nothing
	}
	want := end{stdout: "lent [secret:npm-token]\nidentity false\n" + uid + "/ci.age\n/run\n/secrets\n/server\n"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = r.enter(t, furnish, words...)
	if want := (end{stderr: noIdentity, status: 125}); got != want {
		t.Errorf("without an identity: got %+v, want %+v", got, want)
	}
}

// enter runs a command in a root of its own, which a script furnishes: $1 is the
// root and $2 our program. Then nothing in it can be written, and there is no
// network, no environment and nobody with rights.
func (r *runner) enter(t *testing.T, furnish string, words ...string) end {
	t.Helper()
	setUp := `set -e
mount -t tmpfs -o mode=755 none "$1"` + "\n" + furnish + `
mount -o remount,ro "$1"
root=$1 spec=$3; shift 3
exec env -i $(command -v chroot) $spec "$root" "$@"`
	args := []string{"-m", "-n", "-i", "-u", "-p", "-f"}
	spec := "--userspec=65534:65534"
	if os.Geteuid() != 0 {
		args, spec = append(args, "-r"), "--userspec=0:0"
	}
	args = append(args, "sh", "-c", setUp, "sh", t.TempDir(), r.secrets, spec)
	c := exec.Command("unshare", append(args, words...)...)
	c.Dir = r.dir
	return run(t, c, "")
}

// The service of docs/ci.md under a systemd of its own, process 1 of a namespace:
// it decrypts the identity for the service alone, whose user it makes up.
func TestCIService(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	// The key of this machine is kept on a disk, and on none that is gone with
	// the next start, which the folder for tests may be.
	disk, err := os.MkdirTemp("/var/tmp", "service-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(disk) })
	encrypt := regexp.MustCompile("(?m)^systemd-creds encrypt .*").FindString(r.doc)
	if encrypt == "" {
		t.Fatal("docs/ci.md encrypts no identity")
	}
	r.put(t, "encrypt", encrypt+"\n", 0o644)
	r.put(t, "server.service", r.files["/etc/systemd/system/server.service"], 0o644)
	r.put(t, "test.conf", `[Unit]
DefaultDependencies=no
[Service]
StandardOutput=file:/var/out
StandardError=inherit
ExecStopPost=+/bin/sh -c "echo $SERVICE_RESULT >/var/ended; systemctl --no-block exit"
`, 0o644)
	const boot = `set -e
mount -t tmpfs -o mode=755 none "$1"
for link in bin sbin lib lib64; do [ ! -L /$link ] || cp -P /$link "$1"; done
mkdir -p "$1/usr" "$1/var" "$1/proc" "$1/sys" "$1/dev" "$1/run" "$1/tmp" "$1/root" "$1/home" \
	"$1/etc/credstore.encrypted" "$1/etc/systemd/system/server.service.d" "$1/etc/server"
mount --bind /usr "$1/usr"
mount -t tmpfs none "$1/usr/local/bin"
cp "$2" "$1/usr/local/bin/secrets"
cp server "$1/usr/local/bin/server"
cp ci.age "$1/etc/server"
cp server.service "$1/etc/systemd/system"
cp test.conf "$1/etc/systemd/system/server.service.d"
cp secrets-identity "$1/root/identity.txt"
cp start encrypt "$1/root"
mount --bind "$3" "$1/var"
mkdir "$1/var/lib"
echo root:x:0:0:root:/root:/bin/sh >"$1/etc/passwd"
echo root:x:0: >"$1/etc/group"
echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
mount -t proc none "$1/proc"
mount -t sysfs none "$1/sys"
mount -t cgroup2 none "$1/sys/fs/cgroup"
for device in null zero full random urandom; do touch "$1/dev/$device"; mount --bind /dev/$device "$1/dev/$device"; done
exec chroot "$1" sh /root/start`
	r.put(t, "start", `set -e
mount --make-rshared /
cd /root
sh -e encrypt
rm identity.txt encrypt
exec env -i container=test PATH=/usr/bin:/bin /lib/systemd/systemd --system --unit=server.service --log-target=null --show-status=no
`, 0o644)
	words := []string{"unshare", "-m", "-n", "-i", "-u", "-p", "-C", "-f", "--kill-child", "sh", "-c", boot, "sh", t.TempDir(), r.secrets, disk}
	if os.Geteuid() != 0 { // who may make up users
		words = append([]string{"sudo"}, words...)
	}
	c := exec.Command(words[0], words[1:]...)
	c.Dir = r.dir
	e := run(t, c, "")
	out, err := os.ReadFile(filepath.Join(disk, "out"))
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	want := regexp.MustCompile(`^lent \[secret:npm-token\]\nidentity false\nuid 6\d{4}\n(/\S+\n)+$`)
	if !want.Match(out) {
		t.Errorf("got %q, want %s\n%+v", out, want, e)
	}
	if ended, err := os.ReadFile(filepath.Join(disk, "ended")); string(ended) != "success\n" {
		t.Errorf("it ended with %q, %v", ended, err)
	}
	err = filepath.WalkDir(disk, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(ciValue)) || bytes.Contains(text, []byte(canaryIdentity)) {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil && os.Geteuid() == 0 {
		t.Error(err)
	}
}

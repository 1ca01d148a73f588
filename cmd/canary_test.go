package cmd_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secrets/cmd"
)

// A canary is a value that is taken through every command, and then looked for
// in all that was written anywhere. These have the shapes of what people store.
var canaries = map[string]string{
	"token":  "sk-7Qm2xV9tLw4RzB81-aJ0uYk6",
	"quoted": `q'7Zx"Vw%2Fé€\nK8 <&> $PATH 💛 p0Lr`,
	"PEM": `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq3Jv8ZpTn5yWc1Xe
2uLkR0sHdA7mQfB9gVtYiNhRANCAATzKxwE4oGpUj6lCbSrMvFDhe3I5Pq1OaZ0
-----END PRIVATE KEY-----
`,
}

const (
	canaryLabel   = "canary/of-the-mine"
	canaryNote    = "sings in the dark"
	canaryMachine = "f37ac0de95b1482e6d0ab84c31e7592d"

	// An age identity and its recipient, and an identity that is not its.
	canaryIdentity  = "AGE-SECRET-KEY-16Q2UPDC8G8U5WCD5DGSCZNDFSV3MPHZLYPNADS256LR6NC25VE9QUCSDA3"
	canaryRecipient = "age1lxughg6yuw9ftqrnyh4p35m6nhj9er3dsapcez8g0mx3r0kqsc8qfeke27"
	canaryStranger  = "AGE-SECRET-KEY-13VT94U7QE2ACPQ6XD8G34FNW8HC032UUH04AH5NDAWLGM67UQ04QJ65AH6"
)

// An outing is one command line. In its words and its environment, {value} is the
// value and {label} its label; {file} is a file that holds it, {big} one that holds
// it too often, {nul} one with a NUL behind it, {forms} one with all its forms;
// {all} is a script that prints that one to stdout and stderr, and {save} one that
// keeps $MADE where the test finds it.
type outing struct {
	status int
	stdin  string
	words  string
	env    string
}

// Before there is a store.
var outingsWithoutStore = []outing{
	{status: 3, words: "list"},
	{status: 3, words: "show {label}"},
	{status: 3, words: "get {label}"},
	{status: 3, words: "edit {label} --env CANARY"},
	{status: 3, words: "mv {label} other"},
	{status: 3, words: "rm {label}"},
	{status: 3, words: "backup {store}/backup"},
	{status: 3, words: "destroy"},
	{status: 3, words: "rekey"},
	{status: 3, words: "recovery test --identity-file {file}"},
	{status: 3, words: "recover --identity-file {file}"},
	{status: 3, words: "doctor"},
	{status: 125, words: "exec --use {label} -- sh {all}"},
	{status: 0, words: "__complete show ca"},
	{status: 5, words: "set {label}", stdin: "{value}", env: "TEST_KEYRING="},
	{status: 5, words: "init", env: "TEST_KEYRING="},
	{status: 9, words: "init", env: "TEST_MACHINE_ID=uninitialized"},
	{status: 9, words: "init --key-source file --key-file {store}/key"},
}

// With a store, in an order in which what fails comes before what changes the
// state that it fails in.
var outingsWithStore = []outing{
	{status: 2, words: "set {label}"},
	{status: 2, words: "set {label} {value}"},
	{status: 2, words: "set {label} --from-file {file} --from-env CANARY", env: "CANARY={value}"},
	{status: 2, words: "set {label} --from-file {big}"},
	{status: 1, words: "set {label} --from-file {tmp}/nothing"},
	{status: 2, words: "set {label} --from-env CANARY"},
	{status: 2, words: "set {label} --from-env {value}!"},
	{status: 2, words: "set {label} --unmasked", stdin: "{value}"},
	{status: 2, words: "set {label} --env 1CANARY", stdin: "{value}"},
	{status: 9, words: "set {label} --env LD_PRELOAD", stdin: "{value}"},
	{status: 2, words: "set {label} --expires soon", stdin: "{value}"},
	{status: 2, words: "set {label} --generate 3", stdin: "{value}"},
	{status: 2, words: "set {label} --nothing", stdin: "{value}"},
	{status: 2, words: "set 1", stdin: "{value}"},
	{status: 2, words: "set {value}!", stdin: "{value}"},
	{status: 0, words: "set {label} --note {note} --env CANARY --expires 90d --allow-remote-fs", stdin: "{value}"},
	{status: 9, words: "set {label}", stdin: "{value}"},
	{status: 0, words: "set {label} --replace --from-file {file}"},
	{status: 0, words: "set {label} --replace --from-env CANARY", env: "CANARY={value}"},
	{status: 0, words: "set canary/nul --from-file {nul}"},
	{status: 0, words: "set canary/made --generate 64 --env MADE"},
	{status: 0, words: "exec --use canary/made -- sh {save}"},
	{status: 0, words: "exec --use canary/made -- printenv MADE"},
	{status: 9, words: "init"},

	{status: 0, words: "list"},
	{status: 0, words: "list --json"},
	{status: 2, words: "list {value}!"},
	{status: 0, words: "show {label}"},
	{status: 0, words: "show {label} --json"},
	{status: 2, words: "show {value}!"},
	{status: 9, words: "get {label}"},
	{status: 9, words: "get {label}", env: "CLAUDECODE=1"},
	{status: 2, words: "edit {value}! --note {note}"},
	{status: 2, words: "edit {label}"},
	{status: 0, words: "edit {label} --env CANARY --note {note} --expires never"},
	{status: 2, words: "rm {value}!"},
	{status: 2, words: "mv {value}! other"},
	{status: 2, words: "mv {label} {value}!"},
	{status: 9, words: "mv {label} canary/nul"},
	{status: 3, words: "mv canary/of-the-mind other"},
	{status: 0, words: "mv {label} other"},
	{status: 0, words: "mv other {label}"},

	{status: 0, words: "exec --use {label} -- sh {all}"},
	{status: 0, words: "exec --use {label} --clean -- sh {all}"},
	{status: 0, words: "exec --use OTHER={label} --timeout 1m -- printenv OTHER"},
	{status: 0, words: "exec --use {label} -- printenv OTHER CANARY", env: "OTHER={value}"},
	{status: 0, words: "exec --use-file OTHER={label} -- sh {all}"},
	{status: 0, words: "exec --use-file OTHER={label} -- sh -c {cat-other}"},
	{status: 0, words: "exec --stdin {label} -- cat"},
	{status: 0, words: "exec --mask-env OTHER -- printenv OTHER", env: "OTHER={value}"},
	{status: 125, words: "exec --use {label} --no-mask -- sh {all}"},
	{status: 124, words: "exec --use {label} --timeout 200ms -- sleep 60"},
	{status: 127, words: "exec --use {label} -- nothing-of-this-name"},
	{status: 126, words: "exec --use {label} -- {forms}"},
	{status: 125, words: "exec --use {label} -- echo {value}"},
	{status: 125, words: "exec --use {label},CANARY=canary/nul -- sh {all}"},
	{status: 125, words: "exec --use canary/nul -- sh {all}"},
	{status: 125, words: "exec --use {label},canary/of-the-mind -- sh {all}"},
	{status: 125, words: "exec --use {value}! -- sh {all}"},
	{status: 125, words: "exec --use PATH={label} -- sh {all}"},
	{status: 125, words: "exec --use 1={label} -- sh {all}"},
	{status: 125, words: "exec --use {label} sh {all}"},
	{status: 125, words: "exec -- sh {all}"},
	{status: 125, words: "exec --use {label} --"},
	{status: 125, words: "exec --use {label} --timeout -1s -- sh {all}"},

	{status: 0, words: "recovery"},
	{status: 4, words: "recovery create"},
	{status: 2, words: "recovery create --to {value}!"},
	{status: 0, words: "recovery create --to " + canaryRecipient},
	{status: 4, words: "recovery test --identity-file {file}"},
	{status: 0, words: "recovery list"},
	{status: 0, words: "recovery list --json"},
	{status: 3, words: "recovery rm 9"},
	{status: 2, words: "recovery rm {value}"},
	{status: 4, words: "recovery test --identity-file {stranger}"},
	{status: 9, words: "recover --identity-file {file} --key-source file --no-hardware-id"},
	{status: 0, words: "rekey"},
	{status: 0, words: "rekey --key-source {source}"},
	{status: 0, words: "list --passphrase-fd 0"},

	{status: 0, words: "identity"},
	{status: 0, words: "identity --json"},
	{status: 0, words: "export --to " + canaryRecipient + " --output moved.age --expires 1d {label}"},
	{status: 0, words: "export --to " + canaryRecipient + " {label}"},
	{status: 2, words: "export --to " + canaryRecipient + " {value}!"},
	{status: 4, words: "export --to " + canaryRecipient + " {label}", env: "CLAUDECODE=1"},
	{status: 4, words: "import moved.age"},
	{status: 9, words: "import moved.age --identity-file {identity}"},
	{status: 0, words: "import moved.age --identity-file {identity} --replace --yes"},
	{status: 7, words: "import {file} --identity-file {identity}"},
	{status: 0, words: "bundle"},
	{status: 0, words: "bundle create --to " + canaryRecipient + " --expires 30d --output canary.age {label}"},
	{status: 0, words: "bundle create --to " + canaryRecipient + " CANARY=-", stdin: "{value}"},
	{status: 2, words: "bundle create --to " + canaryRecipient + " {value}!"},
	{status: 2, words: "bundle create --to {value}! {label}"},
	{status: 4, words: "bundle create --to " + canaryRecipient + " {label}", env: "CLAUDECODE=1"},
	{status: 0, words: "bundle show canary.age --identity-file {identity}"},
	{status: 0, words: "bundle show canary.age --json --identity-file {identity}"},
	{status: 0, words: "bundle show canary.age --identity-fd 0", stdin: "{own}"},
	{status: 4, words: "bundle show canary.age --identity-file {stranger}"},
	{status: 7, words: "bundle show {file} --identity-file {identity}"},
	{status: 0, words: "exec --bundle canary.age --identity-file {identity} --use {label} -- sh {all}"},
	{status: 0, words: "exec --bundle canary.age --use {label} -- sh {all}", env: "SECRETS_IDENTITY={own}"},
	{status: 125, words: "exec --bundle canary.age --identity-fd 0 --use {label} -- sh {all}"},
	{status: 125, words: "exec --bundle {file} --identity-file {identity} --use {label} -- sh {all}"},
	{status: 0, words: "bundle rotate canary.age --identity-file {identity} --to " + canaryRecipient},
	{status: 0, words: "bundle rotate canary.age --identity-fd 0 --expires 30d --output rotated.age --to " + canaryRecipient, stdin: "{own}"},

	{status: 0, words: "backup {store}/backup"},
	{status: 9, words: "backup {file}"},
	{status: 7, words: "restore {file}"},
	{status: 0, words: "rm canary/nul"},
	{status: 9, words: "restore {store}/backup"},
	{status: 0, words: "restore {store}/backup --replace"},
	{status: 0, words: "doctor --deep"},
	{status: 0, words: "doctor --repair"},
	{status: 4, words: "doctor --deep --identity-file {file}"},

	{status: 4, words: "destroy"},
	{status: 0, words: "__complete exec --use ca"},
	{status: 0, words: "completion bash"},
	{status: 0, words: "completion zsh"},
	{status: 0, words: "completion fish"},
	{status: 0, words: "completion powershell"},
	{status: 0, words: "man pages"},
	{status: 0, words: "help exec"},
	{status: 0, words: "version"},
	{status: 0, words: "--version"},
	{status: 0, words: "version --json"},
	{status: 0, words: "rm canary/nul"},
}

// outingsAnyhow are made in each of the states in which the store does not open.
var outingsAnyhow = []outing{
	{words: "list --json"},
	{words: "show {label} --json"},
	{words: "get {label}"},
	{words: "set {label} --replace", stdin: "{value}"},
	{words: "edit {label} --note {note}"},
	{words: "mv {label} other"},
	{words: "rm {label}"},
	{words: "doctor"},
	{words: "doctor --json"},
}

// closed are those states, each by the environment that brings it about.
var closed = []struct {
	status int
	source string // of the key, where only one knows the state
	env    string
}{
	{6, "", "TEST_MACHINE_ID=00112233445566778899aabbccddeeff"},
	{6, "", "TEST_MACHINE_ID="},
	{5, "keyring", "TEST_KEYRING="},
	{5, "keyring", "TEST_KEYRING={tmp}"},
	{5, "file", "SECRETS_KEY_FILE={keyring}/none"},
	{7, "file", "SECRETS_KEY_FILE={badkey}"},
	{7, "", "SECRETS_DIR={damaged}"},
}

// A flight takes one canary through all outings with one key source.
type flight struct {
	home   *home
	source string
	words  *strings.Replacer
	made   string // where {save} keeps the value that was generated

	values traces // must show nowhere
	keys   traces // nor these, but in the key source
	sealed traces // what the store's own files must not show besides
	said   bytes.Buffer
}

func TestCanary(t *testing.T) {
	for shape, value := range canaries {
		for _, source := range []string{"keyring", "file"} {
			t.Run(shape+"/"+source, func(t *testing.T) {
				t.Parallel()
				f := newFlight(t, source, value)
				f.all(t, outingsWithoutStore)
				f.take(t, outing{words: "init --key-source " + source})
				f.watchKey(t)
				f.all(t, outingsWithStore)
				f.allClosed(t)
				f.watchMade(t)
				if found := f.values.find(f.said.Bytes()); found != "" {
					t.Errorf("something wrote %s", found)
				}
				f.files(t)
			})
		}
	}
}

// A passphrase is as secret as a value, and here it is the same.
func TestCanaryAsPassphrase(t *testing.T) {
	t.Parallel()
	f := newFlight(t, "passphrase", canaries["token"])
	f.all(t, []outing{
		{status: 0, words: "init --key-source passphrase --passphrase-fd 0", stdin: "{value}\n"},
		{status: 0, words: "set {label} --passphrase-fd 0", stdin: "{value}\n{value}"},
		{status: 0, words: "list --json --passphrase-fd 0", stdin: "{value}\n"},
		{status: 4, words: "list --passphrase-fd 0", stdin: "{value}!\n"},
		{status: 4, words: "list --passphrase-fd 0", stdin: strings.Repeat("{value}", 200)},
		{status: 4, words: "list", stdin: "{value}\n"},
		{status: 2, words: "list --passphrase-fd {value}"},
		{status: 0, words: "exec --passphrase-fd 0 --use {label} -- sh {all}", stdin: "{value}\n"},
		{status: 125, words: "exec --passphrase-fd 0 --use {label} -- sh {all}", stdin: "{value}!\n"},
		{status: 0, words: "rekey --passphrase-fd 0", stdin: "{value}\n{value}\n"},
		{status: 0, words: "doctor --json"},
		{words: "__complete show ca"},
	})
	if found := f.values.find(f.said.Bytes()); found != "" {
		t.Errorf("something wrote %s", found)
	}
}

func newFlight(t *testing.T, source, value string) *flight {
	t.Helper()
	f := &flight{home: newHome(t), source: source, values: traces{}, keys: traces{}, sealed: traces{}}
	f.home.env = append(f.home.env, "TEST_MACHINE_ID="+canaryMachine)
	f.values.watch("the value", []byte(value))
	f.values.watch("the hardware ID", []byte(canaryMachine))
	for _, identity := range []string{canaryIdentity, canaryStranger} {
		f.values.watch("an identity", []byte(strings.TrimPrefix(identity, "AGE-SECRET-KEY-")))
	}
	f.sealed.watch("the label", []byte(canaryLabel))
	f.sealed.watch("the note", []byte(canaryNote))

	outside := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(outside, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f.made = filepath.Join(outside, "made")
	forms := write("forms", allForms(value))
	f.words = strings.NewReplacer(
		"{value}", value, "{label}", canaryLabel, "{note}", canaryNote,
		"{file}", write("value", value), "{big}", write("big", strings.Repeat(value, 64<<10/len(value)+1)), "{nul}", write("nul", value+"\x00"), "{forms}", forms,
		"{all}", write("all", "cat "+forms+"; cat "+forms+" >&2"),
		"{own}", canaryIdentity, "{identity}", write("identity", canaryIdentity), "{stranger}", write("stranger", canaryStranger), "{source}", source,
		"{save}", write("save", `printf %s "$MADE" >`+f.made), "{cat-other}", `cat "$OTHER"`,
		"{store}", filepath.Dir(f.home.store()), "{keyring}", filepath.Join(f.home.dir, "keyring"),
		"{damaged}", filepath.Join(f.home.dir, "damaged"), "{badkey}", filepath.Join(f.home.dir, "badkey"),
		"{tmp}", filepath.Join(f.home.dir, "tmp"),
	)
	return f
}

// allForms is a text with the value, each line of it, and all forms of the whole.
func allForms(value string) string {
	var b strings.Builder
	b.WriteString(value + "\n")
	for _, line := range secretLines([]byte(value)) {
		b.WriteString("line: " + string(line) + "\n")
	}
	for name, form := range forms([]byte(value)) {
		b.WriteString(name + ": " + string(form) + "\n")
	}
	return b.String()
}

// arguments are the words of an outing. A note has blanks in it, and a value may.
func (f *flight) arguments(words string) []string {
	args := strings.Fields(words)
	for i := range args {
		args[i] = f.words.Replace(args[i])
	}
	return args
}

func (f *flight) all(t *testing.T, outings []outing) {
	t.Helper()
	for _, o := range outings {
		f.take(t, o)
	}
}

// take makes one outing and looks at all that it wrote.
func (f *flight) take(t *testing.T, o outing) {
	t.Helper()
	e := run(t, f.home.command(f.arguments(o.env), f.arguments(o.words)...), f.words.Replace(o.stdin))
	if e.status != o.status {
		t.Errorf("%s %s: exit status %d, want %d\n%s", o.env, o.words, e.status, o.status, e.stderr)
	}
	if o.status == 0 && strings.HasSuffix(o.words, "sh {all}") && !strings.Contains(e.stdout, "[secret:"+canaryLabel+"]") {
		t.Errorf("%s: nothing is masked in %q", o.words, e.stdout)
	}
	for stream, text := range map[string]string{"stdout": e.stdout, "stderr": e.stderr} {
		if found := f.values.find([]byte(text)) + f.keys.find([]byte(text)); found != "" {
			t.Errorf("%s %s: %s has %s\n%s", o.env, o.words, stream, found, text)
		}
		f.said.WriteString(text)
	}
	f.files(t)
}

// files looks at every file in the home.
func (f *flight) files(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(f.home.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		text = append(text, path...)
		found := f.values.find(text)
		folder, _ := filepath.Rel(f.home.dir, path)
		if !f.holdsKeys(path) {
			found += f.keys.find(text)
		}
		if !strings.HasPrefix(folder, "pages") {
			found += f.sealed.find(text)
		}
		if found != "" {
			t.Errorf("%s has %s", folder, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(f.home.dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left in TMPDIR: %v, %v", left, err)
	}
}

func (f *flight) holdsKeys(path string) bool {
	return path == f.home.keyFile() || filepath.Base(filepath.Dir(path)) == "keyring"
}

var base64Key = regexp.MustCompile(`[A-Za-z0-9+/]{43}`)

// watchKey watches the key that init made, and prepares what closes the store.
func (f *flight) watchKey(t *testing.T) {
	t.Helper()
	items, err := filepath.Glob(filepath.Join(f.home.dir, "keyring", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(items, f.home.keyFile()) {
		text, _ := os.ReadFile(path)
		if encoded := base64Key.Find(text); encoded != nil {
			key, err := base64.RawStdEncoding.DecodeString(string(encoded))
			if err != nil {
				t.Fatal(err)
			}
			f.keys.watchKey("the key", key)
		}
	}
	if len(f.keys) == 0 {
		t.Fatal("no key was found to watch")
	}
}

// allClosed makes outings to a store that does not open, in every state that
// keeps it from it.
func (f *flight) allClosed(t *testing.T) {
	t.Helper()
	file, err := os.ReadFile(f.home.store())
	if err != nil {
		t.Fatal(err)
	}
	for i := range file[:len(file)/2] {
		file[i] ^= 0x55
	}
	f.write(t, f.home.folder(t, "damaged")+"/store.db", file)
	keys, _ := os.ReadFile(f.home.keyFile())
	f.write(t, f.home.dir+"/badkey", base64Key.ReplaceAll(keys, []byte("no key")))

	for _, state := range closed {
		if state.source != "" && state.source != f.source {
			continue
		}
		for _, o := range outingsAnyhow {
			o.status, o.env = state.status, state.env
			f.take(t, o)
		}
		f.take(t, outing{status: 125, words: "exec --use {label} -- sh {all}", env: state.env})
		f.take(t, outing{words: "__complete show ca", env: state.env})
	}
}

func (f *flight) write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// watchMade watches the value that set --generate made.
func (f *flight) watchMade(t *testing.T) {
	t.Helper()
	made, err := os.ReadFile(f.made)
	if err != nil || len(made) != 64 {
		t.Fatalf("got %d bytes, %v, want the 64 that were made", len(made), err)
	}
	f.values.watch("the value that was made", made)
}

// Every command, those of later versions too, has its outing, and each of its
// flags.
func TestCanaryGoesEverywhere(t *testing.T) {
	root := cmd.New(cmd.System())
	root.InitDefaultHelpCmd()
	been := map[string][]string{}
	everywhere := slices.Concat(outingsWithoutStore, outingsWithStore, outingsAnyhow, []outing{{words: "init --key-source file --no-hardware-id"}})
	for _, o := range everywhere {
		words := strings.Fields(o.words)
		c, _, err := root.Find(words)
		if err != nil && words[0] != cobra.ShellCompRequestCmd {
			t.Errorf("%s: %v", o.words, err)
		}
		been[c.CommandPath()] = append(been[c.CommandPath()], words...)
		been[""] = append(been[""], words...)
	}
	wants := func(c *cobra.Command, words []string) func(*pflag.Flag) {
		return func(f *pflag.Flag) {
			if !slices.Contains(words, "--"+f.Name) {
				t.Errorf("%s --%s has no outing", c.CommandPath(), f.Name)
			}
		}
	}
	root.PersistentFlags().VisitAll(wants(root, been[""]))
	tree := []*cobra.Command{root}
	for len(tree) > 0 {
		c := tree[0]
		tree = append(tree[1:], c.Commands()...)
		if been[c.CommandPath()] == nil {
			t.Errorf("%s has no outing", c.CommandPath())
		}
		c.LocalNonPersistentFlags().VisitAll(wants(c, been[c.CommandPath()]))
	}
}

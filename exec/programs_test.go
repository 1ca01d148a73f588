//go:build linux

package exec_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPrograms has real programs on a terminal, bare and through us, screen by
// screen: the same keys must give the same picture, colours included.
func TestPrograms(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir(sample(t))))
	t.Cleanup(server.Close)

	const quit = "q"
	for _, test := range []struct {
		name string
		line string     // what is typed, with RUN in front of the program
		up   string     // what shows that the program is there
		keys [][]string // what is typed then, with a picture after each
		then []string   // what shows that the program has understood them, where it loses what comes before
		same func(string) string
	}{
		{name: "ls", line: `RUN ls --color=auto -F .`},
		{name: "git log", up: "commit 40", line: `cd repo; RUN git log --oneline --decorate`, keys: [][]string{{"j"}, {"/", "1", "7", "Enter"}, {quit}}},
		{name: "git diff", up: "commit 40", line: `cd repo; RUN git show --stat -p HEAD`},
		{name: "vim", up: "import os", line: `RUN vim -u NONE -N -i NONE -c 'syntax on' a.py`, keys: [][]string{
			{"j", "j"}, {"o", "print(1)", "Escape"}, {":set number", "Enter"}, {"/print", "Enter"}, {"dd", "u"}, {":w! saved.py", "Enter"}, {":q!", "Enter"},
		}},
		{name: "less", up: "line 1", line: `RUN less -N long`, keys: [][]string{{"Space"}, {"/77", "Enter"}, {"G"}, {"g"}, {quit}}},
		{name: "less from a pipe", up: "1", line: `seq 1000 | RUN less`, keys: [][]string{{"Space"}, {"G"}, {quit}}},
		{name: "vim from a pipe", up: "line 1", line: `cat long | RUN vim -u NONE -N -n -i NONE -`, keys: [][]string{{"j", "j"}, {"dd", "u"}, {"C-z"}, {"fg", "Enter"}, {":q!", "Enter"}}},
		{name: "an installer", up: "Go on?", line: `printf '%s\n' 'echo "from $(tty </dev/tty | wc -l)"' 'read -r -e -p "Go on? " a </dev/tty; echo "got $a"' | RUN bash`, keys: [][]string{{"yes", "Left", "x"}, {"Enter"}}},
		{name: "ssh-keygen from a pipe", up: "Enter pass", line: `echo | RUN ssh-keygen -t ed25519 -f ./key`, keys: [][]string{{"secret", "Enter"}, {"another", "Enter"}, {"C-c"}}},
		{name: "python from a pipe", up: "got", line: `echo 'import os; print("got", os.get_terminal_size(), os.isatty(1), os.isatty(0))' | RUN python3`},
		{name: "more", up: "--More--", line: `RUN more long`, keys: [][]string{{"Space"}, {quit}}},
		{name: "nano", up: "GNU nano", line: `RUN nano --ignorercfiles a.py`, keys: [][]string{{"Down"}, {"x"}, {"C-x"}, {"n"}}},
		{name: "top", up: "PID", line: `RUN top -p 1 -d 1000`, keys: [][]string{{"1"}, {quit}}, same: func(screen string) string {
			return words(sinceBoot.ReplaceAllString(screen, ""))
		}},
		{name: "htop", up: "PID", line: `RUN htop -p 1 -d 1000`, keys: [][]string{{"F1"}, {"Escape"}, {quit}}, same: func(screen string) string {
			return cutRunning.ReplaceAllString(words(screen), "running")
		}},
		{name: "python", up: ">>>", line: `RUN python3 -q`, keys: [][]string{
			{"1+1", "Enter"}, {"import os; os.isatty(1), os.isatty(0)", "Enter"}, {"Up", "Home", "Delete", "Enter"}, {"input('name? ')", "Enter"}, {"me", "Enter"}, {"C-c"}, {"C-d"},
		}},
		{name: "node", up: ">", line: `RUN node`, keys: [][]string{{"1+1", "Enter"}, {"process.stdout.isTTY", "Enter"}, {"[1,'two',null]", "Enter"}, {"Up", "Enter"}, {"C-c"}, {".exit", "Enter"}}},
		{name: "bash", line: `RUN bash --norc --noprofile -i`, keys: [][]string{
			{"echo $0 $-", "Enter"}, {"sleep 1000", "Enter"}, {"C-c"}, {"sl", "C-a", "C-k", "ls -d /et", "Tab", "Enter"}, {"C-r", "echo"}, {"C-g"}, {"exit 3", "Enter"}, {"echo $?", "Enter"},
		}},
		{name: "ssh-keygen", up: "Enter file", line: `RUN ssh-keygen -t ed25519`, keys: [][]string{{"./key", "Enter"}, {"secret", "Enter"}, {"another", "Enter"}, {"C-c"}}},
		{name: "su", up: "Password:", line: `RUN setpriv --reuid 65534 --clear-groups su`, keys: [][]string{{"wrong"}, {"C-c"}}},
		{name: "getpass", up: "Password:", line: `RUN python3 -c 'import getpass; print(len(getpass.getpass()))'`, keys: [][]string{{"secret"}, {"Enter"}}},
		{name: "npm", up: "package name:", line: `mkdir package; cd package; RUN npm init`, keys: [][]string{{"name", "Enter"}, {"Enter"}, {"C-c"}}, then: []string{"version:", "description:", ""}, same: words},
		{name: "pip", up: "ERROR: No matching", line: `RUN pip download --no-index --disable-pip-version-check no-such-package`},
		{name: "curl", line: `RUN curl -o got ` + server.URL + `/long`, same: words},
		{name: "wget", up: "100%", line: `RUN wget --progress=bar:force -O got ` + server.URL + `/long 2>&1 | tail -c 300 > f; RUN wget -q --show-progress -O got ` + server.URL + `/long`, same: words},
		{name: "apt", line: `RUN apt list bash`},
		{name: "pv", line: `RUN pv -p -s 100k long > got`, same: words},
		{name: "dialog", up: "Choose", line: `RUN dialog --menu Choose 12 40 4 1 one 2 two 3 three`, keys: [][]string{{"Down"}, {"Tab"}, {"Enter"}}},
		{name: "fzf", up: "100/100", line: `seq 100 | RUN fzf --no-mouse`, keys: [][]string{{"5"}, {"Up"}, {"Enter"}}},
		{name: "watch", up: "hello", line: `RUN watch -t -n 1000 echo hello`, keys: [][]string{{"C-c"}}},
		{name: "stty", up: "echoke", line: `RUN stty -a`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bare, ours := openDesk(t), openDesk(t)
			both := func(do func(*desk)) { do(bare); do(ours) }
			bare.set(t, "env")
			ours.set(t, `$FRONT`)
			both(func(d *desk) { d.fill(t) })
			line := strings.ReplaceAll(test.line, "RUN", "$RUN")
			both(func(d *desk) { d.enter(t, line) })
			both(func(d *desk) { d.wait(t, test.up) })
			same := test.same
			if same == nil {
				same = func(screen string) string { return screen }
			}
			compare := func(step string) {
				t.Helper()
				// The two are typed to one after the other: a picture may come
				// late on a busy machine, but it must come.
				want, got := same(bare.settled(t)), same(ours.settled(t))
				for range 10 {
					if want == got {
						return
					}
					want, got = same(bare.settled(t)), same(ours.settled(t))
				}
				check(t, "screen after "+step, got, want)
			}
			compare("the start")
			if screen := bare.plain(t); strings.Contains(screen, "ommand not found") || strings.Contains(screen, "No such file") {
				t.Fatalf("the program is not there:\n%s", screen)
			}
			for i, keys := range test.keys {
				both(func(d *desk) { d.keys(t, keys...) })
				if test.then != nil {
					both(func(d *desk) { d.wait(t, test.then[i]) })
				}
				compare(strings.Join(keys, " "))
				if t.Failed() {
					return
				}
			}
			both(func(d *desk) { d.prompt(t) })
			both(func(d *desk) { d.enter(t, `clear; stty | tail -n +1; echo done`) })
			both(func(d *desk) { d.wait(t, "done") })
			compare("the end")
		})
	}
}

// cutRunning is how much of "running" htop has room for, behind numbers of tasks
// that differ.
var cutRunning = regexp.MustCompile(`\br[unig]*\b`)

// sinceBoot is how long the machine is up in top: "59 min," and then "1:00,".
var sinceBoot = regexp.MustCompile(`up .*? user`)

// words is what is the same in two pictures of a program that shows times and
// loads.
func words(screen string) string {
	screen = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(screen, "")
	return strings.Join(regexp.MustCompile(`[A-Za-z]{3,}`).FindAllString(screen, -1), " ")
}

func (d *desk) set(t *testing.T, run string) {
	t.Helper()
	d.enter(t, `RUN="`+run+`"; clear`)
	d.prompt(t)
}

// fill puts the files of the sample where the programs run.
func (d *desk) fill(t *testing.T) {
	t.Helper()
	if err := os.CopyFS(d.home(t), os.DirFS(sample(t))); err != nil {
		t.Fatal(err)
	}
	d.enter(t, `PS1='\W $ '; cd work; clear`)
	d.settled(t)
}

// sample is a directory with a few files and a git repository.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(filepath.Join(work, "repo"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(work, "a.py"), "import os\n\n\ndef f(x):\n    \"\"\"Text.\"\"\"\n    return [x, 'y', 1]\n", 0o644)
	write(t, filepath.Join(work, "run"), "", 0o755)
	long := see(t, bare("seq", "-f", "line %g", "2000")).Out
	write(t, filepath.Join(work, "long"), long, 0o644)
	write(t, filepath.Join(dir, "long"), long, 0o644)
	script := `
		export GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
		git init -q -b main; git config user.name n; git config user.email e@example.com
		for i in $(seq 40); do echo "line $i" >> f; git add f; git commit -q -m "commit $i"; done; git gc -q`
	cmd := bare("sh", "-c", script)
	cmd.Dir = filepath.Join(work, "repo")
	check(t, "git", see(t, cmd), outcome{})
	return dir
}

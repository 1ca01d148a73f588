package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A loss of power is played: strace(1) records what a writer asks of the system,
// and from that are made all the disks that a loss of power may leave. What was
// synced is there. Of what was not, each write may be there, be missing, or be
// there in part, in any order, and each name of a folder that was not synced may
// lead to whatever it led to since. POSIX promises no more than that.

// A disk is what a file system has been asked for, and what of it is safe.
type disk struct {
	inodes []*inode
	names  map[string][]int // path → inode: the synced one, then all since; noInode for none
	open   map[int]*openFD
	acked  int // what the writer said last
}

type inode struct {
	synced  []byte
	pending []write
}

// A write puts data at an offset, or, without data, cuts the file there.
type write struct {
	at   int
	data []byte
}

type openFD struct {
	path   string
	inode  int
	offset int
}

const (
	noInode    = -1
	folderNode = -2
)

const sector = 512

func (n *inode) content(random *rand.Rand, keep func(*rand.Rand) bool) []byte {
	b := bytes.Clone(n.synced)
	for _, w := range n.pending {
		if w.data == nil {
			if keep(random) {
				b = append(b, make([]byte, max(0, w.at-len(b)))...)[:w.at]
			}
			continue
		}
		for from := 0; from < len(w.data); from += sector {
			if to := min(from+sector, len(w.data)); keep(random) {
				b = append(b, make([]byte, max(0, w.at+to-len(b)))...)
				copy(b[w.at+from:], w.data[from:to])
			}
		}
	}
	return b
}

func (d *disk) now(path string) int {
	states := d.names[path]
	if len(states) == 0 {
		return noInode
	}
	return states[len(states)-1]
}

func (d *disk) set(path string, inode int) {
	if len(d.names[path]) == 0 {
		d.names[path] = []int{noInode}
	}
	d.names[path] = append(d.names[path], inode)
}

func (d *disk) sync(fd *openFD) {
	if fd.inode >= 0 {
		n := d.inodes[fd.inode]
		n.synced, n.pending = n.content(nil, always), nil
		return
	}
	for path := range d.names {
		if filepath.Dir(path) == fd.path {
			d.names[path] = []int{d.now(path)}
		}
	}
}

func always(*rand.Rand) bool      { return true }
func never(*rand.Rand) bool       { return false }
func sometimes(r *rand.Rand) bool { return r.IntN(2) == 0 }

// image writes the files of folder as they may be after a loss of power.
func (d *disk) image(t *testing.T, folder, to string, random *rand.Rand, keep func(*rand.Rand) bool) {
	for _, path := range slices.Sorted(maps.Keys(d.names)) {
		states := d.names[path]
		state := states[0]
		for _, later := range states[1:] {
			if keep(random) {
				state = later
			}
		}
		target := filepath.Join(to, strings.TrimPrefix(path, folder))
		switch {
		case state == folderNode:
			if err := os.Mkdir(target, 0o700); err != nil {
				t.Fatal(err)
			}
		case state >= 0:
			if _, err := os.Stat(filepath.Dir(target)); err != nil {
				continue // the folder itself is not there
			}
			writeFile(t, target, d.inodes[state].content(random, keep))
		}
	}
}

var call = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+)`)

// apply does to the disk what one line of a trace says.
func (d *disk) apply(t *testing.T, line string) {
	m := call.FindStringSubmatch(line)
	if m == nil || strings.HasPrefix(m[3], "-") {
		return
	}
	name, args := m[1], strings.Split(m[2], ", ")
	result := number(t, m[3])
	fd := func() *openFD { return d.open[number(t, args[0])] }
	switch name {
	case "openat":
		path := unquote(t, args[1])
		at := d.now(path)
		if strings.Contains(args[2], "O_CREAT") && at == noInode {
			at = len(d.inodes)
			d.inodes = append(d.inodes, &inode{})
			d.set(path, at)
		}
		d.open[result] = &openFD{path: path, inode: at} // noInode for what was there before
	case "close":
		delete(d.open, number(t, args[0]))
	case "write", "pwrite64":
		if args[0] == "1" {
			d.acked = number(t, strings.TrimSpace(unquote(t, args[1])))
			return
		}
		f := fd()
		if f == nil || f.inode < 0 {
			return
		}
		w := write{at: f.offset, data: []byte(unquote(t, args[1]))[:result]}
		if name == "pwrite64" {
			w.at = number(t, args[3])
		} else {
			f.offset += result
		}
		d.inodes[f.inode].pending = append(d.inodes[f.inode].pending, w)
	case "ftruncate":
		n := d.inodes[fd().inode]
		n.pending = append(n.pending, write{at: number(t, args[1])})
	case "fsync", "fdatasync":
		d.sync(fd())
	case "mkdirat":
		d.set(unquote(t, args[1]), folderNode)
	case "linkat":
		d.set(unquote(t, args[3]), d.now(unquote(t, args[1])))
	case "renameat", "renameat2":
		from := unquote(t, args[1])
		d.set(unquote(t, args[3]), d.now(from))
		d.set(from, noInode)
	case "unlinkat":
		d.set(unquote(t, args[1]), noInode)
	default:
		t.Fatalf("a call that nobody expected: %s", line)
	}
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// unquote reads a string as strace -xx writes it.
func unquote(t *testing.T, s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(s, `"`), `\x`, ""))
	if err != nil {
		t.Fatalf("%.100s: %v", s, err)
	}
	return string(b)
}

// recorded traces a child that makes a store and then steps of it.
func recorded(t *testing.T, path string, steps int) []string {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	role := child(t, "record", path, strconv.Itoa(steps))
	cmd := exec.CommandContext(t.Context(), "strace", append([]string{
		"-f", "-qq", "-xx", "-s", "10000000", "-o", trace, "-e", "signal=none", "-e",
		"trace=openat,close,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,sync_file_range,mkdirat,linkat,renameat,renameat2,unlinkat,copy_file_range,sendfile",
	}, role.Args...)...)
	cmd.Env = role.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return traced(string(contents(t, trace)))
}

var thread = regexp.MustCompile(`^(\d+) +(.*)$`)

// traced is a trace's lines, those that another thread's had cut in two joined.
func traced(trace string) []string {
	begun := map[string]string{}
	var lines []string
	for line := range strings.Lines(trace) {
		m := thread.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		pid, rest := m[1], m[2]
		if first, cut := strings.CutSuffix(rest, " <unfinished ...>"); cut {
			begun[pid] = first
			continue
		}
		if _, last, resumed := strings.Cut(rest, " resumed>"); resumed {
			rest = begun[pid] + last
		}
		lines = append(lines, rest)
	}
	return lines
}

// recordSteps makes a store and n steps of it, and says each.
func recordSteps(path, steps string) error {
	n, err := strconv.Atoi(steps)
	if err != nil {
		return err
	}
	h := Header{StoreID: NewID(), Epoch: 1, Created: noon, KeySource: "file"}
	if err := Create(path, Options{}, h, keyOfEpoch(1)); err != nil {
		return err
	}
	fmt.Println(0)
	for m := newModel(); m.steps < n; fmt.Println(m.steps) {
		if err := m.stepStore(path); err != nil {
			return err
		}
		m.step()
	}
	return nil
}

func init() { roles["record"] = recordSteps }

func TestTortureLossOfPower(t *testing.T) {
	seed := rand.Uint64()
	root := t.TempDir()
	path := filepath.Join(root, "secrets", FileName)
	lines := recorded(t, path, runs(allSteps, 3*allSteps))
	images := 0
	d := &disk{names: map[string][]int{}, open: map[int]*openFD{}, acked: -1}
	m := newModel()
	for i, line := range lines {
		d.apply(t, line)
		for m.steps < d.acked {
			m.step()
		}
		for j := range runs(2, 12) {
			random := rand.New(rand.NewPCG(seed, uint64(i*100+j)))
			keep := sometimes
			if j == 0 {
				keep = never
			}
			to := t.TempDir()
			d.image(t, root, to, random, keep)
			if err := checkImage(filepath.Join(to, "secrets", FileName), m, d.acked >= 0, images%10 == 0); err != nil {
				t.Fatalf("seed %d, line %d, image %d: %.100s: %v", seed, i, j, line, err)
			}
			images++
		}
	}
	if m.steps != runs(allSteps, 3*allSteps) {
		t.Errorf("%d steps were recorded", m.steps)
	}
	figures(t, "calls: %d; images: %d", len(lines), images)
}

// checkImage wants what was acknowledged, or one step more, and, if asked, a
// store that takes the next.
func checkImage(path string, m *model, made, goOn bool) error {
	at := m.clone()
	err := at.checkEither(path)
	if err != nil && !made {
		_, err := Open(path, Options{})
		if errors.Is(err, ErrNoStore) {
			return nil
		}
		return err
	}
	if err != nil || !goOn {
		return err
	}
	return at.stepStore(path)
}

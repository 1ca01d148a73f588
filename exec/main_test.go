package exec_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"secrets/exec"
	"secrets/redact"
)

// The test binary is also the smallest program that uses this room: what the
// tests start as "front" is itself, with flags in place of a store.
func TestMain(m *testing.M) {
	if code, ok := exec.Helper(os.Args[1:]); ok {
		os.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == "front" {
		os.Exit(front(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "talk" {
		os.Exit(talk())
	}
	// With the race detector a program sleeps for a second before it ends,
	// unless it is told not to: there are thousands.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	if signal.Ignored(syscall.SIGHUP) { // as under nohup: what is ignored here would be in all we start
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// Most tests wait for programs, and programs for keys.
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// talk is a program to run where there is no shell to be one.
func talk() int {
	for range 2 {
		fmt.Fprintln(os.Stdout, "out", os.Getenv("TOK"))
		fmt.Fprintln(os.Stderr, "err", os.Getenv("TOK"))
	}
	return 7
}

// loans is a flag "NAME=value" or "NAME=@file"; the label is the name in lower case.
type loans []exec.Loan

func (l *loans) String() string { return "" }

func (l *loans) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want NAME=value")
	}
	if path, ok := strings.CutPrefix(value, "@"); ok {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		value = string(text)
	}
	*l = append(*l, exec.Loan{Name: name, Label: strings.ToLower(name), Value: redact.NewValue([]byte(value))})
	return nil
}

// front is exec as cmd has it, less the store. A value on its command line is
// for tests alone: front reads none other.
func front(args []string) int {
	var (
		command = exec.Command{Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
		files   loans
		lent    loans
		input   string
		replace bool
		panics  string
	)
	flags := flag.NewFlagSet("front", flag.ExitOnError)
	flags.Var(&lent, "use", "lend in a variable")
	flags.Var(&files, "file", "lend in a file")
	flags.StringVar(&input, "stdin", "", "lend as the input")
	flags.BoolVar(&command.Clean, "clean", false, "small environment")
	flags.BoolVar(&replace, "replace", false, "no masking")
	flags.DurationVar(&command.Timeout, "timeout", 0, "end it then")
	flags.StringVar(&panics, "panic", "", "panic when this file is there")
	_ = flags.Parse(args)

	exec.Conceal()
	exec.LeaveSignals()
	command.Args, command.Loans, command.Files = flags.Args(), lent, files
	if input != "" {
		command.Input = &redact.Secret{Label: "input", Value: redact.NewValue([]byte(input))}
	}
	command.Warn = func(err error) { fmt.Fprintln(os.Stderr, "secrets: warning:", err) }
	if panics != "" {
		go func() {
			for absent(panics) {
				time.Sleep(10 * time.Millisecond)
			}
			panic("as asked")
		}()
	}
	if replace {
		return failed(command.Replace(), exec.Status{})
	}
	status, err := command.Run()
	if err != nil {
		return failed(err, status)
	}
	if status.Signal != 0 {
		exec.Die(status.Signal)
	}
	return status.ExitCode()
}

func absent(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

func failed(err error, status exec.Status) int {
	fmt.Fprintln(os.Stderr, "secrets: error:", err)
	var start *exec.StartError
	switch {
	case errors.As(err, &start):
		return start.Code()
	case errors.As(err, new(*exec.OutputError)) && status != (exec.Status{}):
		if status.Signal != 0 {
			exec.Die(status.Signal)
		}
		return status.ExitCode()
	}
	return 125
}

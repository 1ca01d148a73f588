package exec

import (
	"errors"
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// run starts the program on pipes. ^C reaches it by itself, as it shares our
// console.
func (c *Command) run(path string, files *shelf) (Status, error) {
	w, err := c.wire()
	if err != nil {
		return Status{}, err
	}
	defer w.close()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	program, err := os.StartProcess(path, c.Args, &os.ProcAttr{Env: c.environ(files.env), Files: w.program[:]})
	if err != nil {
		return Status{}, &StartError{Program: c.Args[0], Err: err}
	}
	bond := tie(program.Pid)
	defer bond.release()
	w.started()

	status, err := wait(program, c.Timeout)
	w.pause()
	if failure := w.finish(); err == nil {
		err = failure
	}
	return status, err
}

// wire makes the program's streams: pipes, and one pipe where both outputs are
// the same file.
func (c *Command) wire() (w *wiring, err error) {
	w = c.newWiring()
	if c.Input != nil {
		err = w.lendInput(c.Input)
	}
	switch {
	case err != nil:
	case sameFile(c.Stdout, c.Stderr):
		err = w.pipe(c.Stdout, 1, 2)
	default:
		err = errors.Join(w.pipe(c.Stdout, 1), w.pipe(c.Stderr, 2))
	}
	if err != nil {
		w.close()
	}
	return w, err
}

// wait waits for the end of the program. There is no TERM to send at the
// timeout: the program is ended at once.
func wait(program *os.Process, timeout time.Duration) (Status, error) {
	var late <-chan time.Time
	if timeout > 0 {
		late = time.After(timeout)
	}
	type end struct {
		state *os.ProcessState
		err   error
	}
	ended := make(chan end, 1)
	go func() {
		state, err := program.Wait()
		ended <- end{state, err}
	}()
	select {
	case <-late:
		_ = program.Kill()
		<-ended
		return Status{Code: CodeTimeout, TimedOut: true}, nil
	case e := <-ended:
		if e.err != nil {
			return Status{}, e.err
		}
		return Status{Code: e.state.ExitCode()}, nil
	}
}

// A job ties the program to us: if we are killed, the system ends it. 0 where
// the system refused to make one.
type job windows.Handle

// tie makes a job of the program alone. What it starts breaks away, as nothing
// ends that with us on other systems either.
func tie(pid int) job {
	handle, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0
	}
	limit(handle, windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE|windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK)
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		_ = windows.CloseHandle(handle)
		return 0
	}
	defer func() { _ = windows.CloseHandle(process) }()
	_ = windows.AssignProcessToJobObject(handle, process)
	return job(handle)
}

func limit(handle windows.Handle, flags uint32) {
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = flags
	_, _ = windows.SetInformationJobObject(handle, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
}

func (j job) release() {
	if j != 0 {
		_ = windows.CloseHandle(windows.Handle(j))
	}
}

// Replace is not to be had on Windows, which cannot put one program in
// another's place; without a masker Run would be no better.
func (c *Command) Replace() error { return windows.ERROR_NOT_SUPPORTED }

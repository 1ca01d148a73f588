"""Counts the signals it gets until its input ends; answers each with a line."""
import os, select, signal

names = "HUP INT QUIT TERM USR1 USR2 ALRM ABRT IO WINCH CONT".split()
counts = dict.fromkeys(names, 0)

# Not in a handler: one that comes right before a read would wait until the read ends.
came, wake = os.pipe()
os.set_blocking(came, False)
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
for name in names:
    signal.signal(getattr(signal, "SIG" + name), lambda *_: None)

def answer():
    try:
        numbers = os.read(came, 512)
    except BlockingIOError:
        return
    for number in numbers:
        name = signal.Signals(number).name[3:]
        name = "IO" if name == "POLL" else name
        counts[name] += 1
        os.write(1, b"%s\n" % name.encode())

os.write(1, b"ready\n")
while True:
    ready, _, _ = select.select([0, came], [], [])
    answer()
    if 0 in ready and not os.read(0, 1):
        break
answer()
os.write(1, (" ".join("%s=%d" % c for c in counts.items() if c[1]) + "\n").encode())

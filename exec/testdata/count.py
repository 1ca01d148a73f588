"""Counts the signals it gets until its input ends; answers each with a line."""
import os, signal, sys

names = "HUP INT QUIT TERM USR1 USR2 ALRM ABRT IO WINCH CONT".split()
counts = dict.fromkeys(names, 0)

def got(number, _):
    name = signal.Signals(number).name[3:]
    counts["IO" if name == "POLL" else name] += 1
    os.write(1, b"%s\n" % name.encode())

for name in names:
    signal.signal(getattr(signal, "SIG" + name), got)
os.write(1, b"ready\n")
while os.read(0, 1):
    pass
os.write(1, (" ".join("%s=%d" % c for c in counts.items() if c[1]) + "\n").encode())

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cprof top at 999 Hz: from exec to the first figures on a terminal of 160x50 (median of 7), then its CPU over twenty
seconds and its memory, idle and with all CPUs busy. As root: packaging/setup build && tests/bench/top.py"""
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import termios
import time

CPROF = os.path.join(os.path.dirname(__file__), "../../build/release/cprof")
FIGURES = re.compile(rb"\d+\.\d\d +[\d.]+-[\d.]+ +\d+\.\d\d")


def start():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execvp(CPROF, [CPROF, "top", "-F", "999"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    return pid, fd


def drain(fd, seconds, until=None):
    end, data = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.02)[0]:
            data += os.read(fd, 65536)
            if until and until.search(re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\(.", b" ", data)):
                return
            data = data[-65536:]


def stop(pid, fd):
    os.write(fd, b"q")
    drain_quietly(fd)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)


def drain_quietly(fd):
    try:
        drain(fd, 0.5)
    except OSError:
        pass


def first_screen():
    begin = time.monotonic()
    pid, fd = start()
    drain(fd, 10, FIGURES)
    seconds = time.monotonic() - begin
    stop(pid, fd)
    return seconds


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def steady():
    pid, fd = start()
    drain(fd, 4)
    before = cpu_s(pid)
    drain(fd, 20)
    cpu = cpu_s(pid) - before
    with open(f"/proc/{pid}/status") as f:
        rss = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
    stop(pid, fd)
    return 100 * cpu / 20, rss / 1024


for name, load in (("idle", 0), ("all CPUs busy", os.cpu_count())):
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(load)]
    time.sleep(1)
    median = statistics.median(first_screen() for _ in range(7))
    cpu, rss = steady()
    print(f"{name}: first figures after {median:.2f} s; {cpu:.1f} % of a core; {rss:.0f} MB", flush=True)
    for process in busy:
        process.kill()

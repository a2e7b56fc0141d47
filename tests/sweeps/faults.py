"""Networks that cannot be built, hang, crash, or want all memory."""

import collections
import itertools
import os
import resource
import signal
import sys
import time

from torch import nn


def sound(width=4):
    return nn.Conv2d(3, width, 3)


def sleeps():
    while True:
        time.sleep(1)


def loops():
    """In C, without ever letting go of the interpreter."""
    collections.deque(itertools.repeat(0), maxlen=0)


def crashes():
    os.kill(os.getpid(), signal.SIGSEGV)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def leaves():
    os._exit(3)


def spoils(width=4):
    """Leaves what comes after it in this process no chance."""
    if os.environ.get("SPOILT_BY") == str(os.getpid()):
        os._exit(3)
    os.environ["SPOILT_BY"] = str(os.getpid())
    return sound(width)


def limited():
    raise ValueError(resource.getrlimit(resource.RLIMIT_AS)[0])


def stops():
    raise SystemExit(4)


def eats():
    held = []
    while True:
        held.append(bytearray(10**8))


def prints():
    sys.stdout.write("not a row\n")
    os.write(1, b"not a row either\n")
    return sound()


class Broken(nn.Module):
    def forward(self, x):
        return self.missing(x)


def broken():
    return Broken()


def eats_at_once():
    return nn.Linear(10**6, 10**6)

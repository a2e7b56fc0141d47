"""Commands, run in this process or on a terminal."""

import os
import pty
import subprocess
import sys

import pytest

from resviz.cli import main
from tests.conftest import ROOT


@pytest.fixture
def resviz(capfdbinary):
    """Runs a command in this process: exit code, stdout, stderr."""

    def run(*args):
        try:
            main(list(args))
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfdbinary.readouterr()
        return code, out.decode(errors="replace"), err.decode()

    return run


@pytest.fixture
def terminal():
    """A function from a command to what a terminal of so many columns shows."""

    def terminal(*args, columns, **env):
        parent, child = pty.openpty()
        own = {"COLUMNS": str(columns), "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "resviz", *args],
            stdout=child, stderr=child, env={**os.environ, **own, **env},
        )  # fmt: skip
        os.close(child)
        shown = b""
        while part := received(parent):
            shown += part
        process.wait()
        os.close(parent)
        return shown.decode()

    return terminal


def received(parent):
    """The next bytes that a terminal shows; none once nobody writes to it."""
    try:
        return os.read(parent, 65536)
    except OSError:
        return b""

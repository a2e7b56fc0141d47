"""Inputs on the command line, and what it says of a forward that fails."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from resviz.cli import main

ROOT = Path(__file__).parents[2]

MODULE = """
from torch import nn

class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(10, 4), nn.Linear(4, 2)

    def forward(self, ids, mask=None):
        x = self.embed(ids)
        return self.head(x if mask is None else x * mask[..., None])

class Batch(Words):
    def forward(self, batch):
        return super().forward(batch["ids"], batch.get("mask"))

class Chain(nn.Sequential):
    def __init__(self):
        super().__init__(*(nn.Conv2d(3, 3, 3) for _ in range(20)))
"""


@pytest.fixture
def resviz(capfdbinary, tmp_path, monkeypatch):
    """Runs a command beside a module of a user's: exit code, stdout, stderr."""
    (tmp_path / "users_inputs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)

    def run(command, spec, *args):
        try:
            main([command, f"users_inputs.py:{spec}", *args])
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def shapes(out):
    """Names and shapes of the inputs in a summary's JSON."""
    return [(one["name"], one["shape"]) for one in json.loads(out)["inputs"]]


@pytest.mark.parametrize(
    ("spec", "args", "expected"),
    [
        ("Words", ("--input", "int64:1,7"), [(None, [1, 7])]),
        (
            "Words",
            ("--input", "ids=int64:N,7", "--input", "mask=N,7", "--batch", "3"),
            [("ids", [3, 7]), ("mask", [3, 7])],
        ),
        ("Batch", ("--input", "batch.ids=int64:2,7"), [("batch.ids", [2, 7])]),
    ],
)
def test_inputs_of_every_form(resviz, spec, args, expected):
    """By position, by name, and as keys of a dictionary."""
    code, out, err = resviz("summary", spec, *args, "--format", "json")
    assert (0, "", expected) == (code, err, shapes(out))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--input", "ids=int64:1,7", "--batch", "2"), "write N where it stands"),
        (("--input", "ids=long:1,7"), "want a dtype of"),
        (("--input", "ids=int64:1,0"), "want positive whole numbers"),
        (("--input", "ids=int64:1,7", "--input", "ids=int64:1,7"), "stands twice"),
    ],
)
def test_inputs_that_cannot_be_read(resviz, args, words):
    """Wrong usage, nothing on stdout."""
    code, out, err = resviz("summary", "Words", *args)
    assert (2, "") == (code, out)
    assert words in err


def test_a_record_is_asked_for_its_inputs(resviz, tmp_path):
    """In the same words; others are refused."""
    args = ("--input", "ids=int64:N,7", "--batch", "3")
    resviz("trace", "Words", *args, "-o", "w.json")
    summary = ["summary", str(tmp_path / "w.json")]
    main([*summary, *args])
    with pytest.raises(SystemExit, match="2"):
        main([*summary, "--input", "ids=int64:3,8"])


def test_the_layers_before_a_failure(resviz):
    """The last of them on stderr, the reason on the last line; no data on stdout."""
    code, out, err = resviz("summary", "Chain", "--input", "3,20,20")
    lines = err.splitlines()
    assert (3, "") == (code, out)
    assert "Chain: the last 8 of 9 layers before it failed" in lines[0]
    assert ["1", "2", "3", "4", "5", "6", "7", "8"] == [
        line.split()[1] for line in lines[3:11]
    ]
    assert lines[-1].startswith("error: users_inputs.py:Chain: 9 (Conv2d): the 3×3")
    assert lines[-1].endswith("the least input that works is 41×41")


def test_all_layers_before_a_failure(resviz):
    """For who asked for the layers."""
    _, out, err = resviz("layers", "Chain", "--input", "3,20,20")
    assert "Chain: the layers before it failed" in err.splitlines()[0]
    assert ("", 9) == (out, err.count("Conv2d  "))


def test_a_failure_at_the_first_layer_has_no_table(resviz):
    """One line is enough."""
    _, _, err = resviz("summary", "Chain", "--input", "1,20,20")
    assert 1 == err.count("\n")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_failure_fits_the_terminal(resviz, columns):
    """The table and the message, which is wrapped between words."""
    parent, child = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "resviz", "summary", "users_inputs.py:Chain"]
    command += ["--input", "3,20,20"]
    process = subprocess.Popen(command, stdout=child, stderr=child, env=env)
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(parent)
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= columns
    assert "the least input that works is 41×41" in " ".join(map(str.strip, lines))

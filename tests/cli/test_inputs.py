"""Inputs on the command line, and what it says of a forward that fails."""

import json

import pytest

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
def user(resviz, tmp_path, monkeypatch):
    """Runs a command on a module of a user's beside it: exit code, stdout, stderr."""
    (tmp_path / "users_inputs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return lambda command, spec, *args: resviz(
        command, f"users_inputs.py:{spec}", *args
    )


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
def test_inputs_of_every_form(user, spec, args, expected):
    """By position, by name, and as keys of a dictionary."""
    code, out, err = user("summary", spec, *args, "--format", "json")
    assert (0, "", expected) == (code, err, shapes(out))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--input", "ids=int64:1,7", "--batch", "2"), "write N where it stands"),
        (("--input", "ids=lang:1,7"), "no dtype 'lang', want one of float16, "),
        (("--input", "ids=int46:1,7"), "no dtype 'int46', did you mean 'int64'?"),
        (("--input", "ids=int64:1,0"), "want positive whole numbers"),
        (("--input", "ids=int64:1,-7"), "want positive whole numbers"),
        (("--input", "ids=1,7,int64"), "want the dtype first, ids=int64:1,128"),
        (("--input", "ids=0.5"), "or of a number, ids=float32:; text, None and others"),
        (("--input", "ids=a cat"), "are given in Python, kwargs={'ids': …}"),
        (("--input", "cat"), "what is no tensor is given in Python, inputs=(…)"),
        (("--input", ""), "got '', want one as 3,224,224, or leave it out"),
        (("--method", " "), "got '', want one as encode_image, or leave it out"),
        (("--input", "ids=int64:1,7", "--input", "ids=int64:1,7"), "stands twice"),
    ],
)
def test_inputs_that_cannot_be_read(user, args, words):
    """Wrong usage, nothing on stdout."""
    code, out, err = user("summary", "Words", *args)
    assert (2, "") == (code, out)
    assert words in err


def test_a_record_is_asked_for_its_inputs(user, resviz):
    """In the same words; other sizes are followed, other names and dtypes refused."""
    args = ("--input", "ids=int64:N,7", "--batch", "3")
    user("trace", "Words", *args, "-o", "w.json")
    assert 0 == resviz("summary", "w.json", *args)[0]
    longer = ("--format", "json", "--input", "ids=int64:3,8")
    followed, traced = (
        resviz("layers", "w.json", *longer),
        user("layers", "Words", *longer),
    )
    assert followed[:2] == traced[:2]
    for other in ("words=int64:3,8", "ids=float32:3,8", "3,7"):
        assert 2 == resviz("summary", "w.json", "--input", other)[0]


def test_the_layers_before_a_failure(user):
    """The last of them on stderr, the reason on the last line; no data on stdout."""
    code, out, err = user("summary", "Chain", "--input", "3,20,20")
    lines = err.splitlines()
    assert (3, "") == (code, out)
    assert "Chain: the last 8 of 9 layers before it failed" in lines[0]
    assert ["1", "2", "3", "4", "5", "6", "7", "8"] == [
        line.split()[1] for line in lines[3:11]
    ]
    assert lines[-1].startswith("error: users_inputs.py:Chain: 9 (Conv2d): the 3×3")
    assert lines[-1].endswith("the least input that works is 41×41")


def test_all_layers_before_a_failure(user):
    """For who asked for the layers."""
    _, out, err = user("layers", "Chain", "--input", "3,20,20")
    assert "Chain: the layers before it failed" in err.splitlines()[0]
    assert ("", 9) == (out, err.count("Conv2d  "))


def test_a_failure_at_the_first_layer_has_no_table(user):
    """One line is enough."""
    _, _, err = user("summary", "Chain", "--input", "1,20,20")
    assert 1 == err.count("\n")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_failure_fits_the_terminal(terminal, user, columns):
    """The table and the message, which is wrapped between words."""
    del user  # whose module lies in the working folder
    command = ("summary", "users_inputs.py:Chain", "--input", "3,20,20")
    lines = terminal(*command, columns=columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert "the least input that works is 41×41" in " ".join(map(str.strip, lines))

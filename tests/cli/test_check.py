"""`resviz check`: a repository whose network changes fails, with the right sentence."""

import json

import pytest

import resviz as package

NET = """
from resviz.models import BasicBlock, ResNet

def build():
    return ResNet(BasicBlock, [1, {}], num_classes=10)
"""

CONFIG = """
[[tool.resviz.check]]
spec = "net.py:build"
name = "ours"
input = "3,64,64"
record = "ours.json.gz"
macs = "+2%"
equal = "structure"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a network and its budget."""
    (tmp_path / "net.py").write_text(NET.format(1))
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_changed_network_fails_and_an_update_accepts_it(resviz, project, monkeypatch):
    """One block more is the reason; once accepted, nothing is written again."""
    monkeypatch.delenv("COLUMNS", raising=False)  # which would break the lines
    assert resviz("check", "--update")[0] == 0
    code, out, err = resviz("check")
    assert (0, "") == (code, err)
    assert "2 limits, all hold" in out
    (project / "net.py").write_text(NET.format(2))
    code, out, err = resviz("check")
    assert (1, "") == (code, err)
    (line, other) = [ln for ln in out.splitlines() if ln.startswith("breach: ")]
    assert line.startswith("breach: ours: macs: got 62,063,872 MACs, ")
    assert "since ours.json.gz, conv3_x has one block more (2 instead of 1) (+" in line
    assert "ours: equal: got 1 change" in other
    code, out, _ = resviz("check", "--update")
    assert (0, True) == (code, "written: ours.json.gz" in out)
    assert "written" not in resviz("check", "--update")[1]


def test_other_formats_leave_the_lines_on_stderr(resviz, project):
    """As a comment on a pull request, and as data with a head."""
    resviz("check", "--update")
    (project / "net.py").write_text(NET.format(2))
    (project / "inner").mkdir()
    code, out, err = resviz("check", "ours", "--format", "markdown")
    assert (1, True) == (code, out.startswith("| network | limit |"))
    assert err.startswith("breach: ours: macs: got ")
    code, out, err = resviz("check", "--format", "json")
    data = json.loads(out)
    assert ("resviz.check", 1, False) == (
        data["format"], data["version"], data["passed"],
    )  # fmt: skip
    (network,) = data["networks"]
    limit = network["limits"][0]
    assert {"limit", "got", "wanted", "value", "passed", "sentence"} <= limit.keys()
    assert limit["value"] == package.trace("net.py:build", (3, 64, 64)).macs
    assert "depth" == limit["causes"][0]["what"]
    assert data == package.check().to_dict()


def test_a_folder_inside_finds_the_file(resviz, project, monkeypatch):
    """SPECs and records are named from the file; output from where the command runs."""
    resviz("check", "--update")
    (project / "inner").mkdir()
    monkeypatch.chdir(project / "inner")
    assert 0 == resviz("check", "-o", "table.md")[0]
    assert (project / "inner" / "table.md").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("our",), "check: no network 'our': did you mean 'ours'?"),
        (("--config", "no.toml"), "no.toml: there is no such file"),
        ((), "pyproject.toml:2: record: 'ours.json.gz': cannot be read"),
    ],
)
def test_wrong_usage_is_no_breach(resviz, project, args, message):
    """Exit code 2, and a line that says what to do."""
    code, out, err = resviz("check", *args)
    assert (2, "") == (code, out)
    assert message in err


def test_a_network_that_cannot_be_built(resviz, project):
    """Exit code 3, as everywhere."""
    (project / "net.py").write_text("def build():\n    raise ValueError('no')\n")
    code, _, err = resviz("check")
    assert (3, True) == (code, "net.py:build" in err)

"""What the how-to pages print that is no command: files for other programs."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.conftest import ROOT
from tests.docs.conftest import DOCS
from tests.docs.test_site import blocks

README = DOCS / "how" / "readme.rst"


def printed(page, language, file=None):
    """The blocks of a page in one language; those of one file, if it is given."""
    return [
        body for found, name, body in blocks(page) if (found, name) == (language, file)
    ]


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    """The README of the page, filled, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (text,) = printed(README, "markdown", "README.md")
    (tmp_path / "README.md").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "resviz", "embed", "README.md"],
        env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return tmp_path / "README.md"


def test_a_readme_becomes_what_the_page_shows(embedded):
    """The pair of pictures word for word; "…" stands for more. And both files."""
    (shown,) = printed(README, "html")
    pattern = re.escape(shown).replace("…", "[^<]*")
    assert re.search(pattern, embedded.read_text()), shown
    files = {path.name for path in (embedded.parent / "images").iterdir()}
    assert {"resnet50.svg", "resnet50-dark.svg"} == files


def test_a_readme_has_its_table_and_its_chart(embedded):
    """As the page says."""
    text = embedded.read_text()
    assert ("| --- |" in text, "```mermaid" in text) == (True, True)


def test_the_workflow_runs_a_command_of_the_page():
    """One that the tests have followed."""
    (text,) = printed(README, "yaml", ".github/workflows/readme.yml")
    steps = yaml.safe_load(text)["jobs"]["readme"]["steps"]
    (last,) = [step["run"] for step in steps if "resviz" in step.get("run", "")]
    assert any(f"$ {last}\n" in body for body in printed(README, "console"))


def test_the_hook_is_the_one_that_is_shipped():
    """But for the language, which is that of the reader's environment."""
    (text,) = printed(README, "yaml", ".pre-commit-config.yaml")
    (hook,) = yaml.safe_load(text)["repos"][0]["hooks"]
    shipped = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (ours,) = [one for one in shipped if one["id"] == hook["id"]]
    del ours["description"]
    assert {**ours, "language": "system"} == hook


def test_directives_are_fences_of_myst(tmp_path):
    """As the page prints them; the reference leads to the figure."""
    pytest.importorskip("myst_parser")
    page = DOCS / "how" / "sphinx.rst"
    (conf,), (text,) = printed(page, "python"), printed(page, "markdown")
    (tmp_path / "conf.py").write_text(conf)
    (tmp_path / "index.md").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", ".", "html"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    made = (tmp_path / "html" / "index.html").read_text()
    assert (1, 1) == (made.count('<svg class="resviz"'), made.count("<table>"))
    assert 'href="#block"' in made


ELSEWHERE = {
    ("how/agents.rst", "json"),
    ("how/readme.rst", "html"),
    ("how/sphinx.rst", "markdown"),
    ("how/sweep.rst", "text"),
    ("how/weights.rst", "text"),
}
"""Blocks without a file that the tests above read; `tests/sweeps` does for a cluster,
and `tests/models` for a download."""


def test_nothing_that_is_printed_is_left_out():
    """Each block is a program, a command, a file, or read by a test above."""
    for path in DOCS.rglob("*.rst"):
        page = str(path.relative_to(DOCS))
        if page.startswith(("gallery/", "_build/")) or page == "reference/commands.rst":
            continue
        found = list(blocks(path))
        assert path.read_text().count("code-block::") == len(found), page
        for language, file, _ in found:
            known = file or language in {"python", "console"}
            assert known or (page, language) in ELSEWHERE, (page, language)

"""The documentation site: it builds, and whatever it prints runs."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.conftest import DOCS

PAGES = sorted(path for path in DOCS.rglob("*.rst") if "_build" not in path.parts)
WRITTEN = [path for path in PAGES if path.parent.name != "gallery"]

BLOCK = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n"
    r"(?:   :caption: (?P<file>\S+)\n)?"
    r"\n(?P<body>(?:(?: {3}.*)?\n)+)",
    re.MULTILINE,
)

PROGRAMS = {"sphinx-build": "sphinx", "mkdocs": "mkdocs", "zensical": "zensical"}
"""Programs that are modules of this interpreter's."""

SET_UP = ("python3 -m venv", ".venv/bin/python", ". .venv/")
"""Lines that the README has too, where the tests see to them."""


def blocks(path):
    """Language, file name and text of each block of code of a page."""
    for found in BLOCK.finditer(path.read_text() + "\n"):
        yield found["language"], found["file"], textwrap.dedent(found["body"])


def script(language, body):
    """A block as one line of a shell, "" if it is only to be read."""
    if language == "python":
        Path("block.py").write_text(body)
        return [f"{sys.executable} block.py"]
    if language != "console":
        return []
    lines = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
    return [line for line in lines if not line.startswith(SET_UP)]


def shell(line):
    """Run one line as a reader would, with this interpreter's programs."""
    name, _, rest = line.partition(" ")
    module = PROGRAMS.get(name, name if name == "resviz" else None)
    if module:
        line = f"{sys.executable} -m {module} {rest}"
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}."}
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, env=env, timeout=240
    )
    assert 0 == done.returncode, (line, done.stdout[-2000:], done.stderr[-2000:])


def follow(path, folder):
    """Do what a page says from top to bottom; give how many things were done.

    Blocks of Python are one program, as in a session.
    """
    program, done = "", 0
    for language, file, body in blocks(path):
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(body)
        elif language == "python":
            program += body
        else:
            for line in script(language, body):
                shell(line)
                done += 1
    if program:
        for line in script("python", program):
            shell(line)
            done += 1
    return done


FOLLOWED = [
    path for path in WRITTEN if any(True for _ in blocks(path))
    and path.name != "commands.rst"
]  # fmt: skip


@pytest.mark.needs("pdflatex", "dot")
@pytest.mark.parametrize(
    "path", FOLLOWED, ids=[str(path.relative_to(DOCS)) for path in FOLLOWED]
)
def test_what_a_page_prints_runs(path, tmp_path, monkeypatch):
    """From top to bottom, in an empty folder, as a new user would."""
    monkeypatch.chdir(tmp_path)
    assert follow(path, tmp_path)


def test_a_wrong_line_would_be_seen(tmp_path, monkeypatch):
    """The check above can fail, for a command and for an assertion."""
    monkeypatch.chdir(tmp_path)
    for wrong in ("console\n\n   $ resviz table 51", "python\n\n   assert 1 == 2"):
        (tmp_path / "page.rst").write_text(f".. code-block:: {wrong}\n")
        with pytest.raises(AssertionError):
            follow(tmp_path / "page.rst", tmp_path)


def test_the_site_builds(site):
    """Without a warning, and every page is there."""
    for path in WRITTEN:
        page = path.relative_to(DOCS).with_suffix(".html")
        assert (site / page).is_file(), page


def test_every_public_name_is_in_the_reference(site):
    """With an anchor of its own."""
    import resviz

    text = (site / "reference" / "python.html").read_text()
    anchors = set(re.findall(r'id="resviz\.([\w.]+)"', text))
    names = {anchor.rpartition(".")[2] for anchor in anchors}
    assert set() == set(resviz.__all__) - names


def test_every_command_is_in_the_reference(site):
    """With its help."""
    from resviz.cli import resviz_command

    text = (site / "reference" / "commands.html").read_text()
    missing = [
        name
        for name in resviz_command.list_commands(None)
        if f"resviz {name}" not in text
    ]
    assert [] == missing


def test_links_inside_the_site_lead_somewhere(site):
    """To a page or an anchor that is there."""
    wrong = [
        (path.name, link)
        for path in site.rglob("*.html")
        for link in re.findall(r'href="([^"#:]+[.]html)(?:#[^"]*)?"', path.read_text())
        if not (path.parent / link).resolve().exists()
    ]
    assert [] == wrong


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in (*WRITTEN, *ROOT.glob("*.md"))
        if "sphinx-build" in path.read_text()
    ],
    ids=lambda path: path.name,
)
def test_a_build_that_we_show_ends_at_warnings(path):
    """Which are errors in our own tests too."""
    given = re.findall(r"sphinx-build (\S+)", path.read_text())
    assert {"-W"} == {*given}

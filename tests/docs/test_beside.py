"""The scripts that draw with other tools, where these are installed."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.docs.conftest import DOCS
from tests.docs.test_site import blocks

SCRIPTS = {
    file: body
    for _, file, body in blocks(DOCS / "beside.rst")
    if file and file.startswith("with_")
}


@pytest.mark.parametrize("file", SCRIPTS)
def test_another_tool_draws_by_the_script(file, tmp_path):
    """As it is printed: it leaves a picture or a page."""
    tool = file.removeprefix("with_").removesuffix(".py")
    pytest.importorskip(tool)
    (tmp_path / file).write_text(SCRIPTS[file])
    done = subprocess.run(
        [sys.executable, file],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    assert {".svg", ".png", ".html"} & {path.suffix for path in tmp_path.iterdir()}


def test_there_is_a_script_for_each_tool():
    """The page names four."""
    assert 4 == len(SCRIPTS)

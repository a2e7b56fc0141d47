"""Small projects in which figures are embedded."""

import subprocess
import sys

import pytest

from resviz.cli import main
from tests.conftest import ROOT

PREAMBLE = """
extensions = ["resviz.embed.sphinx"]
resviz_allow = ["net.py"]
numfig = True
latex_elements = {"fontpkg": "", "fncychap": "", "papersize": "a4paper"}
"""
"""A configuration that needs no fonts beyond LaTeX's own."""


@pytest.fixture
def embed(capsys):
    """A function that runs `resviz embed`, and gives exit code and stderr."""

    def embed(*args):
        try:
            code = main(["embed", *args]) or 0
        except SystemExit as ended:
            code = ended.code
        return code, capsys.readouterr().err

    return embed


@pytest.fixture
def project(tmp_path):
    """A function that writes files of a project: a name ends `_rst`, `_py`, `_md`."""

    def project(**files: str):
        for key, text in files.items():
            name, _, suffix = key.rpartition("_")
            (tmp_path / f"{name}.{suffix}").write_text(text)
        if not (tmp_path / "conf.py").exists():
            (tmp_path / "conf.py").write_text(PREAMBLE)
        return tmp_path

    return project


@pytest.fixture
def sphinx(project, monkeypatch):
    """A function that builds the project and gives the finished process."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def sphinx(builder="html", *options: str, code: int = 0):
        folder = project()
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", builder]
        folders = ["-d", "doctrees", ".", f"out/{builder}"]
        done = subprocess.run(
            [*command, *options, *folders],
            cwd=folder, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done

    return sphinx

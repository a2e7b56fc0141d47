"""Small projects in which figures are embedded."""

import subprocess
import sys
from multiprocessing import get_context
from types import SimpleNamespace

import pytest

from resviz.cli import main
from tests.conftest import ROOT
from tests.embed.sphinx_process import build_in

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


@pytest.fixture(scope="session")
def start_process():
    """Starts processes that have torch and Sphinx imported, so that they build soon."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["torch", "sphinx.cmd.build", "sphinx.application"])
    return context.Process


@pytest.fixture
def sphinx(project, monkeypatch, start_process):
    """A function that builds the project and gives exit code, stdout and stderr.

    `fresh` builds are made by an interpreter of their own, which has imported nothing.
    """
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def sphinx(builder="html", *options: str, code: int = 0, fresh: bool = False):
        folder = project()
        arguments = ["-W", "--keep-going", "-b", builder, *options]
        arguments += ["-d", "doctrees", ".", f"out/{builder}"]
        if fresh:
            command = [sys.executable, "-m", "sphinx", *arguments]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=240
            )
        else:
            process = start_process(target=build_in, args=(folder, arguments))
            process.start()
            process.join(240)
            said = {k: (folder / f"{k}.txt").read_text() for k in ("stdout", "stderr")}
            done = SimpleNamespace(returncode=process.exitcode, **said)
        assert done.returncode == code, done.stderr
        return done

    return sphinx

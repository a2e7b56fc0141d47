"""Tests that want an outside program: skipped where it is missing, failed in CI."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"

TEST = """
import pytest

@pytest.mark.needs("no-such-program")
def test_it():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "code", "words"), [("", 0, "1 skipped"), ("true", 1, "1 error")]
)
def test_a_missing_program(run, tmp_path, ci, code, words):
    """With CI=true a missing program is a failure, and either way it is named."""
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs(tool): wants it\n")
    args = ("-m", "pytest", "-rs", "-p", "no:cacheprovider", str(tmp_path))
    done = run(*args, code=code, CI=ci)
    assert words in done.stdout
    assert "no-such-program is not installed" in done.stdout

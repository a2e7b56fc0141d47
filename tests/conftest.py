"""What all tests share: records by SPEC, and tests that want an outside program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import resviz

if TYPE_CHECKING:
    from resviz.record import Architecture

settings.register_profile("on any machine", settings(), deadline=None)
settings.load_profile("on any machine")

ROOT = Path(__file__).parent.parent

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Arguments that keep the browser from asking any network on its own."""


CUT_NAMES = "ignore:.* cut, as :UserWarning"
"""Of a test whose names are longer than any box: a warning says it."""

LONG_NAMED = {
    "test_any_network_is_called_so",
    "test_boxes_hold_the_letters_of_a_font",
    "test_broken_names_become_harmless",
    "test_names_of_stages_leave_the_wire_free",
    "test_names_stay_text",
}
"""Such tests, beside those of `test_hostile.py` and of the fixture `hostile`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let words be cut where names are that long, and nowhere else."""
    for item in items:
        name = getattr(item, "originalname", item.name)
        is_hostile = "hostile" in getattr(item, "fixturenames", ())
        if is_hostile or name in LONG_NAMED or item.path.name == "test_hostile.py":
            item.add_marker(pytest.mark.filterwarnings(CUT_NAMES))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; in CI that is a failure."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None:
                if os.environ.get("CI") == "true":
                    pytest.fail(f"{tool} is not installed, and CI must have it")
                pytest.skip(f"{tool} is not installed")


@cache
def trace(spec: str, input_size: tuple[int, ...] | None = None) -> Architecture:
    """The record of a SPEC, traced once for all tests."""
    return resviz.trace(spec, input_size)


@pytest.fixture(name="record")
def record_of():
    """A function from a SPEC to its record."""
    return trace


@pytest.fixture
def run():
    """A function that runs Python code in a process of its own."""

    def run(*args: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *args],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window.

    Its loop runs as long as it does, beside which a test can start no other.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        running = playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield running
        running.close()

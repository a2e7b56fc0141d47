"""What the tests of sweeps share: networks that fail, and a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.report.conftest import visit

__all__ = ["visit"]

FAULTS = Path(__file__).parent / "faults.py"


@pytest.fixture
def fault():
    """A function from the name of a network that fails to its SPEC."""
    return f"{FAULTS}:{{}}".format

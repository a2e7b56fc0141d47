"""The zoo wants packages that the other tests do without."""

from __future__ import annotations

import os

import pytest

from .packages import missing


@pytest.fixture(autouse=True)
def _packages() -> None:
    """Skip where a package is missing; in CI that is a failure."""
    absent = ", ".join(missing())
    if absent and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {absent}, and CI must have it")
    if absent:
        remedy = "pip install --no-deps -c .ci/constraints.txt -r .ci/zoo.txt"
        pytest.skip(f"not installed: {absent} ({remedy})")

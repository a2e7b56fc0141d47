"""The lock: what set-up, tests, lint and CI install, in one version each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

MACHINES = [
    {"sys_platform": system, "platform_machine": machine}
    for system, machine in [
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("win32", "AMD64"),
    ]
]
PYTHONS = [
    {"python_version": minor, "python_full_version": f"{minor}.9"}
    for minor in ("3.11", "3.12", "3.13", "3.14")
]
ENVIRONMENTS = [python | machine for python in PYTHONS for machine in MACHINES]


def read_requirements(path):
    """Return the requirements of a file in pip's format."""
    lines = (ROOT / path).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def read_project():
    """Return what pyproject.toml asks for, its own extras left out."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    texts = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    texts += [text for extra in extras for text in extra]
    wanted = map(Requirement, texts)
    return [one for one in wanted if canonicalize_name(one.name) != project["name"]]


LOCKED = read_requirements(".ci/constraints.txt")
WANTED = [
    *read_project(),
    *read_requirements(".ci/zoo.txt"),
    *read_requirements(".ci/lock.in"),
]


def applies(requirement, environment):
    """Say whether a requirement holds in an environment."""
    return requirement.marker is None or requirement.marker.evaluate(environment)


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda e: "-".join(e.values())
)
def test_the_lock_holds_one_version_of_all_that_is_wanted(environment):
    """Within its range; where this fails, run `.ci/lock` and commit what it wrote."""
    here = [one for one in LOCKED if applies(one, environment)]
    versions = {canonicalize_name(one.name): one.specifier for one in here}
    assert len(here) == len(versions)
    for wanted in WANTED:
        if applies(wanted, environment):
            (pin,) = versions[canonicalize_name(wanted.name)]
            assert pin.operator == "=="
            assert wanted.specifier.contains(pin.version), wanted


def test_the_lock_holds_nothing_but_versions():
    """No address of where a package comes from, which is the machine's to say."""
    text = (ROOT / ".ci" / "constraints.txt").read_text()
    assert not re.search(r"://|^-| @ ", text, re.MULTILINE)


def test_the_readmes_commands_are_locked():
    """As packages are installed, and as the project itself is built."""
    commands = re.findall(
        r"^python3 -m venv.*$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert len(commands) == 2
    for command in commands:
        assert " PIP_CONSTRAINT=.ci/constraints.txt " in command
        assert " PIP_BUILD_CONSTRAINT=.ci/constraints.txt " in command

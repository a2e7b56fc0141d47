"""The fast path: behind one wall, with one switch, and without effect on a record."""

import ast
from pathlib import Path

import pytest

import resviz
from resviz.models import prototypes, resnet18
from resviz.tracing import trace
from resviz.tracing.fast.bypass import Bypass
from resviz.tracing.fast.clone import FastClone
from resviz.tracing.fast.recorder import FastAssembler, FastRecorder
from tests.tracing.odd import ODD

HOUSE = Path(resviz.__file__).parent
TRACING = HOUSE / "tracing"

DOORS = {
    "resviz.tracing.fast": "trace_fast",
    "resviz.tracing.explain": "explain_failure",
}
"""What others may import of the two rooms within tracing."""


def imported_names(source):
    """Every name that a module imports from another, with its module's."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def walked_through(source, room):
    """Imports that pass a room's wall elsewhere than by its door."""
    inside = [
        (module, name)
        for module, name in imported_names(source)
        if module.startswith(room) or f"{module}.{name}".startswith(room)
    ]
    return [found for found in inside if found != (room, DOORS[room])]


@pytest.mark.parametrize("room", DOORS)
def test_a_room_within_tracing_has_one_door(room):
    """No other module of the house imports anything else of it."""
    own = TRACING / room.rpartition(".")[2]
    outside = [path for path in HOUSE.rglob("*.py") if not path.is_relative_to(own)]
    found = {path: walked_through(path.read_text(), room) for path in outside}
    assert {} == {path: names for path, names in found.items() if names}


@pytest.mark.parametrize(
    "line",
    [
        "from resviz.tracing.fast.bypass import Bypass",
        "from resviz.tracing import fast",
        "import resviz.tracing.fast.clone",
        "from resviz.tracing.fast import FastRecorder",
    ],
)
def test_a_hole_in_the_wall_is_seen(line):
    """However it is imported."""
    assert walked_through(line, "resviz.tracing.fast")


def test_the_plain_tracer_needs_nothing_fast(run):
    """It gives the same record where the fast path does not even exist."""
    code = (
        "import sys, types\n"
        "fast = types.ModuleType('resviz.tracing.fast')\n"
        "fast.trace_fast = None\n"
        "sys.modules[fast.__name__] = fast\n"
        "import resviz\n"
        "print(resviz.trace('resnet18', fast=False).to_json().decode())"
    )
    assert run("-c", code).stdout.strip() == resviz.trace("resnet18").to_json().decode()


NAMES = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "paper18", "paper34",
    "paper50", "paper101", "paper152", "resnext50_32x4d", "wide_resnet50_2", "cifar20",
    "cifar56", "cifar110", "resnet(50, output_stride=8)", "resnet(34, shortcut='A')",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_networks_record_is_the_same(name):
    """Byte for byte, of networks by name."""
    assert resviz.trace(name, fast=False).to_json() == resviz.trace(name).to_json()


def outcome(build, size, **options):
    """A record as JSON, or the message and the partial record of a failure."""
    try:
        return trace(build(), size, **options).to_json()
    except resviz.TraceError as error:
        return str(error), error.partial and error.partial.to_json()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_models_record_is_the_same(name):
    """Byte for byte, or the same failure."""
    build, size = ODD[name]
    assert outcome(build, size, fast=False) == outcome(build, size)


SHORT_CUTS = {
    "bypassed modules": (Bypass, "note_operation"),
    "shape rules": (FastRecorder, "run_operation"),
    "late copies": (FastClone, "fill_copy"),
    "layers made at once": (FastAssembler, "add_bypassed_layer"),
    "copied prototypes": (prototypes, "copy_prototype"),
}
"""What makes a trace quick, and the function that does it."""


class Refused(BaseException):
    """No trace catches it."""


@pytest.fixture
def refusal(monkeypatch):
    """A function that makes a short cut raise."""

    def refuse(*args, **kwargs):
        raise Refused

    return lambda what: monkeypatch.setattr(*SHORT_CUTS[what], refuse)


def trace_both_ways(**options):
    """Trace a network by name, and a model."""
    resviz.trace("resnet18", (3, 64, 64), **options)
    trace(resnet18(), (3, 64, 64), **options)


@pytest.mark.parametrize("what", SHORT_CUTS)
def test_the_switch_turns_each_short_cut_off(refusal, what):
    """None is taken."""
    refusal(what)
    trace_both_ways(fast=False)


@pytest.mark.parametrize("what", SHORT_CUTS)
def test_each_short_cut_is_taken_otherwise(refusal, what):
    """So the test above can fail."""
    refusal(what)
    with pytest.raises(Refused):
        trace_both_ways()

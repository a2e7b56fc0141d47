"""The table of operations: one row an operation, and all that is read from it."""

from importlib.util import find_spec

import pytest
import torch
from torch import nn

import resviz
from resviz.operations import families, kind
from resviz.operations.interpolations import follow_upsample
from resviz.operations.kind import OperationKind
from resviz.operations.shared_rules import POINTWISE_RULES
from resviz.operations.table import FILES, OPERATIONS, find_display_name, index_rows
from resviz.record import Operation
from resviz.tracing.fast.shape_rules import SHAPE_RULES
from tests.zoo import packages


def test_a_second_row_for_an_operation_is_refused():
    """Two rows for one operation cannot stand side by side."""
    rows = (OperationKind("swirl"), OperationKind("twirl"), OperationKind("swirl"))
    with pytest.raises(RuntimeError, match="swirl: a second row"):
        index_rows(rows)


def test_no_row_is_left_out():
    """Every row of every file is in the table."""
    assert sum(len(file.ROWS) for file in FILES) == len(OPERATIONS)


def test_every_family_has_operations():
    """No family is named that no row belongs to."""
    named = {value for value in vars(kind).values() if isinstance(value, kind.Family)}
    used = {row.family for row in OPERATIONS.values()}
    assert named == used - {None}


def is_of_torch(name):
    """Whether torch has an operation, or one that works in place, of a name."""
    library, _, short = name.rpartition(".")
    if library == "torchvision":  # which brings its operations when it is imported
        if find_spec(library) is None:
            return True
        _ = packages.ready()
    namespace = getattr(torch.ops, library or "aten")
    return hasattr(namespace, short) or hasattr(namespace, f"{short}_")


@pytest.mark.skipif(torch.__version__ < (2, 13), reason="rows are of torch 2.13")
def test_every_row_is_an_operation_of_torch():
    """A row with a misspelt name would never be found, and nobody would see it."""
    assert [] == [name for name in OPERATIONS if not is_of_torch(name)]


def test_what_is_free_has_no_rule_of_cost():
    """A family that multiplies nothing holds no operation that does."""
    assert [] == [row.name for row in OPERATIONS.values() if row.is_free and row.macs]


def test_what_is_followed_value_by_value_is_counted():
    """An operation on each position, or between positions, is known to be free."""
    followed = {*POINTWISE_RULES, follow_upsample}
    rows = [row for row in OPERATIONS.values() if row.field in followed]
    assert [] == [row.name for row in rows if row.family is None]


def test_what_has_no_gradient_saves_nothing():
    """No rule says what autograd saves where nothing has a derivative."""
    rows = [OPERATIONS[name] for name in families.NO_GRADIENT]
    assert [] == [row.name for row in rows if row.saved]


def test_every_shape_rule_is_of_an_operation_in_the_table():
    """What tracing answers by rule is found under the name of its row."""
    names = {str(overload).split(".")[1].rstrip("_") for overload in SHAPE_RULES}
    assert set() == names - set(OPERATIONS)


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("view", (2, 8, 4, 4), (2, 128), "flatten"),
        ("view", (2, 128), (2, 8, 16), "reshape"),
        ("_unsafe_view", (2, 8, 4, 4), (16, 16), "reshape"),
        ("convolution", (1, 3, 8, 8), (1, 8, 8, 8), "conv"),
        ("gelu", (1, 8), (1, 8), "gelu"),
    ],
)
def test_the_display_name(name, before, after, expected):
    """A view that merges the last axes is a flattening, others are reshapes."""
    op = Operation(name, (before,), (True,), (after,))
    assert expected == find_display_name(op)


MADE_UP = """
from resviz.operations import activations
from resviz.operations.kind import OperationKind
from resviz.operations.shared_rules import follow_pointwise, save_result


def count_swirl_macs(op):
    return 7


ROW = OperationKind(
    "swirl",
    label="Swirl",
    min_operands=1,
    macs=count_swirl_macs,
    saved=save_result,
    field=follow_pointwise,
)
if ADDED:
    activations.ROWS += (ROW,)

import resviz
from resviz.figures.layer_labels import label_layer_fully
from resviz.readings import costs, memory
from resviz.readings.receptive import compute_receptive_fields

arch = resviz.load(PATH)
swirl = arch.layers[1]
answers = (
    costs.count_macs(swirl),
    [gap.operation for gap in costs.find_uncounted(arch)],
    [gap.operation for gap in memory.find_saved_for_backward(arch).uncounted],
    [gap.why for gap in compute_receptive_fields(arch).unknown],
    label_layer_fully(swirl),
)
print(answers)
"""
"""Adds a row, and reads a network that has run the operation."""


@pytest.fixture
def swirling(tmp_path):
    """A stored record of an operation that nobody knows."""
    path = tmp_path / "swirl.json"
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    resviz.trace(model, (3, 8, 8), training=True).save(path)
    path.write_text(path.read_text().replace('"relu"', '"swirl"'))
    return path


def test_an_operation_is_added_by_one_row(run, swirling):
    """Its cost, what training saves, its field and its label follow from the row."""
    code = f"ADDED, PATH = True, {str(swirling)!r}\n{MADE_UP}"
    assert "(7, [], [], [], ['Swirl'])" == run("-c", code).stdout.strip()


def test_without_its_row_an_operation_is_a_gap(run, swirling):
    """All readings name what they do not know."""
    code = f"ADDED, PATH = False, {str(swirling)!r}\n{MADE_UP}"
    unknown = "no rule for swirl"
    expected = f"(None, ['swirl'], ['swirl'], ['{unknown}'], ['swirl'])"
    assert expected == run("-c", code).stdout.strip()

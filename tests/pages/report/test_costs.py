"""The report's costs: by stage and kind of layer, and by who counts them."""

import pytest

import resviz
from resviz.pages.report_costs import list_convention_counts, list_kind_costs
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from resviz.units import format_count
from tests.readings.structure.golden.networks import record_file


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "toy_unet"])
def test_convolutions_of_each_stage(name):
    """Their column has what the record's layers cost, stage by stage."""
    arch = load(record_file(name))
    found = list_kind_costs(arch, read_structure(arch))
    assert found.rows
    for stage in arch.stages:
        (row,) = [cells for title, _, cells in found.rows if title == stage.name]
        by_kind = dict(zip(found.kinds, row, strict=True))
        macs = sum(layer.macs for layer in stage.layers if "Conv" in layer.type)
        if "conv" in by_kind and macs:
            assert by_kind["conv"][0] == format_count(macs)


def test_columns_of_resnet18():
    """Convolutions, norms and the classifier, which add up to the totals."""
    arch = load(record_file("resnet18"))
    found = list_kind_costs(arch, read_structure(arch))
    assert found.kinds == ["conv", "norm", "linear"]
    names = [name for name, _, _ in found.rows]
    assert names == ["stem", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "head"]
    assert found.rows[0][2] == [("118 M", "9.41 k"), ("", "128"), ("", "")]
    assert found.rows[-1][2] == [("", ""), ("", ""), ("512 k", "513 k")]


def test_conventions_are_those_of_the_cost_table():
    """In its order, with its totals."""
    arch = load(record_file("resnet50"))
    expected = resviz.costs(arch).to_dict()["conventions"]
    found = [*list_convention_counts(arch)]
    assert len(expected) == len(found)
    for row, (_, call, total, _) in zip(expected, found, strict=True):
        assert call == row["calls_it"]
        assert total == f"{row['total']:,}"

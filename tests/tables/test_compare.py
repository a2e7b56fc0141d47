"""The comparison as a table, as data, and on the command line."""

import json
from types import SimpleNamespace

import msgspec
import pytest
import torch.nn.functional as F
from click.testing import CliRunner
from torch import nn

import resviz
from resviz.cli import resviz_command
from resviz.errors import SpecError

KEYS = {
    "where", "what", "sentence", "params", "macs", "activations", "memory", "marks",
}  # fmt: skip


def run_compare(*words):
    """What `resviz compare` prints, and its exit code."""
    settings = SimpleNamespace(debug=False, gaps=[])
    result = CliRunner().invoke(resviz_command, ["compare", *words], obj=settings)
    return result.exit_code, result.output


def test_data_has_what_scripts_read():
    """Two networks, the order of factors, whether families, and changes."""
    data = resviz.compare(50, "wide_resnet50_2").to_dict()
    assert {"from", "to", "order", "families", "changes"} <= data.keys()
    for end in ("from", "to"):
        assert {"name", "params", "macs", "activations"} <= data[end].keys()
    (change,) = data["changes"]
    assert KEYS == change.keys()
    assert ("widths", False) == (data["order"], data["families"])
    assert 68_883_240 == data["from"]["params"] + change["params"]


def test_rows_lead_from_one_network_to_the_other():
    """Totals, numbered changes, their sum, totals; the rule stands below."""
    table = resviz.compare(18, 50)
    text = table.render("text")
    assert table["macs"][0] + sum(table["macs"][1:-2]) == table["macs"][-1]
    assert [None, 1, 2, None, None] == table["number"]
    assert "bottleneck blocks instead of basic blocks" in text
    assert "what goes is counted as it was in the first network" in text
    assert "depth        18 → 50" in text


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html", "csv", "svg"])
def test_every_format_has_the_signs(form):
    """A minus and a plus before each share."""
    rendered = resviz.compare("wide_resnet50_2", 101).render(form)
    assert "43,326,208" in rendered or "43326208" in rendered
    assert "18,992,128" in rendered or "18992128" in rendered


def test_only_some_changes_leave_a_row_for_the_others():
    """So that rows add up all the same."""
    pair = "resnet(18, num_classes=10)", "resnet(34, num_classes=20)"
    whole = resviz.compare(*pair)
    assert ["depth", "head"] == [c["what"] for c in whole.to_dict()["changes"]]
    for only, what in (("structure", "depth"), ("shapes", "head")):
        table = resviz.compare(*pair, only=only)
        assert [what] == [c["what"] for c in table.to_dict()["changes"]]
        assert "1 change of other kinds, not shown" in table["change"]
        assert table["params"][0] + sum(table["params"][1:-2]) == table["params"][-1]
    with pytest.raises(SpecError, match="want one of structure, shapes, costs"):
        resviz.compare(*pair, only="widths")


def test_a_record_tells_what_another_input_takes_of_it(record):
    """As a trace on it does; where the record cannot be followed, the note says so."""
    records = resviz.compare(record("resnet50"), record("cifar20"))
    traced = resviz.compare("resnet50", "cifar20")
    assert traced.to_dict() == records.to_dict()
    assert [*traced.notes] == [*records.notes]
    run = msgspec.structs.replace(record("resnet50"), mode="run")
    notes = resviz.compare(run, record("cifar20")).notes
    assert any("counted where both have a layer" in note for note in notes)


def test_another_input_is_counted_on_all_of_the_first_network():
    """A SPEC is traced on both; its share is that of the traced network."""
    data = resviz.compare("resnet(18, stem='cifar')", "cifar20").to_dict()
    first = data["changes"][0]
    on_both = resviz.trace("resnet(18, stem='cifar')", (3, 32, 32))
    assert "input" == first["what"]
    assert on_both.macs - data["from"]["macs"] == first["macs"]


def test_shares_that_nearly_cancel_are_remarked_on():
    """A CIFAR stem on a large input is undone by the stem of the other."""
    notes = resviz.compare("cifar20", 18).notes
    assert any("nearly cancel in MACs" in note for note in notes)
    assert not any("nearly" in note for note in resviz.compare(18, 34).notes)


def test_a_check_fails_where_something_changed():
    """With 1; of what it is limited to."""
    assert 0 == run_compare("18", "34")[0]
    assert 1 == run_compare("18", "34", "--check")[0]
    assert 0 == run_compare("18", "34", "--check", "--only", "shapes")[0]
    code, output = run_compare("18", "resnet18", "--check")
    assert (0, True) == (code, "are the same network" in output)


def test_the_command_prints_json():
    """The same as `to_dict`."""
    code, output = run_compare("18", "34", "--format", "json")
    assert 0 == code
    assert resviz.compare(18, 34).to_dict() == json.loads(output)


class Block(nn.Module):
    """A residual block of so many channels on 8×8 positions, and a linear layer."""

    def __init__(self, width, *, inplace=False, functional=False):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1)
        self.inner = nn.Conv2d(8, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.outer = nn.Conv2d(width, 8, 1)
        self.relu = F.relu if functional else nn.ReLU(inplace=inplace)

    def forward(self, x):
        x = self.stem(x)
        inner = self.relu(self.norm(self.inner(x)))
        return self.relu(x + self.outer(inner)).flatten(1)


def test_memory_is_what_each_operation_gives():
    """Four maps of 8 channels and three of the inner width, 8×8 positions each."""
    narrow, wide = (
        resviz.trace(Block(width), (3, 8, 8), name=str(width)) for width in (8, 24)
    )
    data = resviz.compare(narrow, wide).to_dict()
    assert [7 * 8 * 64 * 4, (4 * 8 + 3 * 24) * 64 * 4] == [
        data[end]["memory"] for end in ("from", "to")
    ]
    assert [3 * 16 * 64 * 4] == [change["memory"] for change in data["changes"]]


@pytest.mark.parametrize("options", [{"inplace": True}, {"functional": True}])
def test_what_is_written_in_place_is_the_same_network(options):
    """Memory is counted as if nothing was."""
    a, b = Block(16), Block(16, **options)
    assert resviz.compare(a, b, input_size=(3, 8, 8)).to_dict()["same"]


def test_several_variants_have_a_column_each():
    """Stages that differ, and how much more each variant costs than the first."""
    table = resviz.compare(50, 101, "wide_resnet50_2", "deep=resnet(50, stem='deep')")
    text = table.render("text")
    assert "ResNet-50 and 3 variants" in text
    assert {"ResNet-101", "Wide ResNet-50-2", "deep"} <= table[0].keys()
    assert "conv1" in table["name"]
    assert "ResNet-101: conv4_x has 17 blocks more (23 instead of 6)" in text
    costs = {row["name"]: row for row in table}
    assert "25,557,032" == costs["parameters"]["ResNet-50"]
    assert "+18,992,128" == costs["parameters"]["ResNet-101"]
    variants = table.to_dict()["variants"]
    assert variants[0].items() <= resviz.compare(50, 101).to_dict().items()
    only = resviz.compare(50, 101, "resnet(50, num_classes=10)", only="shapes")
    assert any("ResNet-101: 1 change of other kinds" in note for note in only.notes)


def test_stages_that_all_have_in_common_are_left_out():
    """ResNet-101 differs from 50 in conv4_x alone; copies differ in nothing."""
    table = resviz.compare(50, 101, 101)
    stages = [name for name in table["name"] if name.startswith("conv")]
    assert ["conv4_x"] == stages
    same = resviz.compare(18, 18, 18)
    assert ["parameters", "MACs", "activations", "memory, MiB"] == same["name"]
    assert any(note.endswith("the same network") for note in same.notes)


def test_variants_without_stages():
    """Costs and sentences are told of what no row a stage can show."""
    nets = [nn.Sequential(nn.Conv2d(3, n, 3), nn.ReLU()) for n in (4, 8, 12)]
    table = resviz.compare(*nets, input_size=(3, 8, 8))
    assert "parameters" == table["name"][0]
    assert 2 == len(table.to_dict()["variants"])


def test_a_check_fails_where_a_variant_differs():
    """One of several is enough."""
    assert 1 == run_compare("18", "18", "34", "--check")[0]
    assert 0 == run_compare("18", "18", "resnet18", "--check")[0]

"""What every table says of the trace that it was read off, in text and in JSON."""

import msgspec
import pytest
import torch
from torch import nn

import resviz
from resviz.tables.notes import trace_header

DOORS = (
    resviz.table, resviz.summary, resviz.costs_table, resviz.memory,
    resviz.receptive_field,
)  # fmt: skip


class Odd(nn.Module):
    """A block whose forward looks at a value, and an operation that no rule counts."""

    def __init__(self):
        super().__init__()
        self.before, self.conv = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.before(x)
        if x.mean() > 9:
            x = x + 1
        return torch.matrix_exp(x + self.conv(x))


@pytest.fixture(scope="module", name="odd")
def record_of_odd():
    """Its record."""
    return resviz.trace(Odd(), (3, 8, 8), batch=2)


def heads(table):
    """The parts of a table's JSON that say what was traced."""
    data = table.to_dict()
    return data.get("columns", [data])


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_json_says_what_was_traced_and_how(odd, door):
    """Under the same keys for every table; a batch goes into each count."""
    (found,) = heads(door(odd))
    assert trace_header(odd).items() <= found.items()
    expected = {"batch": 2, "mode": "run", "training": False, "unseen": []}
    assert expected.items() <= found.items()
    given = [{"name": None, "shape": [2, 3, 8, 8], "dtype": "float32"}]
    assert given == found["inputs"]


@pytest.mark.parametrize(
    "door", [*DOORS, resviz.layers, resviz.shortcuts], ids=lambda door: door.__name__
)
def test_text_says_that_it_was_run_for_real(odd, record, door):
    """And of a network that was not it says nothing of the kind."""
    assert "run for real on one seeded input" in str(door(odd))
    assert "run for real" not in str(door(record("resnet18")))


def test_shapes_are_of_one_sample_wherever_the_batch_is():
    """Also of a text of seven tokens, two at a time."""
    first = resviz.summary("cifar20", batch=2).notes
    assert "shapes of one sample, H×W×C; counted for a batch of 2" in first
    second = resviz.trace(nn.Sequential(nn.Linear(5, 3)), "0=7,N,5", batch=2)
    table = resviz.layers(second)
    assert "shapes of one sample, H×W×C; counted for a batch of 2" in table.notes
    (row,) = table.rows
    assert ([[7, 2, 5]], [7, 2, 3]) == (row["input_shapes"], row["output_shape"])
    assert "7×5" in str(table)
    assert "7×3" in str(table)


def test_an_input_of_another_dtype_says_which():
    """That of most images, float32, goes without saying."""
    arch = resviz.trace(nn.Sequential(nn.Embedding(9, 4)), "int64:1,3")
    assert ("input", "1×3 int64") == resviz.summary(arch).facts[0]
    assert ("input", "1×3×32×32") == resviz.summary("cifar20").facts[0]


@pytest.mark.parametrize("door", DOORS[:3], ids=lambda door: door.__name__)
def test_text_names_what_was_done_out_of_sight(record, door):
    """No count can hold it."""
    arch = msgspec.structs.replace(record("resnet18"), unseen=("layer1.0:add",))
    said = "not counted: what made an operand of layer1.0:add, out of sight"
    assert any(said in note for note in door(arch).notes)


@pytest.mark.parametrize("door", DOORS[:3], ids=lambda door: door.__name__)
def test_json_names_what_is_not_counted(odd, door):
    """As the lines below the table do."""
    (found,) = heads(door(odd))
    assert ["linalg_matrix_exp"] == [gap["operation"] for gap in found["not_counted"]]


def test_table_1_says_which_network_has_a_gap(odd, record):
    """Where it has several columns."""
    said = resviz.table([record("resnet18"), odd]).notes
    (line,) = [line for line in said if "not counted" in line]
    assert line.startswith(
        "Odd: not counted: linalg_matrix_exp, 1×, first at linalg_matrix_exp: how many"
    )


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (resviz.summary, "MACs         at least 76,800 (76.80 k), at 2 FLOPs each at"),
        (resviz.summary, "element-wise at least"),
        (resviz.costs_table, "MACs         at least 76,800 (76.80 k)"),
        (resviz.layers, "parameters · at least 76.8 k MACs · at least"),
        (resviz.table, "≥ 76.80 k"),
    ],
)
def test_a_total_with_a_gap_is_a_bound(odd, record, door, words):
    """In the headline, and not only in a line below: 2 × 64 × (3 × 8 + 8 × 8 × 9)."""
    assert words in str(door(odd))
    assert "at least" not in str(door(record("resnet18")))


def test_a_total_is_a_bound_where_work_was_done_out_of_sight(record):
    """Though every operation that was seen has a rule."""
    arch = msgspec.structs.replace(record("resnet18"), unseen=("layer1.0:add",))
    assert "MACs         at least 1,814,073,344" in str(resviz.summary(arch))
    assert "≥ 1.8" in str(resviz.table(arch))


@pytest.mark.parametrize("figure", ["overview", "stack", "lanes", "volumes", "layers"])
def test_titles_of_figures_are_bounds_where_work_was_done_out_of_sight(record, figure):
    """In the picture and in words, which name the layer; a whole record has none."""
    whole = record("resnet18")
    arch = msgspec.structs.replace(whole, unseen=("layer1.0:add",))
    assert "≥ 1.81 G" in resviz.diagram(arch, figure=figure).to_svg()
    assert "at least 1.81 G multiply-adds" in resviz.describe(arch, figure=figure)
    assert "not counting what made an operand of layer1.0:add" in resviz.describe(arch)
    assert "≥ 1.81 G" not in resviz.diagram(whole, figure=figure).to_svg()


def test_a_growth_says_what_was_done_out_of_sight(record):
    """Below its plots."""
    arch = msgspec.structs.replace(record("resnet18"), unseen=("layer1.0:add",))
    said = "multiply-adds of ResNet-18 leave out what made an operand of layer1.0:add"
    assert said in resviz.describe(arch, figure="growth")


def test_a_weighted_operation_without_a_rule_adds_to_the_depth():
    """Nobody knows how many layers it stands for."""

    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 4))

        def forward(self, x):
            return torch.linalg.lstsq(self.weight.expand(len(x), 4, 4), x.mT)[0]

    lines = str(resviz.summary(resviz.trace(Weighted(), (2, 4))))
    assert "at least 0 weighted layers" in lines
    assert "MACs         at least 0, at 2 FLOPs each at least 0" in lines


class Silent(nn.Module):
    """A forward that lacks its return."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        self.linear(x)


def test_a_forward_without_a_return_says_so(record):
    """It is traced all the same."""
    words = "the forward returns no tensor"
    assert words in str(resviz.summary(resviz.trace(Silent(), (4,))))
    assert words not in str(resviz.summary(record("resnet18")))


@pytest.mark.filterwarnings("ignore")
def test_packed_weights_are_named():
    """A dynamically quantised layer has no parameter."""
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    quantised = torch.ao.quantization.quantize_dynamic(net, {nn.Linear})
    lines = str(resviz.layers(resviz.trace(quantised, (4,))))
    assert "quantised weights are packed, and no parameters: 1×, first at 0" in lines


def test_complex_macs_are_told_apart():
    """One product of each kind; a record of real numbers alone says nothing."""

    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Parameter(torch.zeros(8, 8, dtype=torch.complex64))
            self.second = nn.Parameter(torch.zeros(8, 3))

        def forward(self, x):
            return (x.to(torch.complex64) @ self.first).abs() @ self.second

    table = resviz.summary(resviz.trace(Mixed(), (8,)))
    assert ("MACs", "88, at 2 FLOPs each 176; 64 of them complex") in table.facts
    said = "64 of the MACs are of complex numbers; each takes four of real ones"
    assert said in table.notes
    assert "complex" not in str(resviz.summary("cifar20"))


class Experts(nn.Module):
    """Three experts, of which a router that is fixed chooses the first.

    Source: Shazeer et al. 2017, whose tokens each go to a few experts.
    """

    def __init__(self, *, skips):
        super().__init__()
        self.skips = skips
        self.experts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])

    def forward(self, x):
        out = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = (x[:, 0] > 1e9).int() == number
            if rows.any() or not self.skips:
                out[rows] = expert(x[rows])
        return x + out


@pytest.mark.parametrize("skips", [True, False])
def test_experts_without_tokens_are_told_of(skips):
    """Whether they are left out or called on no rows: their MACs are no part."""
    why = "on it, as experts without tokens: 2"
    words = {
        True: f"not called {why} modules with 40 parameters, first experts.1",
        False: f"given no values {why} layers with weights, first experts.1",
    }
    arch = resviz.trace(Experts(skips=skips), inputs=torch.zeros(8, 4))
    assert (60, 8 * 4 * 4) == (arch.params, arch.macs)
    for door in (resviz.summary, resviz.layers, resviz.memory):
        assert words[skips] in str(door(arch))
        assert words[not skips] not in str(door(arch))

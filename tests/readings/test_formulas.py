"""Formulas of a record's sizes: their normal form, and the ways that rules can go."""

import pytest
from msgspec.structs import replace
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.errors import ResizeError
from resviz.operations.size_rules import SizesDisagree
from resviz.operations.view_sizes import MergedSize, ResizedAxis
from resviz.readings import formulas
from resviz.readings.formulas import FormulaFollower, find_formulas
from resviz.readings.formulas.formula_sizes import (
    find_formula,
    make_size,
    split_values,
)
from resviz.readings.formulas.layer_tasks import describe_task
from resviz.readings.formulas.polynomials import FormulaBook, SizeCondition
from resviz.readings.formulas.rule_paths import Refusal, WayExplorer, list_checks
from resviz.readings.resized import ResizedRecord
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file


@pytest.fixture
def ways():
    return WayExplorer(FormulaBook())


@pytest.fixture
def size(ways):
    """An axis of the input."""
    return make_size(ways, ways.book.add_axis())


def convolve(size, kernel, stride, padding):
    return (size + 2 * padding - (kernel - 1) - 1) // stride + 1


def test_what_keeps_a_size_is_the_size(size):
    """A 3×3 padded by 1 gives what it takes, as does a 1×1."""
    same = find_formula(size)
    assert find_formula(convolve(size, 3, 1, 1)) == same
    assert find_formula(convolve(size, 1, 1, 0)) == same


def test_a_ceil_pool_gives_what_a_strided_convolution_gives(size):
    """Of the branches of a ResNet-D: ⌈n / 2⌉ and ⌊(n − 1) / 2⌋ + 1."""
    pooled = -(-(size - 2) // 2) + 1
    pooled -= (pooled - 1) * 2 >= size
    assert find_formula(pooled) == find_formula(convolve(size, 3, 2, 1))
    floored = convolve(size, 2, 2, 0)
    assert find_formula(floored) != find_formula(pooled)


def test_products_are_sums_of_products(ways, size):
    """(n + 1)(n − 1) is n² − 1, and n · m is m · n."""
    other = make_size(ways, ways.book.add_axis())
    assert find_formula((size + 1) * (size - 1)) == find_formula(size * size - 1)
    assert find_formula(size * other) == find_formula(other * size)
    assert (size * 6) // 3 % 2 == 0


def test_what_is_decided_is_not_asked(ways, size):
    """A size is above zero; its square not below it."""
    outcome = [size > 0, size != 0, size * size < size, (size + 3) // 2 >= 1]
    assert outcome == [True, True, False, True]
    assert ways._answers == {}


def test_a_number_is_refused_to_what_wants_one(size):
    """No rule gets a wrong answer by a set, an index or a range."""
    for use in (hash, range, int, [0, 1].__getitem__):
        with pytest.raises(TypeError):
            use(size)


def test_ways_that_agree_are_one(ways, size):
    """What was recorded, and the formula that says so, are no choice."""

    def keep():
        return (7, 49) if size == 7 else (size, size * size)

    found = ways.explore(keep)
    assert len(found) == 2
    merged = ways.merge(found)
    assert [*map(find_formula, merged)] == [
        find_formula(size),
        find_formula(size * size),
    ]


def test_ways_that_differ_are_a_choice(ways, size):
    """A formula may say one thing above a size and another below."""
    (merged,) = ways.merge(ways.explore(lambda: (min(size, 9),)))
    choice = ways.book.unknowns[-1]
    assert choice.kind == "choice"
    assert {*choice.parts} == {find_formula(size), find_formula(9)}
    assert find_formula(merged) != find_formula(size)


def test_refusals_are_told_by_the_answers_that_matter(ways, size):
    """And impossible ways are none."""
    other = make_size(ways, ways.book.add_axis())

    def add():
        if other == 5 and other == 6:
            return (1,)
        if size != 4:
            raise SizesDisagree(f"{size} and {other} do not go together")
        return (size,)

    ways_gone = ways.explore(add)
    assert len(ways_gone) == 4
    (check,) = {*list_checks(ways_gone)}
    assert check.answers == (
        (SizeCondition(find_formula(size - 4), is_zero=True), False),
    )
    first, words, second, rest = split_values(check.refusal.reason)
    assert (first[0], words, second[0], rest) == (
        find_formula(size), " and ", find_formula(other), " do not go together"
    )  # fmt: skip


def test_every_way_refused_gives_nothing(ways, size):
    """The reason is told instead."""

    def refuse():
        raise SizesDisagree("never")

    found = ways.explore(refuse)
    assert found[0].outcome == Refusal("never", fails=True)
    assert ways.merge(found) is None
    del size


class Fixed(nn.Module):
    def forward(self, x):
        return F.interpolate(x, (8, 8))


def test_a_record_that_never_tells_has_a_reason():
    """With the name of the layer; so have those that looked at values."""
    arch = resviz.trace(Fixed(), (3, 16, 16))
    with pytest.raises(ResizeError, match=r"at another input: .*interpolate"):
        find_formulas(arch)

    class Looks(nn.Module):
        def forward(self, x):
            return x[x > 0]

    arch = resviz.trace(Looks(), (3, 4, 4))
    with pytest.raises(ResizeError, match="looked at values"):
        find_formulas(arch)


def test_a_deep_network_is_as_short_as_its_stages():
    """The same formulas serve all blocks of a stage."""
    small, large = (find_formulas(resviz.trace(n)) for n in ("18", "152"))
    assert len(small.book.unknowns) == len(large.book.unknowns) < 30
    assert len(large.checks) == 1


def test_sums_of_equal_sizes_ask_nothing():
    """A block's addition goes one way but for what was recorded."""
    book = find_formulas(load(record_file("hrnet_w18_small"))).book
    assert len(book.unknowns) < 150


class Repeated(nn.Module):
    """Blocks that are alike, but for what one of them is given or does."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.narrow = nn.Conv2d(3, 3, 3)
        self.norms = nn.ModuleList(nn.GroupNorm(1, 3) for _ in range(3))

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(x + conv(x)).transpose(2, 3)
        x = self.narrow(x)
        tokens = x.flatten(2).transpose(1, 2)
        doubled = (x.transpose(2, 3) * 2).transpose(2, 3).flatten(2)
        return self.norms[0](self.convs[0](x)), tokens, doubled


class Gated(nn.Module):
    """Gates that are alike, expanded to maps that are of one size only as recorded."""

    def forward(self, x):
        gate, pooled = x.mean((2, 3), keepdim=True), F.adaptive_avg_pool2d(x, 20)
        return x * gate.expand_as(x), pooled * gate.expand_as(pooled)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("model", [Repeated(), Gated(), "resnet18", "cifar20"])
def test_layers_that_repeat_others_are_as_if_each_were_followed(
    model, training, monkeypatch
):
    size = (3, 20, 20) if isinstance(model, nn.Module) else None
    arch = resviz.trace(model, size, training=training)
    known = FormulaFollower(arch).follow()
    monkeypatch.setattr(formulas, "describe_task", lambda *_: None)
    each = FormulaFollower(arch).follow()
    assert each.book.unknowns == known.book.unknowns
    assert (each.layers, each.storages, each.checks) == (
        known.layers,
        known.storages,
        known.checks,
    )


def test_what_a_layer_is_given_is_in_its_task():
    """Tasks differ by sizes, by the axes they are made of, by order and by memory."""
    arch = resviz.trace(nn.Sequential(nn.ReLU(), nn.ReLU()), (3, 4, 4))
    shapes = ((1, 3, 4, 4),)
    resized = ResizedRecord(arch, shapes)
    first, second = arch.stored_layers
    plain = describe_task(resized, first, [(1, 3, 4, 4)], [])
    assert describe_task(resized, second, [(1, 3, 4, 4)], []) == plain
    merged = MergedSize(4, (ResizedAxis(2, 2), ResizedAxis(2, 2)))
    assert describe_task(resized, first, [(1, 3, 4, 5)], []) != plain
    assert describe_task(resized, first, [(1, 3, 4, merged)], []) != plain
    making = [describe_task(resized, first, [(1, 3, 4, 4)], [k]) for k in (0, 1)]
    assert plain not in making
    doubled = replace(arch.storages[0], bytes=2 * arch.storages[0].bytes)
    larger = ResizedRecord(
        replace(arch, storages=(doubled, *arch.storages[1:])), shapes
    )
    assert describe_task(larger, first, [(1, 3, 4, 4)], [0]) not in making
    resized.made.update(range(len(arch.storages)))
    assert describe_task(resized, first, [(1, 3, 4, 4)], []) != plain
    resized.made.clear()
    resized.orders.loose.update(first.sources)
    assert describe_task(resized, first, [(1, 3, 4, 4)], []) != plain

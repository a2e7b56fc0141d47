"""Shares of changes: they add up, and each is what its step alone adds."""

from collections import defaultdict
from time import process_time

import pytest

import resviz
from resviz.readings.compare import compare_records
from resviz.readings.compare.shares import NOTHING
from tests.readings.compare.pairs import (
    TEN_PAIRS,
    assert_adds_up,
    compare_specs,
    draw_chain,
    draw_records,
    random_source,
    share_of,
)


@pytest.mark.parametrize(("a", "b"), TEN_PAIRS)
def test_shares_of_the_ten_add_up(a, b):
    """To the unit, in parameters, MACs and activations, there and back."""
    there, back = compare_specs(a, b), compare_specs(b, a)
    assert 1 <= len(there.changes) <= 3
    assert len(there.changes) == len(back.changes)


def test_shares_of_random_variants_add_up():
    """Also where the inputs differ, with the first network traced on both or not."""
    rng = random_source(7)
    for a, b in zip(draw_records(rng, 40), draw_records(rng, 40), strict=True):
        assert_adds_up(compare_records(a, b))
    first, *others = draw_records(rng, 4)
    for other in others:
        resized = resviz.trace(first.name, other.input_shape[1:])
        assert_adds_up(compare_records(first, other, resized))


@pytest.mark.parametrize("seed", range(10))
def test_each_share_is_that_of_a_traced_step(seed):
    """Width, groups, resolution and classes own what each step of a chain adds."""
    (_, first), *links = draw_chain(random_source(seed))
    steps, last = {}, first
    for what, arch in links:
        steps[what] = share_of(arch) - share_of(last)
        last = arch
    shares = defaultdict(lambda: NOTHING)
    for change in compare_records(first, last).changes:
        shares["width" if change.what == "stem" else change.what] += change.share
    assert steps == {what: shares[what] for what in steps}
    assert shares.keys() == steps.keys()


def test_a_change_has_one_share_whatever_else_changes():
    """ResNeXt-50's width costs what Wide ResNet-50-2's does, before its groups."""
    wide = compare_specs(50, "wide_resnet50_2").changes
    next_changes = compare_specs(50, "resnext50_32x4d").changes
    assert ["width", "groups"] == [change.what for change in next_changes]
    assert (43_326_208, 7_308_836_864) == (wide[0].share.params, wide[0].share.macs)
    assert wide[0].share == next_changes[0].share


def test_the_published_strides_share():
    """231,211,008 MACs lie between today's ResNet-50 and the paper's, in one change."""
    (change,) = compare_specs("resnet(50, stride_in='1x1')", 50).changes
    assert (0, 231_211_008) == (change.share.params, change.share.macs)
    assert ("conv3_1", "conv4_1", "conv5_1") == change.marks


def test_a_pair_takes_less_than_fifty_milliseconds():
    """Of processor time after tracing, structures included, for most."""
    archs = [resviz.trace(depth) for depth in (18, 34, 50, 101)]
    times = []
    for a, b in zip(archs[1:], archs, strict=False):
        start = process_time()
        compare_records(a, b)
        times.append(process_time() - start)
    assert sorted(times)[1] < 0.05

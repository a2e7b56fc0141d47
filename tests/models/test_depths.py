"""Depths: which counts of blocks they mean, and which cannot be built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.errors import SpecError
from resviz.models import cifar_resnet, depths, resnet

LABELS = [
    (10, None, "basic", (1, 1, 1, 1)),
    (12, None, "basic", (2, 1, 1, 1)),
    (14, None, "bottleneck", (1, 1, 1, 1)),
    (14, "basic", "basic", (2, 2, 1, 1)),
    (16, None, "basic", (2, 2, 2, 1)),
    (18, None, "basic", (2, 2, 2, 2)),
    (26, None, "bottleneck", (2, 2, 2, 2)),
    (26, "basic", "basic", (3, 3, 3, 3)),
    (34, None, "basic", (3, 4, 6, 3)),
    (38, None, "bottleneck", (3, 3, 3, 3)),
    (50, None, "bottleneck", (3, 4, 6, 3)),
    (101, None, "bottleneck", (3, 4, 23, 3)),
    (152, None, "bottleneck", (3, 8, 36, 3)),
    (200, None, "bottleneck", (3, 24, 36, 3)),
    (269, None, "bottleneck", (3, 30, 48, 8)),
    (270, None, "bottleneck", (4, 29, 53, 4)),
    (350, None, "bottleneck", (4, 36, 72, 4)),
    (420, None, "bottleneck", (4, 44, 87, 4)),
]
"""Depth labels in well-known code bases."""

IN_NO_TABLE = [
    (20, None, "basic", (2, 2, 3, 2)),
    (36, None, "basic", (3, 4, 7, 3)),
    (41, None, "bottleneck", (3, 3, 4, 3)),
    (53, None, "bottleneck", (3, 4, 7, 3)),
    (98, None, "bottleneck", (3, 4, 22, 3)),
    (104, None, "bottleneck", (3, 4, 24, 3)),
    (52, None, "basic", (3, 4, 15, 3)),
    (50, "basic", "basic", (3, 4, 14, 3)),
    (272, None, "bottleneck", (4, 29, 53, 4)),
    (419, None, "bottleneck", (4, 44, 87, 4)),
]
"""Depths that only the rule for conv4_x gives; the last two are ResNet-RS by count."""


@pytest.mark.parametrize(("depth", "block", "kind", "counts"), LABELS + IN_NO_TABLE)
def test_imagenet(depth, block, kind, counts):
    """A depth means these blocks and counts."""
    assert (kind, counts) == depths.find_imagenet_counts(depth, block)


@given(st.integers(1, 1000), st.sampled_from([None, "basic", "bottleneck"]))
def test_counts_give_the_depth(depth, block):
    """Counts for a depth have so many layers, but for the labels that do not fit."""
    try:
        kind, counts = depths.find_imagenet_counts(depth, block)
    except SpecError:
        return
    label = {270: 272, 420: 419}
    expected = label.get(depth, depth) if kind == "bottleneck" else depth
    assert expected == depths.count_weighted_layers(kind, counts)
    assert min(counts) > 0


@given(st.integers(1, 2000))
def test_cifar_counts_give_the_depth(depth):
    """CIFAR counts are equal and have so many layers."""
    try:
        kind, counts = depths.find_cifar_counts(depth)
    except SpecError:
        assert depth < 8 or (depth - 2) % 6 != 0
        return
    assert depth == depths.count_weighted_layers(kind, counts)
    assert len(counts) == 3
    assert len(set(counts)) == 1


@pytest.mark.parametrize(
    ("depth", "kind", "n"),
    [
        (8, "basic", 1),
        (20, "basic", 3),
        (56, "basic", 9),
        (110, "basic", 18),
        (1202, "basic", 200),
        (11, "bottleneck", 1),
        (164, "bottleneck", 18),
        (272, "bottleneck", 30),
        (542, "bottleneck", 60),
        (1001, "bottleneck", 111),
    ],
)
def test_cifar(depth, kind, n):
    """6n+2 is basic, but for the depths known as bottlenecks; 9n+2 otherwise."""
    assert (kind, (n, n, n)) == depths.find_cifar_counts(depth)


@pytest.mark.parametrize(
    ("depth", "block", "message"),
    [
        (
            51,
            None,
            (
                "unknown depth 51: a bottleneck net has 3·n + 2 layers, nearest are 50"
                " and 53; or give counts instead, block='bottleneck',"
                " layers=[3, 4, 6, 3]"
            ),
        ),
        (
            35,
            "basic",
            (
                "unknown depth 35: a basic net has 2·n + 2 layers, nearest are 34"
                " and 36; or give counts instead, block='basic', layers=[3, 4, 6, 3]"
            ),
        ),
        (
            19,
            None,
            (
                "unknown depth 19: a basic net has 2·n + 2 layers, nearest are 18 and"
                " 22; cifar20 is a net for CIFAR; or give counts instead,"
                " block='basic', layers=[3, 4, 6, 3]"
            ),
        ),
        (
            3,
            None,
            (
                "unknown depth 3: a basic net has 2·n + 2 layers, nearest is 10;"
                " or give counts instead, block='basic', layers=[3, 4, 6, 3]"
            ),
        ),
    ],
)
def test_unknown_depth(depth, block, message):
    """The error names the nearest depths and the other way."""
    with pytest.raises(SpecError) as caught:
        resnet(depth, block=block)
    assert message == str(caught.value)


def test_unknown_cifar_depth():
    """The same for CIFAR nets."""
    with pytest.raises(SpecError) as caught:
        cifar_resnet(21)
    assert str(caught.value) == (
        "unknown depth 21: a basic net has 6·n + 2 layers, nearest are 20 and 26;"
        " or give counts instead, block='basic', layers=[9, 9, 9]"
    )


@given(st.integers(1, 300), st.sampled_from(["basic", "bottleneck"]))
def test_nearest_depths_can_be_built(depth, block):
    """What the error names as nearest is no error itself."""
    try:
        depths.find_imagenet_counts(depth, block)
    except SpecError as error:
        near = str(error).split("nearest ")[1].split(";")[0].removeprefix("is ")
        for each in near.removeprefix("are ").split(" and "):
            assert depths.find_imagenet_counts(int(each), block)


@pytest.mark.parametrize("depth", [0, -50, 50.0, "50", None, True])
def test_no_depth_at_all(depth):
    """A depth is a positive whole number."""
    with pytest.raises(SpecError, match="got"):
        resnet(depth)


def test_layers():
    """Counts stand for themselves."""
    net = resnet(layers=[1, 2, 3], block="basic", num_classes=7, base_channels=4)
    assert [len(net.layer1), len(net.layer2), len(net.layer3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("depth", "options"),
    [
        (None, {"layers": [3, 4, 6, 3]}),
        (50, {"layers": [2, 2, 2, 2], "block": "bottleneck"}),
        (50, {"block": "wide"}),
        (None, {"layers": [], "block": "basic"}),
        (None, {}),
    ],
)
def test_counts_that_cannot_be(depth, options):
    """Counts want a block, and fit the depth if one is given."""
    with pytest.raises(SpecError):
        resnet(depth, **options)


def test_a_slip_in_a_number_does_not_fill_the_memory():
    """A net of ten billion layers is refused before it is built."""
    with pytest.raises(SpecError, match="3,333,333,332 blocks in all, want at most"):
        resnet(9_999_999_998)

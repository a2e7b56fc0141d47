"""Pairs to compare: the ten networks, random options of our own, changed networks."""

import random
from itertools import combinations

import resviz
from resviz.readings.compare import compare_records
from resviz.readings.compare.shares import add_shares, share_of_layers

TEN = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
)  # fmt: skip

TEN_PAIRS = tuple(combinations(TEN, 2))


def compare_specs(a, b):
    """The comparison of two SPECs or models, of which the law holds."""
    comparison = compare_records(resviz.trace(a), resviz.trace(b))
    assert_adds_up(comparison)
    return comparison


def assert_adds_up(comparison):
    """The shares add up to the difference, to the unit, said or not."""
    for changes in (comparison.changes, comparison.every):
        assert comparison.difference == add_shares(change.share for change in changes)


def sentences(a, b):
    """What is said of two SPECs or models."""
    return [change.sentence for change in compare_specs(a, b).changes]


def draw_spec(rng):
    """A random SPEC of our own ResNet, as text."""
    options = []
    is_bottleneck = rng.random() < 0.7
    if rng.random() < 0.5:
        options.append(str(rng.choice([50, 101] if is_bottleneck else [18, 34])))
    else:
        layers = [rng.randint(1, 5) for _ in range(rng.choice([3, 4, 4, 4]))]
        block = "bottleneck" if is_bottleneck else "basic"
        options += [f"block={block!r}", f"layers={layers}"]
    maybe = [
        (0.25, f"base_channels={rng.choice([32, 48, 80, 96, 128])}"),
        (0.25, f"shortcut={rng.choice('AC')!r}"),
        (0.25, f"stem={rng.choice(['deep', 'cifar'])!r}"),
        (0.1, "avg_down=True"),
        (0.3, f"num_classes={rng.choice([10, 100, 21])}"),
    ]
    if is_bottleneck:
        maybe += [
            (0.2, f"width_per_group={rng.choice([32, 96, 128])}"),
            (0.15, f"groups={rng.choice([2, 4, 32])}"),
            (0.2, "stride_in='1x1'"),
            (0.2, f"output_stride={rng.choice([8, 16])}"),
        ]
    options += [text for share, text in maybe if rng.random() < share]
    return f"resnet({', '.join(options)})"


def draw_records(rng, count):
    """Records of random SPECs, of several input sizes; what cannot be is left out."""
    while count:
        size = rng.choice([224, 224, 224, 192, 256])
        try:
            yield resviz.trace(draw_spec(rng), (3, size, size))
        except resviz.ResvizError:
            continue
        count -= 1


def draw_chain(rng):
    """Networks in a row, each one option further: width, groups, stride, classes."""
    depth, stem = rng.choice([50, 101]), rng.choice(["imagenet", "deep"])
    a, b = (
        {
            "inner": rng.choice([64, 128, 256]),
            "base": rng.choice([32, 64, 128]),
            "groups": rng.choice([1, 2, 4, 16]),
            "stop": rng.choice([8, 16, 32]),
            "classes": rng.choice([10, 1000]),
        }
        for _ in range(2)
    )
    steps = {
        "width": ("inner", "base"),
        "groups": ("groups",),
        "resolution": ("stop",),
        "head": ("classes",),
    }
    yield "", trace_link(a, depth, stem)
    for what, keys in steps.items():
        a |= {key: b[key] for key in keys}
        yield what, trace_link(a, depth, stem)


def trace_link(link, depth, stem):
    """The record of one network of a chain; `inner` is its width inside blocks."""
    each = link["inner"] * 64 // (link["base"] * link["groups"])
    return resviz.trace(
        f"resnet({depth}, base_channels={link['base']}, width_per_group={each}, "
        f"groups={link['groups']}, output_stride={link['stop']}, "
        f"num_classes={link['classes']}, stem={stem!r})"
    )


def share_of(arch):
    """What a whole record costs."""
    return share_of_layers(arch.stored_layers)


def random_source(seed):
    """Numbers that are the same each time."""
    return random.Random(seed)

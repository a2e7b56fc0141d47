"""The layers that a change touches, and which layer is which in the other network."""

from itertools import pairwise

import pytest

import resviz
from resviz.readings.compare import compare_records
from resviz.record.storage import load
from tests.readings.compare.pairs import TEN_PAIRS, draw_records, random_source
from tests.readings.structure.golden.networks import record_file


def compare(a, b):
    """The comparison of two SPECs or models."""
    return compare_records(resviz.trace(a), resviz.trace(b))


def names_of(network, indices):
    """The names of some layers."""
    return [network.arch.stored_layers[index].name for index in sorted(indices)]


def assert_rest_is_equal(comparison):
    """A layer that no change touches is in both networks, and costs the same."""
    before = comparison.before.arch.stored_layers
    after = comparison.after.arch.stored_layers
    pairs = comparison.counterparts
    assert len({*pairs.values()}) == len(pairs)
    layers = [comparison.find_layers(change) for change in comparison.every]
    gone, come = (set().union(*sides) for sides in zip(*layers, strict=True))
    for layer in after:
        if layer.index in come or (layer.index not in pairs and not layer.macs):
            continue
        other = before[pairs[layer.index]]
        assert pairs[layer.index] not in gone
        assert (layer.params, layer.macs) == (other.params, other.macs)
    for layer in before:
        if layer.index not in pairs.values() and layer.macs:
            assert layer.index in gone


def test_blocks_that_come_are_all_that_is_touched():
    """ResNet-101's further blocks are layer3.6 to layer3.22, and all else is paired."""
    comparison = compare(50, 101)
    (change,) = comparison.changes
    before, after = comparison.find_layers(change)
    assert before == frozenset()
    modules = {
        ".".join(name.split(".")[:2]) for name in names_of(comparison.after, after)
    }
    assert {name.split(":")[0] for name in modules} == {
        f"layer3.{number}" for number in range(6, 23)
    }
    assert len(comparison.counterparts) == len(comparison.before.arch.stored_layers)
    names = {
        names_of(comparison.before, [a])[0]: names_of(comparison.after, [b])[0]
        for b, a in comparison.counterparts.items()
    }
    assert all(one == other for one, other in names.items())


def test_a_change_of_one_layer_touches_it_in_both():
    """Another number of classes is another classifier."""
    comparison = compare(18, "resnet(18, num_classes=10)")
    (change,) = comparison.changes
    before, after = comparison.find_layers(change)
    assert ["fc"] == names_of(comparison.before, before)
    assert ["fc"] == names_of(comparison.after, after)


def test_what_becomes_a_projection_came():
    """The identities of option C are projections: a convolution and a norm each."""
    comparison = compare(50, "resnet(50, shortcut='C')")
    (change,) = comparison.changes
    before, after = comparison.find_layers(change)
    assert before == frozenset()
    assert len(after) == 24
    assert all("downsample" in name for name in names_of(comparison.after, after))
    assert after.isdisjoint(comparison.counterparts)


def test_the_same_network_is_paired_whole():
    """Each layer is its own counterpart."""
    comparison = compare(18, 18)
    assert comparison.changes == ()
    assert list(range(69)) == [*comparison.counterparts]
    assert comparison.counterparts == {k: k for k in range(69)}


def test_families_have_no_counterparts():
    """Nor does their only change touch layers."""
    resnet, vit = (
        load(record_file(name)) for name in ("resnet18", "vit_tiny_patch16_224")
    )
    comparison = compare_records(resnet, vit)
    (change,) = comparison.changes
    assert comparison.is_of_families
    assert comparison.counterparts == {}
    assert comparison.find_layers(change) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("resnet50", "seresnet50"),
        ("resnet50", "resnetv2_50"),
        ("resnet50", "resnet50_d"),
        ("resnet50", "ecaresnet26t"),
        ("regnety_002", "regnetz_b16"),
        ("cifar20", "toy_preactivation"),
        ("mobilenetv2_050", "efficientnet_b0"),
    ],
)
def test_the_rest_of_timms_networks_is_equal(a, b):
    """Of gates, other norms and other orders; there and back."""
    one, other = (load(record_file(name)) for name in (a, b))
    for pair in ((one, other), (other, one)):
        comparison = compare_records(*pair)
        if not comparison.is_of_families and one.inputs == other.inputs:
            assert_rest_is_equal(comparison)


@pytest.mark.parametrize(("a", "b"), TEN_PAIRS[::4])
def test_the_rest_of_the_ten_is_equal(a, b):
    """There and back."""
    assert_rest_is_equal(compare(a, b))
    assert_rest_is_equal(compare(b, a))


def test_the_rest_of_random_variants_is_equal():
    """Whatever their options are, on one input."""
    rng = random_source(11)
    archs = [arch for arch in draw_records(rng, 60) if arch.input_shape[2] == 224]
    assert len(archs) > 20
    for a, b in pairwise(archs):
        assert_rest_is_equal(compare_records(a, b))

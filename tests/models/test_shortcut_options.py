"""Shortcut options A, B and C, and the rules that say who projects."""

import pytest
import torch

from resviz.errors import SpecError
from resviz.models import PROJECTIONS, IdentityShortcut
from resviz.models.shortcuts import ProjectionRule, ShortcutPlace


def shortcuts(net):
    """Path and module of each shortcut that is not the identity."""
    return {
        path: module
        for path, module in net.named_modules()
        if path.endswith(".downsample")
    }


def projections(net):
    """Paths of the blocks that project."""
    found = shortcuts(net).items()
    return [
        path[:8] for path, module in found if any(True for _ in module.parameters())
    ]


def test_option_a_has_no_parameters(meta):
    """Under A no shortcut has parameters; three blocks of ResNet-34 reshape."""
    net = meta("resnet34", shortcut="A")
    assert [path[:8] for path in shortcuts(net)] == ["layer2.0", "layer3.0", "layer4.0"]
    assert projections(net) == []


def test_option_b_projects_where_the_shape_changes(meta):
    """Under B ResNet-34 projects where it strides."""
    expected = ["layer2.0", "layer3.0", "layer4.0"]
    assert expected == projections(meta("resnet34", shortcut="B"))


def test_option_c_projects_always(meta):
    """Under C ResNet-34 has thirteen extra projections, as the paper says."""
    found = [len(projections(meta("resnet34", shortcut=option))) for option in "BC"]
    assert found == [3, 16]


def test_parameters_of_option_a(meta, params):
    """A lacks the three projections of B: 2·c² weights and 4·c of the norm each."""
    less = sum(2 * c**2 + 4 * c for c in (64, 128, 256))
    assert params(meta("resnet34", shortcut="A")) == 21_797_672 - less


def test_parameters_of_option_c(meta, params):
    """C has thirteen more: c² weights and 2·c of the norm each."""
    times = {64: 3, 128: 3, 256: 5, 512: 2}
    more = sum(count * (c**2 + 2 * c) for c, count in times.items())
    assert params(meta("resnet34", shortcut="C")) == 21_797_672 + more


def test_identity_shortcut_values():
    """Every second position, then zeros as the channels that come after."""
    x = torch.randn(2, 3, 5, 6)
    found = IdentityShortcut(3, 5, 2)(x)
    assert torch.equal(x[:, :, ::2, ::2], found[:, :3])
    assert found.shape == (2, 5, 3, 3)
    assert not found[:, 3:].any()


def test_identity_shortcut_cannot_narrow():
    """Zeros can add channels, not take any away."""
    with pytest.raises(SpecError, match="shortcut: got 8 channels in and 4 out"):
        IdentityShortcut(8, 4, 1)


def test_identity_shortcut_says_what_it_is():
    """print(model) shows stride and added channels."""
    assert repr(IdentityShortcut(3, 5, 2)) == "IdentityShortcut(stride=2, extra=2)"


@pytest.mark.parametrize(
    ("depth", "rule", "expected"),
    [
        (18, "shape", [2, 3, 4]),
        (18, "channels", [2, 3, 4]),
        (18, "first_block", [1, 2, 3, 4]),
        (18, "avg_down", [2, 3, 4]),
        (50, "shape", [1, 2, 3, 4]),
        (50, "channels", [1, 2, 3, 4]),
        (50, "first_block", [1, 2, 3, 4]),
        (50, "avg_down", [1, 2, 3, 4]),
    ],
)
def test_rules(meta, depth, rule, expected):
    """Stages whose first block projects, by each code base's rule."""
    net = meta("resnet", depth, projection=rule)
    assert [f"layer{stage}.0" for stage in expected] == projections(net)


def test_every_rule_is_tested():
    """The rules above are all there are."""
    assert set(PROJECTIONS) == {"shape", "channels", "first_block", "avg_down"}


def test_channels_rule_subsamples(meta):
    """By channels, a block that only strides gets the subsampled identity."""
    net = meta("resnet18", projection="channels", strides=(2, 2, 2, 2))
    assert isinstance(net.layer1[0].downsample, IdentityShortcut)
    with torch.no_grad():
        assert net(torch.empty(1, 3, 64, 64, device="meta")).shape == (1, 1000)


def test_a_rule_is_one_row(meta, monkeypatch):
    """A row in the table is all that a new rule takes."""
    rule = ProjectionRule(lambda place: place.stride == 2, "this test")
    monkeypatch.setitem(PROJECTIONS, "strided", rule)
    expected = ["layer2.0", "layer3.0", "layer4.0"]
    assert expected == projections(meta("resnet50", projection="strided"))


def test_every_rule_names_its_source():
    """A rule says whose it is."""
    assert all(rule.source for rule in PROJECTIONS.values())


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (ShortcutPlace(64, 64, 1, is_first=True), False),
        (ShortcutPlace(64, 64, 2, is_first=True), True),
    ],
)
def test_place_reshapes(place, expected):
    """A stride alone changes the shape."""
    assert expected is place.changes_shape


@pytest.mark.parametrize("side", [65, 97])
def test_a_pooled_shortcut_fits_a_map_of_an_odd_side(meta, side):
    """It rounds up as the 3×3 convolution beside it does, so that they can be added."""
    net = meta("resnet50", avg_down=True, out_indices=(0, 1, 2, 3))
    maps = net(torch.empty(1, 3, side, side, device="meta"))
    sizes = [-(-side // 4), -(-side // 8), -(-side // 16), -(-side // 32)]
    assert sizes == [one.shape[-1] for one in maps]

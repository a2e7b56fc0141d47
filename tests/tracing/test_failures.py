"""Forwards that fail: where, what came in, what was wanted, what would work."""

import pytest
from torch import nn

from resviz import SpecError, TraceError, trace


def message(model, *args, **options):
    """What a failing trace says."""
    with pytest.raises(TraceError) as caught:
        trace(model, *args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_early_head_at_a_smaller_input():
    """At 160 the last map is 5×5, and the 7×7 pool does not fit; 193 gives 7×7."""
    said = message("resnet(50, head='fixed')", (3, 160, 160))
    assert "avgpool (AvgPool2d): the 7×7 window does not fit into the map" in said
    assert "(1, 2048, 5, 5)" in said
    assert "the least input that works is 193×193" in said


def test_an_early_head_at_a_larger_input():
    """At 448 the pool gives 2×2: the classifier would need 2048·4 features."""
    said = message("resnet(50, head='fixed')", (3, 448, 448))
    assert "avgpool (7×7 average pool) makes 2048 maps of 2×2 from 14×14" in said
    assert "want 2048 input features" in said
    assert "in_features would have to be 8192" in said
    assert "inputs from 193×193 to 416×416 work" in said


def test_single_values_in_batch_norm():
    """In training a 1×1 map of one sample has no variance; 33 gives 2×2."""
    said = message("resnet18", (3, 32, 32), training=True)
    assert "layer4.0.bn1 (BatchNorm2d)" in said
    assert "more than one value per channel" in said
    assert "(1, 512, 1, 1)" in said
    assert "the least input that works is 33×33" in said


def test_wrong_channels():
    """No other size would help, so none is named."""
    said = message("resnet18", (1, 64, 64))
    assert "conv1 (Conv2d): want 3 input channels, got (1, 1, 64, 64)" in said
    assert "works" not in said


def test_a_kernel_that_does_not_fit():
    """Two 5×5 convolutions want at least 9×9."""
    said = message(nn.Sequential(nn.Conv2d(3, 3, 5), nn.Conv2d(3, 3, 5)), (3, 6, 6))
    assert "1 (Conv2d): the 5×5 kernel does not fit into the padded map" in said
    assert "(1, 3, 2, 2)" in said
    assert "least input that works is 9×9" in said


def test_the_partial_record_ends_before_the_failing_layer():
    """`partial` has everything that ran."""
    with pytest.raises(TraceError) as caught:
        trace("resnet(18, head='fixed')", (3, 160, 160))
    assert "layer4.1.relu#2" == caught.value.partial.layers[-1].name


def test_a_forwards_own_error_is_told():
    """What the user's code raised, and in which module."""

    class Picky(nn.Module):
        def forward(self, x):
            raise ValueError("not on Sundays\nsecond line")

    said = message(nn.Sequential(nn.ReLU(), Picky()), (4,))
    assert "1 (Picky): not on Sundays, got (1, 4)" in said


@pytest.mark.parametrize("size", [(3, 0, 5), (3, -1, 5), (3, 2.5, 5), (True, 4, 4)])
def test_sizes_that_are_none(size):
    """Zero, negative and broken numbers are refused."""
    with pytest.raises(SpecError, match="whole numbers from 1 on"):
        trace("resnet18", size)

"""How operations within one layer feed each other."""

from torch import nn

from resviz import trace
from resviz.record import MODEL_INPUT, Source


class Residual(nn.Module):
    """A leaf in which its input meets what was made of it."""

    def forward(self, x):
        return x * 2 + x.relu()


class Twice(nn.Module):
    """A leaf whose operation reads its one input twice."""

    def forward(self, x):
        return x + x


def test_an_ordinary_network_needs_no_wiring(record):
    """Each of its layers feeds its one live operation, whose output it gives."""
    for layer in record("resnet50").layers:
        assert () == layer.ends
        assert [()] * len(layer.operations) == [op.sources for op in layer.operations]


def test_operands_say_which_operation_gave_them():
    """Of mul, relu and add, the last reads both of the others."""
    inside = trace(nn.Sequential(Residual()), (2, 4, 4)).layers[0].operations
    given = Source(MODEL_INPUT, 0)
    assert [(given,), (given,), (Source(0), Source(1))] == [op.sources for op in inside]


def test_an_input_read_twice():
    """Both operands name the layer's one input."""
    layer = trace(nn.Sequential(Twice()), (2, 4, 4)).layers[0]
    assert (Source(MODEL_INPUT, 0),) * 2 == layer.operations[0].sources


def test_an_output_that_is_not_the_last_operations():
    """A pool over one axis gives its values, before it squeezes their indices."""
    layer = trace(nn.Sequential(nn.MaxPool1d(2)), (2, 8)).layers[0]
    (end,) = layer.ends
    assert layer.operations[end.layer].outputs[0] == layer.output_shape
    assert end.layer < len(layer.operations) - 1

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


class Keeper(nn.Module):
    """A leaf that keeps a tensor, and gives another that is made of it."""

    def forward(self, x):
        self.kept = x.relu()
        return self.kept.exp()


class Reader(nn.Module):
    """Adds both, the one that it is given and the one that was kept."""

    def __init__(self):
        super().__init__()
        self.keeper = Keeper()

    def forward(self, x):
        return self.keeper(x) + self.keeper.kept


def test_what_a_leaf_keeps_is_one_more_output_where_it_is_read():
    """The sum reads both operations of the leaf."""
    keeper, addition = trace(Reader(), (2, 4, 4)).layers
    assert (Source(0, 0), Source(0, 1)) == addition.sources
    assert (Source(1), Source(0)) == keeper.ends


def test_a_pool_over_a_map_of_one_row_slides_over_both_axes():
    """That over a line has one axis, though torch makes a row of the line first."""
    row = nn.Sequential(nn.Conv2d(3, 4, (4, 1)), nn.MaxPool2d((1, 2)))
    line = nn.Sequential(nn.Conv1d(3, 4, 1), nn.MaxPool1d(2))
    kernels = [
        trace(net, size).layers[1].window.kernel
        for net, size in ((row, (3, 4, 8)), (line, (3, 8)))
    ]
    assert [(1, 2), (2,)] == kernels

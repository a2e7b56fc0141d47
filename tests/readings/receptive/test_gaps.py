"""What fields leave out is told in the same words everywhere."""

import torch
from torch import nn

import resviz
from resviz.readings.receptive.gaps import describe_field_gaps


class Windows(nn.Module):
    """A gate on the whole input, then a map that is cut into windows, twice."""

    def __init__(self):
        super().__init__()
        self.conv, self.gate = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.last = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.conv(x)
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.last(x), self.cut(x), self.cut(x)

    def cut(self, x):
        return x.reshape(len(x), 8, 2, 4, 2, 4)


def test_table_and_sentences_say_the_same():
    """Of gates, and of where it is not known, with how many more there are."""
    arch = resviz.trace(Windows(), input_size=(3, 8, 8))
    gaps = [*describe_field_gaps(arch)]
    windows = "a map is cut into pieces, as into windows of attention"
    assert [
        "left out: 1 gate on the whole input, first at mul",
        f"not known from reshape on, and 1× more: {windows}",
    ] == gaps
    table, sentences = str(resviz.receptive(arch)), resviz.describe(arch, "field")
    assert all(gap in table and gap[1:] in sentences for gap in gaps)

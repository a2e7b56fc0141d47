"""Bodies around residuals, decoders, and streams beside one another."""

import torch
from torch import nn

from resviz.readings.structure.join_reasons import explain_joins

from .test_open_blocks import behind_stem, make, read
from .toys import conv, residual


class Adapted(nn.Module):
    """Two convolutions with a residual adapter between them."""

    def __init__(self, c, o, *, adds):
        super().__init__()
        self.a, self.b, self.adds = conv(3, c, o), conv(3, o, o), adds
        self.adapter = residual(nn.Sequential(conv(1, o, 4), nn.ReLU(), conv(1, 4, o)))

    def forward(self, x):
        y = self.b(self.adapter(self.a(x).relu()))
        return x + y if self.adds else y


def test_a_body_without_shortcut_is_the_block_around_its_inner_residual():
    """As its siblings are, which add; the inner sum is a part of it."""
    net = behind_stem(
        Adapted(8, 8, adds=True), Adapted(8, 16, adds=False), Adapted(16, 16, adds=True)
    )
    built = read(net)
    assert ["1", "2", "3"] == [block.path for block in built.blocks]
    kinds = [block.shortcut.kind for block in built.blocks]
    assert ["identity", "none", "identity"] == kinds
    verdicts = [reason.verdict for reason in explain_joins(built)]
    assert 3 == verdicts.count("inner sum")


class Up(nn.Module):
    """A transposed convolution, and a body that may add."""

    def __init__(self, c, o, *, adds):
        super().__init__()
        self.up, self.adds = nn.ConvTranspose2d(c, o, 2, 2), adds
        self.body = nn.Sequential(conv(3, o, o), nn.ReLU(), conv(3, o, o))

    def forward(self, x):
        y = self.up(x).relu()
        return y + self.body(y) if self.adds else self.body(y)


def test_a_decoder_stage_without_addition_is_no_block():
    """It enlarges the map, though a stage of its class adds."""
    net = behind_stem(Up(8, 8, adds=True), Up(8, 8, adds=False), Up(8, 8, adds=False))
    assert ["1"] == [block.path for block in read(net).blocks]


class Highway(nn.Module):
    """Gate and candidate come of one matrix."""

    def __init__(self):
        super().__init__()
        self.both = nn.Linear(16, 32)

    def forward(self, x):
        y, gate = self.both(x).chunk(2, -1)
        gate = gate.sigmoid()
        return gate * y.relu() + (1 - gate) * x


def test_a_gate_of_the_same_matrix_is_no_projection():
    """What weighs the carried input is on the main branch."""
    built = read(nn.Sequential(nn.Linear(8, 16), Highway(), Highway()), (1, 8))
    labels = [(b.shortcut.kind, b.shortcut.label) for b in built.blocks]
    assert [("identity", "scaled identity")] * 2 == labels
    assert [544, 544] == [block.params for block in built.blocks]


class Attends(nn.Module):
    """Rows that read those of another input."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.out = (nn.Linear(16, o) for o in (16, 32, 16))

    def forward(self, x, memory):
        k, v = self.kv(memory).chunk(2, -1)
        return self.out((self.q(x) @ k.transpose(1, 2)).softmax(-1) @ v)


def perceptron():
    return nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))


class Exchanging(nn.Module):
    """Two inputs, each of which attends to the other and has an MLP."""

    def __init__(self):
        super().__init__()
        self.a, self.b = Attends(), Attends()
        self.f, self.g = perceptron(), perceptron()

    def forward(self, x, y):
        x2, y2 = x + self.a(x, y), y + self.b(y, x)
        return x2 + self.f(x2), y2 + self.g(y2)


def test_attention_and_mlp_of_two_streams_are_two_blocks():
    """Though the attention of both comes first."""

    def forward(self, x, y):
        for layer in self.layers:
            x, y = layer(x, y)
        return torch.cat([x.mean(1), y.mean(1)], 1)

    layers = nn.ModuleList([Exchanging(), Exchanging()])
    built = read(make(forward, layers=layers), (1, 5, 16), (1, 9, 16))
    assert ["attention + MLP"] * 4 == [block.type for block in built.blocks]
    assert [0, 0, 1, 1] == sorted(
        stage.tower for stage in built.stages for _ in stage.blocks
    )


def test_rows_are_mixed_without_a_change_of_size():
    """A convolution over rows takes them for channels; the sum does not."""

    def forward(self, x):
        x = self.stem(x)
        for rows, channels in self.pairs:
            x = rows(x) + x
            x = channels(x) + x
        return x

    pairs = nn.ModuleList(
        nn.ModuleList(
            [nn.Sequential(nn.Conv1d(9, 20, 1), nn.GELU(), nn.Conv1d(20, 9, 1)),
             perceptron()]
        )
        for _ in range(2)
    )  # fmt: skip
    built = read(make(forward, stem=nn.Linear(8, 16), pairs=pairs), (1, 9, 8))
    assert [4] == [len(stage.blocks) for stage in built.stages]
    assert {"identity"} == {block.shortcut.label for block in built.blocks}

"""Sizes of one sample, wherever a forward moves its batch."""

import re
from math import prod
from warnings import catch_warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz import trace
from resviz.readings.batch_axes import find_folds, find_sample_shape
from resviz.record import Source
from resviz.record.storage import parse_record
from tests.forwards import AnyForward


def tower(m, ids):
    """A text tower that attends with the sequence first."""
    x = (m.embedding(ids) + m.places).permute(1, 0, 2)
    x = x + m.attention(x, x, x, need_weights=False)[0]
    return m.head(x.permute(1, 0, 2)[:, -1])


def frames(m, x):
    """A video, frame by frame."""
    n, c, t, h, w = x.shape
    y = m.conv(x.transpose(1, 2).reshape(n * t, c, h, w)).mean((2, 3))
    return m.head(y.view(n, t, -1).mean(1))


def steps(m, x):
    """A spiking network, whose time is the first axis."""
    y = m.conv(x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return m.head(y.mean(0).mean((2, 3)))


def windows(m, x):
    """Windows of a map, attended one by one, with several heads."""
    n, c, h, w = x.shape
    y = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1)
    y = y.reshape(-1, 16, c)
    q = y.view(-1, 16, 4, c // 4).transpose(1, 2)
    y = F.scaled_dot_product_attention(q, q, q).transpose(1, 2).reshape(-1, 16, c)
    y = y.view(n, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4)
    return m.conv(y.reshape(n, c, h, w))


def grouped(m, x):
    """Heads folded into the batch, products of matrices."""
    y = m.conv(x).flatten(2).view(-1, 4, 16)
    return (y @ (y.transpose(1, 2) @ y).softmax(-1)).view(x.shape[0], 16, 4, 4)


def views(m, x):
    """Two views of each sample, one after the other, and a list of features."""
    y = m.conv(torch.cat([x, x.flip(-1)])).amax((2, 3))
    a, b = y.chunk(2)
    return torch.stack([a, b]).unbind(0)


def columns(m, x):
    """Weights from the left, so that samples are columns."""
    return (m.weight @ x.t()).t()


CONV, HEAD = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 2)

MODELS = {
    "a text tower": (
        AnyForward(
            tower,
            embedding=nn.Embedding(10, 32),
            places=nn.Parameter(torch.zeros(7, 32)),
            attention=nn.MultiheadAttention(32, 4),
            head=nn.Linear(32, 5),
        ),
        "int64:N,7",
        {"permute": (7, 32), "attention": (7, 32), "head": (5,)},
    ),
    "frames": (
        AnyForward(frames, conv=CONV, head=HEAD),
        "N,3,5,8,8",
        {"conv": (5, 8, 8, 8), "head": (2,)},
    ),
    "steps in time": (
        AnyForward(steps, conv=CONV, head=HEAD),
        "5,N,3,8,8",
        {"conv": (5, 8, 8, 8), "head": (2,)},
    ),
    "windows": (
        AnyForward(windows, conv=nn.Conv2d(16, 4, 1)),
        "N,16,8,8",
        {"reshape#2": (4, 16, 16), "conv": (4, 8, 8)},
    ),
    "heads": (
        AnyForward(grouped, conv=nn.Conv2d(3, 16, 1)),
        "N,3,4,4",
        {"bmm": (4, 16, 16), "bmm#2": (4, 4, 16)},
    ),
    "views": (
        AnyForward(views, conv=CONV),
        "N,3,8,8",
        {"conv": (2, 8, 8, 8), "stack": (2, 8), "unbind": (8,)},
    ),
    "columns": (
        AnyForward(columns, weight=nn.Parameter(torch.zeros(6, 9))),
        "N,9",
        {"t": (9,), "mm": (6,), "t#2": (6,)},
    ),
    "a sequence first": (nn.LSTM(16, 8), "7,N,16", {"LSTM": (7, 8)}),
    "a sequence second": (nn.LSTM(16, 8, batch_first=True), "N,7,16", {"LSTM": (7, 8)}),
}


with catch_warnings(action="ignore"):
    TRANSFORMER = nn.Transformer(16, 2, 1, 1, 32)


def samples(arch):
    """The sizes of one sample of each output, by the name of its layer."""
    return {
        layer.name: find_sample_shape(
            arch, layer.output_shape, Source(layer.index)
        ).sample
        for layer in arch
    }


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", MODELS)
def test_sizes_of_one_sample(name, batch):
    """They are those of the architecture, whatever the batch, and add up to it."""
    model, size, wanted = MODELS[name]
    arch = trace(model, size, batch=batch)
    assert batch == arch.batch
    found = samples(arch)
    assert wanted == {key: found[key] for key in wanted}
    other = samples(trace(model, size, batch=7))  # which may copy more
    assert found == {key: other[key] for key in found}
    flowing = [la for la in arch if any(any(op.flowing) for op in la.operations)]
    for layer in flowing:
        assert prod(layer.output_shape) == batch * prod(found[layer.name])


@pytest.mark.parametrize(
    ("model", "shapes", "batch"),
    [
        (nn.LSTM(16, 8), [(7, 2, 16)], 2),
        (nn.GRU(16, 8, batch_first=True), [(7, 2, 16)], 7),
        (TRANSFORMER, [(7, 2, 16), (9, 2, 16)], 2),
        (nn.TransformerEncoderLayer(16, 2, 32, norm_first=True), [(7, 2, 16)], 2),
        (nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), [(7, 2, 16)], 7),
        (MODELS["steps in time"][0], [(5, 2, 3, 8, 8)], 2),
        (MODELS["frames"][0], [(2, 3, 5, 8, 8)], 2),
    ],
)
def test_the_batch_of_given_tensors(model, shapes, batch):
    """It is what the model makes of them, and nothing is lost in a file."""
    arch = trace(model, inputs=tuple(map(torch.zeros, shapes)))
    assert batch == arch.batch
    flowing = [la for la in arch if any(any(op.flowing) for op in la.operations)]
    for layer in flowing:
        sample = find_sample_shape(arch, layer.output_shape, Source(layer.index)).sample
        assert prod(layer.output_shape) == batch * prod(sample)
    assert arch == parse_record(arch.to_json())


def test_what_comes_from_no_input_has_no_batch():
    """A table of places is shown as it is, also where its first axis is 1."""
    table = nn.Parameter(torch.ones(4))
    model = AnyForward(lambda m, x: x + m.table.expand(3, 4), table=table)
    assert (3, 4) == samples(trace(model, (3, 4), batch=2))["expand"]


def test_figures_say_positions_and_width():
    """The same of a tower whose sequence is first and of one whose batch is."""

    def attend(m, x):
        x = x.transpose(0, 1) if m.is_turned else x
        x = x + m.attention(x, x, x, need_weights=False)[0]
        return m.head((x.transpose(0, 1) if m.is_turned else x).mean(1))

    said = [
        resviz.describe(
            trace(
                AnyForward(
                    attend,
                    is_turned=turned,
                    attention=nn.MultiheadAttention(16, 2, batch_first=not turned),
                    head=nn.Linear(16, 5),
                ),
                (7, 16),
            ),
            figure=figure,
        )
        for figure in ("overview", "block")
        for turned in (True, False)
    ]
    assert all("output 7×16" in sentences for sentences in said[:2])
    turned, usual = (sentences.partition(" Of ")[0] for sentences in said[2:])
    assert turned == usual  # but for how many connections lie around the block
    assert "from 7×16 to 7×16" in said[2]


def convolve_frames(m, x):
    """Two convolutions of each frame, around which the frames are no batch."""
    for conv in m.convs:
        y = conv(x.flatten(0, 1))
        y = conv(y).unflatten(0, x.shape[:2])
        x = x + y
    return m.head(x.mean((3, 4))).sum(m.time)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize(("size", "time"), [("5,N,8,6,6", 0), ("N,5,8,6,6", 1)])
def test_every_figure_says_frames_before_positions(size, time, batch):
    """It says them of inputs, maps and stages, wherever the forward has its batch."""
    convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
    model = AnyForward(convolve_frames, convs=convs, head=nn.Linear(8, 2))
    model.time = time
    arch = trace(model, size, batch=batch)
    for figure in ("overview", "block", "layers", "stack", "volumes"):
        text = str(resviz.diagram(arch, figure).to_svg())
        assert "5×6×6×8" in text
        assert set() == {"6×6×8×5", "8×6×6×5", f"6×6×8×{batch}"} & set(
            re.findall(r"(?<![\d×])\d+(?:×\d+)+", text)
        )
    assert "5×6×6" in re.findall(r"[\d×]+", resviz.diagram(arch, "stack").to_svg())
    assert "5×6×6" in str(resviz.table(arch))


def test_figures_of_a_sequence_first_say_its_length():
    """No batch stands for a length, in drawings, their charts and the report."""
    plain = nn.ModuleList([nn.Linear(16, 32), nn.Linear(32, 16)])

    def forward(m, x):
        return m.plain[1](m.plain[0](x.transpose(0, 1)).relu()).transpose(0, 1)

    arch = trace(AnyForward(forward, plain=plain), "N,7,16", batch=8)
    for figure in ("overview", "layers", "volumes"):
        drawing = resviz.diagram(arch, figure).to_svg()
        assert "7×16" in drawing
        assert not re.search("×8|8×", drawing)
    chart = resviz.diagram(arch, "layers").to_graphviz().source
    for text in (chart, resviz.report(arch)):
        assert "7" in text
        assert "×8" not in text


def test_an_input_with_its_channels_last():
    """Every figure says its height first."""
    model = AnyForward(lambda m, x: m.conv(x.permute(0, 3, 1, 2)), conv=CONV)
    arch = trace(model, "N,32,48,3", batch=2)
    for figure in ("overview", "layers", "stack", "volumes"):
        assert " 32×48×3" in resviz.describe(arch, figure=figure)


def unrolled(width):
    """A classifier that views its features as rows of some width."""
    return AnyForward(
        lambda m, x: m.head(m.conv(x).view(-1, width)),
        conv=nn.Conv2d(3, 8, 3, 2, 1),
        head=nn.Linear(width, 10),
    )


ROWS = {
    "a head of a smaller input": (unrolled(128), "4 rows for one sample"),
    "pixels as rows": (
        AnyForward(
            lambda m, x: m.head(m.conv(x).movedim(1, 3).reshape(-1, 8)),
            conv=nn.Conv2d(3, 8, 3, 2, 1),
            head=HEAD,
        ),
        "64 rows for one sample",
    ),
    "samples in pairs": (unrolled(1024), "samples are mixed"),
    "all samples in one row": (unrolled(2048), "samples are mixed"),
    "its own head": (unrolled(512), ""),
    "pixels as rows and back": (
        AnyForward(
            lambda m, x: m.head(m.conv(x).movedim(1, 3).reshape(-1, 8)).view(4, -1, 2),
            conv=nn.Conv2d(3, 8, 3, 2, 1),
            head=HEAD,
        ),
        "",
    ),
    "channels of all samples": (
        AnyForward(
            lambda m, x: F.avg_pool2d(m.conv(x).view(1, -1, 8, 8), 2).view(4, 8, 4, 4),
            conv=nn.Conv2d(3, 8, 3, 2, 1),
        ),
        "",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_view_that_folds_samples_is_remarked(name):
    """Where they have an axis of their own again, nothing is."""
    model, remark = ROWS[name]
    text = str(resviz.summary(trace(model, (3, 16, 16), batch=4)))
    assert remark in text
    assert bool(remark) == ("reshape makes" in text)


def test_rows_that_none_was_chosen_for_have_no_batch():
    """As an expert's, which no token takes: nothing is divided by them."""

    def forward(self, x):
        rows = x[x.sum(1) > len(x) * 1e9]
        return self.fc(rows.view(-1, 2, 4)).sum() + self.fc(x)

    net = AnyForward(forward, fc=nn.Linear(4, 4))
    arch = resviz.trace(net, inputs=(torch.zeros(3, 4),))
    assert find_folds(arch) == ()

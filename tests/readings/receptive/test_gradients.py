"""Fields against gradients: what one output position really sees of the input."""

import os

import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from torch import nn

import resviz
from resviz.readings.receptive import compute_receptive_fields
from tests.forwards import Function

SIDE = 96
"""Pixels of the input along both axes, so that borders cut no field in its middle."""

EXAMPLES = int(os.environ.get("RESVIZ_EXAMPLES", "40"))
"""How many networks are drawn; more where the environment says so."""

WIDTH = 2
"""Channels of every map."""

small = st.integers(1, 3)
pair = st.tuples(small, small)


class Pool(nn.Module):
    """A maximum for the trace; a sum over the same window for the gradient.

    The gradient of a maximum goes to one value alone.
    """

    summed = False

    def __init__(self, k, s, p, d):
        super().__init__()
        self.window = {"stride": s, "padding": p, "dilation": d}
        self.kernel = k

    def forward(self, x):
        if not Pool.summed:
            return F.max_pool2d(x, self.kernel, **self.window)
        ones = torch.ones(WIDTH, 1, *self.kernel, dtype=x.dtype)
        return F.conv2d(x, ones, groups=WIDTH, **self.window)


class Resample(Function):
    """A function that keeps a whole pattern of unlike positions."""


class Branches(nn.Module):
    """Two ways that meet; the larger map is cut to the smaller."""

    def __init__(self, left, right, join):
        super().__init__()
        self.left, self.right, self.join = left, right, join

    def forward(self, x):
        a, b = self.left(x), self.right(x)
        h, w = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
        a, b = a[:, :, :h, :w], b[:, :, :h, :w]
        if self.join == "add":
            return a + b
        if self.join == "mul":
            return (a + 1) * (b + 1)  # in a gap of a transposed one, a factor is 0
        return torch.cat([a, b], 1).unflatten(1, (2, WIDTH)).sum(1)


@st.composite
def convolutions(draw, stride):
    """A convolution of any window."""
    k, d = draw(pair), draw(pair)
    p = tuple(draw(st.integers(0, 3)) for _ in k)
    return nn.Conv2d(WIDTH, WIDTH, k, stride, p, d, bias=False)


@st.composite
def pools(draw, stride):
    """A pool, of averages or of maxima."""
    k = draw(pair)
    p = tuple(draw(st.integers(0, n // 2)) for n in k)
    if draw(st.booleans()):
        return nn.AvgPool2d(k, stride, p, ceil_mode=draw(st.booleans()))
    return Pool(k, stride, p, draw(pair))


@st.composite
def cuts(draw, stride):
    """A slice, or padding and a slice."""
    start, pads = draw(st.integers(0, 3)), draw(st.tuples(*[st.integers(0, 2)] * 4))
    h, w = stride
    return draw(
        st.sampled_from(
            [
                Function(lambda x: x[:, :, start::h, 1::w]),
                Function(lambda x: F.pad(x, pads)[:, :, ::h, start::w]),
                Function(lambda x: F.pad(x, pads, mode="reflect")[:, :, ::h, ::w]),
            ]
        )
    )


def strided(stride):
    """A layer that moves on by so many positions along each axis."""
    return st.one_of(convolutions(stride), pools(stride), cuts(stride))


@st.composite
def transposed(draw):
    """A transposed convolution, also one that leaves gaps."""
    k, s, d = draw(pair), draw(pair), draw(pair)
    p = tuple(draw(st.integers(0, n - 1)) for n in k)
    return nn.ConvTranspose2d(WIDTH, WIDTH, k, s, p, dilation=d, bias=False)


MODES = st.sampled_from(
    [
        {"mode": "nearest"},
        {"mode": "nearest-exact"},
        {"mode": "bilinear"},
        {"mode": "bilinear", "align_corners": True},
        {"mode": "bicubic"},
    ]
)

interpolations = st.one_of(
    st.builds(
        lambda by, how: Function(lambda x: F.interpolate(x, scale_factor=by, **how)),
        st.sampled_from([2.0, 3.0, 0.5]),
        MODES.filter(lambda how: "align_corners" not in how),
    ),
    st.builds(
        lambda by, how: Resample(
            lambda x: F.interpolate(x, size=(x.shape[2] + by, x.shape[3] * 2), **how)
        ),
        st.sampled_from([8, 16, 24]),
        MODES,
    ),
    st.builds(
        lambda how: Resample(lambda x: F.interpolate(x, scale_factor=1.5, **how)),
        MODES.filter(lambda how: "align_corners" not in how),
    ),
    st.just(
        Resample(lambda x: F.adaptive_avg_pool2d(x, (x.shape[2] // 3, x.shape[3] // 2)))
    ),
)


def even(x):
    """A map cut to even sides."""
    _, _, h, w = x.shape
    return x[:, :, : h // 2 * 2, : w // 2 * 2]


rearrangements = st.sampled_from(
    [
        Function(lambda x: F.pixel_shuffle(x.repeat_interleave(4, 1), 2)),
        Function(
            lambda x: F.pixel_unshuffle(even(x), 2).unflatten(1, (WIDTH, 4)).sum(2)
        ),
        Function(lambda x: F.relu(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)),
    ]
)


@st.composite
def joined(draw):
    """Two branches of one total stride, aligned or not."""
    stride = draw(st.sampled_from([(1, 1), (2, 2), (2, 1), (3, 2)]))
    ways = []
    for _ in range(2):
        way = [draw(strided((1, 1))) for _ in range(draw(st.integers(0, 2)))]
        way.insert(draw(st.integers(0, len(way))), draw(strided(stride)))
        ways.append(nn.Sequential(*way))
    return Branches(*ways, draw(st.sampled_from(["add", "mul", "cat"])))


layers = st.one_of(
    pair.flatmap(strided),
    joined(),
    transposed(),
    interpolations,
    rearrangements,
)


def seen(model, place, axis):
    """First and last row (axis 0) or column (1) that one of the output depends on."""
    x = torch.rand(1, WIDTH, SIDE, SIDE, dtype=torch.float64) + 1
    x.requires_grad_()
    Pool.summed = True
    try:
        model(x).select(2 + axis, place).sum().backward()
    finally:
        Pool.summed = False
    strength = x.grad.abs().sum((0, 1, 3 - axis))
    (hit,) = torch.nonzero(strength > 1e-9 * strength.max(), as_tuple=True)
    return (int(hit[0]), int(hit[-1])) if len(hit) else None


def positive(model):
    """The model in double precision with weights that cancel nowhere."""
    torch.manual_seed(0)
    for weight in model.parameters():
        nn.init.uniform_(weight, 0.5, 1.5)
    return model.double().eval()


def middle(axis, count):
    """Positions whose field lies in the middle half of the input."""
    low, high = SIDE // 4, SIDE - SIDE // 4
    for position in range(count):
        interval = axis.interval_at(position)
        if interval and low <= interval[0] and interval[1] < high:
            yield position


def check(model):
    """Compare neighbouring rows and columns in the middle with their gradients."""
    model = positive(model)
    arch = resviz.trace(model, (WIDTH, SIDE, SIDE))
    assert () == compute_receptive_fields(arch).unknown
    found = compute_receptive_fields(arch).layers[-1]
    empty = 0 in {axis.size for axis in found}
    for number, axis in enumerate(found):
        count = arch.layers[-1].output_shape[2 + number]
        places = list(middle(axis, count))
        first = places[len(places) // 2] if places else count
        for place in range(first, min(first + 3, count)):
            expected = None if empty else axis.interval_at(place)
            if expected and expected[1] >= SIDE:
                break  # it reads padding
            assert expected == seen(model, place, number)
            event("compared" if expected else "a gap")


SETTINGS = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


def short(parts):
    """Whether the pattern of unlike positions stays short enough to be followed."""
    return sum(isinstance(part, Resample) for part in parts) < 2


def runs(model):
    """Whether torch itself runs a network: a map may get smaller than a window."""
    try:
        with torch.no_grad():
            model(torch.zeros(1, WIDTH, SIDE, SIDE, dtype=torch.float64))
    except RuntimeError:
        return False
    return True


@SETTINGS
@given(st.lists(layers, min_size=1, max_size=3).filter(short))
def test_any_small_network(parts):
    """Convolutions, pools, slices, padding, branches, upsampling: to the pixel."""
    model = nn.Sequential(*parts).double()
    assume(runs(model))
    check(model)

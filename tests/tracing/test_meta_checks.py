"""What a kernel refuses, a trace by shapes refuses too."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from tests.forwards import Function


def zeros(x, *shape):
    """Weights where the input is."""
    return torch.zeros(shape, device=x.device)


REFUSED = {
    "channels of a transposed convolution": (nn.ConvTranspose2d(5, 2, 2), (3, 4, 4)),
    "the same over a line": (nn.ConvTranspose1d(5, 2, 2), (3, 4)),
    "the same in groups": (nn.ConvTranspose2d(6, 4, 2, groups=2), (4, 4, 4)),
    "groups of a transposed convolution": (
        Function(lambda x: F.conv_transpose2d(x, zeros(x, 4, 2, 2, 2), groups=3)),
        (4, 4, 4),
    ),
    "bias of a convolution": (
        Function(lambda x: F.conv2d(x, zeros(x, 4, 4, 2, 2), zeros(x, 3))),
        (4, 4, 4),
    ),
    "bias of a transposed convolution": (
        Function(lambda x: F.conv_transpose2d(x, zeros(x, 4, 2, 2, 2), zeros(x, 3))),
        (4, 4, 4),
    ),
    "output padding": (
        nn.ConvTranspose2d(3, 2, 2, stride=2, output_padding=3),
        (3, 4, 4),
    ),
    "axis of softmax": (nn.Softmax(4), (3, 4, 4)),
    "axis of log-softmax": (nn.LogSoftmax(-5), (3, 4, 4)),
    **{
        f"nothing by {mode}": (
            Function(partial(F.interpolate, scale_factor=0.7, mode=mode)),
            (3, *(1,) * axes),
        )
        for mode, axes in (
            ("linear", 1),
            ("bilinear", 2),
            ("bicubic", 2),
            ("trilinear", 3),
            ("nearest", 2),
        )
    },
    "axis of sort": (Function(lambda x: x.sort(7)[0]), (3, 4)),
}


@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_every_mode(name, mode):
    """Torch's meta kernels let it pass, and gave a shape that no run gives."""
    model, size = REFUSED[name]
    with pytest.raises(resviz.TraceError):
        resviz.trace(model, size, 2, mode=mode)


ACCEPTED = {
    "transposed": (
        nn.ConvTranspose2d(4, 6, 3, 2, output_padding=1, groups=2),
        (4, 5, 5),
    ),
    "dilated": (
        nn.ConvTranspose1d(4, 6, 3, dilation=3, output_padding=2, bias=False),
        (4, 9),
    ),
    "one sample alone": (Function(nn.ConvTranspose2d(4, 6, 3)), (4, 5, 5)),
    "softmax of scalars": (Function(lambda x: x.sum().softmax(0) + x), (3,)),
    "last axis": (nn.Softmax(-3), (3, 4)),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_runs_is_accepted(name):
    """With the shape that a run gives."""
    model, size = ACCEPTED[name]
    shapes, run = (
        resviz.trace(model, size, 2, mode=mode) for mode in ("shapes", "run")
    )
    assert run.layers[-1].output_shape == shapes.layers[-1].output_shape

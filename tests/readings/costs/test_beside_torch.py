"""Where totals are not those of torch's counter: all of the difference, by operation.

HiFi-GAN's multi-scale discriminator has 0.25 % more, which is spectral norm's; Hybrid
Demucs, which looks at values, has 4 to 6 % more, which are its recurrent layers, of
which the counter sees none on the CPU, and its Fourier transforms.
"""

from collections import Counter
from math import log2

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.readings.costs import find_mac_rule
from tests.forwards import Forward


def count_by_operation(arch):
    """MACs by operation, as resviz counts them."""
    counts = Counter()
    for layer in arch:
        for op in layer.operations:
            rule = find_mac_rule(op)
            counts[op.name] += rule(op) if rule else 0
    return +counts


def count_by_torch(model, x):
    """The same as torch's counter has them."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    counts = counter.get_flop_counts().get("Global", {})
    return Counter({str(op).removeprefix("aten."): n // 2 for op, n in counts.items()})


def discriminate(model, x):
    """One scale of HiFi-GAN's discriminator."""
    for conv in model.convs:
        x = F.leaky_relu(conv(x), 0.1)
    return x


def make_discriminator(norm):
    """The first layers of a scale, at an eighth of their width."""
    shapes = [(1, 16, 15, 1, 1), (16, 16, 41, 2, 4), (16, 32, 41, 2, 16)]
    convs = [
        norm(nn.Conv1d(c, k, width, stride, width // 2, groups=groups))
        for c, k, width, stride, groups in shapes
    ]
    return Forward(discriminate, convs=nn.ModuleList(convs)).eval()


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_spectral_norm_multiplies_weights_by_vectors(mode):
    """A matrix of (K, C/G·R) by a vector, then a dot product of K, for each weight."""
    model = make_discriminator(nn.utils.spectral_norm)
    x = torch.zeros(2, 1, 64)
    more = count_by_operation(resviz.trace(model, inputs=x, mode=mode))
    more.subtract(count_by_torch(model, x))
    matrices = [(16, 15), (16, 4 * 41), (32, 41)]
    products = sum(rows * columns for rows, columns in matrices)
    assert {"mv": products, "dot": 16 + 16 + 32} == +more
    assert not -more


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    "norm", [nn.utils.weight_norm, nn.utils.parametrizations.weight_norm]
)
def test_weight_norm_multiplies_nothing(norm):
    """It divides by a norm, which no convention counts."""
    model, x = make_discriminator(norm), torch.zeros(2, 1, 64)
    assert count_by_torch(model, x) == count_by_operation(resviz.trace(model, inputs=x))


def separate(model, x):
    """What Hybrid Demucs does: a spectrum, a recurrent layer over it, and back."""
    spectrum = torch.stft(x, 64, 16, window=model.window, return_complex=True)
    lines = model.rnn(spectrum.real.transpose(1, 2))[0]
    lines = lines.contiguous() * (lines.mean().item() + 1)
    back = torch.complex(model.out(lines).transpose(1, 2), spectrum.imag)
    return torch.istft(back, 64, 16, window=model.window, length=x.shape[-1])


def test_recurrent_layers_and_transforms_are_what_torch_leaves_out():
    """In a run: torch's kernel is one operation a layer and direction there."""
    model = Forward(
        separate,
        rnn=nn.LSTM(33, 8, 2, bidirectional=True, batch_first=True),
        out=nn.Linear(16, 33),
    ).eval()
    model.register_buffer("window", torch.hann_window(64))
    x, frames = torch.randn(2, 160), 11
    arch = resviz.trace(model, inputs=x)
    more = count_by_operation(arch)
    more.subtract(count_by_torch(model, x))
    weights = 2 * 4 * 8 * (33 + 8) + 2 * 4 * 8 * (16 + 8)
    transform = round(2.5 * 2 * frames * 64 * log2(64) / 2)
    assert "run" == arch.mode
    assert {
        "mkldnn_rnn_layer": 2 * frames * weights,
        "_fft_r2c": transform,
        "_fft_c2r": transform,
    } == +more
    assert not -more

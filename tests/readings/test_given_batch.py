"""Whether given tensors are batches or lone samples, by what layers do with them."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz import trace
from resviz.models import resnet18
from resviz.record.storage import parse_record
from tests.forwards import AnyForward


def attend(m, x):
    """Attention over the first axis, the second apart."""
    q, k, v = (part(x).transpose(0, 1) for part in (m.q, m.k, m.v))
    y = (q @ k.transpose(1, 2)).softmax(-1) @ v
    return x + m.o(y.transpose(0, 1))


CONV = nn.Conv2d(3, 4, 3)
CHW, HWC, LD = torch.zeros(3, 8, 9), torch.zeros(8, 9, 3), torch.zeros(7, 16)
CUBE = torch.zeros(3, 8, 8, 8)
WORDS = torch.zeros(7, dtype=torch.long)
ENCODER = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
WORD_TABLE = nn.Embedding(10, 16)
PROJECTIONS = {name: nn.Linear(16, 16) for name in "qkvo"}

LONE_SAMPLES = {
    "a norm of the map": (nn.Sequential(nn.LayerNorm([3, 8, 9]), CONV), CHW),
    "its mean and deviation": (
        AnyForward(lambda m, x: m.c((x - 1) / 2), c=CONV),
        CHW,
    ),
    "a permuted map": (
        AnyForward(lambda m, x: m.c(x.permute(2, 0, 1)), c=CONV),
        HWC,
    ),
    "an axis for the batch": (
        AnyForward(lambda m, x: m.c(x[None])[0], c=CONV),
        CHW,
    ),
    "padding": (AnyForward(lambda m, x: m.c(F.pad(x, (1, 1))), c=CONV), CHW),
    "three axes": (nn.Sequential(nn.ReLU(), nn.Conv3d(3, 4, 3)), CUBE),
    "a line": (nn.Sequential(nn.ReLU(), nn.Conv1d(16, 4, 3)), LD.t()),
    "a line of rows": (
        AnyForward(lambda m, x: m.c(x.t()), c=nn.Conv1d(16, 4, 3)),
        LD,
    ),
    "tokens to attention": (nn.Sequential(nn.LayerNorm(16), ENCODER), LD),
    "words to attention": (nn.Sequential(WORD_TABLE, ENCODER), WORDS),
    "words in time": (nn.Sequential(WORD_TABLE, nn.LSTM(16, 5)), WORDS),
    "pooled words": (
        AnyForward(lambda m, x: m.h(m.e(x).mean(0)), e=WORD_TABLE, h=nn.Linear(16, 2)),
        WORDS,
    ),
    "attention alone": (nn.MultiheadAttention(16, 2), LD),
    "one vector": (nn.Linear(16, 2), LD[0]),
    "all values in a row": (
        AnyForward(lambda m, x: m.h(x.flatten()), h=nn.Linear(112, 2)),
        LD,
    ),
    "a network": (AnyForward(lambda m, x: m.net(x[None]), net=resnet18()), CHW),
}


@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("name", LONE_SAMPLES)
def test_a_lone_sample_is_no_batch(name, mode):
    """Counts are of the whole, and tables say why, also from a file."""
    model, tensor = LONE_SAMPLES[name]
    inputs = (tensor,) * 3 if name == "attention alone" else (tensor,)
    arch = trace(model, inputs=inputs, mode=mode)
    assert (1, {None}) == (arch.batch, {*arch.batch_axes})
    note = "counted for a batch of 1: no axis of it is known to hold samples"
    assert note in " ".join(resviz.summary(arch).notes)
    assert arch == parse_record(arch.to_json())


def whiten(m, x):
    """A norm by hand, and a loss over the batch."""
    x = m.h((x - x.mean(0)) / x.std(0))
    return (x.t() @ x - 1).square().mean()


BATCHES = {
    "rows": (nn.Sequential(nn.Linear(16, 8), nn.Linear(8, 2)), LD, 0),
    "maps": (nn.Sequential(nn.ReLU(), CONV), torch.zeros(5, 3, 8, 8), 0),
    "statistics of the batch": (AnyForward(whiten, h=nn.Linear(16, 8)), LD, 0),
    "sequences": (ENCODER, torch.zeros(5, 7, 16), 0),
    "folded patches": (
        AnyForward(
            lambda m, x: m.c(F.fold(F.unfold(x, 2, stride=2), (8, 8), 2, stride=2)),
            c=CONV,
        ),
        torch.zeros(5, 3, 8, 8),
        0,
    ),
    "samples behind channels": (
        AnyForward(
            lambda m, x: m.c(x.transpose(0, 1).reshape(1, 15, 9)).view(3, 5, 7),
            c=nn.Conv1d(15, 15, 3, groups=15),
        ),
        torch.zeros(5, 3, 9),
        0,
    ),
    "one by one": (
        AnyForward(lambda m, x: torch.stack([m.c(sample) for sample in x]), c=CONV),
        torch.zeros(5, 3, 8, 8),
        0,
    ),
    "a sequence first": (
        AnyForward(attend, **PROJECTIONS),
        torch.zeros(7, 5, 16),
        1,
    ),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_stays_one(name):
    """Of whatever axis holds it."""
    model, tensor, axis = BATCHES[name]
    arch = trace(model, inputs=tensor)
    assert (tensor.shape[axis], (axis,)) == (arch.batch, arch.batch_axes or (0,))
    assert f"; counted for a batch of {arch.batch}" in str(resviz.summary(arch))


def test_sizes_are_believed():
    """Who writes N knows where the batch is, also where the model mixes it."""
    model = nn.Sequential(WORD_TABLE, nn.LSTM(16, 5, batch_first=True))
    assert 4 == trace(model, "int64:N,7", batch=4).batch
    mixing = AnyForward(lambda m, x: m.h(x.mean(0)), h=nn.Linear(16, 2))
    assert 4 == trace(mixing, (16,), batch=4).batch


def test_inputs_are_judged_one_by_one():
    """A prompt beside a batch of pictures is none of them."""

    def forward(m, words, x):
        return m.c(x).mean((2, 3)) + m.h(m.e(words).mean(0))

    model = AnyForward(forward, e=WORD_TABLE, h=nn.Linear(16, 4), c=CONV)
    arch = trace(model, inputs=(WORDS, torch.zeros(7, 3, 8, 8)))
    assert (7, (None, 0)) == (arch.batch, arch.batch_axes)

"""Products that torch hides or fuses: closed forms written out, by shapes and for real.

Torch's own counter gives 0 for many of them on a CPU.
"""

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from resviz import trace
from resviz.readings import costs


class Model(nn.Module):
    """A function of its parameters and an input."""

    def __init__(self, function, **shapes):
        super().__init__()
        self.function = function
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.randn(*shape)))

    def forward(self, x):
        return self.function(self, x)


class Attends(nn.Module):
    """A module called with one tensor for all that it wants."""

    def __init__(self, module, often, **options):
        super().__init__()
        self.module, self.often, self.options = module, often, options

    def forward(self, x):
        return self.module(*[x] * self.often, **self.options)


def heads(**options):
    """Multi-head attention over 16 features in 4 heads."""
    return Attends(nn.MultiheadAttention(16, 4, batch_first=True), 3, **options)


def layer(kind, **options):
    """A layer of a transformer, 16 features wide, 32 inside."""
    return kind(16, 4, 32, batch_first=True, **options)


N, T = 2, 6
ATTENTION = 4 * T * 16 * 16 + 2 * T * T * 16
"""Four projections, and queries by keys by 16 features twice; a sample."""
ENCODER = ATTENTION + 2 * T * 16 * 32
"""Attention and the two layers of the feed-forward network."""

CASES = {
    "LSTM": (
        nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True),
        (5, 8),
        N * 5 * 2 * (4 * 16 * (8 + 16) + 4 * 16 * (32 + 16)),
    ),
    "LSTM with projection": (
        nn.LSTM(8, 16, 2, batch_first=True, proj_size=4),
        (5, 8),
        N * 5 * (4 * 16 * (8 + 4) + 4 * 16 * (4 + 4) + 2 * 16 * 4),
    ),
    "GRU": (nn.GRU(8, 16, batch_first=True), (5, 8), N * 5 * 3 * 16 * (8 + 16)),
    "RNN": (
        nn.RNN(8, 16, batch_first=True, bidirectional=True),
        (5, 8),
        N * 5 * 2 * 16 * (8 + 16),
    ),
    "LSTM cell": (nn.LSTMCell(8, 16), (8,), N * 4 * 16 * (8 + 16)),
    "GRU cell": (nn.GRUCell(8, 16), (8,), N * 3 * 16 * (8 + 16)),
    "attention": (
        Model(lambda m, x: F.scaled_dot_product_attention(x, x, x)),
        (4, 6, 8),
        N * 4 * (6 * 6 * 8 + 6 * 6 * 8),
    ),
    "causal attention, in full": (
        Model(lambda m, x: F.scaled_dot_product_attention(x, x, x, is_causal=True)),
        (4, 6, 8),
        N * 4 * (6 * 6 * 8 + 6 * 6 * 8),
    ),
    "attention over a longer memory": (
        Model(
            lambda m, x: F.scaled_dot_product_attention(
                x, torch.cat([x, x], 2), torch.cat([x, x], 2)[..., :5]
            )
        ),
        (4, 6, 8),
        N * 4 * (6 * 12 * 8 + 6 * 12 * 5),
    ),
    "multi-head attention": (heads(), (T, 16), N * ATTENTION),
    "the same without weights": (heads(need_weights=False), (T, 16), N * ATTENTION),
    "encoder layer": (layer(nn.TransformerEncoderLayer), (T, 16), N * ENCODER),
    "encoder": (
        nn.TransformerEncoder(layer(nn.TransformerEncoderLayer), 3),
        (T, 16),
        N * 3 * ENCODER,
    ),
    "decoder layer": (
        Attends(layer(nn.TransformerDecoderLayer), 2),
        (T, 16),
        N * (ATTENTION + ENCODER),
    ),
    "einsum": (
        Model(lambda m, x: torch.einsum("nij,jk->nik", x, m.w), w=(8, 5)),
        (6, 8),
        N * 6 * 8 * 5,
    ),
    "einsum of the input alone": (
        Model(lambda m, x: torch.einsum("nij,nkj->nik", x, x)),
        (6, 8),
        N * 6 * 6 * 8,
    ),
    "bilinear": (
        Model(lambda m, x: F.bilinear(x, x[:, :5], m.w, m.b), w=(4, 6, 5), b=(4,)),
        (6,),
        N * 4 * 6 * 5,
    ),
    "a product in groups of rows": (
        Model(
            lambda m, x: torch._grouped_mm(
                x.flatten(0, 1).bfloat16(),
                m.w.bfloat16(),
                offs=torch.tensor([8, 16], dtype=torch.int32),
            ),
            w=(2, 8, 16),
        ),
        (16 // N, 8),
        16 * 8 * 16,
    ),
    "a product in groups of columns": (
        Model(
            lambda m, x: torch._grouped_mm(
                m.w.bfloat16(),
                x.flatten(0, 1).T.bfloat16(),
                offs=torch.tensor([8, 16], dtype=torch.int32),
            ),
            w=(2, 24, 8),
        ),
        (16 // N, 8),
        24 * 16 * 8,
    ),
    "weight norm": (
        parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
        (3, 8, 8),
        N * 4 * 6 * 6 * 3 * 9,
    ),
    "spectral norm, W·v and u·(W·v)": (
        parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)),
        (3, 8, 8),
        N * 4 * 6 * 6 * 3 * 9 + 4 * 27 + 4,
    ),
    "convolution over a line": (
        nn.Conv1d(4, 6, 3, stride=2, groups=2),
        (4, 9),
        N * 6 * 4 * 2 * 3,
    ),
    "convolution over a volume": (
        nn.Conv3d(2, 4, 3, padding=1),
        (2, 5, 6, 7),
        N * 4 * 5 * 6 * 7 * 2 * 27,
    ),
    "transposed over a line": (
        nn.ConvTranspose1d(4, 6, 3, groups=2),
        (4, 9),
        N * 4 * 9 * 3 * 3,
    ),
    "transposed over a volume": (
        nn.ConvTranspose3d(4, 6, 3, stride=2),
        (4, 3, 3, 3),
        N * 4 * 27 * 6 * 27,
    ),
    "one channel a group": (nn.Conv2d(8, 8, 3, groups=8), (8, 6, 6), N * 8 * 16 * 9),
    "convolution as a function": (
        Model(lambda m, x: F.conv2d(x, m.w, padding="same"), w=(4, 3, 3, 3)),
        (3, 8, 8),
        N * 4 * 8 * 8 * 3 * 9,
    ),
    "linear over two more axes": (nn.Linear(8, 4), (3, 5, 8), N * 3 * 5 * 8 * 4),
    "the same without bias": (nn.Linear(8, 4, bias=False), (3, 5, 8), N * 15 * 8 * 4),
    "linear as a function": (
        Model(lambda m, x: F.linear(x, m.w, m.b), w=(4, 8), b=(4,)),
        (8,),
        N * 8 * 4,
    ),
    "a vector": (Model(lambda m, x: x @ m.w, w=(8,)), (3, 8), N * 3 * 8),
    "addbmm": (
        Model(lambda m, x: torch.addbmm(m.b, x, x), b=(6, 6)),
        (6, 6),
        N * 6 * 6 * 6,
    ),
    "baddbmm": (Model(lambda m, x: torch.baddbmm(x, x, x)), (6, 6), N * 6 * 6 * 6),
    "addmv": (
        Model(lambda m, x: torch.addmv(m.b, m.w, x[0]), w=(4, 8), b=(4,)),
        (8,),
        4 * 8,
    ),
    "multi_dot, in the cheaper order": (
        Model(lambda m, x: torch.linalg.multi_dot([x, m.a, m.b]), a=(8, 5), b=(5, 7)),
        (8,),
        N * 8 * 5 + N * 5 * 7,
    ),
    "chain_matmul": (
        Model(lambda m, x: torch.chain_matmul(x, m.a, m.b), a=(8, 5), b=(5, 7)),
        (8,),
        N * 8 * 5 + N * 5 * 7,
    ),
    "fifth power of a matrix": (
        Model(lambda m, x: torch.linalg.matrix_power(x, 5)),
        (6, 6),
        N * 3 * 6**3,
    ),
    "tensordot": (
        Model(lambda m, x: torch.tensordot(x, m.w, dims=2), w=(5, 8, 3)),
        (5, 8),
        N * 5 * 8 * 3,
    ),
    "inner": (Model(lambda m, x: torch.inner(x, x)), (6,), N * N * 6),
    "dot": (Model(lambda m, x: torch.dot(x[0], x[1])), (6,), 6),
    "outer, element-wise": (Model(lambda m, x: torch.outer(x[0], x[1])), (6,), 0),
    "addr, element-wise": (
        Model(lambda m, x: torch.addr(m.b, x[0], x[1]), b=(6, 6)),
        (6,),
        0,
    ),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
@pytest.mark.filterwarnings("ignore:torch.chain_matmul is deprecated")
@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("case", CASES)
def test_closed_form(case, mode):
    """Two samples; nothing is left uncounted, in whatever operations torch runs it."""
    model, size, expected = CASES[case]
    arch = trace(model.eval(), size, 2, mode=mode)
    assert (expected, ()) == (
        costs.sum_record_costs(arch).macs,
        costs.find_uncounted(arch),
    )


@pytest.mark.parametrize("case", ["LSTM", "attention", "multi-head attention"])
def test_torch_counts_nothing_of_it_on_a_cpu(case):
    """That is why these have rules of their own."""
    model, size, expected = CASES[case]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.randn(2, *size))
    assert counter.get_total_flops() < 2 * expected


def meta(*shape):
    """An empty tensor."""
    return torch.empty(shape, device="meta")


def counted(function, *size):
    """MACs of a function on two samples, traced by shapes."""
    return costs.sum_record_costs(trace(Model(function), size, 2, mode="shapes")).macs


def test_attention_of_a_gpu():
    """What torch runs there has the MACs of its own formula, two FLOPs each."""
    aten = torch.ops.aten
    key, value = (2, 4, 12, 8), (2, 4, 12, 5)
    expected = sdpa_flop_count((2, 4, 6, 8), key, value) // 2
    assert expected == counted(
        lambda m, x: aten._scaled_dot_product_efficient_attention(
            x, meta(*key), meta(*value), None, False
        ),
        *(4, 6, 8),
    )


def test_recurrence_of_a_gpu():
    """Each matrix of a stack of LSTM layers once a step and sample."""
    weights = [meta(64, 8), meta(64, 16), meta(64), meta(64)]
    state = meta(1, 2, 16)

    def forward(model, x):
        sizes = (2, 16, 0, 1, True)  # LSTM, hidden, no projection, layers, batch first
        rest = (*sizes, 0.0, False, False, [], None)
        return torch.ops.aten._cudnn_rnn(x, weights, 4, None, state, state, *rest)[0]

    assert 2 * 5 * 4 * 16 * (8 + 16) == counted(forward, 5, 8)


def test_the_fast_path_of_an_encoder_layer():
    """One operation for all of it, as torch has it in its graphs, is taken apart."""
    inside = layer(nn.TransformerEncoderLayer).eval()
    attention = inside.self_attn

    def forward(model, x):
        return torch._transformer_encoder_layer_fwd(
            x,
            16,
            4,
            attention.in_proj_weight,
            attention.in_proj_bias,
            attention.out_proj.weight,
            attention.out_proj.bias,
            False,
            False,
            1e-5,
            inside.norm1.weight,
            inside.norm1.bias,
            inside.norm2.weight,
            inside.norm2.bias,
            inside.linear1.weight,
            inside.linear1.bias,
            inside.linear2.weight,
            inside.linear2.bias,
        )

    with torch.no_grad():
        arch = trace(Model(forward), (T, 16), 2, mode="run")
    names = [op.name for layer in arch for op in layer.operations]
    assert 1 == names.count("_native_multi_head_attention")
    assert (4, 2) == (arch.depth, len(arch.blocks[0].units))
    assert N * ENCODER == costs.sum_record_costs(arch).macs


def test_a_dynamically_quantised_layer():
    """Its weight is packed; the shapes of input and output tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
        packed = torch.ao.quantization.quantize_dynamic(model, {nn.Linear})
    assert 2 * 8 * 4 == costs.sum_record_costs(trace(packed, (8,), 2, mode="run")).macs


GAPS = {
    "a series": (lambda m, x: torch.matrix_exp(x), "linalg_matrix_exp"),
    "singular values": (lambda m, x: torch.linalg.svdvals(x), "_linalg_svd"),
    "eigenvalues": (lambda m, x: torch.linalg.eigvalsh(x), "_linalg_eigh"),
    "a pseudoinverse": (lambda m, x: torch.linalg.pinv(x), "linalg_pinv"),
}


@pytest.mark.parametrize("case", GAPS)
def test_gaps_are_named_and_not_zero(case):
    """What has no rule is listed once, with its count and place."""
    function, operation = GAPS[case]
    arch = trace(Model(lambda m, x: function(m, x) + function(m, x)), (6, 6), 2)
    (gap,) = costs.find_uncounted(arch)
    assert (operation, 2, arch[gap.first].index) == (
        gap.operation,
        gap.count,
        next(la.index for la in arch if costs.count_macs(la) is None),
    )

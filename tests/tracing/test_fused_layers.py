"""Layers that torch runs as one operation, taken apart."""

import itertools
import warnings

import pytest
import torch
from torch import nn

from resviz.tracing import trace
from resviz.tracing.fused_layers import run_encoder_layer
from tests.forwards import Function

CHOICES = [*itertools.product((False, True), repeat=3)]
"""GELU or ReLU, norms first or last, a mask or none."""


def list_arguments(use_gelu, norm_first, has_mask):
    """List what torch's operation takes of a layer and of rows."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32).eval()
    parts = layer.self_attn, layer.self_attn.out_proj, layer.norm1, layer.norm2
    attention, out, *norms = parts
    mask = torch.ones(5, 5).triu(1).bool() if has_mask else None
    return [
        torch.randn(2, 5, 16), 16, 2, attention.in_proj_weight, attention.in_proj_bias,
        out.weight, out.bias, use_gelu, norm_first, 1e-5,
        *(value for norm in norms for value in (norm.weight, norm.bias)),
        layer.linear1.weight, layer.linear1.bias,
        layer.linear2.weight, layer.linear2.bias, mask, 0 if has_mask else None,
    ]  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES)
def test_parts_give_what_torch_gives(choice):
    """In every way that torch's operation has."""
    with torch.no_grad():
        arguments = list_arguments(*choice)
        expected = torch._transformer_encoder_layer_fwd(*arguments)
        torch.testing.assert_close(expected, run_encoder_layer(*arguments))


@pytest.mark.parametrize("mode", ["auto", "run"])
def test_a_layer_in_a_graph_of_torch_has_its_units(mode):
    """Traced by torch in evaluation, it holds the whole layer as one operation.

    Torch 2.9 has no shapes of its attention, so a run for real has to do.
    """
    layer, x = (
        nn.TransformerEncoderLayer(16, 2, 32, batch_first=True),
        torch.rand(2, 5, 16),
    )
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = torch.jit.trace(layer.eval(), x)
    kinds = [node.kind() for node in graph.inlined_graph.nodes()]
    assert "aten::_transformer_encoder_layer_fwd" in kinds
    arch = trace(Function(graph), inputs=x, mode=mode)
    (block,) = arch.blocks
    assert ["attention", "MLP"] == [unit.type for unit in block.units]

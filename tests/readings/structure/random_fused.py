"""Random transformers that run for real, where torch fuses attention and whole layers.

Each knows its own truth, as those of `random_forms`.
"""

import random
import warnings

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import WIDTH, Run, draw_mlp, draw_norm

GUARDS = (torch.enable_grad, torch.no_grad, torch.inference_mode)
"""What a forward may run under; without gradients, torch takes its fast path."""


def run_guarded(self, *inputs):
    """Run layers in a row under a guard, all of which read the same memory if any."""
    with self.guard():
        x, *memory = inputs
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x, *memory)
        return self.head(x)


# Modules of torch


def draw_encoder(rng):
    """Encoder layers of torch, and the types of their units."""
    pre, act = rng.random() < 0.5, rng.choice(("relu", "gelu"))
    options = {"batch_first": rng.random() < 0.8, "norm_first": pre, "activation": act}
    heads = rng.choice((1, 2, 4))
    return (
        lambda: nn.TransformerEncoderLayer(WIDTH, heads, 32, **options),
        ("attention", "MLP"),
    )


def draw_decoder(rng):
    """Decoder layers of torch, which read a memory too."""
    options = {"batch_first": rng.random() < 0.8, "norm_first": rng.random() < 0.5}
    return (
        lambda: nn.TransformerDecoderLayer(WIDTH, 2, 32, **options),
        ("attention", "attention", "MLP"),
    )


# Blocks around attention of torch


def attend(self, x, *memory):
    """Multi-head attention to the rows themselves or a memory."""
    y = self.norm(x)
    memory = memory[0] if memory else y
    return self.attention(y, memory, memory, need_weights=self.weighs)[0]


def attend_by_function(self, x, *memory):
    """Scaled dot-product attention of torch."""
    y = self.norm(x)
    memory = memory[0] if memory else y
    rows = self.q(y), self.k(memory), self.v(memory)
    q, k, v = (row.unflatten(-1, (2, -1)).transpose(1, 2) for row in rows)
    y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
    return self.out(y.transpose(1, 2).flatten(2))


def run_block(self, x, *memory):
    """Add what attention gives, that to a memory too if there is one, and an MLP."""
    x = self.first(x) + x
    if memory:
        x = x + self.second(x, *memory)
    return x + self.mlp(x)


def draw_blocks(rng, *, reads_memory):
    """Blocks around attention that torch runs fused, and the types of their units."""
    by_function, weighs = rng.random() < 0.4, rng.random() < 0.3
    causal = rng.random() < 0.5

    def draw_attention():
        if by_function:
            linear = {name: nn.Linear(WIDTH, WIDTH) for name in ("q", "k", "v", "out")}
            unit = Run(attend_by_function, norm=draw_norm(rng), **linear)
        else:
            attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
            unit = Run(attend, norm=draw_norm(rng), attention=attention)
        unit.weighs, unit.causal = weighs, causal
        return unit

    def draw_block():
        parts = {"first": draw_attention(), "mlp": draw_mlp(rng)}
        if reads_memory:
            parts["second"] = draw_attention()
            parts["second"].causal = False
        return Run(run_block, **parts)

    return draw_block, ("attention", "attention", "MLP")[0 if reads_memory else 1 :]


def draw_fused(rng):
    """Layers of torch or of one's own, frozen or not, some of them scripted."""
    reads_memory, count = rng.random() < 0.3, rng.randint(1, 4)
    if rng.random() < 0.5:
        draw = draw_decoder if reads_memory else draw_encoder
        draw_layer, types = draw(rng)
    else:
        draw_layer, types = draw_blocks(rng, reads_memory=reads_memory)
    layers = [draw_layer().eval() for _ in range(count)]
    x, memory = torch.rand(2, 9, WIDTH), torch.rand(2, 9, WIDTH)
    if not reads_memory and rng.random() < 0.5:
        layers = [freeze_graph(layer, x) for layer in layers]
    net = Run(
        run_guarded,
        stem=nn.Linear(WIDTH, WIDTH), layers=layers, head=nn.Linear(WIDTH, 3),
    )  # fmt: skip
    net.guard = rng.choice(GUARDS)
    net.requires_grad_(rng.random() < 0.5)
    inputs = (x, memory) if reads_memory else (x,)
    return Drawn(net, inputs, [types] * count, [count], "run")


def freeze_graph(layer, x):
    """Trace a layer by torch, whose graph holds it as one operation if it is fused."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(layer, x, check_trace=False)


FUSED_FORMS = {"fused attention": draw_fused}
"""What draws a net of each form."""


def draw_fused_form(form, seed):
    """Draw the net of a form and a seed."""
    return FUSED_FORMS[form](random.Random(f"{form} {seed}"))

"""Parts of random nets: units over rows, main branches over maps, ways to add them."""

from torch import nn

from .toys import Attention, conv


class Run(nn.Module):
    """Modules of its own, a forward that is given, and a `scale` that this may read."""

    scale = 1.0

    def __init__(self, forward, **modules):
        super().__init__()
        self.run = forward
        for name, module in modules.items():
            is_list = isinstance(module, list)
            setattr(self, name, nn.ModuleList(module) if is_list else module)

    def forward(self, *inputs):
        return self.run(self, *inputs)


WIDTH = 16


def draw_norm(rng):
    """A norm of rows, or none."""
    return rng.choice((nn.LayerNorm, nn.Identity))(WIDTH)


def draw_attention(rng):
    """Attention behind a norm or none."""
    return nn.Sequential(draw_norm(rng), Attention(WIDTH))


def draw_mlp(rng):
    """Two linear layers, which may have a dropout between."""
    act = rng.choice((nn.GELU, nn.ReLU, nn.SiLU))()
    layers = [draw_norm(rng), nn.Linear(WIDTH, 32), act]
    layers += [nn.Dropout(0.1)] if rng.random() < 0.5 else []
    return nn.Sequential(*layers, nn.Linear(32, WIDTH))


def draw_row_convolution(rng):
    """A 1×1, a depthwise convolution over rows, and a 1×1, as the Conformer's."""
    act, kernel = rng.choice((nn.SiLU, nn.ReLU))(), rng.choice((3, 7, 15))
    gate = rng.random() < 0.7
    body = nn.Sequential(
        nn.Conv1d(WIDTH, 32 if gate else WIDTH, 1), nn.GLU(1) if gate else nn.SiLU(),
        nn.Conv1d(WIDTH, WIDTH, kernel, padding=kernel // 2, groups=WIDTH),
        nn.BatchNorm1d(WIDTH), act, nn.Conv1d(WIDTH, WIDTH, 1),
    )  # fmt: skip
    return Run(lambda self, x: self.body(x.mT).mT, body=body)


def draw_row_mlp(rng):
    """Two linear layers over the rows, as MLP-Mixer's; nine rows go in."""
    act = rng.choice((nn.GELU, nn.ReLU))()
    body = nn.Sequential(nn.Linear(9, 18), act, nn.Linear(18, 9))
    parts = {"norm": nn.LayerNorm(WIDTH), "body": body}
    return Run(lambda self, x: self.body(self.norm(x).mT).mT, **parts)


def draw_recurrent(rng):
    """A recurrent layer over the rows, behind a norm or none."""
    layer = rng.choice((nn.LSTM, nn.GRU))(WIDTH, WIDTH, batch_first=True)
    parts = {"norm": draw_norm(rng), "layer": layer}
    return Run(lambda self, x: self.layer(self.norm(x))[0], **parts)


UNITS = {
    "attention": draw_attention,
    "MLP": draw_mlp,
    "convolution module": draw_row_convolution,
    "row MLP": draw_row_mlp,
    "recurrent": draw_recurrent,
}
"""The units of blocks, drawn by their type; a row MLP's is "MLP" too."""

BODIES = {
    "basic": lambda c, o, s: [conv(3, c, o, stride=s), nn.ReLU(), conv(3, o, o)],
    "bottleneck": lambda c, o, s: [
        conv(1, c, 4), nn.ReLU(), conv(3, 4, 4, stride=s), nn.SiLU(), conv(1, 4, o),
    ],
    "residual": lambda c, o, s: [conv(5, c, o, stride=s), nn.ReLU(), conv(3, o, o)],
}  # fmt: skip
"""Main branches by their types."""


def add(self, x):
    """Add what a module makes of its input."""
    return x + self.scale * self.body(x)


def add_each(self, x):
    """Add what each unit makes of what came before."""
    for norm, unit in zip(self.norms, self.units, strict=True):
        x = norm(unit(x) + x)
    return x


def add_in_rows(self, x):
    """The same, in a loop over lists of modules."""
    for units in self.rows:
        for unit in units:
            x = unit(x) + x
    return x

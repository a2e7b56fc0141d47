"""Random nets of several steps or stages, compared with what they know."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_forms import compare
from .random_methods import METHOD_FORMS, draw_method, run_products
from .random_parts import BODIES, Run
from .toys import conv


@pytest.mark.parametrize("form", METHOD_FORMS)
@pytest.mark.parametrize("seed", range(12))
def test_a_method_is_read_as_it_is_built(form, seed):
    """One block for each new state."""
    read, truth = compare(draw_method(form, seed))
    assert truth == read


def test_older_states_are_conditions_and_the_newest_is_the_fork():
    """Verlet's second state reads the first; its shortcut is the newest, doubled."""

    def forward(self, x):
        a = self.stem(x)
        b = a + self.first(a)
        return 2 * b - a + self.second(b)

    first, second = (nn.Sequential(*BODIES["basic"](8, 8, 1)) for _ in range(2))
    net = Run(forward, stem=conv(3, 3), first=first, second=second)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(1, 3, 8, 8)))
    *_, block = built.blocks
    region = next(r for r in built.regions if r.join == block.end)
    names = [built.arch.layers[index].name for index in region.addition.earlier]
    assert ["stem"] == names == [built.arch.layers[i].name for i in region.conditions]
    assert "scaled identity" == block.shortcut.label


def test_a_skip_around_blocks_is_no_state():
    """EDSR's last block is one by itself, though its sum is added to the first map."""

    def forward(self, x):
        a = self.stem(x)
        b = a + self.first(a)
        return a + (b + self.second(b))

    first, second = (nn.Sequential(*BODIES["basic"](8, 8, 1)) for _ in range(2))
    net = Run(forward, stem=conv(3, 3), first=first, second=second)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(1, 3, 8, 8)))
    assert [("basic", "identity")] * 2 == [
        (block.type, block.shortcut.label) for block in built.blocks
    ]


@pytest.mark.parametrize("starts_once", [True, False])
def test_few_products_in_turn_are_units_each(starts_once):
    """No sum adds what one before only multiplies, as momentum or a position."""
    linear = {name: nn.Linear(8, 8) for name in ("stem", "head")}
    net = Run(run_products, **linear, first=nn.Identity(), act=nn.Identity())
    net.weights = nn.ParameterList([torch.ones(8, 8) for _ in range(3)])
    net.product, net.starts_once, net.acts_first = torch.addmm, starts_once, False
    blocks = read_structure(resviz.trace(net, inputs=torch.zeros(2, 8))).blocks
    assert ["residual"] * 3 == [block.type for block in blocks]

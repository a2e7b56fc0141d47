"""Random nets of products, momentum and steps, compared with what they know."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_forms import compare
from .random_loops import LOOP_FORMS, draw_loop
from .random_parts import Run


@pytest.mark.parametrize("form", LOOP_FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_loop_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_loop(form, seed))
    assert truth == read


def test_a_step_added_to_its_cell_is_no_block_and_says_why():
    """The first step's sum reads one step alone, and its state goes on to the next."""

    def forward(self, x):
        state, rows = torch.zeros_like(x[:, 0]), []
        for step in x.unbind(1):
            state = self.cell(step, state)
            rows.append(step + state)
        return torch.stack(rows, 1)

    net = nn.Sequential(nn.Linear(8, 8), Run(forward, cell=nn.GRUCell(8, 8)))
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 3, 8)))
    first, *_ = explain_joins(built)
    reason = "it adds one step of a sequence, whose state the next step reads"
    assert ((), "open join", reason) == (built.blocks, first.verdict, first.reason)


def test_momentum_is_read_by_a_block_and_named():
    """What it adds of the sum before is a condition, from above its fork."""
    drawn = draw_loop("momentum", 1)
    built = read_structure(resviz.trace(drawn.net.eval(), inputs=drawn.inputs))
    units = [why for why in explain_joins(built) if why.verdict == "residual unit"]
    assert len(drawn.blocks) == len(units) > 1
    assert all("; conditioned on " in why.reason for why in units[1:])


@pytest.mark.parametrize("between", [nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 8)])
def test_what_a_sum_multiplies_itself_is_no_older_state(between):
    """`addmm(x, x, w)` adds a branch to one state, a sum as it is."""

    def forward(self, x):
        x = self.stem(x)
        for weight, before in zip(self.weights, self.before, strict=True):
            x = torch.addmm(x, before(x), weight, beta=0.5)
        return x

    weights = nn.ParameterList(nn.Parameter(torch.zeros(8, 8)) for _ in range(3))
    before = [between, nn.Identity(), nn.Identity()]
    net = Run(forward, stem=nn.Linear(5, 8), before=before, weights=weights)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(4, 5)))
    assert ["identity"] * 3 == [block.shortcut.kind for block in built.blocks]

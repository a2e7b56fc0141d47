"""Experts that einsum dispatches tokens to: MLPs, whose router is on no main path."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_parts import Run
from .toys import Attention

WIDTH, EXPERTS, SLOTS = 16, 4, 5


class Mixture(nn.Module):
    """A router, experts as modules, and how a kind of layer uses them."""

    def __init__(self, run, norm=None):
        super().__init__()
        self.run = run
        self.router = nn.Linear(WIDTH, EXPERTS * SLOTS)
        self.norm = norm or nn.Identity()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, WIDTH))
            for _ in range(EXPERTS)
        )

    def forward(self, x):
        return self.run(self, self.norm(x))

    def run_experts(self, slots):
        """(N, E, S, C) to the same."""
        outputs = [f(slots[:, k]) for k, f in enumerate(self.experts)]
        return torch.stack(outputs, 1)


def soft(self, x):
    logits = self.router(x).unflatten(-1, (EXPERTS, SLOTS))
    combine = logits.flatten(2).softmax(-1).view_as(logits)
    slots = torch.einsum("bnd,bnes->besd", x, logits.softmax(1))
    return torch.einsum("besd,bnes->bnd", self.run_experts(slots), combine)


def mask_of_choices(self, x):
    """GShard's: places in each expert's slots, by how many came before."""
    gates = self.router(x)[..., :EXPERTS].softmax(-1)
    chosen = F.one_hot(gates.argmax(-1), EXPERTS).to(x)
    places = ((chosen.cumsum(1) - 1) * chosen).sum(-1).long().clamp(0, SLOTS - 1)
    mask = chosen.unsqueeze(-1) * F.one_hot(places, SLOTS).to(x).unsqueeze(-2)
    return mask, mask * (gates * chosen).sum(-1)[..., None, None]


def masked(self, x):
    mask, combine = mask_of_choices(self, x)
    slots = torch.einsum("bnes,bnd->besd", mask, x)
    return torch.einsum("bnes,besd->bnd", combine, self.run_experts(slots))


def one_mask(self, x):
    """Both ways by the weights; what dispatches is where they are not nought."""
    _, combine = mask_of_choices(self, x)
    slots = torch.einsum("bnes,bnd->besd", combine.bool().to(x), x)
    return torch.einsum("bnes,besd->bnd", combine, self.run_experts(slots))


def matrices(self, x):
    """By matrix products, slots in a row."""
    logits = self.router(x)
    slots = logits.softmax(1).mT @ x
    outputs = self.run_experts(slots.unflatten(1, (EXPERTS, SLOTS)))
    return logits.softmax(-1) @ outputs.flatten(1, 2)


def experts_choose(self, x):
    """Each expert takes the tokens that score best. Source: Zhou et al. 2022."""
    scores = self.router(x)[..., :EXPERTS].softmax(-1).mT
    weights, places = scores.topk(SLOTS)
    mask = F.one_hot(places, x.shape[1]).to(x)
    outputs = self.run_experts(mask @ x.unsqueeze(1))
    return torch.einsum("besn,bes,besd->bnd", mask, weights, outputs)


WAYS = [soft, masked, one_mask, matrices, experts_choose]


def run_block(self, x):
    x = x + self.attention(x)
    return x + self.mixture(x)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("norm", [nn.Identity, nn.LayerNorm])
def test_experts_by_products_are_an_mlp(way, norm):
    """Two weights each on the main path, and two of attention."""
    blocks = [
        Run(
            run_block,
            attention=Attention(WIDTH),
            mixture=Mixture(way, norm(WIDTH)),
        )
        for _ in range(3)
    ]
    net = nn.Sequential(nn.Linear(8, WIDTH), *blocks)
    built = read_structure(resviz.trace(net.eval(), inputs=torch.zeros(2, 6, 8)))
    assert ["attention + MLP"] * 3 == [block.type for block in built.blocks]
    assert 1 + 3 * 4 == count_depth(built)


class Batched(nn.Module):
    """Soft experts without modules, all in one layer, as Puigcerver et al. 2024."""

    def __init__(self):
        super().__init__()
        self.slots = nn.Parameter(torch.randn(WIDTH, EXPERTS, SLOTS))
        self.a = nn.Parameter(torch.randn(EXPERTS, WIDTH, 32))
        self.b = nn.Parameter(torch.randn(EXPERTS, 32, WIDTH))

    def forward(self, x):
        return dispatch(self, x, route(x, self.slots))


def weigh_experts(self, slots):
    """(N, E, S, C) to the same, by two weights in a row."""
    hidden = torch.einsum("besd,edh->besh", slots, self.a).relu()
    return torch.einsum("besh,ehd->besd", hidden, self.b)


def route(x, slots):
    """Logits of each token for each slot, (N, L, E, S)."""
    return torch.einsum("bnd,des->bnes", x, slots)


def dispatch(self, x, logits):
    """Soft experts whose logits are given."""
    combine = logits.flatten(2).softmax(-1).view_as(logits)
    slots = torch.einsum("bnd,bnes->besd", x, logits.softmax(1))
    return torch.einsum("besd,bnes->bnd", weigh_experts(self, slots), combine)


def routed_by_two(self, x):
    """The router has a hidden layer."""
    return dispatch(self, x, route((x @ self.square).relu(), self.slots))


def projected(self, x):
    """Tokens and their router read a layer of the same module."""
    x = x @ self.square
    return dispatch(self, x, route(x, self.slots))


def projected_back(self, x):
    """So does what is combined."""
    return dispatch(self, x, route(x, self.slots)) @ self.square


def routed_by_matrices(self, x):
    """By matrix products, slots in a row."""
    logits = x @ self.slots.flatten(1)
    slots = (logits.softmax(1).mT @ x).unflatten(1, (EXPERTS, SLOTS))
    return logits.softmax(-1) @ weigh_experts(self, slots).flatten(1, 2)


def routed_by_mask(self, x):
    """The first slot of the best expert."""
    gates = route(x, self.slots).sum(-1).softmax(-1)
    mask = F.one_hot(gates.argmax(-1), EXPERTS).to(x)
    slots = torch.einsum("bne,bnd->bed", mask, x).unsqueeze(2)
    outputs = weigh_experts(self, slots).squeeze(2)
    return torch.einsum("bed,bne->bnd", outputs, mask * gates)


@pytest.mark.parametrize(
    ("way", "count"),
    [
        (Batched.forward, 2),
        (routed_by_two, 2),
        (projected, 3),
        (projected_back, 3),
        (routed_by_matrices, 2),
        (routed_by_mask, 2),
    ],
)
def test_a_router_in_one_layer_with_its_experts_adds_no_depth(way, count):
    """The weights in a row are those that tokens pass."""

    class InOne(Batched):
        def __init__(self):
            super().__init__()
            self.square = nn.Parameter(torch.randn(WIDTH, WIDTH))

        def forward(self, x):
            return way(self, x)

    block = Run(run_block, attention=Attention(WIDTH), mixture=InOne())
    net = nn.Sequential(nn.Linear(8, WIDTH), block)
    built = read_structure(resviz.trace(net.eval(), inputs=torch.zeros(2, 6, 8)))
    assert 1 + 2 + count == count_depth(built)


class AttentionInOne(nn.Module):
    """Attention without modules, whose products read one another."""

    def __init__(self):
        super().__init__()
        self.parts = nn.Parameter(torch.randn(4, WIDTH, WIDTH))

    def forward(self, x):
        q, k, v = (x @ self.parts[n] for n in range(3))
        return (q @ k.mT).softmax(-1) @ v @ self.parts[3]


def test_experts_in_one_layer_are_an_mlp_and_attention_is_none():
    """Between the products of one lie the experts, of the other no weights."""
    parts = {"attention": AttentionInOne, "mixture": Batched}
    blocks = [
        Run(run_block, **{name: make() for name, make in parts.items()})
        for _ in range(3)
    ]
    net = nn.Sequential(nn.Linear(8, WIDTH), *blocks)
    built = read_structure(resviz.trace(net.eval(), inputs=torch.zeros(2, 6, 8)))
    assert ["attention + MLP"] * 3 == [block.type for block in built.blocks]

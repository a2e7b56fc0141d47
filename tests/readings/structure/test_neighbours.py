"""Attention to neighbours: vectors weigh what an index gathers, and are no gate."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_parts import Run
from .toys import conv

WIDTH, NEIGHBOURS = 16, 4


def find_neighbours(places):
    """(N, L, 3) to the numbers (N, L, K) of the nearest."""
    return torch.cdist(places, places).topk(NEIGHBOURS, largest=False)[1]


def gather(x, index):
    """(N, L, C) to (N, L, K, C), by an index of the samples too."""
    return x[torch.arange(len(x))[:, None, None], index]


def gather_rows(x, index):
    """The same by `gather`."""
    n, length, count = index.shape
    rows = index.reshape(n, -1, 1).expand(-1, -1, x.shape[-1])
    return x.gather(1, rows).view(n, length, count, -1)


def weigh_vectors(self, x, places, pick=gather):
    """Each channel has a weight of its own, of differences and places."""
    index = find_neighbours(places)
    offsets = self.place(places.unsqueeze(2) - pick(places, index))
    difference = self.query(x).unsqueeze(2) - pick(self.key(x), index)
    weights = self.weigh(difference + offsets).softmax(2)
    return (weights * (pick(self.value(x), index) + offsets)).sum(2)


def weigh_rows(self, x, places):
    return weigh_vectors(self, x, places, gather_rows)


def weigh_groups(self, x, places):
    """Channels share a weight two by two."""
    index = find_neighbours(places)
    difference = self.query(x).unsqueeze(2) - gather(self.key(x), index)
    weights = self.weigh(difference)[..., : WIDTH // 2].softmax(2).unsqueeze(3)
    values = gather(self.value(x), index).unflatten(-1, (2, -1))
    return (weights * values).sum(2).flatten(2)


def weigh_once(self, x, places):
    """One weight a neighbour."""
    index = find_neighbours(places)
    difference = self.query(x).unsqueeze(2) - gather(self.key(x), index)
    weights = self.weigh(difference).mean(-1, keepdim=True).softmax(2)
    return (weights * gather(self.value(x), index)).sum(2)


def weigh_windows(self, x, places):
    """Neighbours along the row, by `unfold`."""
    del places
    values = F.pad(self.value(x), (0, 0, 1, 1)).unfold(1, 3, 1).transpose(2, 3)
    keys = F.pad(self.key(x), (0, 0, 1, 1)).unfold(1, 3, 1).transpose(2, 3)
    weights = self.weigh(self.query(x).unsqueeze(2) - keys).softmax(2)
    return (weights * values).sum(2)


WAYS = [weigh_vectors, weigh_rows, weigh_groups, weigh_once, weigh_windows]


def make_blocks(way):
    """Blocks of a linear layer, what attends, and another."""

    def run(self, x, places):
        return x + self.last(way(self, self.first(x), places))

    names = ("first", "last", "query", "key", "value")
    return [
        Run(
            run,
            weigh=nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, WIDTH)),
            place=nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, WIDTH)),
            **{name: nn.Linear(WIDTH, WIDTH) for name in names},
        )
        for _ in range(3)
    ]


def run_points(self, places):
    x = self.stem(places)
    for block in self.blocks:
        x = block(x, places)
    return x


def read_types(way):
    """The types of three blocks on nine points."""
    net = Run(run_points, stem=nn.Linear(3, WIDTH), blocks=make_blocks(way))
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 9, 3)))
    return [block.type for block in built.blocks]


@pytest.mark.parametrize("way", WAYS)
def test_vectors_that_weigh_neighbours_attend(way):
    """A softmax over what an index gathers, and the sum of what it weighs."""
    assert ["attention"] * 3 == read_types(way)


READS = {
    "all": lambda points: points,
    "others": lambda points: points[..., 3:],
    "positions": lambda points: points[..., :3],
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("way", [weigh_vectors, weigh_rows])
def test_positions_by_one_layer_are_no_projection(way, read):
    """Differences of what is gathered, also where features are of the same input."""
    blocks = make_blocks(way)
    for block in blocks:
        block.place = nn.Linear(3, WIDTH)

    def run(self, points):
        x = self.stem(READS[read](points))
        for block in self.blocks:
            x = block(x, points[..., :3])
        return x

    width = {"all": 9, "others": 6, "positions": 3}[read]
    net = Run(run, stem=nn.Linear(width, WIDTH), blocks=blocks)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 9, 9)))
    assert ["attention"] * 3 == [block.type for block in built.blocks]
    assert 1 + 3 * 3 == count_depth(built)


def test_a_block_of_gathered_neighbours_may_project():
    """Both its branches read them. Source: Wang et al. 2019, DGCNN's edges."""

    def run(self, places):
        edges = gather(self.stem(places), find_neighbours(places))
        return (self.body(edges) + self.side(edges)).amax(2)

    body = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, 32))
    parts = {"stem": nn.Linear(3, WIDTH), "body": body, "side": nn.Linear(WIDTH, 32)}
    built = read_structure(resviz.trace(Run(run, **parts), inputs=torch.zeros(2, 9, 3)))
    assert ["projection"] == [block.shortcut.kind for block in built.blocks]


def choose_branch(self, x, places):
    """A softmax over two layers weighs these, as selective kernels do."""
    del places
    branches = torch.stack([self.query(x), self.key(x)], 1)
    weights = self.weigh(branches.sum(1).mean(1, keepdim=True)).unsqueeze(1)
    return (torch.cat([weights, -weights], 1).softmax(1) * branches).sum(1)


def test_a_softmax_over_branches_is_no_attention():
    """Nothing is gathered there."""
    assert "attention" not in read_types(choose_branch)


def weigh_patches(self, x):
    """A softmax that layers make weighs patches. Source: Yuan et al. 2021, VOLO."""
    n, c, h, w = x.shape
    values = F.unfold(self.value(x), 3, padding=1).view(n, 4, c // 4, 9, h * w)
    weights = self.kernel(self.query(x)).view(n, 4, 9, h * w).softmax(2)
    return torch.einsum("bgkl,bgckl->bgcl", weights, values).reshape(x.shape)


def weigh_windows_of_keys(self, x):
    """As many keys as channels a head, and of the keys two layers in a row."""
    n, c, h, w = x.shape
    q, k, v = (
        y.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 4, 5, 1).reshape(-1, 16, c)
        for y in (self.query(x), self.key(self.query(x).relu()), self.value(x))
    )
    y = ((q @ k.mT).softmax(-1) @ v).view(n, h // 4, w // 4, 4, 4, c)
    return y.permute(0, 5, 1, 3, 2, 4).reshape(x.shape)


def involve(self, x):
    """The kernel of a group of channels. Source: Li et al. 2021, equation 4."""
    n, c, h, w = x.shape
    kernel = self.kernel(x).view(n, 4, 9, h * w)
    patches = F.unfold(self.value(x), 3, padding=1).view(n, 4, c // 4, 9, h * w)
    return torch.einsum("bgkl,bgckl->bgcl", kernel, patches).reshape(x.shape)


def involve_each_channel(self, x):
    """As `involve`, where each channel has its own, by a product and a sum."""
    n, c, h, w = x.shape
    kernel = self.wide_kernel(x).view(n, c, 9, h * w)
    patches = F.unfold(self.value(x), 3, padding=1).view(n, c, 9, h * w)
    return (kernel * patches).sum(2).reshape(x.shape)


@pytest.mark.parametrize(
    "way", [weigh_patches, weigh_windows_of_keys, involve, involve_each_channel]
)
def test_the_depth_follows_what_is_weighed(way):
    """Values pass three layers a block; what weighs them, four or more."""

    def run(self, x):
        return x + self.last(way(self, self.first(x)))

    def squeeze(out):
        return nn.Sequential(conv(1, WIDTH, 4), nn.ReLU(), conv(1, 4, out))

    names = ("first", "last", "query", "key", "value")
    blocks = [
        Run(
            run,
            kernel=squeeze(36),
            wide_kernel=squeeze(9 * WIDTH),
            **{name: conv(1, WIDTH, WIDTH) for name in names},
        )
        for _ in range(3)
    ]
    net = nn.Sequential(conv(3, 3, WIDTH), *blocks)
    built = read_structure(resviz.trace(net, (3, 8, 8)))
    assert 3 == len(built.blocks)
    assert 1 + 3 * 3 == count_depth(built)

"""Scores of attention that the network's own forward keeps beside its blocks."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_parts import Run

WIDTH = 16


class Scored(nn.Module):
    """A transformer's block that adds to its scores, and hands on its own."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (
            nn.Linear(WIDTH, WIDTH) for _ in range(4)
        )
        self.norm = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, WIDTH))

    def forward(self, x, earlier):
        y = self.norm(x)
        own = scores = self.query(y) @ self.key(y).mT / 4
        if earlier is not None:
            scores = scores + earlier
        x = x + self.out(scores.softmax(-1) @ self.value(y))
        return x + self.mlp(x), own


def keep_sum(kept):
    total = kept[0]
    for scores in kept[1:]:
        total = total + scores
    return total


def keep_decayed_sum(kept):
    total = kept[0]
    for scores in kept[1:]:
        total = 0.5 * total + 0.5 * scores
    return total


KEPT = {
    "the last": lambda kept: kept[-1],
    "a sum": keep_sum,
    "a decayed sum": keep_decayed_sum,
    "the sum of a stack": lambda kept: torch.stack(kept).sum(0),
    "the mean of a stack": lambda kept: torch.stack(kept, 1).mean(1),
    "the first and the last": lambda kept: kept[0] + kept[-1],
}


@pytest.mark.parametrize("keep", KEPT.values(), ids=[*KEPT])
def test_scores_that_are_kept_beside_are_no_stream_of_blocks(keep):
    """Every block attends and has its MLP, whatever all before gave to its scores."""

    def forward(self, x):
        x, kept = self.stem(x), []
        for block in self.blocks:
            x, scores = block(x, keep(kept) if kept else None)
            kept.append(scores)
        return self.head(x)

    parts = {"stem": nn.Linear(8, WIDTH), "head": nn.Linear(WIDTH, 4)}
    net = Run(forward, blocks=[Scored() for _ in range(4)], **parts)
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 6, 8)))
    assert ["attention + MLP"] * 4 == [block.type for block in built.blocks]
    verdicts = {why.verdict for why in explain_joins(built)}
    assert {"residual unit", "parallel sum"} == verdicts


@pytest.mark.parametrize("keep", [keep_sum, keep_decayed_sum])
def test_a_last_sum_of_scores_that_nobody_reads_is_one_too(keep):
    """The running sum of the last block leads to no output."""

    def forward(self, x):
        x, total = self.stem(x), None
        for block in self.blocks:
            x, scores = block(x, total)
            total = scores if total is None else keep([total, scores])
        return x

    net = Run(
        forward, stem=nn.Linear(8, WIDTH), blocks=[Scored() for _ in range(3)]
    )  # fmt: skip
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 6, 8)))
    assert ["attention + MLP"] * 3 == [block.type for block in built.blocks]
    last = explain_joins(built)[-1]
    assert ("parallel sum", True) == (
        last.verdict,
        last.reason.startswith("it adds scores of attention"),
    )

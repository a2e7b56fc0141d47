"""Stems of several towers: which layers lead to whose first block."""

import pytest
import torch
from torch import nn

import resviz
from resviz.figures.overview.sentences import describe_network
from resviz.readings.structure import read_structure
from resviz.readings.structure.stems import find_stems

from .random_parts import Run
from .test_fusions import fuse_after_each, fuse_late, make_towers, trace_towers
from .toys import Basic, Transformer, conv


def list_stems(built):
    """The name of each stem, and the names of its layers with weights."""
    return [
        (stem.name, [layer.name for layer in stem.layers if layer.params])
        for stem in find_stems(built)
    ]


@pytest.mark.parametrize("run", [fuse_late, fuse_after_each])
def test_each_of_two_inputs_has_its_stem(run):
    """Also where the second one's stem is added to the first."""
    built = trace_towers(make_towers(run))
    sides = ("left", "right")
    expected = [(f"stem of {side}.0", [f"{side}_stem.0"]) for side in sides]
    assert expected == list_stems(built)


def trace_branches(run, channels=3):
    """Two encoders on one image, with a stem each and a third before them."""
    net = Run(
        run,
        stem=conv(3, 3),
        a_stem=conv(3),
        b_stem=conv(3),
        a=nn.Sequential(Basic(8, 8, 1), Basic(8, 8, 1)),
        b=nn.Sequential(Basic(8, 8, 1), Basic(8, 8, 1)),
    )
    return read_structure(resviz.trace(net, (channels, 16, 16)))


def test_what_leads_to_several_towers_is_shared():
    """It stands first, and once."""

    def run(self, x):
        x = self.stem(x)
        return self.a(self.a_stem(x)), self.b(self.b_stem(x))

    expected = [
        ("stem", ["stem"]),
        ("stem of a", ["a_stem"]),
        ("stem of b", ["b_stem"]),
    ]
    assert expected == list_stems(trace_branches(run))


def test_one_stem_of_two_towers_is_the_stem():
    """It is of none of them alone."""

    def run(self, x):
        x = self.a_stem(self.stem(x))
        return self.a(x), self.b(x)

    assert [("stem", ["stem", "a_stem"])] == list_stems(trace_branches(run))


def test_a_stem_that_runs_early_stands_before_its_own_tower():
    """Both stems run before all blocks, and figures and tables tell them apart."""

    def run(self, x):
        first, second = self.a_stem(x[:, :8]), self.b_stem(x[:, 8:])
        return self.a(first), self.b(second)

    built = trace_branches(run, 16)
    rows = resviz.summary(built.arch).rows
    names = ["stem of a", "a", "stem of b", "b"]
    assert names == [row["name"] for row in rows if row["params"]][:4]
    table = resviz.table(built.arch).to_dict()["rows"]
    assert names == [row["name"] for row in table][:4]
    words = describe_network(built.arch)
    assert words.index("Stem of a:") < words.index("Stem of b:") < words.index(" b: ")
    assert ["a_stem", "b_stem"] == [la.name for la in built.arch.stem if la.params]


def test_words_are_the_stem_of_their_own_tower():
    """CLIP's text has its embedding; the image's projection is none of a stem."""

    def run(self, image, text):
        seen = self.patch(image).flatten(2).transpose(1, 2)
        seen = self.project(self.visual(seen).mean(1))
        return seen @ self.text(self.words(text)).mean(1).T

    net = Run(
        run,
        patch=nn.Conv2d(3, 8, 4, 4),
        visual=nn.Sequential(*(Transformer(8) for _ in range(2))),
        project=nn.Linear(8, 8),
        words=nn.Embedding(9, 8),
        text=nn.Sequential(*(Transformer(8) for _ in range(2))),
    ).eval()
    inputs = torch.zeros(1, 3, 16, 16), torch.zeros(1, 7, dtype=torch.int64)
    built = read_structure(resviz.trace(net, inputs=inputs))
    expected = [("stem of visual", ["patch"]), ("stem of text", ["words"])]
    assert expected == list_stems(built)
    rows = {row["name"]: row["params"] for row in resviz.summary(built.arch).rows}
    assert (72, 72) == (rows["stem of text"], rows["head of visual"])


def test_a_decoder_on_words_of_its_own_has_a_stem():
    """What it reads of the encoder passes none of it."""
    net = Run(
        lambda self, source, target: self.both(self.read(source), self.write(target)),
        read=nn.Embedding(9, 8),
        write=nn.Embedding(9, 8),
        both=nn.Transformer(8, 2, 2, 2, 16, batch_first=True),
    ).eval()
    words = torch.zeros(1, 7, dtype=torch.int64), torch.zeros(1, 5, dtype=torch.int64)
    stems = list_stems(read_structure(resviz.trace(net, inputs=words)))
    assert [["read"], ["write"]] == [layers for _, layers in stems]

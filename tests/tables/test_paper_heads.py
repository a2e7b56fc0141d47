"""The head's row of Table 1: a line for each output of the model."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.structure import read_structure
from resviz.tables.paper import PARALLEL_NOTE
from resviz.tables.paper_strides import find_downsampling
from tests.forwards import AnyForward
from tests.readings.structure.random_parts import Run
from tests.readings.structure.toys import Basic, conv


def list_heads(run, *, lone=False, **layers):
    """The lines of the head's row, of a net of two stages of 8 and 16 channels."""
    net = Run(
        run,
        stem=conv(3, 3),
        fine=Basic(8, 8, 1),
        coarse=nn.Sequential(Basic(8, 16, 2), Basic(16, 16, 1)),
        **layers,
    ).eval()
    table = resviz.table(resviz.trace(net, (3, 16, 16)))
    rows = table.to_dict()["rows"]
    cell = next(row["cells"][0] for row in rows if row["name"] == "head")
    lines = cell.strip("[]").split("; ")
    assert len(lines) == 1 or lone != (PARALLEL_NOTE in table.notes)
    return lines


def run_body(self, x):
    return self.coarse(self.fine(self.stem(x)))


@pytest.mark.parametrize(
    "kind", [tuple, lambda ends: dict(zip("ab", ends, strict=True))]
)
def test_each_task_has_a_line(kind):
    """The pool that they share has one before them."""

    def run(self, x):
        x = run_body(self, x).mean((2, 3))
        return kind((self.age(x), self.emotion(x).softmax(1)))

    deep = nn.Sequential(nn.Linear(16, 9), nn.ReLU(), nn.Linear(9, 7))
    lines = list_heads(run, age=nn.Linear(16, 1), emotion=deep)
    assert ["average pool", "1-d fc", "9-d fc, 7-d fc, softmax"] == lines


def test_a_detector_has_two_heads():
    """Of convolutions that share nothing."""

    def run(self, x):
        x = run_body(self, x)
        return self.classes(x).flatten(2), self.boxes(x).flatten(2)

    heads = {
        name: nn.Sequential(nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Conv2d(16, width, 1))
        for name, width in (("classes", 20), ("boxes", 4))
    }
    assert ["3×3, 16, 1×1, 20", "3×3, 16, 1×1, 4"] == list_heads(run, **heads)


@pytest.mark.parametrize("is_late", [False, True])
def test_an_auxiliary_classifier_is_a_head(is_late):
    """Wherever it is called, also between the blocks."""

    def run(self, x):
        fine = self.fine(self.stem(x))
        ends = [] if is_late else [self.aux(fine.mean((2, 3)))]
        coarse = self.fc(self.coarse(fine).mean((2, 3)))
        ends = ends or [self.aux(fine.mean((2, 3)))]
        return coarse, *ends

    lines = list_heads(run, aux=nn.Linear(8, 5), fc=nn.Linear(16, 6))
    expected = ["average pool, 5-d fc", "average pool, 6-d fc"]
    assert expected == sorted(lines)


def test_features_beside_the_classifier_are_no_head():
    """One head stands on one line, whatever is returned on the way."""

    def run(self, x):
        features = run_body(self, x).mean((2, 3))
        return self.fc(features), features

    assert ["average pool, 6-d fc"] == list_heads(run, fc=nn.Linear(16, 6))


def test_heads_of_one_output_are_one():
    """Their maps are concatenated."""

    def run(self, x):
        x = run_body(self, x)
        return torch.cat([self.classes(x), self.boxes(x)], 1)

    heads = {"classes": nn.Conv2d(16, 20, 1), "boxes": nn.Conv2d(16, 4, 1)}
    assert ["1×1, 20", "1×1, 4"] == list_heads(run, **heads)


def test_layers_of_a_lone_head_stand_below_each_other():
    """Where one is a convolution, whose commas part its own sizes."""
    head = nn.Sequential(nn.Conv2d(16, 9, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    lines = list_heads(lambda net, x: net.head(run_body(net, x)), head=head, lone=True)
    assert ["1×1, 9", "average pool"] == lines


def test_what_another_input_gives_stands_beside_the_head():
    """An MLP on tabular data follows no block."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(3, 3), Basic(8, 8, 1), Basic(8, 8, 1))
            self.table = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 7))
            self.fc = nn.Linear(15, 2)

        def forward(self, image, table):
            return self.fc(
                torch.cat([self.body(image).mean((2, 3)), self.table(table)], 1)
            )

    inputs = (torch.zeros(1, 3, 16, 16), torch.zeros(1, 5))
    table = resviz.table(resviz.trace(Two().eval(), inputs=inputs))
    rows = {row["name"]: row["cells"][0] for row in table.to_dict()["rows"]}
    assert "[6-d fc, 7-d fc; average pool, 2-d fc]" == rows["head"]
    assert PARALLEL_NOTE in table.notes


def make_tower():
    """A stem and three blocks, the second of which strides."""
    return nn.Sequential(
        conv(3, 3), nn.MaxPool2d(2), Basic(8, 8), Basic(8, 16, 2), Basic(16, 16)
    )


def end_apart(self, x, y):
    """Return what each tower's head gives."""
    return self.f(self.a(x).mean((2, 3))), self.g(self.b(y).mean((2, 3)))


def compare_ends(self, x, y):
    """Return how alike those are."""
    return F.cosine_similarity(*end_apart(self, x, y))


def end_deeply(self, x, y):
    """Return what a head of several layers gives, and one of one."""
    return self.f(F.avg_pool2d(self.a(x), 4).flatten(1)), self.g(self.b(y).mean((2, 3)))


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("forward", [end_apart, compare_ends, end_deeply])
def test_each_of_two_towers_has_a_head(forward, is_shared):
    """The earlier one's is named for its last stage, and strides before no block."""
    a, head = make_tower(), nn.Linear(64 if forward is end_deeply else 16, 4)
    b, other = (a, head) if is_shared else (make_tower(), nn.Linear(16, 4))
    other = nn.Linear(16, 4) if forward is end_deeply else other
    net = AnyForward(forward, a=a, b=b, f=head, g=other)
    arch = resviz.trace(net.eval(), inputs=(torch.zeros(1, 3, 32, 32),) * 2)
    names = [row["name"] for row in resviz.summary(arch).rows]
    stages = [stage.name for stage in arch.stages]
    assert [f"head of {stages[1]}", "head"] == [n for n in names if "head" in n]
    assert "other layers" not in names
    heads = [row["name"] for row in resviz.table(arch).rows if "head" in row["name"]]
    several = forward is not compare_ends
    assert [*[f"head of {stages[1]}"] * (not several), "head"] == heads
    found = find_downsampling(read_structure(arch))
    assert [True, True] == [each.inside for each in found]

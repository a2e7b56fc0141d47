"""Networks that are no ResNet still get a page, which says what they lack."""

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.pages.report import render


class Gap(nn.Module):
    """Runs an operation without a cost rule, and never calls one of its modules."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.idle = nn.Linear(3, 3)

    def forward(self, x):
        return torch.matrix_exp(self.conv(x))


def page(net, *size):
    """The report of a network."""
    return render(resviz.trace(net, size))


@pytest.fixture(scope="module")
def gap():
    """The report of a network with gaps."""
    return page(Gap(), 3, 8, 8)


def test_without_blocks():
    """A plain network has no stages, no shortcuts and no column in Table 1."""
    html = page(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), 3, 32, 32)
    assert "No residual blocks found, so there are no stages." in html
    assert "No residual blocks found, so there are no shortcuts." in html
    assert "no residual stages found" in html
    assert '<span class="chip">' not in html


def test_without_head(report):
    """A backbone that gives its stages' maps has no head."""
    html = report("resnet(18, out_indices=(0, 1, 2, 3))")
    assert '<span class="chip">conv5_x</span>' in html
    assert '<span class="chip">head</span>' not in html


def test_without_spatial_axes():
    """A network of vectors has no resolution to follow."""
    html = page(nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)), 8)
    assert "The input has no spatial axes" in html
    assert ">kernel<" not in html


def test_one_layer():
    """One layer is enough for a report."""
    html = page(nn.Conv2d(3, 4, 3, padding=1), 3, 8, 8)
    assert "1 of 1 layers" in html
    assert "The resolution never changes." in html


@pytest.mark.parametrize(
    ("net", "size"), [(nn.Conv1d(3, 4, 3), (3, 20)), (nn.Conv3d(3, 4, 3), (3, 8, 8, 8))]
)
def test_other_dimensions(net, size):
    """Networks over lines and volumes are read like those over images."""
    assert "floor((" in page(net, *size)


def test_unknown_macs(gap):
    """MACs that no rule counts are unknown in the table, and sums are bounds."""
    assert "<td class=bar>unknown\n" in gap
    assert "≥ 13,824" in gap
    assert "Layers whose MACs are not wholly known: 1." in gap


@pytest.mark.needs("chromium")
def test_sums_with_a_gap_are_bounds_in_the_tree_and_where_they_are_looked_at(
    visit, gap
):
    """Of MACs alone, and of no part that is wholly counted."""
    page = visit(gap).page
    root, conv, gap_row = page.locator("#tree [role=treeitem] .amount").all()[:3]
    assert root.inner_text().startswith("≥ ")
    assert gap_row.inner_text().startswith("≥ ")
    assert not conv.inner_text().startswith("≥")
    facts = page.locator("#selection").inner_text()
    assert "≥ 13,824" in facts
    assert 1 == facts.count("≥")


def test_gaps_are_named(gap):
    """What was not counted is named beside the totals, which are lower bounds."""
    assert "<li>linalg_matrix_exp, once, first at linalg_matrix_exp</li>" in gap
    assert "≥ 13.8 k" in gap


def test_uncalled_parameters_are_named(gap):
    """Parameters that no layer reads are named with their module."""
    assert "<li>idle (Linear): 12 parameters</li>" in gap


def test_figures_may_fail(record, monkeypatch):
    """Without a figure the page still comes, and says why and what to do."""

    def refuse(*args, **options):
        raise RenderError("typst was not found: pip install <typst>")

    monkeypatch.setattr("resviz.figures.draw_diagram", refuse)
    html = render(record("resnet18"))
    assert html.count("This figure could not be drawn.") == 2
    assert "pip install &lt;typst&gt;" in html


def test_other_errors_are_not_hidden(record, monkeypatch):
    """Only a figure that cannot be rendered is passed over."""

    def break_down(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("resviz.figures.draw_diagram", break_down)
    with pytest.raises(ZeroDivisionError):
        render(record("resnet18"))


def test_a_forward_that_was_run_for_real_says_so():
    """Another input may take another way through it."""

    class Looks(nn.Module):
        def forward(self, x):
            return x.relu() if x.sum() > 0 else x.sigmoid()

    assert "Run for real" in render(resviz.trace(nn.Sequential(Looks()), (3, 8, 8)))

"""Growth by depth, against published totals and closed forms."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.growth.axes import (
    PlotArea,
    distance_to_box,
    place_labels_in_column,
    round_ticks,
    sample_path,
)
from resviz.figures.growth.placing import shorten_names
from resviz.readings import costs
from resviz.readings.growth import build_depth_series
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import NETWORKS, faults, sampled, texts


@pytest.mark.parametrize("name", NETWORKS)
def test_growth_is_sound(network, name):
    """No text leaves the picture or lies on another; lines may cross labels."""
    picture = replace(draw_diagram(network(name), "growth").picture, edges=())
    assert [] == sorted(set(faults(picture)))


def test_hostile_names_are_placed_soundly(hostile):
    """Names of 20,000 characters are cut, not spilled."""
    picture = draw_diagram([hostile[0], hostile[0]], "growth").picture
    assert [] == sorted(set(faults(replace(picture, edges=()))))


def test_growth_fits_one_screen(record):
    """Five networks at 1280×800 and full size, with letters of 11 pixels."""
    archs = [record(f"resnet{n}") for n in (18, 34, 50, 101, 152)]
    picture = draw_diagram(archs, "growth").picture
    assert picture.size[0] <= 1280
    assert picture.size[1] <= 800
    assert min(styles.LOOKS[it.role].size for it in picture.nodes if it.lines) >= 11


@pytest.mark.parametrize("name", NETWORKS)
def test_lines_end_at_the_totals(network, name):
    """Of parameters, MACs and activations, as every table says them."""
    arch = network(name)
    last, whole = build_depth_series(arch)[-1], costs.sum_record_costs(arch)
    assert (arch.params, whole.macs, whole.activations) == (
        last.params, last.macs, last.activations,
    )  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_lines_never_fall(network, name):
    """What is summed up grows."""
    points = build_depth_series(network(name))
    for part in ("params", "macs", "activations"):
        values = [getattr(point, part) for point in points]
        assert sorted(values) == values


def test_the_plot_ends_where_the_values_say(record):
    """The end of the first line stands at its value, in the scale of the ticks."""
    picture = draw_diagram(record("resnet50"), "growth").picture
    lines = reversed([node for node in picture.nodes if node.lines])
    y = {node.lines[0]: node.at[1] for node in lines}
    end = next(node for node in picture.nodes if node.role.endswith(" end"))
    share = (y["0"] - end.at[1]) / (y["0"] - y["20 M"])
    assert 25_557_032 / 20e6 == pytest.approx(share, abs=0.001)


def test_labels_say_the_totals(record):
    """Names lose what all have in common."""
    archs = [record("resnet18"), record("resnet50")]
    said = texts(draw_diagram(archs, "growth").picture)
    assert {"18: 11.7 M", "50: 25.6 M", "50: 4.09 G", "50: 427"} <= set(said)


@pytest.mark.parametrize(
    ("names", "shorter"),
    [
        (["ResNet-18", "ResNet-50"], ["18", "50"]),
        (["ResNet-18"], ["ResNet-18"]),
        (["net", "net"], ["net (1)", "net (2)"]),
        (["Net-18", "Net-34", "Net-18"], ["18 (1)", "34", "18 (2)"]),
        (["a-", "a-b"], ["a-", "a-b"]),
    ],
)
def test_short_names(names, shorter):
    """Never an empty one, and none twice."""
    assert shorter == shorten_names(names)


def test_numbers_behind_equal_names_are_explained():
    """Which of the networks of one name is which, in the figure and in its words."""
    archs = [
        resviz.trace(nn.Sequential(nn.Conv2d(3, width, 3)), (3, 8, 8), name=name)
        for width, name in ((4, "net"), (8, "net"), (2, "other"))
    ]
    note = "net (1), (2): as given, with 112 and 224 parameters"
    assert note in " ".join(texts(draw_diagram(archs, "growth").picture))
    assert f"{note}." in describe_figure(archs, "growth").replace("Net (1", "net (1")
    assert "as given" not in describe_figure(archs[1:], "growth")


def test_where_the_field_ends_is_said(record):
    """Before the global pool, or at the last layer, whatever the input's size."""
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
    open_end = resviz.trace(plain, (3, 32, 32), name="plain")
    last = "at the last layer"
    pooled = "before a layer of which each value sees all of the input"
    for archs, ends in (
        ([record("resnet18")], pooled),
        ([open_end], last),
        ([open_end, record("resnet18")], f"{last} or {pooled}"),
    ):
        said = " ".join(texts(draw_diagram(archs, "growth").picture))
        assert f"the field ends {ends}" in said


def test_lines_differ_without_colour():
    """No two have one dash and one width."""
    looks = [styles.LINES[name] for name in styles.SERIES_ROLES]
    assert len(looks) == len({(it.dash, round(it.width, 1)) for it in looks})


def test_ticks_are_round():
    """And stay below the largest value."""
    assert [0, 20, 40, 60] == round_ticks(60.2)
    assert [0, 2.5, 5, 7.5, 10] == round_ticks(11.5)
    assert [0] == round_ticks(0)


class Sums(nn.Module):
    """Adds up along an axis, which no rule of receptive fields follows."""

    def forward(self, x):
        return torch.cumsum(x, 2)


def test_what_is_not_known_is_said():
    """A field that no rule follows ends, and the note says where."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), Sums(), nn.Conv2d(4, 4, 3))
    arch = resviz.trace(net, (3, 16, 16))
    assert [3, None] == [point.field for point in build_depth_series(arch)]
    assert any(
        "not known from 1 on" in line
        for line in texts(draw_diagram(arch, "growth").picture)
    )


def test_nothing_grows_without_weights():
    """It is refused in words."""
    arch = resviz.trace(nn.ReLU(), (3, 8, 8))
    with pytest.raises(RenderError, match="no weighted layer on the main path"):
        draw_diagram(arch, "growth")


def test_too_many_networks_are_refused(record):
    """Their lines could not be told apart."""
    with pytest.raises(RenderError, match="got 11 networks, want at most 10"):
        draw_diagram([record("resnet18")] * 11, "growth")


def test_description_says_where_lines_end(record):
    """Totals and the field, in words."""
    said = describe_figure(record("resnet50"), "growth")
    assert (
        "ResNet-50 ends after 50 layers at 25.6 M parameters, 4.09 G multiply-adds, "
        "11.1 M activations and a receptive field of 427 pixels." in said
    )


def test_labels_of_the_papers_networks_touch_no_line(record):
    """18 to 152 layers: each label stands clear of every line, its own end included."""
    archs = [record(f"resnet{depth}") for depth in (18, 34, 50, 101, 152)]
    picture = draw_diagram(archs, "growth").picture
    labels = [node for node in picture.nodes if node.role.endswith(" label")]
    curves = [edge for edge in picture.edges if edge.role.startswith("line ")]
    touched = [
        node.lines[0]
        for node in labels
        for edge in curves
        for x, y in sampled(edge.path)
        if node.left < x < node.right and node.top + 2 < y < node.bottom - 2
    ]
    assert 20 == len(labels)
    assert [] == touched


def test_labels_stand_at_their_own_ends():
    """None lies nearer to the end of another line, where three end close together."""
    options = {"A": "", "B": "num_classes=1300", "C": "width_per_group=70"}
    archs = [resviz.trace(f"resnet(50, {options[k]})", name=k) for k in options]
    nodes = draw_diagram(archs, "growth").picture.nodes
    ends = [node for node in nodes if node.role.endswith(" end")][:3]
    labels = [node for node in nodes if node.role.endswith(" label")][:3]
    for label in labels:
        box = (label.left, label.top, label.right, label.bottom)
        away = {end.role.split()[1]: distance_to_box(end.at, box) for end in ends}
        assert min(away.values()) == away[label.role.split()[1]], label.lines


MANY = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnext50_32x4d",
    "wide_resnet50_2", "seresnet50", "resnetv2_50", "resnet50_d", "densenet121",
)  # fmt: skip


@pytest.mark.parametrize("width", [None, "column"])
@pytest.mark.parametrize("count", [4, 7, 10])
def test_no_label_lies_over_a_line(count, width):
    """Of many networks labels stand beside the plot, each led to by a faint line."""
    archs = [load(record_file(name)) for name in MANY[:count]]
    picture = draw_diagram(archs, "growth", width=width).picture
    labels = [node for node in picture.nodes if node.role.endswith(" label")]
    assert 4 * count == len(labels)
    curves = [edge for edge in picture.edges if edge.role.startswith("line ")]
    points = [point for edge in curves for point in sample_path(edge.path[::3])]
    hidden = [
        label.lines
        for label in labels
        if any(
            label.left + 1 < x < label.right - 1 and abs(y - label.at[1]) < 4
            for x, y in points
        )
    ]
    assert [] == hidden
    assert [] == [fault for fault in faults(picture) if "outside" in fault]


def test_labels_in_a_column_keep_the_order_of_their_lines():
    """The highest end has the highest label; none lies on another or below the plot."""
    area = PlotArea(0, 100, 0, 100, 10, 10)
    ends = [(50, 60.0), (100, 10.0), (20, 60.0), (70, 98.0), (80, 99.0), (90, 100.0)]
    places = place_labels_in_column(ends, [(40, 13)] * len(ends), area)
    levels = [y for _, y in places]
    order = sorted(range(len(ends)), key=lambda k: (ends[k][1], -ends[k][0]))
    assert order == sorted(range(len(ends)), key=levels.__getitem__)
    apart = sorted(levels)
    assert all(b - a >= 13 for a, b in pairwise(apart))
    assert apart[-1] <= area.bottom + 13
    assert {area.right + 16 + 20} == {x for x, _ in places}


@pytest.mark.parametrize("width", [None, "column"])
@pytest.mark.parametrize("name", ["resnet50", "cifar20", "mvit_v1_b", "skresnet18"])
def test_no_grid_line_leads_through_letters(name, width):
    """At the end of a line, and of the input's size."""
    arch = load(record_file(name))
    picture = draw_diagram(arch, "growth", width=width).picture
    grid = [edge.path for edge in picture.edges if edge.role == "grid"]
    labels = [
        node
        for node in picture.nodes
        if node.role.endswith("label") or "".join(node.lines).startswith("input:")
    ]
    assert len(labels) >= 4
    assert [] == [
        label.lines
        for label in labels
        for path in grid
        if abs(path[0][1] - label.at[1]) < 4
        and path[0][0] < label.right - 1
        and label.left + 1 < path[-1][0]
    ]


def test_depths_align_below_one_another(record):
    """In a column each plot ends at one depth at one place, however wide its labels."""
    archs = [record(f"resnet{n}") for n in (18, 34, 50)]
    picture = draw_diagram(archs, "growth", width="3.25in").picture
    ends = [node.at[0] for node in picture.nodes if node.lines == ("50",)]
    assert 4 == len(ends)
    assert 1 == len({round(x, 3) for x in ends})

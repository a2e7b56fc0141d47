"""Where lines enter the boxes of lanes, and where frames are labelled."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

import resviz
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.lanes import LanesPainter
from resviz.readings.contraction import read_contraction
from resviz.tracing import trace


@pytest.mark.parametrize(("height", "ports"), [(6, 1), (11, 1), (60, 12)])
def test_lines_enter_a_box_apart_or_as_one(height, ports):
    """Where it is too low for all their arrows they are one line, no bar of arrows."""
    inputs = {f"x{k}": torch.zeros(1, 3, 8, 8) for k in range(12)}

    class Meeting(nn.Module):
        def forward(self, **maps):
            return torch.cat([each.flatten(1) for each in maps.values()], 1).sort()[0]

    graph = read_contraction(resviz.trace(Meeting(), kwargs=inputs))
    painter = LanesPainter(graph, Canvas())
    placing = painter.placing
    placing.place_rows(0)
    (key,) = (key for key, sources in graph.sources.items() if len(sources) == 12)
    node = replace(graph.nodes[key], role="region", entrance="", lines=("a",))
    placing.grid.graph.nodes[key] = node
    placing.sizes[key] = placing.sizes[key]._replace(entry_height=height)
    found = sorted(placing.place_ports(key).values())
    assert ports == len({round(port, 6) for port in found})
    assert all(ports == 1 or b - a >= 1 for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("crossed", "place"), [((), 306), ((312,), 422), ((312, 427), 283)]
)
def test_a_frame_is_labelled_where_no_line_leads(crossed, place):
    """In its upper left corner, else in the right one, else beside it."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
    graph = read_contraction(trace(net, (3, 16, 16)))
    painter = LanesPainter(graph, Canvas())
    ways = [tuple((x, y) for y in (290, 300, 310, 320)) for x in crossed]
    painter.paths = {(0, key): (way, way[-1]) for key, way in enumerate(ways)}
    label = painter.paint_frame_label("×2", ((300, 300), (440, 360)))
    assert place == pytest.approx(label.left, abs=4)
    for x in crossed:
        assert not label.left <= x <= label.right

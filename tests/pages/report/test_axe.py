"""What axe-core finds where `AXE_JS` names its axe.min.js: nothing, in every state."""

import os
from pathlib import Path

import pytest

import resviz
from resviz.pages.report import render
from resviz.record.storage import load
from tests.pages.report.test_comparison import SMALL, compared
from tests.readings.structure.golden.networks import record_file

AXE = os.environ.get("AXE_JS", "")

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.skipif(not AXE, reason="AXE_JS names no axe.min.js"),
]

STATES = {
    "whole": "",
    "block": "#conv3_1",
    "layer": "#layer2.0.conv2&lens=params",
    "memory": "#conv2_x&lens=memory&view=pass",
    "field": "#&lens=field&view=pass",
    "overview": "#&view=overview",
    "other input": "#&size=3x64x64&batch=2",
}
"""What is shown, by its address."""

RULES = "async () => (await axe.run()).violations.map(it => [it.id, it.nodes[0].html])"


def list_violations(page):
    """What axe-core finds on a page, or in a frame of one."""
    page.evaluate(Path(AXE).read_text())
    return page.evaluate(RULES)


@pytest.mark.parametrize("width", [360, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_has_violations(visit, report, scheme, width):
    """Of views, lenses, another input, a search, and a size that does not work."""
    page = visit(
        report("resnet18"),
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    ).page
    found = {}
    for name, address in STATES.items():
        page.evaluate("address => { location.hash = address }", address)
        found[name] = list_violations(page)
    page.fill("#search", "no such layer")
    found["search"] = list_violations(page)
    page.fill("[data-input]", "3×0×0")
    found["trouble"] = list_violations(page)
    assert {name: [] for name in found} == found


@pytest.mark.parametrize("name", ["toy_unet", "vit_tiny_patch16_224"])
def test_other_networks_have_none(visit, name):
    """A network in lanes, and a transformer."""
    page = visit(render(load(record_file(name))), bypass_csp=True).page
    assert list_violations(page) == []


COMPARED_STATES = {
    "first": "",
    "change": "#b/&change=1",
    "layer": "#b/layer2.0.conv2&lens=params",
    "third": "#c/conv3_x&view=pass",
    "other input": "#a/&size=3x64x64&batch=2",
}
"""What is shown of several networks, by its address."""


@pytest.mark.parametrize("width", [360, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_has_none(visit, scheme, width):
    """In each state, side by side, and of two families."""
    page = visit(
        compared(*SMALL),
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    ).page
    found = {}
    for name, address in COMPARED_STATES.items():
        page.evaluate("address => { location.hash = address }", address)
        found[name] = list_violations(page)
    if width == 1920:
        page.locator("#beside").click()
        found["side by side"] = list_violations(page)
    assert {name: [] for name in found} == found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_has_none(visit, scheme):
    """The report inside another page, alone and of several networks."""
    for specs in (["resnet18"], ["resnet18", "resnet34"]):
        frame = resviz.explore(specs).to_html()
        outside = f"<!DOCTYPE html><html lang='en'><title>t</title><body>{frame}"
        page = visit(outside, color_scheme=scheme, bypass_csp=True).page
        page.wait_for_function("frames.length === 1")
        inner = page.frames[1]
        inner.wait_for_selector("[role=treeitem]")
        assert list_violations(inner) == []


def test_two_families_have_none(visit):
    """Nor what is the same network twice."""
    for specs in (("resnet18", "record:vit_tiny_patch16_224"), ("resnet18",) * 2):
        page = visit(compared(*specs), bypass_csp=True).page
        assert list_violations(page) == []


def test_a_violation_would_be_found(visit, report):
    """The check can fail: a button without a name."""
    page = visit(report("resnet18"), bypass_csp=True).page
    page.evaluate(
        "document.querySelector('main').append(document.createElement('button'))"
    )
    assert [rule for rule, _ in list_violations(page)] == ["button-name"]

"""What a reader asks is answered by a press, and the answer is the record's."""

import re

import pytest

import resviz
from resviz.pages.report import render
from resviz.readings.memory import find_peak
from resviz.readings.receptive import compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

pytestmark = pytest.mark.needs("chromium")


def press(page, question):
    """Ask a question."""
    page.get_by_role("button", name=question).click()


@pytest.mark.parametrize("name", ["resnet50", "cifar20", "toy_projecting", "toy_unet"])
def test_which_blocks_project(visit, name):
    """Each is named with its reason, leads to the block, and is seen in the tree."""
    arch = load(record_file(name))
    page = visit(render(arch)).page
    press(page, "Which blocks project?")
    blocks = read_structure(arch).blocks
    found = {
        block.name: unit.shortcut.kind
        for block in blocks
        for unit in reversed(block.units)
        if unit.shortcut.kind != "identity"
    }
    lines = page.locator("#selection .shortcut")
    count = (
        f"{len(found)} of {len(blocks)} blocks" if found else f"{len(blocks)} blocks"
    )
    assert lines.first.text_content().startswith(count)
    shown = {
        press.text_content(): line.locator(".kind").text_content()
        for line in lines.all()[1:]
        for press in line.locator("button").all()
    }
    assert found == shown
    for part in found:
        assert page.locator(f'[role="treeitem"][data-id="{part}"]').is_visible()
    if found:
        lines.locator("button").last.click()
        assert page.locator("#selection").get_attribute("data-id") in found


def test_many_blocks_are_counted(visit):
    """Beyond a dozen of one reason, the rest is a number."""
    arch = resviz.trace("resnet(layers=(20, 20, 20, 20), block='basic', shortcut='C')")
    page = visit(render(arch)).page
    press(page, "Which blocks project?")
    words = page.locator("#selection .shortcut").all_text_contents()
    named = page.locator("#selection .shortcut button").count()
    rest = sum(
        int(number) for line in words for number in re.findall(r"and (\d+)", line)
    )
    assert named + rest == 80


@pytest.mark.parametrize("name", ["resnet50", "resnet18", "toy_unet", "resnet101"])
def test_who_sees_the_whole_input(visit, name):
    """The first layer whose field is as large as the input is selected, and named."""
    arch = load(record_file(name))
    page = visit(render(arch)).page
    press(page, "Who sees the whole input?")
    side = max(arch.inputs[0].shape[2:])
    fields = compute_receptive_fields(arch).layers
    first = next(
        (
            layer.name
            for layer, seen in zip(arch.stored_layers, fields, strict=True)
            if seen and max(getattr(axis, "size", 1 << 30) for axis in seen) >= side
        ),
        "",
    )
    assert page.locator("#selection").get_attribute("data-id") == first
    if first:
        assert page.locator(".pass .peak").text_content().startswith(f"{first}: ")


def test_when_memory_is_full(visit):
    """The table is sorted by what it shows, from the peak on, and starts at its top."""
    arch = resviz.trace("resnet50")
    page = visit(render(arch)).page
    press(page, "Who sees the whole input?")
    press(page, "When is memory full?")
    held = page.locator("table.layers th.held")
    assert held.get_attribute("aria-sort") == "descending"
    first = page.locator("table.layers tbody tr[data-id]").first
    peak = arch.stored_layers[find_peak(arch).layer].name
    assert first.get_attribute("data-id") == peak
    assert page.locator(".rows").evaluate("it => it.scrollTop") == 0

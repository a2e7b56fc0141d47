"""The linked views: what is selected in one is selected in all, and says why."""

import csv
import io
import math
import re

import pytest

import resviz
from resviz.pages.report import render
from resviz.record.storage import load
from tests.pages.report.media import show_as
from tests.pages.report.test_hostile_names import HOSTILE, renamed
from tests.readings.structure.golden.networks import record_file

pytestmark = pytest.mark.needs("chromium")

ITEM = '[role="treeitem"][data-id="{}"]'


@pytest.fixture
def eighteen(visit, report):
    """ResNet-18's report in a browser."""
    return visit(report("resnet18")).page


def select(page, name):
    """Select a part as a link does."""
    page.evaluate("name => { location.hash = name }", name)
    page.wait_for_function(
        "name => document.querySelector('#selection').dataset.id === name", arg=name
    )


def read_facts(page):
    """What the inspector says: by label, the value and why it is so."""
    pairs = page.locator("#selection dl div").evaluate_all(
        "all => all.map(it => [it.querySelector('dt').textContent,"
        " it.querySelector('.value').textContent,"
        " it.querySelector('.reason')?.textContent ?? ''])"
    )
    return {label: (value, why) for label, value, why in pairs}


def number(text):
    """The first number in a text."""
    return int(re.findall(r"[\d,]+", text)[0].replace(",", ""))


def test_a_click_selects_everywhere(eighteen):
    """In the tree, the shares, the table, the inspector and the address."""
    eighteen.locator(ITEM.format("conv3_x")).click()
    assert eighteen.locator("#selection-title").text_content() == "conv3_x"
    assert eighteen.evaluate("location.hash") == "#conv3_x"
    slices = eighteen.locator('.slice[aria-pressed="true"]')
    assert slices.get_attribute("data-id") == "conv3_x"
    stages = eighteen.locator("table.layers tbody tr").evaluate_all(
        "rows => [...new Set(rows.map(row => row.dataset.id.split('.')[0]))]"
    )
    assert stages == ["layer2"]
    eighteen.locator('table.layers [data-id="layer2.0.conv2"]').click()
    assert eighteen.locator("#selection-title").text_content() == "layer2.0.conv2"
    opened = eighteen.locator(ITEM.format("layer2.0.conv2"))
    assert opened.get_attribute("aria-selected") == "true"


@pytest.mark.parametrize(
    "name", ["resnet18", "toy_unet", "dla34", "vit_tiny_patch16_224"]
)
def test_parts_cost_what_the_record_says(visit, name):
    """Parameters, MACs and activations of stages and blocks are those of Python."""
    arch = load(record_file(name))
    page = visit(render(arch)).page
    parts = [*arch.stages, *(block for stage in arch.stages for block in stage.blocks)]
    for part in parts[:12]:
        select(page, part.name)
        facts = read_facts(page)
        activations = sum(layer.activations for layer in part.layers)
        expected = part.params, part.macs, activations
        labels = ("Parameters", "MACs", "Activations")
        assert expected == tuple(number(facts[label][0]) for label in labels)


def test_numbers_explain_themselves(visit, report):
    """A size, a cost and a field come with their arithmetic."""
    page = visit(report("resnet50")).page
    select(page, "layer2.0.conv2")
    facts = read_facts(page)
    assert facts["out"] == ("28×28×128", "floor((56 + 2·1 − 3)/2) + 1 = 28")
    assert facts["MACs"][1] == "128 · 128 · 3 · 3 · 28² = 115,605,504"
    assert facts["Parameters"][1] == "128 · 128 · 3 · 3 = 147,456"
    assert facts["Receptive field"] == ("43 px", "35 + (3 − 1) · 4 = 43")
    assert facts["Allocates"][1] == "100,352 values · 4 bytes of float32"


@pytest.mark.parametrize("name", ["resnet18", "toy_unet", "vit_tiny_patch16_224"])
def test_explanations_come_out_at_their_numbers(visit, name):
    """Every product that is written equals what stands behind it."""
    page = visit(render(load(record_file(name)))).page
    page.locator("table.layers tbody tr").first.focus()
    products = 0
    for _ in range(60):
        for label in ("MACs", "Parameters", "Activations"):
            _, why = read_facts(page)[label]
            if " = " not in why or "more" in why:
                continue
            left, right = why.split(" = ")
            written = re.sub("[²³]", lambda sign: f"**{'  ²³'.index(sign[0])}", left)
            assert eval(written.replace("·", "*")) == number(right)
            products += 1
        page.keyboard.press("ArrowDown")
    assert products > 15


def test_a_block_says_why_it_projects(visit, report):
    """With the sizes that do not fit; an identity says that they do."""
    page = visit(report("resnet50")).page
    select(page, "conv3_1")
    words = page.locator("#selection .shortcut").first.text_content()
    assert "resolution and channels change, 56×56×256 to 28×28×512" in words
    select(page, "conv3_2")
    words = page.locator("#selection .shortcut").first.text_content()
    assert "so the input is added as it is" in words


@pytest.mark.parametrize("lens", ["macs", "params", "activations", "memory"])
def test_shares_add_up(eighteen, lens):
    """The slices of the stages are as long together as that of the network."""
    eighteen.locator(f'#lenses [value="{lens}"]').click()
    widths = eighteen.locator(".slice").evaluate_all(
        "all => all.filter(it => it.style.top === 'calc(2.6rem)')"
        ".map(it => parseFloat(it.style.width))"
    )
    assert math.isclose(sum(widths), 100, abs_tol=2)


def test_keyboard_alone_copies_a_row(eighteen):
    """From the first key to a row of LaTeX, without a mouse."""
    eighteen.evaluate(
        "navigator.clipboard.writeText = async (text) => { window.copied = text }"
    )
    eighteen.keyboard.press("/")
    eighteen.keyboard.type("layer3.0.downsample")
    eighteen.keyboard.press("Enter")
    row = eighteen.evaluate("document.activeElement.dataset.id")
    assert row == "layer3.0.downsample.0"
    while eighteen.evaluate("document.activeElement.dataset.copy") != "LaTeX":
        eighteen.keyboard.press("Tab")
    eighteen.keyboard.press("Enter")
    lines = eighteen.evaluate("window.copied").splitlines()
    assert "layer3.0.downsample.0" in lines[4]
    assert len(lines) == 7
    assert eighteen.locator("#copied").text_content() == "Copied 1 row as LaTeX."


def test_tree_by_keyboard(eighteen):
    """Arrows move, open and close; Escape goes out."""
    eighteen.keyboard.press("t")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        eighteen.keyboard.press(key)
    assert eighteen.locator("#selection-title").text_content() == "conv2_1 – conv2_2"
    eighteen.keyboard.press("Escape")
    assert eighteen.locator("#selection-title").text_content() == "conv2_x"
    eighteen.keyboard.press("ArrowLeft")
    opened = eighteen.locator(ITEM.format("conv2_x")).get_attribute("aria-expanded")
    assert opened == "false"


def copied(page, syntax):
    """What a button copies."""
    page.evaluate(
        "navigator.clipboard.writeText = async (text) => { window.copied = text }"
    )
    page.locator(f'[data-copy="{syntax}"]').click()
    return page.evaluate("window.copied")


def test_rows_are_copied_for_each_syntax(visit, record):
    """A reader of each finds every cell, whatever layers are called."""
    names = (*HOSTILE, "=1+1", "a|b_c&d%")
    page = visit(render(renamed(record("resnet18"), names))).page
    rows = [*csv.reader(io.StringIO(copied(page, "CSV")))]
    assert len(rows) == 70
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[len(HOSTILE) + 1][1] == "'=1+1"
    assert rows[1][1] == HOSTILE[0]
    markdown = copied(page, "Markdown").splitlines()
    assert len(markdown) == 71
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in markdown} == {
        len(rows[0]) + 1
    }
    assert r"a\textbar{}b\_c\&d\%" in copied(page, "LaTeX")


def test_the_command_makes_the_block(visit, report):
    """What is copied for a block is a command line that draws it."""
    page = visit(report("resnet18")).page
    select(page, "conv3_1")
    assert copied(page, "command") == (
        "resviz diagram resnet18 --figure block --at conv3_1 -o block.pdf"
    )


def test_a_link_brings_the_same_view(visit, report):
    """Part, lens and picture are in the address, and come back from it."""
    page = visit(report("resnet18")).page
    page.evaluate("location.hash = 'layer3.1.conv2&lens=memory&view=pass'")
    page.wait_for_selector("#pass:visible")
    assert page.locator("#selection-title").text_content() == "layer3.1.conv2"
    pressed = page.locator('#lenses [aria-pressed="true"]').text_content()
    assert pressed == "Memory"
    page.evaluate("location.hash = 'no such layer'")
    assert page.locator("#selection-title").text_content() == "layer3.1.conv2"


def test_the_peak_of_memory_is_the_records(eighteen, record):
    """The picture of the forward says where most is held."""
    eighteen.keyboard.press("4")
    eighteen.locator('#views [value="pass"]').click()
    data = resviz.memory(record("resnet18")).to_dict()
    words = eighteen.locator(".peak").text_content()
    assert f"{data['inference_peak_bytes'] / 2**20:.2f} MiB" in words
    assert words.endswith(f"at {data['inference_peak_layer']}")


def test_boxes_of_the_overview_select(eighteen):
    """A projection's box selects its convolution."""
    eighteen.locator('#views [value="overview"]').click()
    eighteen.locator('.boxes [data-id="layer2.0.downsample.0"]').click()
    heading = eighteen.locator("#selection-title").text_content()
    assert heading == "layer2.0.downsample.0"


def test_thousands_of_layers(visit, report):
    """Of 4,208 rows few are there, and the last can be reached."""
    page = visit(report("cifar1202")).page
    rows = page.locator("table.layers tbody tr[data-id]")
    assert rows.count() < 200
    rows.first.focus()
    page.keyboard.press("End")
    assert page.locator("#selection-title").text_content() == "fc"
    assert rows.last.get_attribute("data-id") == "fc"
    assert rows.count() < 200
    show_as(page, "print")
    page.wait_for_function(
        "document.querySelectorAll('table.layers tbody tr[data-id]').length === 4208"
    )


def test_paper_has_the_rows_and_says_which(eighteen):
    """The figure is back in its section, and the count says what was asked for."""
    eighteen.locator('#views [value="overview"]').click()
    eighteen.fill("#search", "layer4")
    show_as(eighteen, "print")
    assert eighteen.locator("#architecture figure.overview svg").count() == 1
    assert eighteen.locator("#shown").text_content() == (
        "16 of 69 layers, matching “layer4”"
    )
    assert eighteen.locator("#tree:visible, .picture:visible").count() == 0


def test_no_style_is_allowed_unseen(report):
    """The policy names each style sheet by its hash, and allows none in attributes."""
    html = report("resnet18")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert "unsafe" not in policy
    assert " style=" not in html.split("<script")[0]


@pytest.mark.parametrize(("spec", "most"), [("resnet50", 250), ("resnet152", 600)])
def test_pages_stay_small(report, spec, most):
    """With all that it can be asked, a page is a quick mail."""
    assert len(report(spec).encode()) < most * 1000

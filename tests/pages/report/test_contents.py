"""What stands on the page: the record's own numbers, and how they are counted."""

import re
from html.parser import HTMLParser

import pytest

import resviz
from resviz.pages.report import render
from resviz.readings import costs
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file


class Reader(HTMLParser):
    """Reads a page: its visible text, and its tables as lists of rows of cells."""

    def __init__(self):
        super().__init__()
        self.tables, self.words, self.skipped, self.in_cell = [], [], 0, False

    def handle_starttag(self, tag, attrs):
        self.skipped += tag in {"style", "script"}
        if tag == "table":
            self.tables.append((dict(attrs).get("class"), []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in {"td", "th"}:
            self.in_cell = True
            self.tables[-1][1][-1].append("")

    def handle_endtag(self, tag):
        self.skipped -= tag in {"style", "script"}
        self.in_cell = self.in_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.skipped:
            return
        self.words.append(data)
        if self.in_cell:
            self.tables[-1][1][-1][-1] += data


def read(html):
    """Visible text with single spaces, and the rows of the tables by class."""
    reader = Reader()
    reader.feed(html)
    table_rows = {
        name: [[" ".join(cell.split()) for cell in row] for row in rows]
        for name, rows in reader.tables
    }
    return " ".join(" ".join(reader.words).split()), table_rows


@pytest.fixture(scope="module")
def fifty():
    """The text and tables of ResNet-50's report."""
    return read(render(resviz.trace("resnet50")))


def test_totals(fifty):
    """The totals of ResNet-50 are torchvision's published ones."""
    text, _ = fifty
    assert "25.6 M 25,557,032" in text
    assert "4.09 G 4,089,184,256 · 8.18 G FLOPs" in text


def test_convention(fifty):
    """The convention of every count stands beside the totals, with the batch."""
    text, _ = fifty
    assert f"{costs.MAC_CONVENTION}. Shapes of one sample" in text
    assert "counted for a batch of 1." in text


def test_origin(fifty, record):
    """Input, batch, mode and versions are named."""
    text, _ = fifty
    torch = record("resnet50").torch
    sentence = (
        "network resnet50 input 1×3×224×224 float32 batch 1 mode evaluation "
        f"torch {torch} resviz {resviz.__version__}"
    )
    assert sentence in text


def test_every_layer_has_a_row(fifty, record):
    """The layer table has the record's layers, in the order of execution."""
    _, table_rows = fifty
    names = [row[1] for row in table_rows["layers"][1:-1]]
    assert [layer.name for layer in record("resnet50")] == names


def test_layer_costs(fifty, record):
    """Parameters and MACs of each layer are the record's."""
    _, table_rows = fifty
    shown = [tuple(row[-2:]) for row in table_rows["layers"][1:-1]]
    counted = [
        (f"{layer.params:,}", f"{costs.count_macs(layer):,}")
        for layer in record("resnet50")
    ]
    assert counted == shown


def test_sums(fifty):
    """The foot of the layer table sums all layers before anything is filtered."""
    _, table_rows = fifty
    assert ["25,557,032", "4,089,184,256"] == table_rows["layers"][-1][-2:]


def test_stage_shares(fifty):
    """The shares of the stages are those of the whole network."""
    _, table_rows = fifty
    row = next(row for row in table_rows["stages"] if row[0] == "conv5_x")
    shares = [f"{14_964_736 / 25_557_032:.1%}", f"{809_238_528 / 4_089_184_256:.1%}"]
    assert shares == [row[4], row[6]]


def test_shapes_are_written_as_the_convention_says():
    """H×W×C, of stages and of shortcuts."""
    text = render(resviz.trace("resnet50"))
    shapes = set(re.findall(r'class="shape">(\d+×\d+×\d+)<', text))
    sizes = {"56×56×64", "56×56×256", "28×28×512", "14×14×1024", "7×7×2048"}
    assert sizes == shapes


def test_arithmetic(fifty):
    """Each change of resolution has its arithmetic."""
    _, table_rows = fifty
    assert ["conv1", "224×224 → 112×112", "floor((224 + 2·3 − 7)/2) + 1 = 112"] == (
        table_rows["steps"][1]
    )


def test_shortcut_kinds(fifty):
    """ResNet-50 projects once a stage; its identities stand in one line a stage."""
    _, table_rows = fifty
    kinds = [row[2].split()[0] for row in table_rows["shortcuts"][1:]]
    assert ["projection", "identity"] * 4 == kinds


@pytest.mark.parametrize("spec", ["resnet50", "resnet(18, shortcut='C')"])
def test_shortcuts_add_up(report, record, spec):
    """The lines of the shortcut table sum to the cost of all shortcuts."""
    _, table_rows = read(report(spec))
    rows = resviz.shortcuts(record(spec)).to_dict()
    shown = sum(int(row[6].replace(",", "")) for row in table_rows["shortcuts"][1:])
    assert sum(row["params"] for row in rows) == shown


def test_remarks_are_sentences(report):
    """What is unusual stands behind the totals, with a space between."""
    text, _ = read(report("paper50"))
    assert "9.3% of all MACs. The stride is in the first 1×1 (v1), not in" in text
    assert "conv5_1. " in text


def test_reasons_are_phrases(fifty):
    """As in the table of shortcuts, a dash where nothing changes."""
    _, table_rows = fifty
    reasons = {row[3] for row in table_rows["shortcuts"][1:]}
    assert {"–", "channels change", "both change"} == reasons


def test_folded_shortcuts_name_their_blocks(fifty):
    """A line of equal shortcuts says which blocks it stands for, and how many."""
    _, table_rows = fifty
    row = next(row for row in table_rows["shortcuts"] if row[0].startswith("conv4_2"))
    assert row[0] == "conv4_2 – conv4_6 ×5"
    assert row[1].startswith("layer3.1 – layer3.5")


def test_paper_column(fifty):
    """The network's column of the paper's Table 1 has brackets in MathML."""
    _, table_rows = fifty
    cells = {row[0]: row[2] for row in table_rows["paper"]}
    assert cells["conv4_x"] == "[1×1, 2563×3, 2561×1, 1024]×6"


def test_figures_are_inline(report):
    """Overview and shape flow are SVG in the page."""
    assert report("resnet50").count("<svg ") == 2


def test_uniform_windows_take_no_column(fifty):
    """Dilation and groups are no columns where they are 1, and the page says so."""
    text, table_rows = fifty
    assert not {"dilation", "groups"} & set(table_rows["layers"][0])
    assert "Dilation and groups: 1 throughout." in text


def test_dilation_has_a_column(report):
    """Dilation is a column where a layer has any."""
    spec = "resnet(50, replace_stride_with_dilation=[False,True,True])"
    _, table_rows = read(report(spec))
    titles = table_rows["layers"][0]
    assert {row[titles.index("dilation")] for row in table_rows["layers"][1:-1]} >= {
        "2",
        "4",
    }


def test_stage_chips(fifty, record):
    """Every layer of ResNet-50 lies in the stem, a stage, or the head."""
    _, table_rows = fifty
    stages = {row[2] for row in table_rows["layers"][1:-1]}
    assert {"stem", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "head"} == stages


def test_byte_identical(record, report):
    """Rendering one record twice gives equal bytes."""
    assert report("resnet50") == render(record("resnet50"))


def test_from_a_file(record, report, tmp_path):
    """A record that was saved and loaded gives the same page."""
    record("resnet50").save(tmp_path / "record.json")
    assert report("resnet50") == render(resviz.load(tmp_path / "record.json"))


@pytest.mark.parametrize(("spec", "most"), [("resnet50", 700), ("cifar1202", 3_000)])
def test_size(report, spec, most):
    """A page stays small enough to mail, also at 1,202 layers."""
    assert len(report(spec).encode()) < most * 1000


UNIMPORTED = """
import sys
from resviz import load
from resviz.pages.report import render
render(load({path!r}))
sys.exit(73 if "torch" in sys.modules else 0)
"""


def test_needs_no_torch(record, run, tmp_path):
    """The report of a stored record is rendered without torch."""
    record("resnet18").save(tmp_path / "record.json")
    run("-c", UNIMPORTED.format(path=str(tmp_path / "record.json")))


def test_torch_would_be_noticed(record, run, tmp_path):
    """The check for torch can fail."""
    record("resnet18").save(tmp_path / "record.json")
    code = UNIMPORTED.format(path=str(tmp_path / "record.json"))
    run("-c", f"import torch\n{code}", code=73)


def test_batch_is_counted(record):
    """A batch of 2 is named, and its MACs are those of both samples."""
    text, _ = read(render(resviz.trace("resnet18", batch=2)))
    macs = 2 * costs.sum_layer_costs(record("resnet18").layers).macs
    assert f"{macs:,}" in text
    assert "counted for a batch of 2." in text


@pytest.mark.parametrize(("name", "drawn"), [("toy_unet", 3), ("resnet18", 2)])
def test_a_network_that_is_no_chain_is_drawn_as_a_graph_too(name, drawn):
    """In lanes, above the overview, which says what it leaves out."""
    html = render(load(record_file(name)))
    assert drawn == html.count("<svg ")
    assert (drawn == 3) == ('<figure class="lanes">' in html)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("deeplabv3_resnet50", False), ("toy_unet", True), ("resnet18", True)],
)
def test_a_graph_in_lanes_is_shown_once(name, shown):
    """Volumes that are no row would be the lanes again; those in a row are shown."""
    html = render(load(record_file(name)))
    assert shown == ('<figure class="volumes">' in html)
    assert shown or '<figure class="lanes">' in html
    assert "Where the resolution changes" in html

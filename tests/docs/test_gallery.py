"""The gallery: its figures are there, its pages light, and its commands run."""

import gzip
import re
import shlex
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import resviz
from resviz.cli import resviz_command
from resviz.embed.requests import split_specs
from resviz.figures import OVERVIEW
from tests.docs.conftest import DOCS

sys.path.insert(0, str(DOCS))
import exhibits
import galleries

sys.path.remove(str(DOCS))

MADE = dict(galleries.pages())

HEAVIEST = 2_000_000
"""Bytes of a page that a phone still likes to load."""


def shown(page):
    """How many figures a source page asks for."""
    return MADE[f"{page}.rst"].count(".. resviz:: ")


@pytest.mark.parametrize(
    "page", [*(net.page for net in exhibits.NETS), "several", "styles"]
)
def test_a_page_has_its_figures(page, site):
    """All that it asks for, in a page that loads at once."""
    text = (site / "gallery" / f"{page}.html").read_text()
    assert shown(page) == text.count('<svg class="resviz"') > 2
    assert len(text) < HEAVIEST


def test_the_index_leads_to_every_page(site):
    """By a link in its table."""
    text = (site / "gallery" / "index.html").read_text()
    table = text[text.index("<table") : text.index("</table>")]
    pages = {f"{name[:-4]}.html" for name in MADE}
    assert pages - {"index.html"} == set(re.findall(r'href="([^"]+)"', table))


def test_the_index_shows_another_figure_of_each_network(site):
    """None twice, each below its network's page and with the figure's name."""
    thumbs = [net.thumb for net in exhibits.NETS]
    assert all(thumbs.count(thumb) == 1 for thumb in thumbs)
    text = (site / "gallery" / "index.html").read_text()
    for net in exhibits.NETS:
        assert f'alt="{net.title}: {net.thumb[0]}"' in text


@pytest.mark.parametrize("net", exhibits.NETS, ids=lambda net: net.page)
def test_an_overview_is_legible_on_a_screen(net, folder):
    """Where it fits 1280×800, its smallest letters, of 11 pixels, keep at least 9."""
    width, height = resviz.diagram(net.spec).size
    assert min(1, 1280 / width, 800 / height) * 11 >= 9


def commands():
    """Every command line of the gallery."""
    return [
        line.removeprefix("   $ resviz ")
        for text in MADE.values()
        for line in text.splitlines()
        if line.startswith("   $ ")
    ]


def run(line):
    """One command, in this process."""
    settings = SimpleNamespace(debug=False)
    return CliRunner().invoke(resviz_command, shlex.split(line), obj=settings)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the records and the file that the gallery names."""
    monkeypatch.chdir(tmp_path)
    for path in (DOCS / "records").iterdir():
        text = gzip.decompress(path.read_bytes())
        (tmp_path / path.name.removesuffix(".gz")).write_bytes(text)
    (tmp_path / "nets.py").write_text((DOCS / "nets.py").read_text())
    return tmp_path


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_gallery_runs(line, folder):
    """As it is printed, with the downloads beside it."""
    done = run(line)
    assert 0 == done.exit_code, (line, done.output)


def test_a_wrong_command_would_be_seen(folder):
    """The check above can fail."""
    assert 0 != run("diagram resnet51 -o overview.svg").exit_code


DRAWN = re.compile(
    r"\.\. resviz:: (?P<specs>.+)\n(?P<options>(?:   :.+\n)+)\n"
    r"\.\. code-block:: console\n\n   [$] resviz (?P<line>.+)\n"
)


def said(line):
    """SPECs and options of a command as its parser reads them."""
    command = resviz_command.get_command(None, "diagram")
    name, *words = shlex.split(line)
    assert name == "diagram"
    settings = SimpleNamespace(debug=False)
    return command.make_context(name, words, obj=settings).params


@pytest.mark.parametrize("page", MADE)
def test_a_picture_is_drawn_by_the_command_below_it(page):
    """The SPECs, the figure and the options are the same."""
    found = list(DRAWN.finditer(MADE[page]))
    assert len(found) == MADE[page].count(".. resviz:: ")
    for one in found:
        given = said(one["line"])
        asked = dict(re.findall(r":(\w+): ?(.*)", one["options"]))
        specs = [spec.rpartition("/")[2] for spec in split_specs(one["specs"])]
        assert specs == list(given["specs"])
        if given["figure"] is None:  # as is chosen for a chain of blocks
            given["figure"] = OVERVIEW
        assert {key: value or True for key, value in asked.items()} == {
            key: given[key] for key in asked
        }
        assert given["output"] == f"{asked['figure']}.svg"


def test_records_tell_nothing_of_the_machine():
    """No path that begins at a root stands in them."""
    for path in (DOCS / "records").iterdir():
        text = gzip.decompress(path.read_bytes()).decode()
        assert [] == re.findall(r'"(?:/|[A-Z]:\\)[^"]*"', text), path.name


def test_every_record_is_shown():
    """None lies about unused."""
    names = {path.name.removesuffix(".gz") for path in (DOCS / "records").iterdir()}
    assert names == {net.spec for net in exhibits.NETS if net.spec.endswith(".json")}

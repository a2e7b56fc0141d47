"""PNG and PDF beside the SVG, as a browser shows it at 100 %."""

from __future__ import annotations

import base64
import subprocess

import pytest

import resviz
from resviz.figures import draw_diagram
from resviz.figures.drawing.styles import LOOKS
from resviz.formats.tables import png
from resviz.formats.tables.svg import TablePicture

FIGURES = (
    "overview",
    "block",
    "layers",
    "volumes",
    "stack",
    "growth",
    "icicle",
    "field",
)

COMPARE = """async ([first, second, box]) => {
  const [x, y, wide, tall] = box;
  const pixels = async (url, dx, dy) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(wide, tall), to = canvas.getContext('2d');
    to.fillStyle = 'white';
    to.fillRect(0, 0, wide, tall);
    to.drawImage(image, -x - dx, -y - dy);
    return to.getImageData(0, 0, wide, tall).data;
  };
  const found = {}, base = await pixels(first, 0, 0);
  for (let dx = -3; dx <= 3; dx++) for (let dy = -3; dy <= 3; dy++) {
    const other = await pixels(second, dx, dy);
    let sum = 0;
    for (let k = 0; k < base.length; k++) sum += Math.abs(base[k] - other[k]);
    found[`${dx},${dy}`] = sum / base.length;
  }
  return found;
}"""
"""The mean difference of two pictures in a box, for every shift by up to 3 pixels."""


def url(data, kind):
    """Bytes as a data URL."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture(scope="module")
def page(browser):
    """A page of a browser."""
    return browser.new_page()


@pytest.fixture(scope="module")
def differences(page):
    """A function from a figure and a form of it to `COMPARE` with its SVG."""

    def differences(drawn, form, box=None):
        if form == "pdf":
            command = ["pdftoppm", "-r", "72", "-png", "-singlefile", "-"]
            run = subprocess.run(
                command, input=drawn.to_pdf(), capture_output=True, check=True
            )
            data = run.stdout
        else:
            data = drawn.to_png(dpi=96)
        box = box or [0, 0, *map(int, drawn.size)]
        svg = drawn.to_svg().encode()
        return page.evaluate(COMPARE, [url(svg, "svg+xml"), url(data, "png"), box])

    return differences


@pytest.mark.needs("chromium", "pdftoppm")
@pytest.mark.parametrize("form", ["png", "pdf"])
@pytest.mark.parametrize("figure", FIGURES)
def test_it_looks_like_the_svg(differences, network, figure, form):
    """Nothing is shifted by a pixel, and little differs but the edges of letters."""
    found = differences(draw_diagram(network("resnet18"), figure, style="light"), form)
    assert "0,0" == min(found, key=found.__getitem__)
    assert found["0,0"] < 8


@pytest.mark.needs("chromium", "pdftoppm")
@pytest.mark.parametrize("form", ["png", "pdf"])
@pytest.mark.parametrize("role", ["title", "name", "count"])
def test_bold_text_is_not_shifted(differences, network, role, form):
    """The letters of a title, a name and a factor alone, in their own box."""
    drawn = draw_diagram(network("resnet50"), style="light")
    node = next(it for it in drawn.picture.nodes if it.role == role)
    assert LOOKS[role].bold
    box = [node.left - 2, node.top, node.size[0] + 4, node.size[1]]
    found = differences(drawn, form, [round(side) for side in box])
    x, y = map(int, min(found, key=found.__getitem__).split(","))
    assert abs(x) <= 1
    assert abs(y) <= 1


@pytest.mark.needs("pdffonts")
@pytest.mark.parametrize("figure", FIGURES)
def test_fonts_are_embedded_and_can_be_read(network, figure):
    """Every font of a PDF is in it, with what its letters mean."""
    data = draw_diagram(network("resnet18"), figure).to_pdf()
    done = subprocess.run(
        ["pdffonts", "-"], input=data, capture_output=True, check=True
    )
    rows = [line.split()[-5:-2] for line in done.stdout.decode().splitlines()[2:]]
    assert rows
    assert all(["yes", "yes", "yes"] == row for row in rows)


@pytest.mark.needs("chromium")
def test_a_table_looks_like_its_svg(page, network):
    """Rules, brackets and words stand where they do in the SVG."""
    table = resviz.table([network("resnet18"), network("resnet50")])
    svg = table.render("svg", style="light").encode()
    data = png.render(table, dpi=96)
    box = [0, 0, *map(int, TablePicture(table).draw_picture().size)]
    found = page.evaluate(COMPARE, [url(svg, "svg+xml"), url(data, "png"), box])
    assert "0,0" == min(found, key=found.__getitem__)
    assert found["0,0"] < 8

"""The gallery: a page a network, one of several networks, one of styles and forms."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

TIMM = "1.0.31"
"""What the records in docs/records were traced from, as tests/zoo compares."""

FULL = ("overview", "block", "flow", "stack")


class Exhibit(NamedTuple):
    """One network.

    Attributes:
        page: the name of its page.
        spec: as a reader would write it; of a record, the file that is downloaded.
        title: the page's heading.
        look: what is worth a look.
        figures: those that are shown.
    """

    page: str
    spec: str
    title: str
    look: str
    figures: tuple[str, ...] = FULL

    @property
    def place(self) -> str:
        """The SPEC as a page reads it: a path starts at the source folder."""
        if self.spec.endswith(".json"):
            return f"/gallery/records/{self.spec}"
        return f"/{self.spec}" if ".py:" in self.spec else self.spec


NETS = (
    Exhibit("resnet18", "resnet18", "ResNet-18", "Three stages begin by projecting."),
    Exhibit(
        "resnet50",
        "resnet50",
        "ResNet-50",
        "The first shortcut projects though nothing shrinks: 64 channels become 256.",
        (*FULL, "layers"),
    ),
    Exhibit(
        "resnet152",
        "resnet152",
        "ResNet-152",
        "Three times as deep, and no larger on the page: equal blocks are folded.",
    ),
    Exhibit(
        "resnext50",
        "resnext50_32x4d",
        "ResNeXt-50 32×4d",
        "The 3×3 convolutions have 32 groups, and twice the width.",
    ),
    Exhibit(
        "dilated",
        "resnet(50, output_stride=8)",
        "ResNet-50 dilated to output stride 8",
        "The last two stages stay at 28×28 and dilate.",
    ),
    Exhibit(
        "cifar110",
        "cifar110",
        "ResNet-110 for CIFAR-10",
        "Shortcuts that are padded with zeros are dotted, for they have no weights.",
    ),
    Exhibit(
        "seresnet50",
        "seresnet50.json",
        "SE-ResNet-50 of timm",
        "Before each addition a gate weighs the channels.",
    ),
    Exhibit(
        "resnetv2_50",
        "resnetv2_50.json",
        "ResNet-50 v2 of timm",
        "Norm and ReLU come first, and nothing follows the addition.",
    ),
    Exhibit(
        "preactivation",
        "nets.py:preactivation",
        "A small network with pre-activation",
        "Basic blocks in a file of one's own; this one lies beside the site's sources.",
    ),
    Exhibit(
        "convnext_tiny",
        "convnext_tiny.json",
        "ConvNeXt-tiny of timm",
        "Every shortcut is the identity: the map shrinks between the stages.",
    ),
)
"""The networks. To add one, add a row."""

TABLE = "Table 1 of the paper for ResNet-18 and ResNet-50"

SEVERAL = (
    ("Deeper", "stack", "18 34 50", ""),
    ("Plain and residual, as in Figure 3 of the paper", "stack", "34", "plain"),
    (
        "One depth, three networks",
        "stack",
        'resnet50 resnext50_32x4d "resnet(50, output_stride=8)"',
        "",
    ),
    ("What grows with depth", "growth", "18 34 50 101 152", ""),
    ("The CIFAR nets", "growth", "cifar20 cifar56 cifar110", ""),
)
"""Heading, figure, networks and flag of what shows several in one picture."""

STYLES = (
    ("Dark", "resnet18", "overview", "style", "dark"),
    ("For print, safe in grey", "resnet50", "block", "style", "paper"),
    ("From left to right", "cifar110", "overview", "direction", "LR"),
)
"""Heading, SPEC, figure, option and value."""

CODES = (
    ("mermaid", "mmd", "text", "GitHub draws it where it stands in Markdown."),
    ("tikz", "tex", "latex", "``\\input`` it; the fonts are those of the paper."),
)
"""Format, suffix, language and what it is for, of the forms that are text."""

INDEX = """\
Gallery
=======

.. container:: thumbs

{thumbs}

Every figure is drawn while this site is built, by the command that stands below it.
The networks of timm are drawn from records that were traced with timm {timm}, since the
site is built without it; each is on its page to download, and serves as a SPEC. All
others are traced here.

.. list-table::
   :header-rows: 1
   :widths: 34 66

   * - Network
     - What to look at
{rows}
   * - :doc:`several`
     - Networks side by side, aligned by output size, and what grows with depth.
   * - :doc:`styles`
     - Dark, for print, from left to right; Mermaid, TikZ, a table as a picture.

.. toctree::
   :hidden:

{pages}
   several
   styles
"""

THUMB = """\
   .. container:: thumb

      .. image:: {page}.svg
         :target: {page}.html
         :alt: {title}

      :doc:`{page}`
"""

STORED = """\
Drawn from a record that `resviz trace timm:{name}` wrote with timm {timm}; take
:download:`{name}.json <records/{name}.json>`, and the commands below need no timm.
"""


def files() -> Iterator[tuple[str, str]]:
    """Name and text of all that pages show or offer: pictures, charts, records."""
    for path in sorted((HERE / "records").glob("*.json.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        yield f"records/{path.name.removesuffix('.gz')}", text
    for net in NETS:
        yield f"{net.page}.svg", thumb(net)
    for form, suffix, _, _ in CODES:
        yield f"resnet18.{suffix}", chart(form)
    yield "table.svg", sheet()


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of every page; nothing is traced for them."""
    yield "index.rst", index()
    for net in NETS:
        yield f"{net.page}.rst", page(net)
    yield "several.rst", several()
    yield "styles.rst", styles()


def index() -> str:
    """What there is, a row a network."""
    rows = "\n".join(f"   * - :doc:`{net.page}`\n     - {net.look}" for net in NETS)
    names = "\n".join(f"   {net.page}" for net in NETS)
    thumbs = "\n".join(THUMB.format(page=net.page, title=net.title) for net in NETS)
    return INDEX.format(timm=TIMM, rows=rows, pages=names, thumbs=thumbs)


def page(net: Exhibit) -> str:
    """One network, a figure below the other."""
    parts = [heading(net.title, "="), f"{net.look}\n"]
    if net.spec.endswith(".json"):
        parts.append(STORED.format(name=net.spec.removesuffix(".json"), timm=TIMM))
    for figure in net.figures:
        parts.append(heading(figure.capitalize()))
        parts.append(directive(net.place, figure=figure))
        parts.append(console(command(net.spec, figure)))
    parts += [heading("Numbers"), f".. resviz-table:: {quoted(net.place)}"]
    parts += ["   :table: summary\n", console(f"resviz summary {quoted(net.spec)}")]
    return "\n".join(parts)


def thumb(net: Exhibit) -> str:
    """The overview, which the index shows small."""
    from resviz import diagram
    from resviz.embed.shelf import Shelf
    from resviz.storage import parse

    if net.spec.endswith(".json"):
        kept = (HERE / "records" / f"{net.spec}.gz").read_bytes()
        return diagram(parse(gzip.decompress(kept))).to_svg()
    return diagram(Shelf(place=HERE.joinpath).record(net.spec, {})).to_svg()


def several() -> str:
    """Pictures of more than one network."""
    parts = [heading("Several networks in one picture", "=")]
    for title, figure, specs, flag in SEVERAL:
        option = f" --{flag}" if flag else ""
        flags = {flag: ""} if flag else {}
        parts.append(heading(title))
        parts.append(directive(specs, figure=figure, **flags))
        parts.append(
            console(f"resviz diagram {specs} --figure {figure}{option} -o {figure}.svg")
        )
    return "\n".join(parts)


def styles() -> str:
    """Each style and form once."""
    parts = [heading("Styles and forms", "=")]
    for title, spec, figure, option, value in STYLES:
        more = f" --{option} {value}"
        parts.append(heading(title))
        parts.append(directive(spec, figure=figure, **{option: value}))
        parts.append(console(command(spec, figure, more)))
    for form, suffix, language, use in CODES:
        parts += [heading({"tikz": "TikZ"}.get(form, "Mermaid")), f"{use}\n"]
        parts.append(console(f"resviz diagram resnet18 -o resnet18.{suffix}"))
        parts += [f".. literalinclude:: resnet18.{suffix}"]
        parts += [f"   :language: {language}\n   :class: tall\n"]
    parts.append(heading("A table as a picture"))
    parts.append(f".. image:: table.svg\n   :alt: {TABLE}\n")
    parts.append(console("resviz table 18 50 -o table.svg"))
    return "\n".join(parts)


def directive(specs: str, **options: str) -> str:
    """One figure."""
    lines = [f"   :{key}: {value}".rstrip() for key, value in options.items()]
    return "\n".join((f".. resviz:: {specs}", *lines, ""))


def command(spec: str, figure: str, more: str = "") -> str:
    """How to draw the same on the command line."""
    option = "" if figure == "overview" else f" --figure {figure}"
    return f"resviz diagram {quoted(spec)}{option}{more} -o {figure}.svg"


def console(line: str) -> str:
    """A command, to be copied."""
    return f".. code-block:: console\n\n   $ {line}\n"


def quoted(spec: str) -> str:
    """A SPEC as one word of a shell."""
    return f'"{spec}"' if " " in spec or "(" in spec else spec


def heading(text: str, line: str = "-") -> str:
    """A title, underlined."""
    return f"{text}\n{line * len(text)}\n"


def chart(form: str) -> str:
    """ResNet-18 in a form that is text."""
    import resviz

    return resviz.diagram("resnet18").rendered(form).decode()


def sheet() -> str:
    """Table 1 for two networks, as SVG."""
    import resviz

    return resviz.table([18, 50]).render("svg")

"""The gallery: a page a network, one of several networks, one of styles and forms."""

from __future__ import annotations

import gzip
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

from exhibits import CODES, NETS, SEVERAL, STYLES, TABLE, TIMM, Exhibit

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

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
         :alt: {title}: {figure}

      :doc:`{page}`: {figure}
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
    thumbs = "\n".join(
        THUMB.format(page=net.page, title=net.title, figure=net.thumb[0])
        for net in NETS
    )
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
    """One figure, which the index shows small, without what is not read there."""
    from resviz import trace
    from resviz.figures import draw_diagram
    from resviz.record.storage import parse_record

    figure, options = net.thumb
    if net.spec.endswith(".json"):
        kept = (HERE / "records" / f"{net.spec}.gz").read_bytes()
        arch = parse_record(gzip.decompress(kept))
    else:
        with chdir(HERE):
            arch = trace(net.spec)
    drawn = draw_diagram(arch, figure, no_title=True, no_legend=True, **options)
    return drawn.to_svg()


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

    return resviz.diagram("resnet18").to_bytes(form).decode()


def sheet() -> str:
    """Table 1 for two networks, as SVG."""
    import resviz

    return resviz.table([18, 50]).render("svg")

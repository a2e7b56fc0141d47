"""Letters that no font of the machine has, where pixels and PDFs are made here."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from resviz.errors import FontWarning, warn_caller
from resviz.escape import clean_name, escape_html
from resviz.figures.drawing.metrics import list_like_fonts
from resviz.figures.drawing.styles import FONTS

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture

LAST_USUAL_CHARACTER = "\u024f"
"""What comes before is Latin, which every font has."""

OWN_SIGNS = frozenset("×→↑ᵀ·…−–≥≤√Σ\ufffd")
"""What labels are made of; the fonts that typst brings along have it."""

MISSING_CHARACTER = "\U0010fffd"
"""For private use, the last of them: what a font shows that lacks a letter."""

GLYPH_PAGES = """\
#set page(width: 20pt, height: 20pt, margin: 0pt)
#for svg in json(bytes(sys.inputs.svgs)) {
  page(image(bytes(svg), format: "svg", width: 20pt, height: 20pt))
}
"""

MAX_NAMED_LETTERS = 8
"""Letters that a warning names."""


EMOJI = range(0x1F000, 0x1FB00)
"""Code points of pictures, which fonts of scripts lack."""


def warn_of_missing_glyphs(picture: Picture, kind: str) -> None:
    """Warn of letters of a picture that come out as boxes in a "png" or a "pdf"."""
    letters = {
        letter
        for node in picture.nodes
        for line in node.lines
        for letter in clean_name(line)
        if letter > LAST_USUAL_CHARACTER
        and letter not in OWN_SIGNS
        and not letter.isspace()
    }
    if picture.font and not any(map(has_family, list_like_fonts(picture.font))):
        message = (
            f"{kind}: no font of this machine is called {picture.font}, another stands "
            "in its place: install it, or write .svg, whose reader brings its own"
        )
        warn_caller(FontWarning(message))
    missing = [letter for letter in sorted(letters) if not has_glyph(letter)]
    if not missing:
        return
    more = " …" if len(missing) > MAX_NAMED_LETTERS else ""
    emoji = [letter for letter in missing if ord(letter) in EMOJI]
    packages = ["fonts-symbola"] if emoji else []
    packages += ["fonts-noto-cjk", "fonts-noto-core"] if emoji != missing else []
    message = (
        f"{kind}: no font of this machine has {''.join(missing[:MAX_NAMED_LETTERS])}"
        f"{more}, shown as boxes: install one that has U+{ord(missing[0]):04X}, as the "
        f"package {' or '.join(packages)} of Debian, or write .svg, whose reader "
        "brings its own"
    )
    warn_caller(FontWarning(message))


@cache
def has_family(family: str) -> bool:
    """Tell whether a family looks other than one that no machine has."""
    return draws_apart((family, "Rg 1x"), ("no family is called this", "Rg 1x"))


@cache
def has_glyph(letter: str) -> bool:
    """Tell whether a letter looks other than one that no font has."""
    return draws_apart((FONTS, letter), (FONTS, MISSING_CHARACTER))


def draws_apart(*texts: tuple[str, str]) -> bool:
    """Tell whether two texts, each after its family, give unlike pixels."""
    import typst

    pages = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" '
        f'font-family="{escape_html(family)}"><text x="2" y="15" font-size="12">'
        f"{escape_html(shown)}</text></svg>"
        for family, shown in texts
    ]
    drawn, missing = typst.compile(
        GLYPH_PAGES.encode(),
        format="png",
        ppi=72,
        sys_inputs={"svgs": json.dumps(pages)},
    )
    return drawn != missing

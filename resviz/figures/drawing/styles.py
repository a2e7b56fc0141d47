"""How roles look, and the colours of each style."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from resviz.errors import RenderError, suggest
from resviz.figures.drawing.metrics import list_like_fonts

FONTS = "Helvetica,Arial,Liberation Sans,sans-serif"
"""The first three have equal widths, those of `metrics`."""


def list_fonts(font: str) -> str:
    """List a family, those of its widths, and the usual ones, as CSS does.

    Example:
        >>> list_fonts("Times").split(",")[:3]
        ['Times', 'Times New Roman', 'Liberation Serif']
    """
    return ",".join([*list_like_fonts(font), FONTS])


Dash = Literal["solid", "dashed", "dotted"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a node looks.

    Attributes:
        shape: of its outline; "none" for bare text.
        ink: colour of its text, a key of `Style.colours`.
        fill: a colour's key, or "tint".
        line: colour of its outline, a key or "tint".
        size: of its letters, in pixels.
    """

    shape: Literal["none", "box", "round", "circle"] = "none"
    ink: str = "text"
    fill: str = ""
    line: str = ""
    dash: Dash = "solid"
    width: float = 1
    size: float = 12
    bold: bool = False


SERIES_ROLES = tuple(f"line {number}" for number in range(1, 11))
"""The roles of lines in a plot, in the order in which they are taken."""

SERIES_COLOURS = {name: f"series {1 + k % 5}" for k, name in enumerate(SERIES_ROLES)}
"""The colour of each line; none is a stage's. The second five are thicker."""

SERIES_DASHES: tuple[Dash, ...] = ("solid", "dashed", "dotted", "dashed", "solid")
SERIES_WIDTHS = (1.5, 1.5, 2.0, 2.6, 2.6)
"""The dashes and widths of the five colours: no two lines of a grey print are alike."""

MARK_COLOURS = {
    "mark changed": "series 2", "mark added": "series 3", "mark removed": "series 4",
}  # fmt: skip
"""The colours of what marks a change, by its role; its sign says the same."""

LOOKS: dict[str, Look] = {
    "text": Look(),
    "note": Look(ink="muted", size=11),
    "small": Look(size=11),
    "title": Look(size=13, bold=True),
    "name": Look(bold=True),
    "count": Look(size=15, bold=True),
    "chain": Look("round", fill="tint", line="tint"),
    "block": Look("round", fill="tint", line="tint"),
    "layer": Look("box", fill="tint", line="tint", size=11),
    "conv": Look("box", fill="tint", line="tint"),
    "pool": Look("round", fill="tint", line="tint", size=11),
    "shared layer": Look("box", fill="tint", line="tint", dash="dotted", width=1.8,
                         size=11),
    "bar": Look("round", fill="background", line="line", width=1.2, size=13),
    "changed block": Look("box", fill="background", line="projection",
                          width=1.4),
    "bar track": Look("box", line="grid", width=0.8),
    "bar fill": Look("box", fill="plate"),
    "box note": Look(ink="muted", size=11),
    "frame label": Look(size=11, bold=True),
    "falls label": Look(ink="falling", size=11),
    "rises label": Look(ink="projection", size=11),
    "plain": Look("round", fill="background", line="plate"),
    "field": Look("box", line="tint", width=2),
    "field halo": Look("box", line="background", width=5),
    "small plain": Look("round", fill="background", line="plate", size=11),
    "sum": Look("circle", fill="background", line="line", width=1.2, size=13),
    "small sum": Look("circle", fill="background", line="line", size=9),
    "point": Look("circle", fill="line", line="line"),
    "plot point": Look("circle", fill="tint", line="line", width=0.8),
    "identity": Look(),
    "projection": Look("round", fill="background", line="projection", dash="dashed",
                       width=1.2),
    "projected": Look("box", fill="tint", line="projection", dash="dashed", width=1.2),
    "small projected": Look("box", fill="tint", line="projection", dash="dashed",
                            width=1.2, size=11),
    "zero-padded": Look("round", fill="background", line="projection", dash="dotted",
                        width=1.8),
    "subsampled": Look("round", fill="background", line="projection", dash="dotted",
                       width=1.8),
    "other": Look("round", fill="background", line="muted", dash="dashed", width=1.2),
    **{role: Look("circle", ink="background", fill=colour, line=colour, size=11,
                  bold=True) for role, colour in MARK_COLOURS.items()},
    **{f"{role} end": Look("circle", fill=colour, line=colour)
       for role, colour in SERIES_COLOURS.items()},
    **{f"{role} label": Look(ink=colour, size=11, bold=True)
       for role, colour in SERIES_COLOURS.items()},
}  # fmt: skip
"""How the nodes of each role look; shortcuts go by their kind."""


@dataclass(frozen=True, slots=True)
class LineLook:
    """How a wire looks."""

    colour: str = "line"
    dash: Dash = "solid"
    width: float = 1.2


LINES: dict[str, LineLook] = {
    "main": LineLook(),
    "identity": LineLook(),
    "projection": LineLook("projection", "dashed"),
    "zero-padded": LineLook("projection", "dotted", 1.8),
    "subsampled": LineLook("projection", "dotted", 1.8),
    "other": LineLook("muted", "dashed"),
    "falls": LineLook("falling"),
    "rises": LineLook("projection"),
    "bypass": LineLook("falling", width=1.4),
    "link": LineLook("muted", width=1),
    "order": LineLook("muted", "dotted"),
    "grid": LineLook("grid", width=0.8),
    "halo": LineLook("background", width=3.5),
    "limit": LineLook("muted", "dotted", 1.2),
    **{role: LineLook(colour, width=1.6) for role, colour in MARK_COLOURS.items()},
    **{
        name: LineLook(
            SERIES_COLOURS[name],
            SERIES_DASHES[k % 5],
            SERIES_WIDTHS[k % 5] + 0.7 * (k // 5),
        )
        for k, name in enumerate(SERIES_ROLES)
    },
}
"""How the edges of each role look; shortcuts go by their kind."""


@dataclass(frozen=True, slots=True)
class FrameLook:
    """How a group looks: `fill` is "fill" or "wash" of its tint, or a colour."""

    fill: str
    line: str
    width: float = 1
    corner: float = 8
    dash: Dash = "solid"


FRAMES: dict[str, FrameLook] = {
    "stage": FrameLook("wash", "tint"),
    "fold": FrameLook("background", "plate", 1.2),
    "frame": FrameLook("", "plate"),
    "sheet": FrameLook("", "plate", corner=0),
    "lane": FrameLook("wash", "", corner=4),
    "turns": FrameLook("", "muted", corner=6, dash="dashed"),
    "mark": FrameLook("fill", "fill", 0.5, corner=0),
}
"""How the groups of each role look."""


@dataclass(frozen=True, slots=True)
class Tint:
    """The colours of one resolution: of boxes, their outline, and their ground."""

    fill: str
    line: str
    wash: str


@dataclass(frozen=True, slots=True)
class Style:
    """The colours of every role; no two roles share one where `dark` is given.

    Attributes:
        dark: the style that the reader's dark mode asks for.
    """

    colours: dict[str, str]
    tints: dict[str, Tint]
    dark: Style | None = field(default=None, repr=False)

    @property
    def is_heat(self) -> bool:
        """Whether colour is the share of a cost."""
        return HEAT_TINTS[0] in self.tints

    def pair_with_dark(self) -> dict[str, str]:
        """Return the dark style's colour for each of its own."""
        if self.dark is None:
            return {}
        both = {mine: self.dark.colours[key] for key, mine in self.colours.items()}
        for key, mine in self.tints.items():
            theirs = self.dark.tints[key]
            both |= {mine.fill: theirs.fill, mine.line: theirs.line}
            both[mine.wash] = theirs.wash
        return both


LEVEL_TINTS = tuple(f"level {number}" for number in range(8))
"""The tints of resolutions: that of the finest map, half of it, a quarter …"""

HEAT_TINTS = tuple(f"heat {number}" for number in range(1, 8))
"""The tints of shares of a cost, the least first, where a style has any."""

TINTS = ("stem", *LEVEL_TINTS, "head", "mark")
"""The tints of every style, in the order of the table below. What has no resolution of
its own, or none at all, is grey: "stem" and "head"; "mark" sets rows of tables off."""


def level_tint(level: int | None) -> str:
    """Return the tint of a resolution: one for each halving, grey for a vector.

    What is halved more often than there are tints has the last: none recurs.
    """
    if level is None:
        return "head"
    return LEVEL_TINTS[min(level, len(LEVEL_TINTS) - 1)]


def build_style(
    colours: str, fills: str, lines: str, washes: str, dark: Style | None = None
) -> Style:
    """Return a style from rows of hexadecimal colours.

    Args:
        colours: of each key below, in that order.
        fills: of the tints, in the order of `TINTS`.
        lines: of the same tints, for outlines.
        washes: of the same tints, nearly the background.
        dark: the style that the reader's dark mode asks for.
    """
    keys = ("background", "text", "muted", "line", "projection", "plate", "grid")
    keys += (*(f"series {number}" for number in range(1, 6)), "falling")
    shades = zip(*(row.split() for row in (fills, lines, washes)), strict=True)
    return Style(
        {key: f"#{code}" for key, code in zip(keys, colours.split(), strict=True)},
        {
            name: Tint(*(f"#{code}" for code in codes))
            for name, codes in zip(TINTS, shades, strict=True)
        },
        dark,
    )


DARK_STYLE = build_style(
    "12161c eceff4 aab4c0 c4ccd6 ff9d73 8c96a3 3a424d"
    " e6e9ee b79cff 4fd0da ff86a5 c3cf5a 79b8ff",
    "2a3038 211b00 172805 003221 003843 1d3861 483567 683358 7e383a 2a3039 123f5e",
    "8c96a4 cab861 9dc67c 6ccea6 54c9e3 8bb9fd c2a7f4 e79bce f69a9a 8c96a5 6cc0f0",
    "171b21 1c1a10 171c13 131e19 121e21 171d25 1e1b24 241a20 261b1b 171b22 131c26",
)
SCREEN_STYLE = build_style(
    "ffffff 1a1a1a 595959 333333 b02a00 6b6b6b dcdcdc"
    " 222222 6a3fb5 00737d b5003c 5f6b00 1f5fa6",
    "f0f0f0 fbf4d2 dcf1cd baecd5 a0e1f1 accdfd c9b5f0 e0a0ca e69393 e9e9e9 cfe6f7",
    "767676 73630a 4d6f2f 117555 016f82 3e649c 6c5594 884b75 944a4b 767677 1b6aa5",
    "fcfcfc fdfcf6 f9fcf7 f6fcf9 f4fbfd f6f9ff f9f7fd fcf6f9 fcf5f5 fbfbfb f6fbfe",
    DARK_STYLE,
)
PAPER_STYLE = build_style(
    "ffffff 000000 404040 000000 000000 606060 cccccc"
    " 000000 000000 000000 606060 606060 000000",
    "ffffff fafafa eeeeee e2e2e2 d6d6d6 cacaca bdbdbd b0b0b0 a3a3a3 ffffff e6e6e6",
    " ".join(["000000"] * 11),
    " ".join(["ffffff"] * 11),
)

LIGHT_STYLE = replace(SCREEN_STYLE, dark=None)

STYLES: dict[str, Style] = {
    "screen": SCREEN_STYLE,
    "light": LIGHT_STYLE,
    "dark": DARK_STYLE,
    "paper": PAPER_STYLE,
}
"""Styles by name. Text on a fill has a contrast of at least 6.5, outlines on the
background 4.5; lightness falls with each halving of a map, and rises in the dark, so
grey prints tell resolutions apart."""


def find_style(name: str) -> Style:
    """Return the style called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    if name not in STYLES:
        raise RenderError(f"unknown style {name!r}: {suggest(name, STYLES)}")
    return STYLES[name]

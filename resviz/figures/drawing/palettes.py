"""Palettes: other colours for resolutions, each a ramp of lightness.

The ramps are straight lines in the colour space OKLab, so that each halving looks as
far from the next as any other; lightness alone tells them apart. Source: B. Ottosson,
"A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace

from resviz.errors import LetterWarning
from resviz.figures.drawing.styles import (
    DARK_STYLE,
    HEAT_TINTS,
    LEVEL_TINTS,
    LIGHT_STYLE,
    PAPER_STYLE,
    Style,
    Tint,
)

Shades = tuple[str, str, str]
"""Fills, lines and washes of the resolutions, the finest first."""


@dataclass(frozen=True, slots=True)
class Palette:
    """One ramp.

    Attributes:
        help: how it looks.
        light: its shades on white.
        dark: those of its dark twin.
        inks: colours of a style that it changes too, on white and in the dark.
    """

    help: str
    light: Shades
    dark: Shades
    inks: dict[str, tuple[str, str]] = field(default_factory=dict)


GREY_INKS = {
    "projection": ("1b1b1b", "e9e9e9"),
    "falling": ("4d4d4d", "c0c0c0"),
    "series 2": ("000000", "ffffff"),
    "series 3": ("3c3c3c", "d0d0d0"),
    "series 4": ("505050", "b0b0b0"),
    "series 5": ("5a5a5b", "a0a0a0"),
}
"""What has a colour in other palettes; dashes and widths tell lines apart."""

PALETTES = {
    "blues": Palette(
        "one hue, from pale to deep",
        (
            "d8fbff caf0ff bbe6ff addbff 9fd0ff 92c6ff 84bbff 76b1fc",
            "49677d 436581 3c6285 365f88 2f5c8b 28598f 205692 185295",
            "f8fdff f7fcff f5fbff f4faff f2faff f1f9ff eff8ff eef7ff",
        ),
        (
            "0d1d28 122432 172b3d 1d3349 223a55 284261 2d4a6d 335279",
            "bad5e9 b3d1ea abcceb a4c7ec 9cc2ed 95beee 8db9ef 85b4f0",
            "0f1519 0f161b 0f171d 101720 101822 101924 101a27 101b29",
        ),
    ),
    "safe": Palette(
        "yellow to blue, told apart by the colour-blind",
        (
            "fff7a8 f2eeb7 dfe4c5 cddad1 bbcfdc a9c5e6 97b9ef 86aef7",
            "71640b 676331 5e6146 545f58 4a5d67 415976 375584 2e5091",
            "fffdf2 fcfcf4 fafbf6 f8faf9 f6f9fb f4f8fd f2f7ff f0f6ff",
        ),
        (
            "211b00 25230d 292b1f 2d3330 303a41 344253 384965 3c5177",
            "ddd396 d2cfa5 c7cbb2 bcc6bf b1c1cb a6bcd7 9cb7e2 91b2ec",
            "161407 16150c 161611 151716 15181a 14191f 141a24 131b28",
        ),
    ),
    "grey": Palette(
        "no colour at all",
        (
            "f5f5f5 ebebeb e0e0e0 d6d6d6 cccccc c2c2c2 b8b8b8 aeaeae",
            "636363 616161 5e5e5e 5c5c5c 595958 575757 555555 525252",
            "fcfcfb fbfbfa fafafa f9f9f9 f8f8f8 f8f8f7 f7f7f7 f6f6f6",
        ),
        (
            "1b1b1b 222222 292929 313131 393938 414140 494948 515150",
            "d1d1d1 cccccb c8c8c8 c3c3c3 bebebe bababa b5b5b5 b1b1b1",
            "141414 151515 161616 171717 181818 191919 1a1a19 1b1b1a",
        ),
        GREY_INKS,
    ),
    "warm": Palette(
        "sand to brick",
        (
            "fff3d0 ffe5c1 ffd7b3 ffc9a5 fdbb97 faad89 f79e7b f3906d",
            "706142 755c3c 7a5635 7e4f2e 824927 854220 883a17 8b320b",
            "fffcf7 fffbf5 fff9f4 fff8f2 fff6f1 fff5ef fff3ee fff2ec",
        ),
        (
            "221a0a 2d1f0f 382514 442a19 50301e 5c3524 683b29 75412f",
            "ddd0b4 e0c8ac e2c1a5 e4b99d e6b295 e8aa8e e9a286 ea9a7e",
            "16130d 19140e 1b140e 1e140e 20150e 23150e 25150f 27150f",
        ),
    ),
}
"""Palettes by name, besides the colours that a style has of its own."""


def choose_palette(style: Style, name: str | None) -> Style:
    """Return a style in the colours of a palette, its dark twin too.

    The style "paper" keeps its black lines on white.
    """
    if name is None:
        return style
    palette = PALETTES[name]
    is_dark = style is DARK_STYLE
    rows = [row.split() for row in (palette.dark if is_dark else palette.light)]
    tints = dict(style.tints)
    for level, codes in zip(LEVEL_TINTS, zip(*rows, strict=True), strict=True):
        shade = Tint(*(f"#{code}" for code in codes))
        is_paper = style is PAPER_STYLE
        tints[level] = replace(tints[level], fill=shade.fill) if is_paper else shade
    inks = {key: f"#{pair[is_dark]}" for key, pair in palette.inks.items()}
    dark = style.dark and choose_palette(style.dark, name)
    return Style(style.colours | inks, tints, dark)


HEAT_SHADES = (
    "eff5ff dae9ff c4ddff afd1ff 9ac4ff 84b8ff 6eabff",
    "1b232f 1d2b41 1f3254 203a67 21417b 224990 2350a5",
)
"""Fills of shares of a cost, the least first, on white and in the dark: one hue, in
even steps of OKLab's lightness."""

HEAT_LINES = ("185295", "8bb6f5")
"""Their outlines."""


def choose_heat_style(style: Style, name: str | None) -> Style:
    """Return a style in which colour is the share of a cost, and nothing else.

    The ramp is that of a palette if one is named, but its palest shade, which is too
    near to white; else the style "paper" has its own greys.
    """
    ramp = choose_palette(style, name)
    shades = [ramp.tints[level] for level in LEVEL_TINTS[-len(HEAT_TINTS) :]]
    if name is None and style is not PAPER_STYLE:
        is_dark = style is DARK_STYLE
        line, fills = HEAT_LINES[is_dark], HEAT_SHADES[is_dark].split()
        shades = [Tint(f"#{fill}", f"#{line}", "") for fill in fills]
    grey = style.tints["stem"]
    blank = Tint(style.colours["background"], grey.line, grey.wash)
    tints = {**dict.fromkeys(style.tints, blank), "mark": style.tints["mark"]}
    for tint, shade in zip(HEAT_TINTS, shades, strict=True):
        tints[tint] = replace(shade, wash=shade.fill)
    dark = style.dark and choose_heat_style(style.dark, name)
    return Style(ramp.colours, tints, dark)


LEAST_CONTRAST = 4.5
"""Of letters and their ground. Source: WCAG 2.1, success criterion 1.4.3."""


def choose_ink(style: Style, ground: str) -> Style:
    """Choose the style whose letters are read on a ground: its own, or a twin.

    Warns of a ground on which neither dark nor light letters are read well. Another
    ground than a colour, or than the style's own, leaves the style as it is.
    """
    if not ground.startswith("#") or ground == style.colours["background"]:
        return style
    if style.dark and measure_contrast(style.dark, ground) < LEAST_CONTRAST:
        style = replace(style, dark=None)
    if measure_contrast(style, ground) >= LEAST_CONTRAST:
        return style
    best = max(
        (style, LIGHT_STYLE, DARK_STYLE), key=lambda it: measure_contrast(it, ground)
    )
    contrast = measure_contrast(best, ground)
    if contrast < LEAST_CONTRAST:
        warnings.warn(
            f"background: small letters on {ground} have a contrast of {contrast:.1f}, "
            f"and {LEAST_CONTRAST} are read with ease: want a lighter or a darker one",
            LetterWarning,
            stacklevel=4,
        )
    return best


def measure_contrast(style: Style, ground: str) -> float:
    """Measure the contrast of a style's palest letters on a ground, from 1 to 21."""
    shades = (measure_luminance(it) + 0.05 for it in (style.colours["muted"], ground))
    low, high = sorted(shades)
    return high / low


def measure_luminance(colour: str) -> float:
    """Measure the relative luminance of a colour. Source: WCAG 2.1."""
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

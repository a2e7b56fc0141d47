"""Styles: every role has its colours, and one can read them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from resviz.errors import LetterWarning, RenderError
from resviz.figures import draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.palettes import PALETTES, choose_ink, choose_palette


def luminance(colour):
    """Relative luminance. Source: WCAG 2.1, section 1.4.3."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """Contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


STYLED = [
    *styles.STYLES,
    *(f"{name} {palette}" for palette in PALETTES for name in styles.STYLES),
]
"""Styles in their own colours, and in those of every palette."""


def find_styled(words):
    """A style, in the colours of a palette if it names one."""
    name, _, palette = words.partition(" ")
    return choose_palette(styles.find_style(name), palette or None)


@pytest.mark.parametrize("name", STYLED)
def test_text_is_readable(name):
    """Text has a contrast of 6.5 on every ground, muted text of 4.5."""
    style = find_styled(name)
    grounds = [style.colours["background"]]
    grounds += [
        shade for tint in style.tints.values() for shade in (tint.fill, tint.wash)
    ]
    assert all(contrast(style.colours["text"], ground) >= 6.5 for ground in grounds)
    washes = [tint.wash for tint in style.tints.values()]
    assert all(contrast(style.colours["muted"], wash) >= 4.5 for wash in washes)


@pytest.mark.parametrize("name", STYLED)
def test_lines_of_a_plot_are_readable(name):
    """Their colours are those of their labels too, so they have a contrast of 4.5."""
    colours = find_styled(name).colours
    series = [colours[key] for key in set(styles.SERIES_COLOURS.values())]
    assert all(contrast(it, colours["background"]) >= 4.5 for it in series)


@pytest.mark.parametrize("palette", [None, *PALETTES])
def test_dark_mode_can_tell_roles_apart(palette):
    """No two roles of the screen style share a colour, as rules go by colour."""
    style = choose_palette(styles.SCREEN_STYLE, palette)
    tints = style.tints.values()
    colours = [*style.colours.values()]
    colours += [shade for tint in tints for shade in (tint.fill, tint.line, tint.wash)]
    assert len(set(colours)) == len(colours)


def test_dark_mode_changes_every_colour():
    """Each of the screen style has one of the dark style in its place."""
    screen, dark = styles.SCREEN_STYLE, styles.DARK_STYLE
    expected = {mine: dark.colours[key] for key, mine in screen.colours.items()}
    for key, tint in screen.tints.items():
        for part in ("fill", "line", "wash"):
            expected[getattr(tint, part)] = getattr(dark.tints[key], part)
    assert expected == screen.pair_with_dark()


@pytest.mark.parametrize("name", STYLED)
def test_colours_of_resolutions_are_a_ramp(name):
    """Each halving is darker on white, and lighter in the dark."""
    fills = [find_styled(name).tints[tint].fill for tint in styles.LEVEL_TINTS]
    shades = [*map(luminance, fills)]
    order = shades if name.startswith("dark") else shades[::-1]
    assert order == sorted({*shades})


@pytest.mark.parametrize("palette", [None, *PALETTES])
def test_halvings_are_as_far_apart_in_the_dark_as_on_white(palette):
    """Nearly: a grey print tells them apart. The lightness is CIE's, of L*a*b*."""
    reach = {}
    for name in ("light", "dark"):
        tints = choose_palette(styles.find_style(name), palette).tints
        fills = [luminance(tints[tint].fill) for tint in styles.LEVEL_TINTS]
        light = [116 * max(it, 216 / 24389) ** (1 / 3) - 16 for it in fills]
        steps = [abs(b - a) for a, b in pairwise(light)]
        assert min(steps) >= 2.3
        reach[name] = sum(steps)
    assert reach["dark"] >= 0.85 * reach["light"]


def test_no_colour_of_a_resolution_recurs():
    """What is halved more often than there are colours keeps the last."""
    tints = [styles.level_tint(level) for level in range(10)]
    assert len(tints) - 2 == len({*tints})
    assert tints == sorted(tints)
    assert "head" == styles.level_tint(None)


def test_every_role_has_colours():
    """Looks, lines and frames name only colours that styles have."""
    known = {*styles.SCREEN_STYLE.colours, "tint", "wash", "fill", ""}
    used = {look.ink for look in styles.LOOKS.values()}
    used |= {key for look in styles.LOOKS.values() for key in (look.fill, look.line)}
    used |= {line.colour for line in styles.LINES.values()}
    used |= {key for it in styles.FRAMES.values() for key in (it.fill, it.line)}
    assert used <= known


def test_unknown_style_lists_the_legal_ones():
    """The error says what may be asked for."""
    with pytest.raises(
        RenderError, match="'neon': want one of screen, light, dark, paper"
    ):
        styles.find_style("neon")


def test_the_grey_palette_has_no_colour():
    """Neither in resolutions nor in lines, light and dark."""
    grey = choose_palette(styles.LIGHT_STYLE, "grey")
    tints = [grey.tints[level] for level in styles.LEVEL_TINTS]
    colours = [shade for tint in tints for shade in (tint.fill, tint.line, tint.wash)]
    for colour in [*colours, *grey.colours.values()]:
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        assert max(red, green, blue) - min(red, green, blue) <= 2


def test_paper_keeps_its_black_lines():
    """A palette fills its boxes alone."""
    paper = choose_palette(styles.PAPER_STYLE, "blues")
    assert {"#000000"} == {tint.line for tint in paper.tints.values()}
    assert styles.PAPER_STYLE.colours == paper.colours


GROUNDS = ("#ffffff", "#000000", "#fff8e7", "#102040", "#ffe000", "#600000")


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", styles.STYLES)
def test_letters_are_read_on_every_ground(name, ground):
    """Dark on a light one and light on a dark one, in the reader's dark mode too."""
    chosen = choose_ink(styles.find_style(name), ground)
    own = ground == chosen.colours["background"]  # which changes with the letters
    for style in filter(None, (chosen, None if own else chosen.dark)):
        assert contrast(style.colours["text"], ground) >= 6.5
        assert contrast(style.colours["muted"], ground) >= 4.5


@pytest.mark.parametrize("name", styles.STYLES)
def test_letters_on_a_ground_of_medium_grey_are_warned_of(name):
    """Neither dark nor light ones are read with ease."""
    with pytest.warns(LetterWarning, match="background: small letters on #808080"):
        choose_ink(styles.find_style(name), "#808080")


def test_a_figure_has_the_ink_of_its_ground(record):
    """As the words of its drawing, and a ground that is no colour changes none."""
    arch = record("resnet18")
    light, dark = (styles.STYLES[name].colours["text"] for name in ("light", "dark"))
    for style, ground, ink in (
        ("dark", "white", light),
        ("light", "#000000", dark),
        ("dark", "style", dark),
        ("dark", "none", dark),
        ("light", None, light),
    ):
        drawn = draw_diagram(arch, style=style, background=ground)
        assert f'fill="{ink}"' in drawn.to_svg()

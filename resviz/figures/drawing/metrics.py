"""How wide text is, and fitting it into a width.

Widths are Helvetica's, which Arial and Liberation Sans share. Graphviz' own
estimates differ between its builds, so boxes are sized here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.drawing.cuts import note_cut
from resviz.figures.drawing.sheet import find_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ASCII_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 "
    "556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 "
    "556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
"""Widths of U+0020 to U+007E in thousandths of the size, from Helvetica's AFM."""

GLYPH_WIDTHS = {
    **{chr(32 + k): int(width) for k, width in enumerate(ASCII_WIDTHS.split())},
    "×": 584, "→": 1000, "·": 333, "…": 1000, "−": 584, "≥": 549, "\ufffd": 1030,
}  # fmt: skip

TIMES_WIDTHS = (
    "250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 "
    "500 500 500 500 500 500 500 500 500 500 278 278 564 564 564 444 "
    "921 722 667 667 722 611 556 722 722 333 389 722 611 889 722 722 "
    "556 722 667 556 611 722 722 944 722 722 611 333 278 333 469 500 "
    "333 444 500 444 500 444 333 500 500 278 278 500 278 778 500 500 "
    "500 500 333 389 278 500 500 722 500 500 444 480 200 480 541"
)
"""Widths of the same characters in Times Roman, from its AFM."""

COURIER_WIDTH = 600
"""Width of every character of Courier."""

FONT_GROUPS: dict[tuple[str, ...], dict[str, int]] = {
    ("Helvetica", "Arial", "Liberation Sans", "Nimbus Sans", "TeX Gyre Heros"): (
        GLYPH_WIDTHS
    ),
    ("Times", "Times New Roman", "Liberation Serif", "Nimbus Roman",
     "TeX Gyre Termes"): GLYPH_WIDTHS
    | {chr(32 + k): int(width) for k, width in enumerate(TIMES_WIDTHS.split())},
    ("Courier", "Courier New", "Liberation Mono", "Nimbus Mono PS",
     "TeX Gyre Cursor"): dict.fromkeys(GLYPH_WIDTHS, COURIER_WIDTH),
}  # fmt: skip
"""Families of equal widths, and these: each stands in for the others."""

BOLD_FACTOR = 1.09
"""How much wider Helvetica Bold is, at most, over the words of a figure."""

FONT_FACTOR = 1.12
"""How much wider other fonts are that readers may have, as DejaVu Sans."""

FOREIGN_SIGNS = frozenset("ᵀ")
"""Signs of figures that the usual fonts lack: a converter then sets all of the line in
another font."""

LINE_SPACING = 1.17
"""Distance of baselines, in sizes."""


def glyph_width(character: str) -> int:
    """Return the width of one character in thousandths of the size."""
    if character in GLYPH_WIDTHS:
        return GLYPH_WIDTHS[character]
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 667


def text_width(text: str, size: float = 12, *, bold: bool = False) -> float:
    """Return the width of one line of text in pixels, in the font of the sheet."""
    font, scale = find_sheet().font, size / 1000 * (BOLD_FACTOR if bold else 1)
    is_foreign = not FOREIGN_SIGNS.isdisjoint(text)
    if not font and not is_foreign:
        return sum(map(glyph_width, text)) * scale
    group = find_font_group(font)
    if not group or is_foreign:
        return sum(map(glyph_width, text)) * FONT_FACTOR * scale
    widths = FONT_GROUPS[group]
    return sum(widths.get(letter) or glyph_width(letter) for letter in text) * scale


def find_font_group(font: str) -> tuple[str, ...]:
    """Find the families whose widths are those of a font; () where none is known.

    Example:
        >>> find_font_group("times new roman")[0]
        'Times'
    """
    name = font.casefold()
    groups = (group for group in FONT_GROUPS if name in map(str.casefold, group))
    return next(groups, ())


def list_like_fonts(font: str) -> list[str]:
    """List a family, and the others whose widths are the same; none for "".

    Example:
        >>> list_like_fonts("times")[:2]
        ['times', 'Times New Roman']
    """
    own = font.casefold()
    others = (name for name in find_font_group(font) if name.casefold() != own)
    return [font, *others] if font else []


def widen_for_fonts(width: float) -> float:
    """Return the room that text of a width in Helvetica needs in any font."""
    return width * FONT_FACTOR


def max_text_width(lines: Iterable[str], size: float = 12) -> float:
    """Return the width of the widest of some lines; 0 for none."""
    return max((text_width(line, size) for line in lines), default=0)


def fit_text(text: str, room: float, size: float = 12, *, bold: bool = False) -> str:
    """Clean text, and cut it with "…" where it is wider than `room`."""
    text = clean_name(text)
    if text_width(text, size, bold=bold) <= room:
        return text
    prefix = ""
    for character in text:
        if text_width(f"{prefix}{character}…", size, bold=bold) > room:
            break
        prefix += character
    return note_cut(f"{prefix.rstrip()}…")


def fit_name(name: str, room: float, size: float = 12, *, bold: bool = False) -> str:
    """Clean a name, and cut it in the middle where it is wider than `room`.

    Paths of modules that begin alike are told apart by their ends.

    Example:
        >>> [fit_name(f"incre_modules.{part}", 90) for part in ("0–3", "4–7")]
        ['incre_…les.0–3', 'incre_…les.4–7']
    """
    name = clean_name(name)
    if text_width(name, size, bold=bold) <= room:
        return name
    most = int(room / (min(GLYPH_WIDTHS.values()) * size / 1000))
    for kept in range(min(len(name), most), 1, -1):
        shown = f"{name[: kept // 2].rstrip()}…{name[kept // 2 - kept :].lstrip()}"
        if text_width(shown, size, bold=bold) <= room:
            return note_cut(shown)
    return note_cut("…")


def wrap_words(
    words: Iterable[str], separator: str, room: float, size: float = 12
) -> list[str]:
    """Join words into lines of at most `room`; one that is wider breaks, or is cut.

    Each line but the last ends in `separator` without its trailing space, unless a word
    goes on in the next.

    Example:
        >>> wrap_words(["a", "ReparamLargeKernelConv"], ", ", 92)
        ['a,', 'ReparamLarge', 'KernelConv']
    """
    lines: list[str] = []
    for entry in words:
        first, *others = break_word(entry, room, size) or [fit_text(entry, room, size)]
        longer = f"{lines[-1]}{separator}{first}" if lines else first
        if lines and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines[-1:] = [f"{line}{separator.rstrip()}" for line in lines[-1:]]
            lines.append(first)
        lines += others
    return lines


WORD_BREAKS = (
    re.compile(r"(?<=[^–._-][–._-])(?=[^\W\d])|(?<=[a-z])(?=[A-Z])"),
    re.compile(r"(?<=[^–._-][._-])|(?<=[a-z])(?=[A-Z])"),
)
"""Where a name may go on in another line, "blocks_" and "token", "Kernel" and "Conv";
before a digit, as that of "backbone." and "11–12", only if it must. No mark is left
alone in a line, as it would be of "_2" and ".1"."""

MAX_WORD_LINES = 3
"""Lines of one word at most."""


def break_word(
    word: str,
    room: float,
    size: float,
    *,
    bold: bool = False,
    limit: int = MAX_WORD_LINES,
) -> list[str]:
    """Clean a word, and break it into lines of at most `room`; [] where it cannot be.

    It breaks behind dots, dashes and underscores and before capitals, and takes no more
    than `limit` lines.
    """
    for breaks in WORD_BREAKS:
        lines = [""]
        for part in breaks.split(clean_name(word)):
            if lines[-1] and text_width(lines[-1] + part, size, bold=bold) > room:
                lines.append("")
            lines[-1] += part
        widest = max(text_width(line, size, bold=bold) for line in lines)
        if len(lines) <= limit and widest <= room:
            return lines
    return []


def wrap_phrases(
    phrases: Iterable[str], separator: str, room: float, size: float = 12
) -> list[str]:
    """Join phrases into lines of at most `room`; one that is wider breaks in words.

    Example:
        >>> wrap_phrases(["a: add", "some lines are missing"], " · ", 100)
        ['a: add ·', 'some lines', 'are missing']
    """
    lines: list[str] = []
    run: list[str] = []
    for phrase in phrases:
        if text_width(clean_name(phrase), size) <= room:
            run.append(phrase)
            continue
        lines += close_line(wrap_words(run, separator, room, size), separator)
        lines += close_line(balance_words(split_phrase(phrase), room, size), separator)
        run = []
    lines += wrap_words(run, separator, room, size)
    if lines and not run:
        lines[-1] = lines[-1].removesuffix(separator.rstrip())
    return lines


def balance_words(words: Sequence[str], room: float, size: float) -> list[str]:
    """Wrap words into as few lines as there may be, of about one length.

    So none stands alone in the last.
    """
    lines = wrap_words(words, " ", room, size)
    least = max(max_text_width(words, size), room / 2)
    while room > least:
        room = max(room * 0.95, least)
        narrower = wrap_words(words, " ", room, size)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def split_phrase(phrase: str) -> list[str]:
    """Split a phrase into words; an option stays with its value.

    Example:
        >>> split_phrase("more fit with --direction LR")
        ['more', 'fit', 'with', '--direction LR']
    """
    return re.findall(r"--\S+ \S+|\S+", phrase)


def split_amounts(label: str, room: float, size: float = 12) -> list[str]:
    """Split a label into words; an amount stays with what it counts, if there is room.

    Example:
        >>> split_amounts("attention, 3 heads, 64 windows", 100)
        ['attention,', '3 heads,', '64 windows']
        >>> split_amounts("3×3, 72, /2 ×2", 100)
        ['3×3,', '72,', '/2 ×2']
    """
    words: list[str] = []
    for whole in re.findall(r"\d+ [^\W\d]\S*|\S+(?: ×\d+)?", label):
        fits = text_width(whole, size) <= room
        words += [whole] if fits else whole.split()
    return words


def close_line(lines: list[str], separator: str) -> list[str]:
    """End the last of some lines with a separator, for others follow."""
    return [*lines[:-1], lines[-1] + separator.rstrip()] if lines else []


def wrap_pieces(pieces: Iterable[str], room: float, size: float = 12) -> list[str]:
    """Write pieces one behind the other in lines of at most `room`, none cut short.

    Each ends in a space if it may stand before another.
    """
    lines = [""]
    for piece in pieces:
        if lines[-1] and text_width((lines[-1] + piece).rstrip(), size) > room:
            lines.append("")
        lines[-1] += piece
    return [fit_text(line.rstrip(), room, size) for line in lines]


def wrap_name(
    name: str, room: float, size: float = 12, *, bold: bool = False
) -> list[str]:
    """Clean a name, and wrap it into lines of `room` where it may be broken.

    One that takes too many lines is cut in the middle, in one line.

    Example:
        >>> wrap_name("stage2.0–stage4.2.branches.0", 100)
        ['stage2.0–', 'stage4.2.', 'branches.0']
        >>> wrap_name("incre_modules.0", 100)
        ['incre_modules.0']
    """
    lines = break_word(name, room, size, bold=bold, limit=MAX_NAME_LINES)
    return lines or [fit_name(name, room, size, bold=bold)]


MAX_NAME_LINES = 6
"""Lines of the name of a stage at most."""


def cap_lines(
    lines: list[str], limit: int, room: float | None = None
) -> tuple[str, ...]:
    """Leave lines in the middle out where there are more than `limit`.

    How many these are is told, in several lines where there is little `room`.
    """
    if len(lines) <= limit:
        return tuple(lines)
    head = limit // 2
    tail = limit - 1 - head
    left = len(lines) - head - tail
    note = [f"… {left} more lines …"]
    if room is not None:
        note = wrap_words(note[0].split(), " ", room)
    return (*lines[:head], *note, *lines[len(lines) - tail :])

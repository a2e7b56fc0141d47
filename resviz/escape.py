"""Making any string safe in the one syntax it is written into.

Names, titles and loaded records flow into files that other people open. Every
string is cleaned once, then escaped for its syntax; there is no other way out.
"""

from __future__ import annotations

import html as html_module
import re
from json import dumps
from unicodedata import normalize

MAX_NAME_LENGTH = 500
"""Characters of one string that are shown; Graphviz fails above 16,384."""

MAX_PROSE_LENGTH = 12_000
"""Characters of some sentences that are shown."""

UNSAFE_CHARACTERS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u061c"  # bidi and invisible controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # drawn as nothing
    "\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags: letters that nobody sees
    "\ud800-\udfff"  # lone surrogates
    "\ufdd0-\ufdef"  # noncharacters, and the two that end each plane
    + "".join(
        f"{chr(plane << 16 | 0xFFFE)}-{chr(plane << 16 | 0xFFFF)}"
        for plane in range(17)
    )
    + "]"
)
"""Characters that no document may hold, or that change how others read."""

LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "↑": r"$\uparrow$",
    "ᵀ": r"$^{\mathsf T}$",
    "·": r"$\cdot$",
    "−": r"$-$",
    "Σ": r"$\Sigma$",
    "Π": r"$\Pi$",
    "…": r"\ldots{}",
    "–": r"\textendash{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "‖": r"$\|$",
    "√": r"$\surd$",
    "°": r"$^\circ$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "⌈": r"$\lceil$",
    "⌉": r"$\rceil$",
    "↓": r"$\downarrow$",
    "←": r"$\leftarrow$",
    "↔": r"$\leftrightarrow$",
    "⊕": r"$\oplus$",
    "⊗": r"$\otimes$",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "∝": r"$\propto$",
    "∞": r"$\infty$",
    "²": r"$^2$",
    "³": r"$^3$",
    "₂": r"$_2$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "γ": r"$\gamma$",
}
"""What stands for a character in LaTeX text; a row that began with a bare `[` or `*`
would be an argument of the `\\\\` before it."""

MARKDOWN_SPECIAL = re.compile(
    r"[\\`*{}\[\]|~<>&$#@]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE
)
"""What has a meaning inside a line of GitHub's Markdown, as that of an address; an
underscore between letters has none."""

MARKDOWN_LINE_START = re.compile(r"^(\d{0,9})([-+=.)])(?=[-=\s]|$)")
"""What would make a list or a heading of a paragraph."""

MERMAID_SPECIAL = re.compile(
    r"[^\w\s,/()×→↑·−….-]|(?<![^\W_])_|_(?![^\W_])|(?<!\d)\.|\.(?!\d)|(?<![^\W_])-|-(?![^\W_])|^\d+(?=[).](\s|$))"
    r"|(?<=direction)\s"  # as a line of its own would say it
)
"""What may have a meaning in a label of Mermaid, which reads entities, HTML and then
Markdown in it: lists, links, rules; icons as `fa:fa-car`, and its own entities."""


def replace_unsafe(text: object) -> str:
    """Put `text` on one line, with unsafe characters replaced."""
    line = str(text)
    if line.isascii() and line.isprintable():  # as nearly all is, and soon told
        return line
    return UNSAFE_CHARACTERS.sub(
        "\N{REPLACEMENT CHARACTER}", re.sub(r"[\r\n\t]+", " ", line)
    )


def clean_name(text: object) -> str:
    """Clean text as `replace_unsafe` does, and cut what is too long to show."""
    line = replace_unsafe(text)
    return line if len(line) <= MAX_NAME_LENGTH else line[: MAX_NAME_LENGTH - 1] + "…"


def clean_prose(text: object) -> str:
    """Clean sentences likewise: they may be longer than a name, but no word may."""
    line = re.sub(
        rf"\S{{{MAX_NAME_LENGTH + 1},}}",
        lambda match: f"{match[0][: MAX_NAME_LENGTH - 1]}…",
        replace_unsafe(text),
    )
    return line if len(line) <= MAX_PROSE_LENGTH else f"{line[: MAX_PROSE_LENGTH - 1]}…"


def escape_html_prose(text: object) -> str:
    """Escape prose for HTML, XML and SVG."""
    return html_module.escape(clean_prose(text), quote=True)


def escape_html(text: object) -> str:
    """Escape `text` for HTML, XML and SVG, in content and quoted attributes."""
    return html_module.escape(clean_name(text), quote=True)


def escape_dot(text: object) -> str:
    r"""Escape `text` for the inside of a quoted DOT string.

    Graphviz expands `\N`, `\G`, `\L` and entities in labels, so both are undone.
    """
    safe = clean_name(text).replace("&", "&amp;")
    return safe.replace("\\", "\\\\").replace('"', '\\"')


def escape_latex(text: object) -> str:
    """Escape `text` for LaTeX; what pdflatex has no glyph for becomes "?"."""
    # Two hyphens would become a dash, two quotes or "?`" another glyph.
    safe = "".join(map(escape_latex_character, clean_name(text)))
    return re.sub(r"([-'`,<>?!])(?=[-'`,<>])", r"\1{}", safe)


def escape_latex_character(character: str) -> str:
    """Escape one character for LaTeX text mode."""
    if character in LATEX_ESCAPES:
        return LATEX_ESCAPES[character]
    plain = character.isascii() or (character.isalpha() and ord(character) < 0x180)
    return character if plain else "?"


def escape_markdown(text: object) -> str:
    """Escape `text` for a cell or line of GitHub's Markdown."""
    return MARKDOWN_SPECIAL.sub(r"\\\g<0>", clean_name(text))


def escape_markdown_paragraph(text: object) -> str:
    """Escape `text` for a paragraph of GitHub's Markdown."""
    return MARKDOWN_LINE_START.sub(r"\1\\\2", escape_markdown(text).strip())


def escape_mermaid(text: object) -> str:
    """Escape `text` for a quoted label of Mermaid, which has its own entities.

    While it works it writes them as "ﬂ°…¶ß", so neither end of that may occur, not
    even as entities: it decodes those first.
    """
    safe = clean_name(text).strip().replace("ﬂ", "fl").replace("¶ß", "¶ ß")
    return MERMAID_SPECIAL.sub(encode_mermaid_match, safe)


def encode_mermaid_match(match: re.Match[str]) -> str:
    """Encode matched characters as Mermaid's numbered entities."""
    return "".join(f"#{ord(character)};" for character in match[0])


def escape_json(text: str) -> str:
    """Escape unsafe characters in JSON text."""
    lines = text.split("\n")
    return "\n".join(UNSAFE_CHARACTERS.sub(encode_json_match, line) for line in lines)


def encode_json_match(match: re.Match[str]) -> str:
    """Encode one matched character as a JSON escape."""
    return dumps(match[0])[1:-1]


def escape_csv(text: object) -> str:
    """Escape `text` for a CSV cell, so that no spreadsheet reads a formula."""
    safe = clean_name(text)
    first = normalize("NFKC", safe[:1])  # a spreadsheet takes full-width signs as well
    return f"'{safe}" if first in {"=", "+", "-", "@"} else safe

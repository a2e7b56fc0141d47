"""Making any string safe in the one syntax it is written into.

Names, titles and loaded records flow into files that other people open. Every
string is cleaned once, then escaped for its syntax; there is no other way out.
"""

from __future__ import annotations

import html as html_module
import re
from json import dumps

LONGEST = 500
"""Characters of one string that are shown; Graphviz fails above 16,384."""

LONGEST_PROSE = 12_000
"""Characters of some sentences that are shown."""

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible and bidi controls
    "\ud800-\udfff"  # lone surrogates
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U000ffffe\U000fffff\U0010fffe\U0010ffff]"
)
"""Characters that no document may hold, or that change how others read."""

LATEX = {
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
    "·": r"$\cdot$",
    "−": r"$-$",
    "Σ": r"$\Sigma$",
    "Π": r"$\Pi$",
    "…": r"\ldots{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "⌈": r"$\lceil$",
    "⌉": r"$\rceil$",
}
"""What stands for a character in LaTeX text; a row that began with a bare `[` or `*`
would be an argument of the `\\\\` before it."""

MARKDOWN = re.compile(
    r"[\\`*{}\[\]|~<>&$#@]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE
)
"""What has a meaning inside a line of GitHub's Markdown, as that of an address; an
underscore between letters has none."""

MARKDOWN_START = re.compile(r"^(\d{0,9})([-+=.)])(?=[-=\s]|$)")
"""What would make a list or a heading of a paragraph."""

MERMAID = re.compile(
    r"[^\w\s,/()×→·−….-]|(?<![^\W_])_|_(?![^\W_])|(?<!\d)\.|\.(?!\d)|(?<![^\W_])-|-(?![^\W_])|^\d+(?=[).](\s|$))"
    r"|(?<=direction)\s"  # as a line of its own would say it
)
"""What may have a meaning in a label of Mermaid, which reads entities, HTML and then
Markdown in it: lists, links, rules; icons as `fa:fa-car`, and its own entities."""


def cleaned(text: object) -> str:
    """`text` on one line, without characters that could do harm."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"[\r\n\t]+", " ", str(text)))


def clean(text: object) -> str:
    """`text` as `cleaned`, and not too long to show."""
    line = cleaned(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def prose(text: object) -> str:
    """Sentences as `cleaned`: longer than a name may be, but none of their words is."""
    line = re.sub(
        rf"\S{{{LONGEST + 1},}}",
        lambda found: f"{found[0][: LONGEST - 1]}…",
        cleaned(text),
    )
    return line if len(line) <= LONGEST_PROSE else f"{line[: LONGEST_PROSE - 1]}…"


def html_prose(text: object) -> str:
    """Sentences for HTML, XML and SVG."""
    return html_module.escape(prose(text), quote=True)


def html(text: object) -> str:
    """`text` for HTML, XML and SVG, in content and in quoted attributes."""
    return html_module.escape(clean(text), quote=True)


def dot(text: object) -> str:
    r"""`text` for the inside of a quoted DOT string.

    Graphviz expands `\N`, `\G`, `\L` and entities in labels, so both are undone.
    """
    safe = clean(text).replace("&", "&amp;")
    return safe.replace("\\", "\\\\").replace('"', '\\"')


def xdot(text: object) -> str:
    r"""`text` for an xdot operation inside of a quoted DOT string.

    There a quote alone is escaped, and every backslash stays; one before a quote or
    another backslash cannot be said at all.
    """
    return clean(text).replace('"', '\\"')


def latex(text: object) -> str:
    """`text` for LaTeX text mode; what pdflatex has no glyph for becomes "?"."""
    # Two hyphens would become a dash, two quotes or "?`" another glyph.
    safe = "".join(map(latex_character, clean(text)))
    return re.sub(r"([-'`,<>?!])(?=[-'`,<>])", r"\1{}", safe)


def latex_character(character: str) -> str:
    """One character in LaTeX text mode."""
    if character in LATEX:
        return LATEX[character]
    plain = character.isascii() or (character.isalpha() and ord(character) < 0x180)
    return character if plain else "?"


def markdown(text: object) -> str:
    """`text` for a cell or line of GitHub's Markdown."""
    return MARKDOWN.sub(r"\\\g<0>", clean(text))


def markdown_line(text: object) -> str:
    """`text` for a paragraph of GitHub's Markdown."""
    return MARKDOWN_START.sub(r"\1\\\2", markdown(text).strip())


def mermaid(text: object) -> str:
    """`text` for a quoted label of Mermaid, which has entities of its own.

    While it works it writes them as "ﬂ°…¶ß", so neither end of that may occur.
    """
    safe = clean(text).strip().replace("ﬂ", "fl").replace("¶ß", "¶ ß")
    return MERMAID.sub(mermaid_characters, safe)


def mermaid_characters(found: re.Match[str]) -> str:
    """Characters as Mermaid's entities, by number."""
    return "".join(f"#{ord(character)};" for character in found[0])


def json(text: str) -> str:
    """JSON text in which characters that could do harm are written as escapes."""
    lines = text.split("\n")
    return "\n".join(UNSAFE.sub(json_character, line) for line in lines)


def json_character(found: re.Match[str]) -> str:
    """One character as JSON's own escape."""
    return dumps(found[0])[1:-1]


def csv(text: object) -> str:
    """`text` for a CSV cell that a spreadsheet must not read as a formula."""
    safe = clean(text)
    return f"'{safe}" if safe[:1] in {"=", "+", "-", "@"} else safe

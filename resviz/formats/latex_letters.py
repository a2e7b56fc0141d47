"""Letters of LaTeX beyond Latin: set where the engine can, else told of in its log."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resviz import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

UNICODE_COMMAND = r"""
% letters beyond Latin want LuaLaTeX or XeLaTeX, and a font that has them;
% Cyrillic ones also \usepackage[T2A,T1]{fontenc}
\providecommand\resvizmissing{?\PackageWarning{resviz}{letters that the font lacks are
  shown as "?": use LuaLaTeX or XeLaTeX with a font that has them}}%
\providecommand\resvizletter[2]{\ifdefined\Umathcode
  \iffontchar\font`#1 #1\else\resvizmissing\fi
  \else\ifcsname T@#2\endcsname{\fontencoding{#2}\selectfont#1}%
  \else\resvizmissing\fi\fi}%"""
"""Shows letters where LaTeX can, and says so in its log where it cannot. XeTeX and
LuaTeX have `\\Umathcode`, and pdfTeX an encoding `\\T@…` for each that is loaded."""


def add_letter_command(preamble: str, body: Sequence[str]) -> str:
    """Add the command to a preamble that opens a group, if a body has such letters."""
    if not any(r"\resvizletter{" in line for line in body):
        return preamble
    opening = r"\begingroup"
    return preamble.replace(opening, opening + UNICODE_COMMAND, 1)


def escape_latex_letters(line: object) -> str:
    """Escape text for LaTeX; letters that pdfLaTeX may lack are left to a command."""
    runs = groupby(escape.clean_name(line), key=find_lacking_encoding)
    return "".join(
        escape.escape_latex("".join(run))
        if encoding is None
        else "".join(rf"\resvizletter{{{letter}}}{{{encoding}}}" for letter in run)
        for encoding, run in runs
    )


def find_lacking_encoding(character: str) -> str | None:
    """Find the encoding in which pdfLaTeX has a letter; "" for none, None for usual."""
    if character == "?" or escape.escape_latex_character(character) != "?":
        return None
    return "T2A" if "\u0400" <= character <= "\u045f" else ""

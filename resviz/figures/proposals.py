"""What has larger letters in a width where a figure has too small ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import RenderError
from resviz.figures import DEFAULTS, FIGURES, draw_on
from resviz.figures.drawing.fitting import (
    MIN_LETTER_POINTS,
    fit_picture,
    has_legible_letters,
    is_too_tall,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.figures.drawing.sheet import Sheet
    from resviz.record import Architecture


class Proposal(NamedTuple):
    """A figure with options of its own, and how it is called."""

    figure: str
    options: Mapping[str, Any]
    words: str


VOLUMES = Proposal("volumes", {}, "the figure volumes")
OVERVIEW = Proposal("overview", {"costs": True}, "the figure overview with costs")
STACK = Proposal("stack", {}, "the figure stack")
LANES = Proposal("lanes", {}, "the figure lanes")
DEPTHS = {
    name: Proposal(name, {"depth": 1}, "it to a depth of 1")
    for name in ("layers", "volumes")
}

PROPOSALS = {
    "overview": (OVERVIEW, VOLUMES, STACK, LANES),
    "lanes": (VOLUMES, STACK, OVERVIEW),
    "layers": (DEPTHS["layers"], STACK, VOLUMES, OVERVIEW, LANES),
    "volumes": (DEPTHS["volumes"], STACK, OVERVIEW, LANES),
    "stack": (VOLUMES, OVERVIEW, LANES),
}
"""What is tried for each figure of one network, the most like it first."""

OTHERWISE = "another figure or less of it"
"""What is proposed where none of these fits."""


def propose_narrower(networks: Any, figure: str, sheet: Sheet) -> str:
    """Name what of some networks a sheet has room for, with letters that are read.

    Each is drawn and measured, so that what is named is a remedy.
    """
    several = networks if isinstance(networks, (list, tuple)) else [networks]
    if len(several) != 1:
        return OTHERWISE
    arch = several[0]
    for proposal in PROPOSALS.get(figure, ()):
        if is_remedy(arch, proposal, sheet):
            return proposal.words
    return OTHERWISE


def is_remedy(arch: Architecture, proposal: Proposal, sheet: Sheet) -> bool:
    """Tell whether a figure fits a sheet, and its page, with the smallest letters."""
    registered = FIGURES[proposal.figure]
    own = {name: DEFAULTS[name] for name in registered.options} | {**proposal.options}
    networks = [arch] if registered.several else arch
    try:
        tried = replace(sheet, text=sheet.text or MIN_LETTER_POINTS)
        picture = draw_on(tried, proposal.figure, networks, own)
    except RenderError:
        return False
    fitted = fit_picture(picture, tried)
    return has_legible_letters(fitted, tried) and not is_too_tall(fitted, tried)

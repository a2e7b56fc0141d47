"""The parts of a network, stem to head, each with the colours of the figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.figures.drawing import styles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.readings.structure import Structure
    from resviz.record import Shape


def list_tint_colours() -> list[tuple[str, styles.Tint, styles.Tint]]:
    """CSS class, light and dark colours of each tint of the figures."""
    light, dark = styles.SCREEN_STYLE.tints, styles.DARK_STYLE.tints
    return [(tint_css_class(key), light[key], dark[key]) for key in styles.TINTS]


def tint_css_class(tint: str) -> str:
    """The CSS class of a tint."""
    return tint.replace(" ", "-")


def find_part_tint(built: Structure, name: str) -> str:
    """The CSS class of the part called `name`; "" if it is none of the figures'."""
    if name in {"stem", "head"}:
        return name
    numbers = [k for k, stage in enumerate(built.stages) if stage.name == name]
    return tint_css_class(styles.stage_tint(numbers[0])) if numbers else ""


def name_layer_parts(built: Structure) -> dict[int, str]:
    """The name of the part that each layer lies in, by index; others are missing.

    Without stages nothing is a stem or a head either.
    """
    if not built.stages:
        return {}
    names = {layer.index: "stem" for layer in built.stem}
    for stage in built.stages:
        names |= dict.fromkeys(stage.layer_indices, stage.name)
    return names | {layer.index: "head" for layer in built.head}


@dataclass(frozen=True, slots=True)
class StageTableRow:
    """One row of the stage table.

    Attributes:
        name: "stem", the stage's, "head", or what holds the rest.
        tint: its CSS class.
        blocks: how many blocks of which type, "" if it has none.
        output_shape: of its last layer, if it is known.
        params: its parameters; their part of all is `params_share`.
        macs: its MACs; their part of all is `macs_share`.
    """

    name: str
    tint: str
    blocks: str
    output_shape: Shape | None
    params: int
    params_share: float
    macs: int
    macs_share: float


def stage_table_rows(
    built: Structure, rows: Iterable[Mapping[str, Any]]
) -> list[StageTableRow]:
    """The rows of the summary, with their shares of the whole; none without stages."""
    rows = list(rows) if built.stages else []
    params = sum(row["params"] for row in rows) or 1
    macs = sum(row["macs"] for row in rows) or 1
    return [
        StageTableRow(
            row["name"],
            find_part_tint(built, row["name"]),
            f"{row['blocks']} {row['type']}" if row.get("blocks") else "",
            row.get("output_shape"),
            row["params"],
            row["params"] / params,
            row["macs"],
            row["macs"] / macs,
        )
        for row in rows
    ]

"""Shapes with the text that labels them, as drawings have them that people edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.figures.drawing.elements import Node, Picture, Solid

OVERHANG = 2.0
"""How far a line of text may stick out of the box that it labels, in pixels."""


@dataclass(frozen=True, slots=True)
class LabelledShape:
    """A box, also one in oblique view, a circle or bare text, and what is in it.

    Attributes:
        node: the shape.
        texts: the nodes whose lines it shows, from top to bottom; its own may be one.
    """

    node: Node | Solid
    texts: tuple[Node, ...]


def list_shapes(picture: Picture, joined: Collection[str]) -> list[LabelledShape]:
    """List the shapes of a picture, solids first; text in a box belongs to it.

    Args:
        picture: with the nodes.
        joined: keys of the nodes that wires join; their text stays a shape.
    """
    shapes: list[tuple[Node, list[Node]]] = []
    for node in picture.nodes:
        own = [node] if node.lines else []
        if own and LOOKS[node.role].shape == "none" and node.key not in joined:
            boxes = [texts for box, texts in shapes if is_inside(node, box)]
            if boxes:
                boxes[-1].append(node)
                continue
        shapes.append((node, own))
    return [LabelledShape(solid, ()) for solid in picture.solids] + [
        LabelledShape(node, tuple(sorted(texts, key=lambda text: text.at[1])))
        for node, texts in shapes
    ]


def is_inside(text: Node, box: Node) -> bool:
    """Tell whether a text stands in a box."""
    return (
        LOOKS[box.role].shape != "none"
        and text.left > box.left - OVERHANG
        and text.right < box.right + OVERHANG
        and text.top > box.top - OVERHANG
        and text.bottom < box.bottom + OVERHANG
    )

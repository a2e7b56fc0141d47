"""A module's tensors that are made when somebody asks for them.

A copy of a model needs empty tensors only where its forward comes to them: what a
module gives that is bypassed is worked out from the shapes of the model's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Tensors = dict[str, torch.Tensor | None]
"""Parameters or buffers of a module, by name."""


class Postponed(dict[str, Any]):
    """Parameters or buffers of a copy, filled when anybody asks for anything.

    Attributes:
        originals: the model's own, of which shape, dtype and layout may be read, and
            no values; None once filled.
        stand_in: makes what stands for one of them.
    """

    __slots__ = ("originals", "stand_in")

    def __init__(
        self,
        originals: Tensors,
        stand_in: Callable[[torch.Tensor | None], torch.Tensor | None],
    ) -> None:
        self.originals: Tensors | None = originals
        self.stand_in = stand_in

    def fill(self) -> None:
        """Make what stands for each of the model's own."""
        originals, self.originals = self.originals, None
        if originals is not None:
            copies = {name: self.stand_in(it) for name, it in originals.items()}
            super().update(copies)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as what it holds."""
        return dict, ({**self},)


def at_hand(held: Tensors) -> Tensors:
    """The model's own tensors while they wait, else what stands for them."""
    return (held.originals or held) if type(held) is Postponed else held


def filling(name: str) -> Callable[..., Any]:
    """A method of dictionaries that fills a postponed one first."""
    plain = getattr(dict, name)

    def method(held: Postponed, *args: Any, **kwargs: Any) -> Any:
        held.fill()
        return plain(held, *args, **kwargs)

    return method


METHODS = (
    "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__",
    "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__",
    "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
)  # fmt: skip
"""All that dictionaries do."""

for name in METHODS:
    setattr(Postponed, name, filling(name))

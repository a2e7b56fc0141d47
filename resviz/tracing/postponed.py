"""A module's tensors that are made when somebody asks for them.

A copy of a model needs empty tensors only where its forward comes to them: what a
module gives that is answered whole is worked out from the shapes of the model's own.
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
        given: the model's own, of which only shapes may be read; None once filled.
    """

    __slots__ = ("given", "stand_in")

    def __init__(
        self,
        given: Tensors,
        stand_in: Callable[[torch.Tensor | None], torch.Tensor | None],
    ) -> None:
        self.given: Tensors | None = given
        self.stand_in = stand_in

    def fill(self) -> None:
        """Make what stands for each of the model's own."""
        given, self.given = self.given, None
        if given is not None:
            made = {name: self.stand_in(tensor) for name, tensor in given.items()}
            super().update(made)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as what it holds."""
        return dict, ({**self},)


def filling(name: str) -> Callable[..., Any]:
    """A method of dictionaries that fills a postponed one first."""
    plain = getattr(dict, name)

    def method(held: Postponed, *args: Any, **kwargs: Any) -> Any:
        held.fill()
        return plain(held, *args, **kwargs)

    return method


for name in (
    "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__",
    "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__",
    "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
):  # fmt: skip
    setattr(Postponed, name, filling(name))

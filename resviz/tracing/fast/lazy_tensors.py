"""A module's tensors that are made when somebody asks for them.

A copy of a model needs empty tensors only where its forward comes to them: what a
module gives that is bypassed is worked out from the shapes of the model's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TensorsByName = dict[str, torch.Tensor | None]
"""Parameters or buffers of a module, by name."""


class PostponedTensors(dict[str, Any]):
    """Parameters or buffers of a copy, made on the first access.

    Attributes:
        originals: the model's own, of which shape, dtype and layout may be read, and
            no values; None once filled.
        make_copy: makes the copy of one of them.
    """

    __slots__ = ("make_copy", "originals")

    def __init__(
        self,
        originals: TensorsByName,
        make_copy: Callable[[torch.Tensor | None], torch.Tensor | None],
    ) -> None:
        self.originals: TensorsByName | None = originals
        self.make_copy = make_copy

    def make_all(self) -> None:
        """Make the copy of each of the model's own tensors."""
        originals, self.originals = self.originals, None
        if originals is not None:
            copies = {
                name: self.make_copy(tensor) for name, tensor in originals.items()
            }
            super().update(copies)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as what it holds."""
        return dict, ({**self},)


def find_available_tensors(
    tensors: Mapping[str, torch.Tensor | None],
) -> Mapping[str, torch.Tensor | None]:
    """Return the model's own tensors while postponed, else their copies."""
    if type(tensors) is PostponedTensors:
        return tensors.originals or tensors
    return tensors


def make_filling_method(name: str) -> Callable[..., Any]:
    """Make a dictionary method that fills a postponed dictionary first."""
    dict_method = getattr(dict, name)

    def method(tensors: PostponedTensors, *args: Any, **kwargs: Any) -> Any:
        tensors.make_all()
        return dict_method(tensors, *args, **kwargs)

    return method


DICT_METHODS = (
    "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__",
    "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__",
    "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
)  # fmt: skip
"""All that dictionaries do."""

for name in DICT_METHODS:
    setattr(PostponedTensors, name, make_filling_method(name))

"""Values that a forward is fed where it is run for real.

They are standard normal, 0 and 1, and True. A forward that fails on those, as one that
takes logarithms of pixels, is run on others, of which the record tells.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    Shape: TypeAlias = tuple[int, ...]
    Draw: TypeAlias = Callable[[Shape], torch.Tensor]


def draw_probabilities(axis: int) -> Draw:
    """Return what draws positive values that sum to one along an axis, or the last."""

    def draw(shape: Shape) -> torch.Tensor:
        values = torch.rand(shape or (1,))
        return values.softmax(axis if axis < len(shape) else -1).reshape(shape)

    return draw


def draw_bits(shape: Shape) -> torch.Tensor:
    """Draw 0 and 1, which every table of embeddings has."""
    return torch.randint(0, 2, shape)


def count_up(shape: Shape) -> torch.Tensor:
    """Return 0, 1, 2 … along the last axis."""
    return torch.arange(shape[-1] if shape else 1).expand(shape or (1,)).reshape(shape)


DRAWS: dict[str, dict[str, Draw]] = {
    "floats": {
        "": torch.randn,
        "values in [0, 1)": torch.rand,
        "probabilities that sum to one": draw_probabilities(-1),
        "probabilities that sum to one over channels": draw_probabilities(1),
        "zeros and ones": draw_bits,
    },
    "integers": {"": draw_bits, "ones": torch.ones, "0, 1, 2 …": count_up},
    "booleans": {"": torch.ones, "True and False": draw_bits},
}
"""How values may be drawn, by what they are; the usual way has no name."""

MAX_OTHER_DRAWS = 8
"""Ways that are tried after the usual one fails."""


class Draws(NamedTuple):
    """How the values of each kind are drawn, "" as usual."""

    floats: str = ""
    integers: str = ""
    booleans: str = ""

    def find_name(self, dtype: torch.dtype) -> str:
        """Return how values of a dtype are drawn, "" as usual."""
        return getattr(self, find_value_kind(dtype))

    def draw_tensor(self, shape: Shape, dtype: torch.dtype) -> torch.Tensor:
        """Draw a tensor of a shape and a dtype."""
        return DRAWS[find_value_kind(dtype)][self.find_name(dtype)](shape).to(dtype)


USUAL_DRAWS = Draws()
"""Those of every run for real but where it fails."""


def find_value_kind(dtype: torch.dtype) -> str:
    """Return what values of a dtype are, as `DRAWS` calls them."""
    if dtype == torch.bool:
        return "booleans"
    is_float = dtype.is_floating_point or dtype.is_complex
    return "floats" if is_float else "integers"


def iter_other_draws(dtypes: Iterable[torch.dtype]) -> Iterator[Draws]:
    """Yield other ways to draw inputs of some dtypes, those like the usual one first.

    Example:
        >>> [*iter_other_draws([torch.bool])]
        [Draws(floats='', integers='', booleans='True and False')]
    """
    present = {*map(find_value_kind, dtypes)}
    ways = (DRAWS[values] if values in present else ("",) for values in Draws._fields)
    every = sorted(product(*ways), key=lambda way: sum(map(bool, way)))
    for way in every[1 : MAX_OTHER_DRAWS + 1]:
        yield Draws(*way)

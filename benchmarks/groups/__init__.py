"""Groups of rows: one file each, found by scanning, in the order of their `PLACE`.

A group has a docstring, `PLACE`, and `rows(asked)`, which yields rows as they are
measured and leaves out those that `asked.wants` does not want.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import ModuleType


class Asked(NamedTuple):
    """What is to be measured.

    Attributes:
        only: parts of keys; none means all.
        quick: few rounds on small networks, to see that it runs.
        peers: whether peers are measured.
    """

    only: tuple[str, ...] = ()
    quick: bool = False
    peers: bool = True

    def wants(self, key: str) -> bool:
        """Whether a row is asked for."""
        return not self.only or any(part in key for part in self.only)

    def rounds(self, many: int) -> int:
        """How many rounds are measured."""
        return 2 if self.quick else many


def groups() -> list[ModuleType]:
    """All groups in order."""
    found = [
        import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)
    ]
    return sorted(found, key=lambda group: group.PLACE)

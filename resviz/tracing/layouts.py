"""Which attributes of a module a copy may not share, and holders that it may."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.tracing.values import PLAIN

if TYPE_CHECKING:
    from torch import nn

HOLDERS = frozenset({dict, OrderedDict, set})
"""Where a module keeps hooks and children, mostly none."""

SEAM = "_compiled_call_impl"
"""The attribute that torch calls, if it is set, in the place of a module's own call."""

GROUPS = frozenset({"_parameters", "_buffers"})
"""Where a module keeps its tensors."""

SIZES = frozenset({
    "kernel_size", "stride", "padding", "dilation", "output_padding",
    "_reversed_padding_repeated_twice", "output_size", "normalized_shape",
})  # fmt: skip
"""Numbers of torch's own modules, which are set anew and never changed in place."""


class Crowded(BaseException):
    """Something was put into a holder that modules share; no forward may catch it."""


class Spare(OrderedDict[Any, Any]):
    """A holder of hooks, empty for good, that all modules of a layout share.

    A ResNet-152 has five thousand such holders, and no hook.

    Attributes:
        crowded: whether something was put there; a forward may have caught the error.
    """

    crowded = False

    def __setitem__(self, key: Any, value: Any) -> None:
        self.crowded = True
        raise Crowded


class Layout(NamedTuple):
    """Which of a module's attributes a copy may not share.

    Attributes:
        holders: names of dictionaries and sets, most of which are empty.
        plain: those that are no OrderedDict, as torch has them for hooks.
        kinds: their classes.
        spare: what stands for the others in modules that nobody hooks.
        others: names of what else may hold tensors or modules.
        slots: names of those that it may keep outside of its `__dict__`.
    """

    holders: tuple[str, ...]
    plain: tuple[str, ...]
    kinds: tuple[type, ...]
    spare: dict[str, Spare]
    others: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def of(cls, module: nn.Module, state: dict[str, Any]) -> Layout:
        """The layout of a module with these attributes."""
        kinds = {name: type(value) for name, value in state.items()}
        holders = tuple(name for name, kind in kinds.items() if kind in HOLDERS)
        plain = tuple(name for name in holders if kinds[name] is not OrderedDict)
        shared = SIZES if type(module).__module__.startswith("torch.nn.") else ()
        others = [n for n, kind in kinds.items() if kind not in HOLDERS | PLAIN]
        return cls(
            holders,
            plain,
            tuple(kinds[name] for name in plain),
            {name: Spare() for name in holders if name not in plain},
            tuple(name for name in others if name not in shared),
            slots(type(module)),
        )

    def hooks(self) -> dict[str, OrderedDict[Any, Any]]:
        """Empty holders of a module's own."""
        return {name: OrderedDict() for name in self.spare}


def unshare(module: nn.Module) -> None:
    """Give a module holders of hooks of its own in the place of spare ones."""
    state = vars(module)
    shared = [name for name, value in state.items() if type(value) is Spare]
    state.update((name, OrderedDict()) for name in shared)


def slots(kind: type[nn.Module]) -> tuple[str, ...]:
    """Attributes that modules of a class may keep outside of their `__dict__`."""
    named = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    flat = [(given,) if isinstance(given, str) else given for given in named]
    return tuple(s for group in flat for s in group if not s.startswith("__"))

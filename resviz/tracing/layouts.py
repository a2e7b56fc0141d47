"""Which attributes of a module a copy may not share, and holders that it may."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import nn

from resviz.tracing.values import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable

SEAM = "_compiled_call_impl"
"""The attribute that torch calls, if it is set, in the place of a module's own call."""

GROUPS = ("_parameters", "_buffers")
"""Where a module keeps its tensors."""

OMITTED = "_non_persistent_buffers_set"
"""Where it keeps the names of buffers that are not saved."""


SIZES = frozenset({
    "kernel_size", "stride", "padding", "dilation", "output_padding",
    "_reversed_padding_repeated_twice", "output_size", "normalized_shape",
})  # fmt: skip
"""Numbers of torch's own modules, which are set anew and never changed in place."""


class Crowded(BaseException):
    """Something was put into a holder that modules share; no forward may catch it."""


class Spare(OrderedDict[Any, Any]):
    """A holder of hooks, empty for good, that all modules of a clone share.

    A ResNet-152 has five thousand such holders, and no hook.

    Attributes:
        crowded: whether something was put there; a forward may have caught the error.
    """

    crowded = False

    def __setitem__(self, key: Any, value: Any) -> None:
        self.crowded = True
        raise Crowded


HOOKS = tuple(n for n, it in vars(nn.Module()).items() if type(it) is OrderedDict)
"""Where a module of torch's keeps hooks."""

TORCHS = {
    **dict.fromkeys((*GROUPS, "_modules"), dict),
    OMITTED: set,
    **dict.fromkeys(HOOKS, OrderedDict),
}
"""The holders of a module of torch's, with their classes."""

COMMON = PLAIN | {dict, OrderedDict, set, tuple}
"""Classes of attributes that nobody made."""


class Layout(NamedTuple):
    """Which of a module's attributes a copy may not share.

    Attributes:
        names: of all attributes.
        kinds: their classes.
        holders: those where torch keeps hooks, tensors and modules, most of which are
            empty, with their classes.
        others: names of what else may hold tensors or modules.
        rest: reads all holders but those of tensors off a module's attributes; None
            where the module has others, or others than torch's.
        slots: names of those that it may keep outside of its `__dict__`.
    """

    names: tuple[str, ...]
    kinds: tuple[type, ...]
    holders: dict[str, type]
    others: tuple[str, ...]
    rest: Callable[[dict[str, Any]], tuple[Any, ...]] | None
    slots: tuple[str, ...]

    @classmethod
    def of(
        cls, owner: type[nn.Module], names: tuple[str, ...], kinds: tuple[type, ...]
    ) -> Layout:
        """The layout of modules of the class `owner` with these attributes."""
        given = dict(zip(names, kinds, strict=True))
        holders = {n: k for n, k in given.items() if TORCHS.get(n) is k}
        shared = {SEAM, *holders}
        if owner.__module__.startswith("torch.nn."):
            shared |= {name for name in SIZES if given.get(name) is tuple}
        others = [n for n, k in given.items() if k not in PLAIN and n not in shared]
        usual = holders == TORCHS and not others
        return cls(
            names,
            kinds,
            holders,
            tuple(others),
            itemgetter(*(holders.keys() - set(GROUPS))) if usual else None,
            slots(owner),
        )

    def empty(self) -> dict[str, Any]:
        """Empty holders of a module's own."""
        return {name: kind() for name, kind in self.holders.items()}


OF_TORCHS = lru_cache(maxsize=256)(Layout.of)
"""The layouts of torch's own modules, whose classes are there for good."""


class Layouts:
    """The layouts of a model's modules."""

    def __init__(self) -> None:
        self.last: dict[type[nn.Module], Layout] = {}
        self.of_own = cache(Layout.of)

    def of(self, module: nn.Module) -> Layout:
        """The layout of a module."""
        kind, given = type(module), vars(module)
        names, kinds = (*given,), (*map(type, given.values()),)
        last = self.last.get(kind)  # mostly so again, and sooner compared than hashed
        if last is None or last.names != names or last.kinds != kinds:
            torchs = vars(nn).get(kind.__name__) is kind and COMMON.issuperset(kinds)
            find = OF_TORCHS if torchs else self.of_own
            last = self.last[kind] = find(kind, names, kinds)
        return last


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

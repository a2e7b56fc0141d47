"""Which attributes of a module a copy may not share, and holders that it may."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import nn

from resviz.tracing.modules import COMPILED_CALL, HOOK_HOLDERS, list_slots
from resviz.tracing.tensors import PLAIN_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable

TENSOR_GROUPS = ("_parameters", "_buffers")
"""Where a module keeps its tensors."""

NON_PERSISTENT_NAMES = "_non_persistent_buffers_set"
"""Where it keeps the names of buffers that are not saved."""


SIZE_ATTRIBUTES = frozenset({
    "kernel_size", "stride", "padding", "dilation", "output_padding",
    "_reversed_padding_repeated_twice", "output_size", "normalized_shape",
})  # fmt: skip
"""Numbers of torch's own modules, which are set anew and never changed in place."""


class SharedHooksWritten(BaseException):
    """Signals a write to holders that modules share; no forward catches it."""


class SharedHooks(OrderedDict[Any, Any]):
    """An empty holder of hooks that all modules of a clone share.

    A ResNet-152 has five thousand such holders, and no hook.

    Attributes:
        was_written: whether something was put there; a forward may have caught the
            error.
    """

    was_written = False

    def __setitem__(self, key: Any, value: Any) -> None:
        self.was_written = True
        raise SharedHooksWritten


TORCH_HOLDERS = {
    **dict.fromkeys((*TENSOR_GROUPS, "_modules"), dict),
    NON_PERSISTENT_NAMES: set,
    **dict.fromkeys(HOOK_HOLDERS, OrderedDict),
}
"""The holders of a module of torch's, with their classes."""

COMMON_CLASSES = PLAIN_CLASSES | {dict, OrderedDict, set, tuple}
"""Classes of attributes that nobody made."""


class ModuleLayout(NamedTuple):
    """The attributes of a module, and which of them a copy may not share.

    Attributes:
        names: of all attributes.
        classes: their classes.
        holder_classes: those where torch keeps hooks, tensors and modules, most of
            which are empty, with their classes.
        other_names: names of what else may hold tensors or modules.
        read_other_holders: reads all holders but those of tensors off a module's
            attributes; None where the module has others, or others than torch's.
        slots: names of those that it may keep outside of its `__dict__`.
    """

    names: tuple[str, ...]
    classes: tuple[type, ...]
    holder_classes: dict[str, type]
    other_names: tuple[str, ...]
    read_other_holders: Callable[[dict[str, Any]], tuple[Any, ...]] | None
    slots: tuple[str, ...]

    @classmethod
    def from_attributes(
        cls, owner: type[nn.Module], names: tuple[str, ...], classes: tuple[type, ...]
    ) -> ModuleLayout:
        """Return the layout of modules of the class `owner` with these attributes."""
        class_by_name = dict(zip(names, classes, strict=True))
        holders = {n: k for n, k in class_by_name.items() if TORCH_HOLDERS.get(n) is k}
        shared = {COMPILED_CALL, *holders}
        if owner.__module__.startswith("torch.nn."):
            shared |= {
                name for name in SIZE_ATTRIBUTES if class_by_name.get(name) is tuple
            }
        others = [
            n
            for n, k in class_by_name.items()
            if k not in PLAIN_CLASSES and n not in shared
        ]
        is_usual = holders == TORCH_HOLDERS and not others
        return cls(
            names,
            classes,
            holders,
            tuple(others),
            itemgetter(*(holders.keys() - set(TENSOR_GROUPS))) if is_usual else None,
            list_slots(owner),
        )


TORCH_LAYOUTS = lru_cache(maxsize=256)(ModuleLayout.from_attributes)
"""The layouts of torch's own modules, whose classes are there for good."""


class ModuleLayouts:
    """The layouts of a model's modules."""

    def __init__(self) -> None:
        self.last_by_class: dict[type[nn.Module], ModuleLayout] = {}
        self.find_own_layout = cache(ModuleLayout.from_attributes)

    def find_layout(self, module: nn.Module) -> ModuleLayout:
        """Return the layout that a module has."""
        owner, attributes = type(module), vars(module)
        names, classes = (*attributes,), (*map(type, attributes.values()),)
        # Mostly the last one of that class again, and sooner compared than hashed.
        layout = self.last_by_class.get(owner)
        if layout is None or layout.names != names or layout.classes != classes:
            is_torch_class = vars(nn).get(owner.__name__) is owner
            is_usual = is_torch_class and COMMON_CLASSES.issuperset(classes)
            make_layout = TORCH_LAYOUTS if is_usual else self.find_own_layout
            layout = self.last_by_class[owner] = make_layout(owner, names, classes)
        return layout


def unshare_hooks(module: nn.Module) -> None:
    """Give a module holders of hooks of its own in the place of spare ones."""
    state = vars(module)
    shared_names = [name for name, value in state.items() if type(value) is SharedHooks]
    state.update((name, OrderedDict()) for name in shared_names)

"""What a trace could change: a snapshot of a model and of the process, to compare."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
import warnings
from collections import deque
from functools import partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod, ref

import numpy as np
import torch
from torch import nn
from torch.utils import _python_dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PLAIN = (type(None), bool, int, float, complex, str, bytes, type)

CLOSED_OVER = "closed over"
"""How the walk names what a function reaches past its arguments."""

PATCHABLE = {
    "torch": torch,
    "torch.nn": nn,
    "torch.nn.functional": nn.functional,
    "torch.nn.init": nn.init,
    "torch.Tensor": torch.Tensor,
    "torch.nn.Module": nn.Module,
    "torch.nn.Parameter": nn.Parameter,
    "torch.ops.aten": torch.ops.aten,
    "torch.nn.modules.module": nn.modules.module,
    "torch.cuda": torch.cuda,
    "torch.cuda.memory": torch.cuda.memory,
    "torch.cuda.random": torch.cuda.random,
    "torch.cuda.nvtx": torch.cuda.nvtx,
    "torch.cuda.Stream": torch.cuda.Stream,
    "torch.cuda.Event": torch.cuda.Event,
    "torch.xpu": torch.xpu,
    "torch.mps": torch.mps,
    "torch.accelerator": torch.accelerator,
    "torch.autocast": torch.autocast,
}
"""Where a tracer might replace a function."""


class Unwatched:
    """What a test changes itself: the walk stops here, and a trace copies it not."""

    def __new__(cls, *args: Any) -> Any:
        del args
        return super().__new__(cls)


class Seen(Unwatched, list):
    """What a forward tells a test."""


UNSEEN = (*PLAIN, Unwatched)


class Snapshot:
    """A model, what it reaches, and the process, each fact under a name.

    Objects are compared by identity, and what they hold too: members of containers,
    attributes of modules, what functions close over. Tensors are compared bit for bit.
    """

    def __init__(self, *roots: Any) -> None:
        self.facts: dict[str, Any] = {}
        self.kept: list[Any] = []  # so that no id is given twice
        self.seen: set[int] = set()
        self.pending = [(f"root {n}", root) for n, root in enumerate(roots)]
        while self.pending:
            self.visit(*self.pending.pop())
        self.facts |= process()

    def visit(self, where: str, value: Any) -> None:
        """Note one object, and what is to be visited next."""
        if isinstance(value, UNSEEN) or id(value) in self.seen:
            return
        self.seen.add(id(value))
        self.kept.append(value)
        if isinstance(value, torch.Tensor):
            self.kept += (value.grad_fn, value._backward_hooks)
            reached = where.endswith(CLOSED_OVER)
            self.facts[where] = tensor_facts(value, versioned=not reached)
            members = {"grad": value.grad if value.is_leaf else None, **vars(value)}
        else:
            members = dict(held(value))
            if not members:  # a fact of its own once it holds something
                return
        self.facts[f"{where} holds"] = (
            type(value),
            [(key, identity(member)) for key, member in members.items()],
        )
        self.pending += [(f"{where}.{k}", member) for k, member in members.items()]


def held(value: Any) -> Iterable[tuple[Any, Any]]:
    """Names and members of what holds others."""
    if type(value) is dict or isinstance(value, nn.Module):
        return value.items() if type(value) is dict else attributes(value)
    for kinds, members in HOLDERS:
        if isinstance(value, kinds):
            return members(value)
    return attributes(value)


def closed_over(value: FunctionType) -> list[tuple[str, Any]]:
    """What a function reaches past its arguments; lists are for tests to write to."""
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return [(CLOSED_OVER, cell) for cell in cells if not isinstance(cell, list)]


HOLDERS: tuple[tuple[Any, Callable[[Any], Iterable[tuple[Any, Any]]]], ...] = (
    (dict, lambda v: (*v.items(), *((f"key {n}", k) for n, k in enumerate(v)))),
    ((list, tuple, deque), enumerate),
    ((set, frozenset), lambda v: ((id(member), member) for member in v)),
    (partial, lambda v: enumerate((v.func, *v.args, *v.keywords.values()))),
    (MethodType, lambda v: (("self", v.__self__), ("function", v.__func__))),
    (FunctionType, closed_over),
    (WeakMethod, lambda v: (("what it is bound to", v().__self__),)),
    (ref, lambda v: (("what it refers to", v()),)),
    (torch.Generator, lambda v: (("state", bytes(v.get_state().tolist())),)),
    (random.Random, lambda v: (("state", repr(v.getstate())),)),
    (np.random.Generator, lambda v: (("state", repr(v.bit_generator.state)),)),
    (np.ndarray, lambda v: (("values", v.tobytes()),)),
    (ModuleType, lambda v: ()),
)
"""What each kind of holder holds; of any other object, its attributes."""


def attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Attributes of an object, those in slots too."""
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, slot) and not slot.startswith("__"):
                yield slot, getattr(value, slot)


def identity(value: Any) -> Any:
    """What tells one member from another: a plain value itself, else which it is."""
    return repr(value) if isinstance(value, PLAIN) else id(value)


def tensor_facts(tensor: torch.Tensor, *, versioned: bool) -> tuple[Any, ...]:
    """Everything about one tensor, its bits too.

    torch counts a write to a tensor before a mode can turn it aside, so that the
    version of what a forward reaches past its model may grow.
    """
    facts = (
        id(tensor),
        type(tensor),
        tensor.device,
        tensor.dtype,
        tensor.layout,
        tensor.requires_grad,
        tensor.is_leaf,
        id(tensor.grad_fn),
        id(tensor._backward_hooks),
    )
    if isinstance(tensor, nn.parameter.UninitializedTensorMixin):
        return facts
    facts += (tensor._version if versioned else None, tuple(tensor.shape))
    if tensor.layout is not torch.strided or tensor.is_meta or tensor.is_quantized:
        return facts
    flat = tensor.detach().as_strided((tensor.numel(),), (1,), tensor.storage_offset())
    bits = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return *facts, tensor.stride(), tensor.data_ptr(), bits


def process() -> dict[str, Any]:
    """Everything about the process."""
    module = nn.modules.module
    state = np.random.get_state()  # noqa: NPY002 - the global state is what is watched
    return {
        **{name: names(place) for name, place in PATCHABLE.items()},
        "random": random.getstate(),
        "torch random": torch.get_rng_state().numpy().tobytes(),
        "numpy random": (state[0], state[1].tobytes(), *state[2:]),
        "waiting for devices": [
            ([*map(id, module._queued_calls)], repr(vars(module._lazy_seed_tracker)))
            for module in (torch.cuda, torch.xpu)
        ],
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "autocast": torch.is_autocast_enabled("cpu"),
        "defaults": (torch.get_default_dtype(), torch.get_default_device()),
        "threads": (torch.get_num_threads(), threading.active_count()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "modes": (
            len(_python_dispatch._get_current_dispatch_mode_stack()),
            torch._C._len_torch_function_stack(),
        ),
        "global hooks": [
            list(dictionary.items())
            for name, dictionary in sorted(vars(module).items())
            if name.startswith("_global") and isinstance(dictionary, dict)
        ],
        "recursion limit": sys.getrecursionlimit(),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "tracers": (sys.gettrace(), sys.getprofile(), sys.excepthook),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "place": (Path.cwd(), dict(os.environ), list(sys.path)),
        "warnings": list(warnings.filters),
    }


def names(place: Any) -> dict[str, int]:
    """What a module or class defines, by identity; not what is imported late."""
    defined = vars(place).items()
    return {n: id(value) for n, value in defined if not isinstance(value, ModuleType)}


def changes(before: Snapshot, after: Snapshot) -> list[str]:
    """Names of the facts that differ."""
    every = before.facts | after.facts
    missing = object()
    return [
        name
        for name in every
        if before.facts.get(name, missing) != after.facts.get(name, missing)
    ]


class Alarm(Unwatched):
    """Raises an error the n-th time that it is asked, once it is set."""

    def __init__(self) -> None:
        self.count = 0
        self.error: type[BaseException] | None = None
        self.at = 0

    def set(self, error: type[BaseException], at: int) -> None:
        """Raise `error` at the call number `at`, counted from 0."""
        self.count, self.error, self.at = 0, error, at

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Count one call."""
        number, self.count = self.count, self.count + 1
        if self.error and number == self.at:
            raise self.error("cut off")

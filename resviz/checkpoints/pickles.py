"""Pickles of torch, read without torch and without running what they name.

Every name that a pickle may hold stands for something inert: a tensor becomes its shape
and dtype, a storage its dtype. Any other name is refused.

Source: torch/serialization.py, torch/_weights_only_unpickler.py, for the names and
the layout of both formats.
"""

from __future__ import annotations

import pickle
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass
from math import prod
from typing import IO, TYPE_CHECKING, Any, NoReturn

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""The number with which torch's files begin that are no zip."""

STORAGE_DTYPES = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16",
    "Long": "int64", "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8",
    "Bool": "bool", "ComplexFloat": "complex64", "ComplexDouble": "complex128",
    "QInt8": "qint8", "QUInt8": "quint8", "QInt32": "qint32", "Untyped": "uint8",
}  # fmt: skip
"""What torch's classes of storages hold, by the word before "Storage"."""

DTYPES = frozenset((
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8",
    "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128",
    "complex32", "double", "float", "half", "long", "int", "short", "float8_e4m3fn",
    "float8_e5m2", "qint8", "quint8", "qint32",
    "contiguous_format", "preserve_format", "channels_last", "strided", "sparse_coo",
    "per_tensor_affine", "per_channel_affine",
))  # fmt: skip
"""Words of the module torch that are constants."""

PLAIN_CLASSES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): bytearray,
}
"""Classes of Python that only hold what they are given, as they are."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A tensor as a file lists it: its shape and its dtype; no value is read."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def numel(self) -> int:
        """Number of its elements."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class StorageEntry:
    """A storage as a pickle names it: what it holds."""

    dtype: str


class InertValue:
    """What a pickle makes of a name that means nothing here; it takes any state."""

    __slots__ = ()

    def __init__(self, *_args: Any, **_options: Any) -> None:
        """Take any arguments."""

    def __setstate__(self, _state: Any) -> None:
        """Take any state, and keep none."""

    def __setitem__(self, _key: Any, _value: Any) -> None:
        """Take any item, and keep none."""

    def append(self, _value: Any) -> None:
        """Take any member, and keep none."""

    def extend(self, _values: Any) -> None:
        """Take any members, and keep none."""


class ArrayEntry:
    """An array of numpy, of which shape and dtype are kept."""

    __slots__ = ("entry",)

    def __init__(self, *_args: Any) -> None:
        self.entry = TensorEntry((), "float32")

    def __setstate__(self, state: Any) -> None:
        """Take the state of an array: version, shape, dtype, order, bytes."""
        _, shape, dtype, *_ = state
        name = getattr(dtype, "name", "float32")
        self.entry = TensorEntry(tuple(map(int, shape)), name)


class ArrayDtype:
    """A dtype of numpy, by its code: "f4"."""

    __slots__ = ("name",)

    def __init__(self, code: str = "f4", *_args: Any) -> None:
        words = {"f": "float", "i": "int", "u": "uint", "b": "int", "c": "complex"}
        kind, size = str(code)[:1], str(code)[1:]
        self.name = f"{words.get(kind, kind)}{int(size) * 8 if size.isdigit() else ''}"

    def __setstate__(self, _state: Any) -> None:
        """Take the byte order, and keep none."""


def rebuild_tensor(storage: Any, _offset: Any, size: Any, *_rest: Any) -> TensorEntry:
    """Return what a tensor's own pickle says of it."""
    return TensorEntry(tuple(map(int, size)), getattr(storage, "dtype", "unknown"))


def rebuild_typed(storage: Any, _offset: Any, size: Any, *rest: Any) -> TensorEntry:
    """Return what the pickle of a tensor of a newer dtype says of it."""
    dtype = next((each for each in rest if isinstance(each, str)), storage.dtype)
    return TensorEntry(tuple(map(int, size)), dtype)


def rebuild_meta(dtype: Any, size: Any, *_rest: Any) -> TensorEntry:
    """Return what the pickle of a tensor without storage says of it."""
    return TensorEntry(tuple(map(int, size)), str(dtype))


def keep_first(value: Any, *_rest: Any) -> Any:
    """Return the first argument: the tensor of a parameter, the members of a size."""
    return value


def rebuild_from_type(
    function: Callable[..., Any], _kind: Any, args: Any, *_rest: Any
) -> Any:
    """Return a tensor of a subclass, by one of the functions here."""
    if function not in REBUILDERS.values():
        raise pickle.UnpicklingError("a tensor's subclass is made by no tensor's rule")
    return function(*args)


REBUILDERS: dict[str, Callable[..., Any]] = {
    "_rebuild_tensor": rebuild_tensor,
    "_rebuild_tensor_v2": rebuild_tensor,
    "_rebuild_tensor_v3": rebuild_typed,
    "_rebuild_qtensor": rebuild_tensor,
    "_rebuild_parameter": keep_first,
    "_rebuild_parameter_with_state": keep_first,
    "_rebuild_meta_tensor_no_storage": rebuild_meta,
}
"""Functions of `torch._utils` in pickles, and what they give here."""

NAMES_OF_TORCH: dict[tuple[str, str], Any] = {
    **{("torch._utils", name): function for name, function in REBUILDERS.items()},
    ("torch._tensor", "_rebuild_from_type_v2"): rebuild_from_type,
    ("torch", "Size"): tuple,
    ("torch.nn.parameter", "Parameter"): keep_first,
    ("torch", "Tensor"): InertValue,
    ("collections", "defaultdict"): lambda *_args: defaultdict(InertValue),
    ("numpy", "dtype"): ArrayDtype,
}
"""What else stands in files that torch writes."""

INERT_NAMES = frozenset((
    ("argparse", "Namespace"), ("torch", "device"),
    ("torch.serialization", "_get_layout"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("_codecs", "encode"), ("torch", "Generator"),
))  # fmt: skip
"""Names that say nothing of a network, and stand in many checkpoints."""


def find_stand_in(module: str, name: str) -> Any:
    """Return what a name in a pickle stands for.

    Raises:
        SpecError: for a name that is not known to be harmless.
    """
    if module == "__builtin__":  # as Python 2 called it, whose protocol torch writes
        module = "builtins"
    stand_in = PLAIN_CLASSES.get((module, name), NAMES_OF_TORCH.get((module, name)))
    if stand_in is not None:
        return stand_in
    if module == "torch" and name in DTYPES:
        return name
    if module in {"torch", "torch.storage"} and name.endswith("Storage"):
        return StorageEntry(STORAGE_DTYPES.get(name.removesuffix("Storage"), name))
    if module.startswith("numpy") and name in {"_reconstruct", "ndarray"}:
        return ArrayEntry
    return InertValue if (module, name) in INERT_NAMES else refuse_global(module, name)


class TorchUnpickler(pickle.Unpickler):
    """An unpickler that makes tensors' shapes of tensors, and runs nothing."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name stands for here.

        Raises:
            SpecError: for any other name.
        """
        return find_stand_in(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """Return a storage by what the pickle says of it."""
        kind = pid[1] if isinstance(pid, tuple) and len(pid) > 1 else None
        return kind if isinstance(kind, StorageEntry) else StorageEntry("unknown")


def refuse_global(module: str, name: str) -> NoReturn:
    """Refuse a name that a pickle wants to import.

    Raises:
        SpecError: always; says what of it is a whole model.
    """
    whole = name[:1].isupper() and ("." in module or module == "__main__")
    what = "holds a whole model" if whole else "wants to run code"
    remedy = (
        "want its state_dict, saved where you trust the file: torch.save("
        "model.state_dict(), 'weights.pth')"
    )
    raise SpecError(f"the pickle {what}, it names {module}.{name}, refused: {remedy}")


def read_pickle(stream: IO[bytes]) -> Any:
    """Read one pickle of a stream.

    Raises:
        SpecError: for a name that is not known to be harmless.
        UnpicklingError: and others, for what is no pickle.
    """
    return TorchUnpickler(stream, encoding="latin1").load()


def read_legacy(stream: IO[bytes]) -> Any:
    """Read a file of torch that is no zip, or a lone pickle; storages are not read."""
    first = read_pickle(stream)
    if first != LEGACY_MAGIC:
        return first
    read_pickle(stream)  # the version of the protocol
    read_pickle(stream)  # sizes of numbers on the machine
    return read_pickle(stream)

"""What goes into a forward, said in words: sizes, dtypes and names, no tensors.

`3,224,224` are the sizes of one sample, and the batch is put before them. A dtype, a
name or the letter N makes it the whole shape: `int64:1,128`, `N,3,224,224`,
`ids=int64:N,128`. A name is that of an argument of the forward, or its position from
0; what follows its dots are keys of a dictionary (`batch.ids=int64:N,128`) or places
in a list (`images.0=3,480,640`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from operator import index
from typing import Any, NamedTuple, cast

from resviz.errors import SpecError, suggest

DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    *("uint8", "int8", "int16", "int32", "int64", "bool"),
)
"""Of torch, those that a forward may be given."""

DTYPE_ALIASES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "byte": "uint8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "f16": "float16",
    "fp16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "fp32": "float32",
    "f64": "float64",
    "fp64": "float64",
    "u8": "uint8",
    "i32": "int32",
    "i64": "int64",
    "boolean": "bool",
}
"""Other names that torch and others have for them."""

DEFAULT_INPUT = (3, 224, 224)
"""Channels, height and width of the ImageNet crops of He et al. 2015."""

TRACE_MODES = ("auto", "shapes", "run")
"""How a forward is followed: by shapes alone, run for real, or what it takes."""

BATCH_LETTERS = frozenset("NB")
"""Letters that stand for the batch among sizes."""

BRACKETS = ("()", "[]")
"""What may stand around sizes, as Python writes them."""


class InputSpec(NamedTuple):
    """One tensor that a forward is given.

    Attributes:
        sizes: its shape; None stands for the batch.
        dtype: "int64"; None for the model's own.
        place: the argument's name or position, then keys; () for the next position.
    """

    sizes: tuple[int | None, ...]
    dtype: str | None = None
    place: tuple[str, ...] = ()

    def shape_for_batch(self, batch: int) -> tuple[int, ...]:
        """Return the shape for a number of samples."""
        return tuple(batch if size is None else size for size in self.sizes)

    @property
    def with_batch(self) -> InputSpec:
        """The input with a batch axis before its sizes."""
        return self._replace(sizes=(None, *self.sizes))

    @property
    def is_like_sample(self) -> bool:
        """Whether a whole shape looks like that of one sample.

        That is an image, a clip or a row of ids; a place in a list has no batch.
        """
        sizes, in_list = self.sizes, any(key.isdecimal() for key in self.place[1:])
        if None in sizes or in_list or not sizes or sizes[0] == 1:
            return False
        if self.dtype and "int" in self.dtype:
            return len(sizes) == 1
        return len(sizes) == 3 or (len(sizes) == 4 and sizes[0] == 3 != sizes[1])

    @property
    def text(self) -> str:
        """The input as the command line writes it, in full: "ids=int64:N,128"."""
        name = f"{'.'.join(self.place)}=" if self.place else ""
        dtype = f"{self.dtype}:" if self.dtype else ""
        return f"{name}{dtype}{','.join(str(size or 'N') for size in self.sizes)}"


class ForwardArguments(NamedTuple):
    """What a forward is called with: nests that hold `InputSpec`, tensors, others."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


InputSize = Sequence[int] | str | InputSpec | Sequence["InputSize"]
"""Sizes of one sample, text as the command line takes it, or several of either."""


def parse_input(text: str) -> InputSpec:
    """Read one input.

    Raises:
        SpecError: if it is none; says what is wrong.

    Example:
        >>> parse_input("ids=int64:N,128")
        InputSpec(sizes=(None, 128), dtype='int64', place=('ids',))
    """
    rest = text.strip()
    name, equals, rest = rest.rpartition("=")
    place = tuple(part.strip() for part in name.split(".")) if equals else ()
    if not all(part.isidentifier() or part.isdecimal() for part in place):
        raise SpecError(f"input: got {text!r}, want a name as ids=int64:1,128")
    dtype, colon, numbers = rest.rpartition(":")
    if colon and find_dtype(numbers) and not find_dtype(dtype):
        dtype, numbers = numbers, dtype
    if colon and not find_dtype(dtype):
        near = suggest(dtype.strip(), DTYPES)
        raise SpecError(f"input: got {text!r}, no dtype {dtype.strip()!r}, {near}")
    is_scalar = colon and not numbers.strip()
    if numbers[:1] + numbers[-1:] in BRACKETS:
        numbers = numbers[1:-1]
    parts = [] if is_scalar else re.split("[,x×]", numbers)
    sizes = tuple(parse_size(part, text, place) for part in parts)
    if not equals and not colon and None not in sizes:
        sizes = (None, *sizes)
    return InputSpec(sizes, find_dtype(dtype), place)


def find_dtype(text: str) -> str | None:
    """Find the dtype that a text names; None if it names none.

    Example:
        >>> find_dtype("torch.long"), find_dtype("1,77")
        ('int64', None)
    """
    name = text.strip().removeprefix("torch.")
    name = DTYPE_ALIASES.get(name, name)
    return name if name in DTYPES else None


LONGEST_SIZE = 18
"""Digits that a size may have: torch counts in 64 bits."""


def parse_size(part: str, text: str, place: tuple[str, ...]) -> int | None:
    """Read one size of an input; None for the batch.

    Raises:
        SpecError: if it is neither.
    """
    part = part.strip()
    if part in BATCH_LETTERS:
        return None
    if part.isdecimal() and len(part) > LONGEST_SIZE:
        raise SpecError(
            f"input: got a size of {len(part)} digits, want one that memory can hold"
        )
    if part.isdecimal() and int(part):
        return int(part)
    name = ".".join(place) or "x"
    where = f"input: got {text!r}"
    if find_dtype(part):
        raise SpecError(
            f"{where}, want the dtype first, {name}={find_dtype(part)}:1,128"
        )
    if place and not part.removeprefix("-").isdecimal():
        raise SpecError(
            f"{where}, want the sizes of a tensor, {name}=N,3,224,224, or of a number, "
            f"{name}=float32:; text, None and others are given in Python, "
            f"kwargs={{{name!r}: …}}"
        )
    raise SpecError(
        f"{where}, want positive whole numbers as 3,224,224, N for the batch; what is "
        "no tensor is given in Python, inputs=(…)"
    )


def parse_inputs(input_size: InputSize) -> tuple[InputSpec, ...]:
    """Parse every input in `input_size`.

    Raises:
        SpecError: if it is no size and no sequence of sizes.
    """
    if isinstance(input_size, InputSpec):
        return (input_size,)
    if isinstance(input_size, str):
        return (parse_input(input_size),)
    try:
        are_nested = [not hasattr(part, "__index__") for part in input_size]
    except TypeError:
        are_nested = []
    if are_nested and all(are_nested):
        return tuple(
            spec for part in input_size for spec in parse_inputs(cast("Any", part))
        )
    return (parse_sample_sizes(input_size, are_nested),)


def parse_sample_sizes(input_size: Any, are_nested: list[bool]) -> InputSpec:
    """Parse the sizes of one sample.

    Raises:
        SpecError: if there are none, or one is no positive whole number.
    """
    bools = are_nested and any(isinstance(size, bool) for size in input_size)
    sizes: tuple[int, ...] = ()
    if are_nested and not any(are_nested) and not bools:
        with suppress(TypeError):  # a tensor of several values
            sizes = tuple(map(index, input_size))
    if not sizes or min(sizes) < 1:
        got = " ".join(repr(input_size).split())
        is_side = type(input_size) is int and input_size > 0
        example = (3, *[input_size if is_side else 224] * 2)
        remedy = "; give tensors as inputs=" if hasattr(input_size, "dtype") else ""
        raise SpecError(
            "input: want sizes of one sample, whole numbers from 1 on as "
            f"{example}, got {got:.60}{remedy}"
        )
    return InputSpec((None, *sizes))


def has_batch_axis(specs: Sequence[InputSpec]) -> bool:
    """Tell whether any of some inputs has a batch axis."""
    return any(None in spec.sizes for spec in specs)


def arrange_arguments(specs: Sequence[InputSpec]) -> ForwardArguments:
    """Arrange inputs into positional and keyword arguments.

    Raises:
        SpecError: if two stand at one place, or a position is left out.
    """
    tree: dict[str, Any] = {}
    for spec in specs:
        place = spec.place or (str(sum(key.isdecimal() for key in tree)),)
        insert_input(tree, place, spec)
    positions = {key: tree.pop(key) for key in [*tree] if key.isdecimal()}
    args = build_pytree(positions, "positions") if positions else []
    return ForwardArguments(
        tuple(args), {key: build_pytree(tree[key], key) for key in tree}
    )


def insert_input(tree: dict[str, Any], place: tuple[str, ...], spec: InputSpec) -> None:
    """Insert an input into a tree of dictionaries.

    Raises:
        SpecError: if something hangs there already.
    """
    *outer, last = place
    for key in outer:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            break
    if not isinstance(tree, dict) or last in tree:
        raise SpecError(f"input: {'.'.join(place)!r} stands twice")
    tree[last] = spec


def build_pytree(value: Any, where: str) -> Any:
    """Build a pytree: dictionaries, or lists where the keys are positions.

    Raises:
        SpecError: if a position is left out.
    """
    if not isinstance(value, dict):
        return value
    members = {key: build_pytree(value[key], f"{where}.{key}") for key in value}
    if not all(key.isdecimal() for key in members):
        return members
    wanted = [str(number) for number in range(len(members))]
    if not members.keys() <= set(wanted):
        got = ", ".join(members)
        raise SpecError(f"input: {where}: got {got}, want {', '.join(wanted)}")
    return [members[key] for key in wanted]

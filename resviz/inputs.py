"""What goes into a forward, said in words: sizes, dtypes and names, no tensors.

`3,224,224` are the sizes of one sample, and the batch is put before them. A dtype, a
name or the letter N makes it the whole shape: `int64:1,128`, `N,3,224,224`,
`ids=int64:N,128`. A name is that of an argument of the forward, or its position from
0; what follows its dots are keys of a dictionary (`batch.ids=int64:N,128`) or places
in a list (`images.0=3,480,640`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from operator import index
from typing import Any, NamedTuple, cast

from resviz.errors import SpecError

DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    *("uint8", "int8", "int16", "int32", "int64", "bool"),
)
"""Of torch, those that a forward may be given."""

DEFAULT_INPUT = (3, 224, 224)
"""Channels, height and width of the ImageNet crops of He et al. 2015."""

MODES = ("auto", "shapes", "run")
"""How a forward is followed: by shapes alone, run for real, or what it takes."""

BATCH = frozenset("NB")
"""Letters that stand for the batch among sizes."""

WANT = "want positive whole numbers as 3,224,224, N for the batch"


class Given(NamedTuple):
    """One tensor that a forward is given.

    Attributes:
        sizes: its shape; None stands for the batch.
        dtype: "int64"; None for the model's own.
        place: the argument's name or position, then keys; () for the next position.
    """

    sizes: tuple[int | None, ...]
    dtype: str | None = None
    place: tuple[str, ...] = ()

    def shape(self, batch: int) -> tuple[int, ...]:
        """Its shape for so many samples."""
        return tuple(batch if size is None else size for size in self.sizes)

    @property
    def text(self) -> str:
        """As the command line takes it, the whole shape: "ids=int64:N,128"."""
        name = f"{'.'.join(self.place)}=" if self.place else ""
        dtype = f"{self.dtype}:" if self.dtype else ""
        return f"{name}{dtype}{','.join(str(size or 'N') for size in self.sizes)}"


class Arguments(NamedTuple):
    """What a forward is called with: nests that hold `Given`, tensors and others."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


InputSize = Sequence[int] | str | Given | Sequence["InputSize"]
"""Sizes of one sample, text as the command line takes it, or several of either."""


def parse(text: str) -> Given:
    """Read one input.

    Raises:
        SpecError: if it is none; says what is wrong.

    Example:
        >>> parse("ids=int64:N,128")
        Given(sizes=(None, 128), dtype='int64', place=('ids',))
    """
    rest = text.strip()
    name, equals, rest = rest.rpartition("=")
    dtype, colon, numbers = rest.rpartition(":")
    place = tuple(part.strip() for part in name.split(".")) if equals else ()
    if not all(part.isidentifier() or part.isdecimal() for part in place):
        raise SpecError(f"input: got {text!r}, want a name as ids=int64:1,128")
    dtype = dtype.strip().removeprefix("torch.")
    if colon and dtype not in DTYPES:
        raise SpecError(f"input: got {text!r}, want a dtype of {', '.join(DTYPES)}")
    sizes = tuple(size(part, text) for part in parts(numbers, scalar=bool(colon)))
    if not equals and not colon and None not in sizes:
        sizes = (None, *sizes)
    return Given(sizes, dtype or None, place)


def parts(numbers: str, *, scalar: bool) -> list[str]:
    """The sizes of `3,224,224` or `3x224x224`; none at all for a lone number."""
    if scalar and not numbers.strip():
        return []
    return numbers.replace("x", ",").split(",")


def size(part: str, text: str) -> int | None:
    """One size; None for the batch.

    Raises:
        SpecError: if it is neither.
    """
    part = part.strip()
    if part in BATCH:
        return None
    if not part.isdecimal() or not int(part):
        raise SpecError(f"input: got {text!r}, {WANT}")
    return int(part)


def given(input_size: InputSize) -> tuple[Given, ...]:
    """Every input that `input_size` tells of.

    Raises:
        SpecError: if it is no size and no sequence of sizes.
    """
    if isinstance(input_size, Given):
        return (input_size,)
    if isinstance(input_size, str):
        return (parse(input_size),)
    try:
        several = [not hasattr(one, "__index__") for one in input_size]
    except TypeError:
        several = []
    if several and all(several):
        return tuple(one for part in input_size for one in given(cast("Any", part)))
    return (plain(input_size, several),)


def plain(input_size: Any, several: list[bool]) -> Given:
    """The sizes of one sample.

    Raises:
        SpecError: if there are none, or one is no positive whole number.
    """
    bools = several and any(isinstance(size, bool) for size in input_size)
    sizes: tuple[int, ...] = ()
    if several and not any(several) and not bools:
        with suppress(TypeError):  # a tensor of several values
            sizes = tuple(map(index, input_size))
    if not sizes or min(sizes) < 1:
        got = " ".join(repr(input_size).split())
        remedy = "; give tensors as inputs=" if hasattr(input_size, "dtype") else ""
        raise SpecError(
            "input: want sizes of one sample, whole numbers from 1 on as "
            f"(3, 224, 224), got {got:.60}{remedy}"
        )
    return Given((None, *sizes))


def batches(several: Sequence[Given]) -> bool:
    """Whether the batch has a place in one of them."""
    return any(None in one.sizes for one in several)


def arguments(several: Sequence[Given]) -> Arguments:
    """The positional and keyword arguments that some inputs make up.

    Raises:
        SpecError: if two stand at one place, or a position is left out.
    """
    tree: dict[str, Any] = {}
    for one in several:
        place = one.place or (str(sum(key.isdecimal() for key in tree)),)
        put(tree, place, one)
    positions = {key: tree.pop(key) for key in [*tree] if key.isdecimal()}
    args = nest(positions, "positions") if positions else []
    return Arguments(tuple(args), {key: nest(tree[key], key) for key in tree})


def put(tree: dict[str, Any], place: tuple[str, ...], one: Given) -> None:
    """Hang an input into a tree of dictionaries.

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
    tree[last] = one


def nest(value: Any, where: str) -> Any:
    """A tree as dictionaries, and as lists where its keys are positions.

    Raises:
        SpecError: if a position is left out.
    """
    if not isinstance(value, dict):
        return value
    members = {key: nest(value[key], f"{where}.{key}") for key in value}
    if not all(key.isdecimal() for key in members):
        return members
    wanted = [str(number) for number in range(len(members))]
    if not members.keys() <= set(wanted):
        got = ", ".join(members)
        raise SpecError(f"input: {where}: got {got}, want {', '.join(wanted)}")
    return [members[key] for key in wanted]

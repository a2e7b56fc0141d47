"""Numbers and shapes as people write them."""

from __future__ import annotations

import re
from math import floor, log10, prod
from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNIT_PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


class AtLeast(int):
    """A number that leaves something out, written as "≥ 12"; so are its sums."""

    def __format__(self, form: str) -> str:
        return f"≥ {int(self):{form}}"

    def __add__(self, other: int) -> AtLeast:
        return AtLeast(int(self) + other)

    __radd__ = __add__


class KnownPart(AtLeast):
    """What is known of a number that is not known: "≥ 12" to the eye, as data None."""


class SignedCount(int):
    """A difference of counts, written with its sign: "+12", "−12", "0"."""

    def __format__(self, form: str) -> str:
        sign = "+" if self > 0 else "−" if self < 0 else ""
        return f"{sign}{abs(int(self)):{form}}"


def format_count(number: int, digits: int = 3) -> str:
    """Write a large number with a unit prefix and so many digits, "25.6 M".

    It is rounded before its unit is chosen: 999,999 is "1.00 M".
    """
    largest, _ = UNIT_PREFIXES[0]
    for size, prefix in reversed(UNIT_PREFIXES if number >= 1000 else ()):
        whole_digits = len(str(number // size))
        rounded = round(number / size, max(digits - whole_digits, 0))
        if rounded < 1000 or size == largest:
            decimals = max(digits - len(str(int(rounded))), 0)
            return f"{rounded:.{decimals}f} {prefix}"
    return str(number)


def format_parameters(number: int) -> str:
    """Write a number of parameters, "1 parameter" or "25.6 M parameters"."""
    return f"{format_count(number)} parameter{'' if number == 1 else 's'}"


def format_giga(number: int, decimals: int = 3) -> str:
    """Write a number in units of 10⁹, "4.089 G"."""
    return f"{number / 1e9:.{decimals}f} G"


def group_digits(number: int) -> str:
    """Write a whole number in groups of three digits, "25,557,032"."""
    return f"{number:,}"


def format_sizes(sizes: Sequence[int]) -> str:
    """Write sizes as "112×112"."""
    return "×".join(map(str, sizes))


def format_kernel(sizes: Sequence[int]) -> str:
    """Write a kernel as "3×3"; that of one axis as "k=7", no number beside a width."""
    return format_sizes(sizes) if len(sizes) > 1 else f"k={sizes[0]}"


def format_feature_map(shape: Sequence[int]) -> str:
    """Write a (N, C, H, W) shape as the paper does, "56×56×256"; (N, C) as "1000"."""
    _, channels, *sizes = shape if len(shape) > 1 else (1, *(shape or (1,)))
    return format_sizes((*sizes, channels))


def format_per_axis(numbers: Sequence[int] | None) -> str:
    """Write one number per axis, short where all are equal: "3×5", "2"."""
    if not numbers:
        return ""
    return str(numbers[0]) if len(set(numbers)) == 1 else format_sizes(numbers)


def format_plural(number: int, thing: str) -> str:
    """Write a number of things, "1 block", "3 blocks" or "1,070 layers"."""
    return f"{group_digits(number)} {thing}{'' if number == 1 else 's'}"


def format_sentence(words: str) -> str:
    """Write words as a sentence.

    Example:
        >>> format_sentence("2 gates left out"), format_sentence("not drawn: ReLU")
        ('2 gates left out.', 'Not drawn: ReLU.')
    """
    return f"{words[:1].upper()}{words[1:]}."


def join_words(words: Iterable[str]) -> str:
    """Join words as a sentence does.

    Example:
        >>> join_words(["a"]), join_words("ab"), join_words("abc")
        ('a', 'a and b', 'a, b and c')
    """
    words = list(words)
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def format_names(names: Sequence[str], most: int) -> str:
    """Write names, of many the first alone: "a, b and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def dtype_itemsize(dtype: str) -> int:
    """Return the bytes of one value of a torch dtype, by its name: 4 of "float32"."""
    digits = "".join(ch if ch.isdigit() else " " for ch in dtype).split()
    return max(int(digits[0]) // 8, 1) if digits else 1


def count_tensor_bytes(shape: Sequence[int], dtype: str) -> int:
    """Count the bytes of a dense tensor."""
    return prod(shape) * dtype_itemsize(dtype)


def format_mebibytes(number: int) -> str:
    """Write bytes in units of 2²⁰, "97.49"; a difference with its sign."""
    if isinstance(number, SignedCount):
        sign = f"{SignedCount((number > 0) - (number < 0))}".rstrip("01")
        return f"{sign}{abs(number) / 2**20:,.2f}"
    return f"{number / 2**20:,.2f}"


def format_milliseconds(seconds: float) -> str:
    """Write seconds as milliseconds with three digits.

    Example:
        >>> [format_milliseconds(seconds) for seconds in (0.0123456, 1.5, 2e-7, 0)]
        ['12.3', '1,500', '0.000200', '0']
    """
    return format_ratio(seconds * 1000)


def format_ratio(number: float) -> str:
    """Write a number with three digits, and a large one without decimals.

    Example:
        >>> [format_ratio(number) for number in (0.5, 12.345, 1234.5, 0)]
        ['0.500', '12.3', '1,234', '0']
    """
    if not number:
        return "0"
    decimals = min(max(2 - floor(log10(abs(number))), 0), 9)
    return f"{number:,.{decimals}f}"


COUNT = re.compile(r"(\d[\d_,]*(?:\.\d+)?(?:e\d+)?) ?([kKMGTB]?)")

COUNT_UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9,
               "T": 10**12}  # fmt: skip

BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt]?)(?:i?b)?)", re.IGNORECASE)


def parse_count(text: str | float) -> int:
    """Return a count, as 4100000000, 4.1e9, "4.1G" or "25,557,032".

    Raises:
        SpecError: if it is none, or no whole number.

    Example:
        >>> parse_count("4.1G"), parse_count("25.6 M"), parse_count(12)
        (4100000000, 25600000, 12)
    """
    from fractions import Fraction  # which imports decimal

    match = None if isinstance(text, bool) else COUNT.fullmatch(str(text).strip())
    number = match and Fraction(re.sub("[_,]", "", match[1])) * COUNT_UNITS[match[2]]
    if number is None or number.denominator != 1:
        raise SpecError(f"got {text!r}, want a count, as 4.1G, 25.6M or 1000")
    return int(number)


def parse_bytes(text: str | float) -> int:
    """Return bytes; GB and G stand for GiB, 1024³, as on the label of a device.

    Raises:
        SpecError: if it is no size.

    Example:
        >>> [parse_bytes(text) for text in ("2GiB", "1.5 kb", "500M", 0)]
        [2147483648, 1536, 524288000, 0]
    """
    from fractions import Fraction

    match = None if isinstance(text, bool) else BYTES.fullmatch(str(text).strip())
    if not match:
        raise SpecError(f"got {text!r}, want bytes as 2GiB, 500M or 0")
    power = " kmgt".index((match[2] or " ").lower())
    return int(Fraction(match[1]) * 1024**power)


LENGTH_POINTS = {"pt": 1, "px": 0.75, "mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72}
"""PostScript points in each unit of length; a pixel is that of CSS."""

NAMED_LENGTHS = {"column": "3.25in", "page": "6.875in"}
"""Widths of a column and of both, in a paper of two columns on US letter."""

LENGTH = re.compile(rf"(\d+(?:\.\d+)?|\.\d+) ?({'|'.join(LENGTH_POINTS)})")


def parse_length(text: str, example: str = "3.25in") -> float:
    """Return a length in points; the words for widths are none of letters.

    Args:
        text: what is written.
        example: what is legal there, a width in inches, the size of letters in pt.

    Raises:
        SpecError: if it is none; says what is.

    Example:
        >>> [parse_length(text) for text in ("3.25in", "400px", "column")]
        [234.0, 300.0, 234.0]
    """
    words = NAMED_LENGTHS if example.endswith("in") else {}
    match = LENGTH.fullmatch(words.get(text, text).strip().casefold())
    if not match:
        listed = f"one of {', '.join(LENGTH_POINTS)}"
        raise SpecError(
            f"got {text!r}, want a length with its unit, as {example}: "
            f"{'; or '.join([listed, *filter(None, [' or '.join(words)])])}"
        )
    return float(match[1]) * LENGTH_POINTS[match[2]]

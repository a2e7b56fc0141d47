"""Words for numbers, ratios and lists, as sentences on changes have them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip

RATIOS = {
    Fraction(1, 4): "a quarter as",
    Fraction(1, 2): "half as",
    Fraction(2): "twice as",
    Fraction(3): "three times as",
    Fraction(4): "four times as",
}

Ends = tuple[int, int]
"""A number of A, and that of B."""


def list_numbers(numbers: Iterable[int]) -> str:
    """Write a row of numbers, "2, 2, 2"."""
    return ", ".join(map(str, numbers))


def spell_number(number: int) -> str:
    """Spell a small number: "two"; larger ones are digits."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def add_article(word: str) -> str:
    """Put "a" or "an" before a word."""
    is_vowel = word[:1].lower() in "aeio8" or word.startswith(("SE ", "MLP", "RMS"))
    return f"{'an' if is_vowel else 'a'} {word}"


def spell_ratio(ratio: Fraction) -> str:
    """Spell a ratio: "twice as", "1.5 times as"."""
    if ratio in RATIOS:
        return RATIOS[ratio]
    is_short = 1000 % ratio.denominator == 0
    return f"{f'{float(ratio):.4g}' if is_short else ratio} times as"


def spell_width(ratio: Fraction) -> str:
    """Say of a ratio of widths: "twice as wide"."""
    return f"{spell_ratio(ratio)} wide"


def find_ratios(pairs: Iterable[Ends]) -> tuple[Fraction, ...]:
    """Return the ratios of some pairs, each once."""
    return tuple(sorted({Fraction(after, before) for before, after in pairs}))


def compare_numbers(pairs: Sequence[Ends], noun: str) -> str:
    """Set B's numbers beside A's: "48, 120 channels instead of 256, 512"."""
    before = list_numbers(a for a, _ in pairs)
    return f"{list_numbers(b for _, b in pairs)} {noun} instead of {before}"


def count_blocks(number: int) -> str:
    """Write a number of blocks: "two blocks"."""
    return f"{spell_number(number)} block{'s' * (number != 1)}"


def count_more_blocks(before: int, after: int) -> str:
    """Write how many blocks there are more or fewer: "two blocks more"."""
    number = abs(after - before)
    fewer = "less" if number == 1 else "fewer"
    return f"{count_blocks(number)} {'more' if after > before else fewer}"


def list_groups(words: Sequence[str]) -> str:
    """Write numbers of groups: "3, 7 and 17 groups"."""
    return join_words([*(w.removesuffix(" groups") for w in words[:-1]), words[-1]])


def describe_shortcut(words: str) -> str:
    """Say what a shortcut is: "a projection by a 1×1", "the identity"."""
    if words.startswith("projection by "):
        return f"a projection by {describe_projection(words)}"
    known = {"identity": "the identity", "other": "something else"}
    return known.get(words, words)


def describe_projection(words: str) -> str:
    """Say what a projection consists of: "a 2×2 average pool and a 1×1"."""
    parts = words.removeprefix("projection by ").split(" + ")
    return " and ".join(map(add_article, parts))


def is_one_subject(where: str) -> bool:
    """Tell whether places read as one thing, "the 3×3 of every block"."""
    whole = {"every block", "the block", "the stem", "the head"}
    return where in whole or where.startswith("every block of")

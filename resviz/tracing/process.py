"""What a trace moves in the process, and puts back."""

from __future__ import annotations

import random
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAMES_PER_CALL = 8
"""Python frames that one level of module nesting takes when it is followed."""

LIMIT = threading.Lock()
"""Held while the recursion limit, which all threads share, is moved."""


@contextmanager
def undisturbed(depth: int) -> Iterator[None]:
    """Leave the recursion limit and the states of random generators as they were.

    The limit is moved up and back by the same amount, so traces in several threads
    do not disturb each other. A state is put back only where it changed.
    """
    before = random_states()
    move_limit(FRAMES_PER_CALL * depth)
    try:
        yield
    finally:
        move_limit(-FRAMES_PER_CALL * depth)
        for (state, restore), (now, _) in zip(before, random_states(), strict=False):
            if not same(state, now):
                restore(state)


def move_limit(frames: int) -> None:
    """Raise or lower the recursion limit."""
    with LIMIT:
        sys.setrecursionlimit(sys.getrecursionlimit() + frames)


def random_states() -> list[tuple[Any, Callable[[Any], object]]]:
    """State of each global random generator, and what sets it."""
    states: list[tuple[Any, Callable[[Any], object]]] = [
        (random.getstate(), random.setstate),
        (torch.random.get_rng_state(), torch.random.set_rng_state),
    ]
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        states.append((numpy_random.get_state(), numpy_random.set_state))
    return states


def same(a: Any, b: Any) -> bool:
    """Whether two states of a generator are equal."""
    if isinstance(a, torch.Tensor):
        return a.tolist() == b.tolist()
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a.tobytes() == b.tobytes() if hasattr(a, "tobytes") else a == b

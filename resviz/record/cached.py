"""Reading a record once: what was worked out is kept beside the record's fields."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Subject = TypeVar("Subject")
Reading = TypeVar("Reading")


def cache_reading(read: Callable[[Subject], Reading]) -> Callable[[Subject], Reading]:
    """Cache a function's result on the frozen object that it reads.

    It is kept in the object's own `__dict__`, so both go together; fields,
    equality and the saved form know nothing of it.
    """
    key = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def read_cached(subject: Subject) -> Reading:
        readings: dict[str, Any] = subject.__dict__  # of many types
        if key not in readings:
            readings[key] = read(subject)
        return readings[key]

    return read_cached

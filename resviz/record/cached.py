"""Reading a record once: what was worked out is kept beside the record's fields."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Reading = TypeVar("Reading")


def cache_reading(read: Callable[[Any], Reading]) -> Callable[[Any], Reading]:
    """Cache a function's result on the frozen object that it reads.

    It is kept in the object's own `__dict__`, so both go together; fields,
    equality and the saved form know nothing of it.
    """
    key = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def read_cached(subject: Any) -> Reading:
        cached = vars(subject)
        if key not in cached:
            cached[key] = read(subject)
        return cached[key]

    return read_cached

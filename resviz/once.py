"""Reading a record once: what was worked out is kept beside the record's fields."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Reading = TypeVar("Reading")


def once(read: Callable[[Any], Reading]) -> Callable[[Any], Reading]:
    """Make a function of one frozen object remember what it gave for each.

    It is kept in the object's own `__dict__`, so both go together; fields,
    equality and the saved form know nothing of it.
    """
    key = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def remembered(subject: Any) -> Reading:
        kept = vars(subject)
        if key not in kept:
            kept[key] = read(subject)
        return kept[key]

    return remembered

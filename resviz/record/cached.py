"""Reading a record once: what was worked out is kept beside the record's fields."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from resviz.operations import own_rules

if TYPE_CHECKING:
    from collections.abc import Callable

Subject = TypeVar("Subject")
Reading = TypeVar("Reading")


def cache_reading(read: Callable[[Subject], Reading]) -> Callable[[Subject], Reading]:
    """Cache a function's result on the frozen object that it reads.

    It is kept in the object's own `__dict__`, so both go together; fields,
    equality and the saved form know nothing of it. A rule of one's own that is added
    or forgotten makes all of it void.
    """
    key = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def read_cached(subject: Subject) -> Reading:
        readings: dict[str, Any] = subject.__dict__  # of many types
        if readings.get(VERSION, 0) != own_rules.rules_version:
            drop_readings(readings)
        if key not in readings:
            readings[key] = read(subject)
        return readings[key]

    return read_cached


VERSION = "resviz.rules_version"
"""Where an object keeps which rules its readings hold for."""


def drop_readings(readings: dict[str, Any]) -> None:
    """Drop what was read by other rules; names of fields have no dot."""
    for key in [key for key in readings if "." in key]:
        readings.pop(key, None)
    readings[VERSION] = own_rules.rules_version

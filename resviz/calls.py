"""Calls that Python would refuse without a remedy: strange keywords, and attributes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from resviz.errors import OptionError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")


def knows_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that says which keyword is meant by one that it has not.

    What takes the options of a trace is wrapped by `takes_options`, which says so too.

    Raises:
        OptionError: a TypeError, when it is called with such a keyword.
    """
    code = function.__code__  # pyright: ignore[reportFunctionMemberAccess]
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    names = [name for name in names if name != "self"]

    @wraps(function)
    def checked(*args: P.args, **keywords: P.kwargs) -> R:
        stray = next((name for name in keywords if name not in names), None)
        if stray is not None:
            place = f"{function.__qualname__}: unknown option {stray!r}"
            raise OptionError(f"{place}: {suggest(stray, names)}")
        return function(*args, **keywords)

    return checked


class AttributeTuple(tuple[T, ...]):  # noqa: SLOT001 - tuples have no other slots
    """A tuple that is an attribute, and says so where it is called like a method.

    Attributes:
        name: of the attribute.
        remedy: what a method of that name may be meant for.
    """

    name: str
    remedy: str

    def __call__(self, *_args: Any, **_options: Any) -> Any:
        """Refuse a call, which takes the attribute for a method.

        Raises:
            OptionError: a TypeError; says what to write.
        """
        raise OptionError(
            f"{self.name}: a tuple of {len(self)} and no method, want arch.{self.name}"
            f"{self.remedy}"
        )

    def __reduce__(self) -> Any:
        return tuple, ((*self,),)  # as those that are read off no record


def is_no_method(
    function: Callable[[S], tuple[T, ...]],
) -> Callable[[S], tuple[T, ...]]:
    """Return a property's function whose tuple says that it is no method."""
    name = function.__name__

    @wraps(function)
    def give_attribute(owner: S) -> tuple[T, ...]:
        values = AttributeTuple(function(owner))
        values.name, values.remedy = name, OTHER_MEANINGS.get(name, "")
        return values

    return give_attribute


OTHER_MEANINGS = {
    "head": "; of a table of layers, arch.to_pandas().head()",
    "layers": "; a table is resviz.layers(arch)",
    "shortcuts": "; a table is resviz.shortcuts(arch)",
}
"""What names of attributes are taken for, as of pandas."""

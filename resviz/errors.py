"""The errors that resviz raises; one line each: where, what, got, want, remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.record import Architecture

LIBRARY_FOLDERS = {"site-packages", "dist-packages"}
"""Folders of code that is not the user's, besides those of Python and resviz."""

GENERATED_CODE = ("<frozen", "<string>", "<eval")
"""How names begin of code that stands in no file."""


class ResvizError(Exception):
    """Base class of all errors that resviz raises.

    Attributes:
        exit_code: of the command that raises it.
        others: errors of other places that came to light with it.
    """

    exit_code = 2
    others: tuple[ResvizError, ...] = ()


class SpecError(ResvizError, ValueError):
    """A name, depth, option or expression that cannot be read."""


class OptionError(SpecError, TypeError):
    """An option that a function or a document does not have."""


class RuleError(ResvizError, ValueError):
    """A rule of one's own that names no operation, or gives no count."""


class BuildError(ResvizError, RuntimeError):
    """A readable SPEC whose model cannot be built or imported."""

    exit_code = 3


class WeightsError(ResvizError, RuntimeError):
    """Pretrained weights that cannot be fetched, read or loaded."""

    exit_code = 3


class TraceError(ResvizError, RuntimeError):
    """A model whose forward cannot be followed to its end.

    Attributes:
        partial: the record up to the failing layer, if there is one.
        is_explained: whether it says what was wanted, so that no other run will do.
    """

    exit_code = 3
    is_explained = True

    def __init__(self, message: str, partial: Architecture | None = None) -> None:
        super().__init__(message)
        self.partial = partial


class RecordError(ResvizError, ValueError):
    """A record that breaks one of its invariants, or a file that holds none."""


class ResizeError(ResvizError, ValueError):
    """A record that cannot be followed at another input.

    Attributes:
        fails: whether the network itself does not work there; else the record does not
            tell.
    """

    def __init__(self, message: str, *, fails: bool = False) -> None:
        super().__init__(message)
        self.fails = fails


class UnknownNameError(ResvizError, KeyError):
    """A name that no layer of a record has, or no column of a table."""

    __str__ = Exception.__str__


class RenderError(ResvizError, RuntimeError):
    """An output that cannot be made or written."""


class LetterWarning(UserWarning):
    """Letters of a figure that are too small, too pale or cut away, with a remedy.

    Attributes:
        option: that helps, and its value, as Python has them; () where none does.
    """

    def __init__(self, message: str, *option: str) -> None:
        super().__init__(message)
        self.option = option

    def spell(self, form: str) -> str:
        """Write it with its remedy as a command, "--{} {}", or a document has it."""
        if not self.option:
            return str(self)
        name, value = self.option
        return str(self).replace(f'{name}="{value}"', form.format(name, value))


class FontWarning(UserWarning):
    """Letters of a figure that cannot be shown, with what would show them."""


def warn_caller(warning: Warning) -> None:
    """Warn at the innermost line that is not one of resviz itself."""
    import sys
    import warnings
    from pathlib import Path

    own = Path(__file__).parent
    frame, level = sys._getframe(1).f_back, 3  # noqa: SLF001 - Python 3.12 has an option
    while frame and own in Path(frame.f_code.co_filename).parents:
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)


def first_error_line(error: BaseException) -> str:
    """Return the first line of a foreign error's message, its class if it has none."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        lines = []
    return lines[0].strip() if lines else type(error).__name__


def name_file_error(error: Exception) -> str:
    """Name why a file cannot be read or written, without its path and number.

    Example:
        >>> name_file_error(FileNotFoundError(2, "No such file or directory", "a.json"))
        'No such file or directory'
    """
    return getattr(error, "strerror", None) or first_error_line(error)


def describe_error(error: BaseException) -> str:
    """Describe a foreign error as "KeyError: 'mask' at net.py:9".

    The place is the innermost line of the user's own code, if that was running; an
    assertion without a message has the line itself.
    """
    name, reason = type(error).__name__, first_error_line(error).rstrip(".")
    reason = reason.removesuffix(", but expected one of:")  # lines that follow
    words = reason if reason == name else f"{name}: {reason}"
    place = find_user_line(error)
    if reason == name and isinstance(error, AssertionError) and place:
        from linecache import getline

        path, _, number = place.rpartition(":")
        code = getline(path, int(number)).strip()
        words = f"{name}: {code}" if code.startswith("assert") else words
    return f"{words} at {place}" if place else words


def find_user_line(error: BaseException) -> str:
    """Find file and line of the innermost frame outside of resviz and all libraries."""
    import os
    from pathlib import Path
    from traceback import walk_tb

    libraries = {*LIBRARY_FOLDERS, Path(os.__file__).parent, Path(__file__).parent}
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        generated = path.parts[:1] and path.parts[0].startswith(GENERATED_CODE)
        if generated or not libraries.isdisjoint((*path.parts, *path.parents)):
            continue
        inside = path.is_relative_to(Path.cwd())
        place = f"{path.relative_to(Path.cwd()) if inside else path}:{line}"
    return place


def suggest_nearest(word: object, legal: Iterable[object], most: int = 3) -> str:
    """Suggest words that are spelt like a wrong one, as a clause of a message.

    Example:
        >>> suggest_nearest("num_clases", ["num_classes", "groups"])
        ", did you mean 'num_classes'"
    """
    from difflib import get_close_matches

    near = get_close_matches(str(word), dict.fromkeys(map(str, legal)), n=most)
    return f", did you mean {' or '.join(map(repr, near))}" if near else ""


def suggest(word: object, legal: Iterable[object], older: Iterable[object] = ()) -> str:
    """Say what could be meant by a wrong word, and what is legal.

    Args:
        word: the wrong one.
        legal: the words there are.
        older: words of older versions, which are legal too, and not listed.

    Example:
        >>> suggest("bach", ["mode", "batch"])
        "did you mean 'batch'? want one of mode, batch"
    """
    words = [*map(str, legal)]
    hint = suggest_nearest(word, [*words, *older], 1).removeprefix(", ")
    return f"{hint}{'? ' if hint else ''}want one of {', '.join(words)}"


def make_attribute_refusal(
    kind: str,
    places: dict[str, str],
    find_place: Callable[[Any, str], str | None] = lambda _value, _name: None,
) -> Callable[..., Any]:
    """Return a `__getattr__` that says where a value has what some call otherwise.

    Args:
        kind: of the value, as Python's own message has it.
        places: where it has what, by the name that does not exist.
        find_place: finds where one value has it, of names that differ by value.
    """

    def refuse_attribute(value: object, name: str) -> Any:
        if name[0] == "_" or hasattr(type(value), name):
            return object.__getattribute__(value, name)
        public = (each for each in dir(value) if each[0] != "_")
        near = suggest_nearest(name, public)
        place = find_place(value, name) or places.get(name)
        hint = f": want {place}" if place else near
        raise AttributeError(f"{kind!r} object has no attribute {name!r}{hint}")

    return refuse_attribute

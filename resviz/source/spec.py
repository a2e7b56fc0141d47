"""What a SPEC says, parsed and never evaluated.

Four forms: a name or depth (`resnet50`, `50`), a call with literal options
(`resnet(50, stride_in='1x1')`), a saved record (`r50.json`), and a callable to import
(`package.module:callable(width=2)`, `file.py:callable`, `timm:resnet50d`). Importing
a module is running it; only the form with a colon does so.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from keyword import iskeyword
from pathlib import Path
from typing import Any

from resviz.errors import SpecError

LONGEST = 2000
"""Characters of a SPEC; longer ones are no SPEC that a person wrote."""

IMPORT = re.compile(r"\s*([A-Za-z_][\w.]*|[^(]+\.py):(?!//)(.+)", re.DOTALL)
CALL = re.compile(r"\s*([\w.]+)\s*(\(.*\))?\s*", re.DOTALL)

FORMS = (
    "a name or depth (resnet50, 50, cifar110), a call (resnet(50, stride_in='1x1')), "
    "a saved record (r50.json), or package.module:callable, file.py:callable or "
    "timm:name"
)
"""What a SPEC can be, for messages."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed SPEC.

    Attributes:
        text: as written.
        name: of a network, or of the callable within its module.
        module: to import it from, a file or a hub; None for a network of resviz.
        args: literal positional arguments.
        options: literal keyword arguments.
        called: whether arguments were written, `()` included.
        record: the file of a saved record; None for the other forms.
        own: whether the callable has to be the module's own, not one that it imported.
    """

    text: str
    name: str = ""
    module: str | None = None
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    called: bool = False
    record: Path | None = None
    own: bool = False

    def __str__(self) -> str:
        """The SPEC as written."""
        return self.text


def parse(text: str | int) -> Spec:
    """Read a SPEC.

    Raises:
        SpecError: if it has none of the four forms, or an argument is no literal.

    Example:
        >>> parse("resnet(50, shortcut='A')").options
        {'shortcut': 'A'}
    """
    text = str(text).strip()
    if not text or len(text) > LONGEST:
        raise SpecError(f"spec: got {text[:40]!r}, want {FORMS}")
    if text.lower().endswith((".json", ".json.gz")):
        return Spec(text, record=Path(text))
    if text.endswith(".py"):
        raise SpecError(f"spec: got a file, want what to call in it, {text}:callable")
    found = IMPORT.fullmatch(text)
    if found and not iskeyword(found[1]):
        name, args, options, called = call(found[2], text)
        return Spec(text, name, found[1], args, options, called)
    name, args, options, called = call(text, text)
    return Spec(text, name, None, args, options, called)


def call(source: str, text: str) -> tuple[str, tuple[Any, ...], dict[str, Any], bool]:
    """Name, literal arguments and whether there are any, of `name(…)` or `name`.

    Raises:
        SpecError: if it is neither, or an argument is no literal.
    """
    found = CALL.fullmatch(source)
    if not found:
        raise SpecError(f"spec: got {text!r}, want {FORMS}")
    name, arguments = found.groups()
    if arguments is None:
        return name, (), {}, False
    node = parsed(f"f{arguments}", text)
    args = tuple(literal(argument, text) for argument in node.args)
    options: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise SpecError(f"spec: ** in {text!r}, want each option by its name")
        options[keyword.arg] = literal(keyword.value, text)
    return name, args, options, True


def parsed(source: str, text: str) -> ast.Call:
    """The syntax tree of one call.

    Raises:
        SpecError: if it is no single call.
    """
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or str(error)
        raise SpecError(f"spec: {text!r} is no Python call, {reason}") from error
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise SpecError(f"spec: got {text!r}, want one call, name(options)")
    return node


def literal(node: ast.expr, text: str) -> Any:
    """The value of a literal.

    Raises:
        SpecError: if it is anything that would have to be evaluated.
    """
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise SpecError(
            f"spec: an argument of {text!r} is no literal; want a number, a string, "
            "True, False, None, or a list, tuple or dictionary of them"
        ) from error

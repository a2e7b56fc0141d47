"""What a SPEC says, parsed and never evaluated.

Four forms: a name or depth (`resnet50`, `50`), a call with literal options
(`resnet(50, stride_in='1x1')`), a saved record (`r50.json`), and a callable to import
(`package.module:callable(width=2)`, `file.py:callable`, `timm:resnet50d`). Importing
a module is running it; only the form with a colon does so. Before each, a heading of
one's own may stand: `Ours=net.py:build`.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SPEC_LENGTH = 2000
"""Characters of a SPEC; longer ones are no SPEC that a person wrote."""

IMPORT_PATTERN = re.compile(r"\s*([A-Za-z_][\w.]*|[^(]+\.py):(?!//)(.+)", re.DOTALL)
CALL_PATTERN = re.compile(r"\s*([\w.]+)\s*(\(.*\))?\s*", re.DOTALL)

SPEC_FORMS = (
    "a name or depth (resnet50, 50, cifar110), a call (resnet(50, stride_in='1x1')), "
    "a saved record (r50.json), or package.module:callable, file.py:callable or "
    "timm:name"
)
"""What a SPEC can be, for messages."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed SPEC.

    Attributes:
        text: as written, without its heading.
        name: of a network, or of the callable within its module.
        module: to import it from, a file or a hub; None for a network of resviz.
        args: literal positional arguments.
        options: literal keyword arguments.
        has_call: whether arguments were written, `()` included.
        record: the file of a saved record; None for the other forms.
        own: whether the callable has to be the module's own, not one that it imported.
        heading: what to print for it, "" for its own title.
    """

    text: str
    name: str = ""
    module: str | None = None
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    has_call: bool = False
    record: Path | None = None
    own: bool = False
    heading: str = ""

    def __str__(self) -> str:
        """Return the SPEC as written."""
        return self.text


def parse_spec(text: str | int, resolve_path: Callable[[str], Path] = Path) -> Spec:
    """Read a SPEC, and the heading before it.

    Args:
        text: as written.
        resolve_path: where a path that it holds leads to; what is the name of a file
            is no heading.

    Raises:
        SpecError: if it has none of the four forms, or an argument is no literal.

    Example:
        >>> parse_spec("resnet(50, shortcut='A')").options
        {'shortcut': 'A'}
        >>> parse_spec("Ours (A)=resnet(50, shortcut='A')").heading
        'Ours (A)'
    """
    text = str(text).strip()
    heading, equals, rest = split_heading(text)
    if equals and not names_file(text, resolve_path):
        if not heading:
            raise SpecError(f"spec: got {text!r:.60}, want a name before the =")
        return replace(parse_bare_spec(rest), heading=heading)
    return parse_bare_spec(text)


def split_heading(text: str) -> tuple[str, str, str]:
    """Split at the first = that no bracket holds; ("", "", text) without one.

    Example:
        >>> split_heading("Ours (x=2)=resnet(50, stem='=')")
        ('Ours (x=2)', '=', "resnet(50, stem='=')")
        >>> split_heading("net.py:build(')', x='=')")
        ('', '', "net.py:build(')', x='=')")
    """
    depth, quote = 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif depth and character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "=" and depth == 0:
            return text[:position].strip(), "=", text[position + 1 :].strip()
    return "", "", text


def names_file(text: str, resolve_path: Callable[[str], Path]) -> bool:
    """Tell whether a SPEC is a file's name that is there, or begins with one."""
    file, suffix, _ = text.partition(".py:")
    with suppress(OSError, ValueError):
        return resolve_path(f"{file}.py" if suffix else text).is_file()
    return False


def parse_bare_spec(text: str) -> Spec:
    """Read a SPEC that has no heading.

    Raises:
        SpecError: as `parse_spec`.
    """
    if not text or len(text) > MAX_SPEC_LENGTH:
        raise SpecError(f"spec: got {text[:40]!r}, want {SPEC_FORMS}")
    if text.lower().endswith((".json", ".json.gz")):
        return Spec(text, record=Path(text))
    if text.endswith(".py"):
        raise SpecError(f"spec: got a file, want what to call in it, {text}:callable")
    match = IMPORT_PATTERN.fullmatch(text)
    if match and not iskeyword(match[1]):
        return parse_call(match[2], text, match[1])
    return parse_call(text, text)


def parse_call(source: str, text: str, module: str | None = None) -> Spec:
    """Parse `name(…)` or `name`, with literal arguments, of a module.

    Raises:
        SpecError: if it is neither, or an argument is no literal.
    """
    match = CALL_PATTERN.fullmatch(source)
    if not match:
        is_open = source.count("(") > source.count(")")
        want = "want a ) at its end" if is_open else f"want {SPEC_FORMS}"
        raise SpecError(f"spec: got {text!r}, {want}")
    name, arguments = match.groups()
    if arguments is None:
        return Spec(text, name, module)
    node = parse_call_tree(f"f{arguments}", text)
    args = tuple(evaluate_literal(argument, text) for argument in node.args)
    options: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise SpecError(f"spec: ** in {text!r}, want each option by its name")
        options[keyword.arg] = evaluate_literal(keyword.value, text)
    return Spec(text, name, module, args, options, has_call=True)


def parse_call_tree(source: str, text: str) -> ast.Call:
    """Return the syntax tree of one call.

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


def evaluate_literal(node: ast.expr, text: str) -> Any:
    """Return the value of a literal.

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

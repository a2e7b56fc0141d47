"""What a SPEC says, parsed and never evaluated.

Five forms: a name or depth (`resnet50`, `50`), a call with literal options
(`resnet(50, stride_in='1x1')`), a saved record (`r50.json`), a file that holds a
network (`trust:r50.pt2`), and a callable to import
(`package.module:callable(width=2)`, `file.py:callable`, `timm:resnet50d`). Importing
a module is running it; only the forms with a colon do so. Its arguments may name what
the module defines, and call it: `net.py:ResNet(BasicBlock, [2, 2])`. After a call may
stand a part of what it gives, or the method that is its forward:
`clip.py:build().encode_image`. Before each, a heading of one's own may stand:
`Ours=net.py:build`.
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
from resviz.source.hubs import HUBS
from resviz.source.literals import evaluate_literal
from resviz.source.wrong_specs import (
    SPEC_FORMS,
    describe_callables,
    explain_wrong_spec,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SPEC_LENGTH = 2000
"""Characters of a SPEC; longer ones are no SPEC that a person wrote."""

IMPORT_PATTERN = re.compile(r"\s*([A-Za-z_][\w.]*|[^(]+\.py):(?!//)(.+)", re.DOTALL)
FILE_PATTERN = re.compile(
    r"(?P<trust>trust:\s*)?"
    r"(?P<path>[^(]*[^(:]\.(?:pt2|pt|pth|pth\.tar|ckpt|bin|safetensors|onnx))",
    re.IGNORECASE,
)
CALL_PATTERN = re.compile(
    r"\s*([\w.]+)\s*(?:(\(.*\))\s*(?:\.\s*(\w[\w.]*))?)?\s*", re.DOTALL
)

SHARD_INDICES = tuple(f".{kind}.index.json" for kind in ("safetensors", "bin", "pt"))
"""Suffixes of the index of weights in several files, which is no record."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed SPEC.

    Attributes:
        text: as written, without its heading.
        name: of a network, or of the callable within its module.
        module: to import it from, a file or a hub; None for a network of resviz.
        args: positional arguments: literals, and in them names and calls of what
            the module defines, each a `Spec`.
        options: keyword arguments, of the same.
        has_call: whether arguments were written, `()` included.
        record: the file of a saved record; None for the other forms.
        file: that holds a network; None for the other forms.
        trusted: whether code that the file may hold is run.
        own: whether the callable has to be the module's own, not one that it imported.
        heading: what to print for it, "" for its own title.
        attribute: the dotted name of a part or a method of what is built, "" for all.
    """

    text: str
    name: str = ""
    module: str | None = None
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    has_call: bool = False
    record: Path | None = None
    file: Path | None = None
    trusted: bool = False
    own: bool = False
    heading: str = ""
    attribute: str = ""

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
        SpecError: if it has none of the five forms, or an argument is no literal.

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
        if not rest:
            raise SpecError(f"spec: got {text!r:.60}, want a SPEC after the =")
        try:
            return replace(parse_bare_spec(rest), heading=heading)
        except SpecError as error:
            if re.fullmatch(r"\w+\s*,\s*\w+", heading):  # options without brackets
                want = explain_wrong_spec(text)
                raise SpecError(f"spec: got {text!r}, {want}") from error
            raise
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
    if "://" in text.partition("(")[0]:
        raise SpecError(f"spec: got {text!r}, {explain_wrong_spec(text)}")
    if text.lower().endswith(SHARD_INDICES):
        return Spec(text, file=Path(text))
    if text.lower().endswith((".json", ".json.gz")):
        return Spec(text, record=Path(text))
    in_file = FILE_PATTERN.fullmatch(text)
    if in_file:
        path, trust = Path(in_file["path"]), in_file["trust"]
        return Spec(text, file=path, trusted=bool(trust))
    if text.endswith(".py"):
        raise SpecError(f"spec: got a file, want {describe_callables(text)}")
    match = IMPORT_PATTERN.fullmatch(text)
    if match and not iskeyword(match[1]):
        return parse_call(match[2], text, match[1])
    return parse_call(text, text)


def parse_call(source: str, text: str, module: str | None = None) -> Spec:
    """Parse `name(…)` or `name`, with the arguments that a module allows.

    Raises:
        SpecError: if it is neither, or has an argument of another kind.
    """
    match = CALL_PATTERN.fullmatch(source)
    if not match:
        raise SpecError(f"spec: got {text!r}, {explain_wrong_spec(text)}")
    name, arguments, attribute = match.groups(default="")
    if module is None and ("." in name or name in HUBS):
        raise SpecError(f"spec: got {text!r}, {explain_wrong_spec(text)}")
    if not arguments:
        return Spec(text, name, module)
    args, options = parse_arguments(
        parse_call_tree(f"f{arguments}", text), text, module
    )
    return Spec(text, name, module, args, options, has_call=True, attribute=attribute)


def parse_arguments(
    node: ast.Call, text: str, module: str | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call.

    Raises:
        SpecError: as `parse_argument`, or for ** and *.
    """
    options: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise SpecError(f"spec: ** in {text!r}, want each option by its name")
        options[keyword.arg] = parse_argument(keyword.value, text, module)
    args = tuple(parse_argument(argument, text, module) for argument in node.args)
    return args, options


def parse_argument(node: ast.expr, text: str, module: str | None) -> Any:
    """Return the value of a literal; of a name or a call in a module, its `Spec`.

    Raises:
        SpecError: if it is anything that would have to be evaluated.
    """
    try:
        return evaluate_literal(node)
    except SpecError as error:
        raise SpecError(f"{error}, got {text!r}") from None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        pass  # it may be a name or a call
    if module is not None and isinstance(node, (ast.List, ast.Tuple)):
        values = [parse_argument(each, text, module) for each in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if module is not None and isinstance(node, ast.Dict):
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        values = [parse_argument(value, text, module) for value in node.values]
        if len(keys) == len(values):
            return dict(zip(keys, values, strict=True))
    called = node.func if isinstance(node, ast.Call) else node
    name = read_dotted_name(called)
    if module is None or not name:
        raise make_argument_error(node, text, module)
    if not isinstance(node, ast.Call):
        return Spec(name, name, module)
    args, options = parse_arguments(node, text, module)
    return Spec(ast.unparse(node), name, module, args, options, has_call=True)


def read_dotted_name(node: ast.expr) -> str:
    """Return `nn.ReLU` of the tree of it, "" if it is of something else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def make_argument_error(node: ast.expr, text: str, module: str | None) -> SpecError:
    """Return the error for an argument that would have to be evaluated."""
    argument = "an argument"
    with suppress(RecursionError):
        argument = ast.unparse(node)
    want = (
        "a number, a string, True, False, None, a list, tuple or dictionary of them, "
        "or arithmetic on numbers"
    )
    if module is not None:
        want += f", or what {module} defines and calls of it"
    elif isinstance(node, ast.Name):
        want = f"a literal, in quotes if it is text, {node.id!r}"
    return SpecError(f"spec: {argument:.60} in {text!r} is no literal; want {want}")


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
        want = explain_wrong_spec(text)
        want = "want one call, name(options)" if SPEC_FORMS in want else want
        raise SpecError(f"spec: got {text!r}, {want}")
    return node


def list_nested_specs(value: Any) -> list[Spec]:
    """List the names and calls in an argument, however deep."""
    if isinstance(value, Spec):
        return [value, *list_nested_specs([value.args, value.options])]
    if isinstance(value, dict):
        value = [*value.values()]
    if not isinstance(value, (list, tuple)):
        return []
    return [spec for each in value for spec in list_nested_specs(each)]

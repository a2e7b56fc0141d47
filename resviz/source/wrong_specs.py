"""What a text that is no SPEC was probably meant to be."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.source.hubs import HUBS

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC_FORMS = (
    "a name or depth (resnet50, 50, cifar110), a call (resnet(50, stride_in='1x1')), "
    "a saved record (r50.json), a file that holds a network (trust:r50.pt2), or "
    "package.module:callable, file.py:callable or timm:name"
)
"""What a SPEC can be, for messages."""

CALL = r"(?P<call>\(.*\))?"


def write_path(part: str) -> str:
    """Write `.layer1[0]` as `.layer1.0`; "" where an index is no number or name."""
    path = re.sub(r"\[\s*(['\"]?)(\w+)\1\s*\]", r".\2", part)
    return path if re.fullmatch(r"(?:\.\w+)+", path) else ""


MISTAKES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"[^(]*://.*", lambda _: "want a file or a name, fetch what lies at an address"),
    (
        r"(?P<file>[^(]+\.(?:h5|hdf5))",
        lambda found: (
            "want what builds the network, its weights tell no shapes: "
            f"resnet50(weights={found['file']!r})"
        ),
    ),
    (
        r"[^(]+\.(?:ya?ml|toml|cfg|ini|txt|csv|md|rst|ipynb|tar|gz|zip|pptx?|xml)",
        lambda _: "want what builds the network from it, a function: net.py:build",
    ),
    (
        r"[^(]+\.(?:pb|tflite|pkl|engine)",
        lambda _: "want what builds the network in torch, net.py:build",
    ),
    (
        rf"(?P<hub>{'|'.join(HUBS)})(?:[./](?:models[./])?(?P<name>\w+){CALL}|:?)",
        lambda found: (
            "want a colon before one of its models, "
            f"{found['hub']}:{found['name'] or 'resnet50'}{found['call'] or ''}"
        ),
    ),
    (
        r"(?P<left>[^:(]+)::(?P<right>\w.*)",
        lambda found: f"want one colon, {found['left']}:{found['right']}",
    ),
    (
        r"(?P<call>.+\))(?P<part>(?:\.\w+)*\[.+)",
        lambda found: (
            f"want parts by their paths, {found['call']}{write_path(found['part'])}"
            if write_path(found["part"])
            else "want parts by their paths, as in resnet18().layer1.0"
        ),
    ),
    (
        r"(?P<part>[^()]*\w\(.*\)(?:\.\w+)+)\(.*\)",
        lambda found: (
            f"want a part or a method without brackets, {found['part']}; "
            "--input gives what goes in"
        ),
    ),
    (
        r"(?P<path>[\w./~-]+/[\w.-]+):(?P<name>\w.*)",
        lambda found: (
            "want a file with its suffix, "
            f"{found['path']}.py:{found['name']}, or a package by dots, "
            f"{'.'.join(re.findall(r'[^./]+', found['path']))}:{found['name']}"
        ),
    ),
    (
        r"(?P<owner>[\w-]+/[\w.-]+)",
        lambda found: (
            f"want a file.py:callable, or of huggingface.co "
            f"transformers:AutoModel.from_pretrained({found['owner']!r})"
        ),
    ),
    (
        r"(?P<left>[A-Za-z_]\w*)\.(?P<right>\w+)",
        lambda found: (
            f"want a colon before what is called, {found['left']}:{found['right']}, "
            f"or brackets before a part, {found[0].replace('.', '().')}"
        ),
    ),
    (
        rf"(?P<left>[A-Za-z_][\w.]*)\.(?P<right>\w+)\s*{CALL}",
        lambda found: (
            f"want a colon before what is called, {found['left']}:"
            f"{found['right']}{found['call'] or ''}"
        ),
    ),
    (
        r"(?P<letters>[A-Za-z_]+)[\s-]+(?P<depth>\d+)",
        lambda found: (
            f"did you mean '{found['letters'].lower()}{found['depth']}'? "
            f"want {SPEC_FORMS}"
        ),
    ),
    (
        r"(?P<name>\w+)\s*,\s*(?P<options>\w+\s*=.*)",
        lambda found: f"want brackets, {found['name']}({found['options']})",
    ),
    (r"[^:]*:\s*", lambda _: "want what to call after the colon, net.py:build"),
    (r":.*", lambda _: "want a module or a file before the colon, net.py:build"),
)
"""How texts look that people write in place of a SPEC, and what they are told."""


def explain_wrong_spec(text: str) -> str:
    """Say what is wanted in the place of a text that is no SPEC.

    Example:
        >>> explain_wrong_spec("timm.resnet50()")
        'want a colon before one of its models, timm:resnet50()'
        >>> explain_wrong_spec("net.py::Net")
        'want one colon, net.py:Net'
        >>> explain_wrong_spec("resnet18().layer1[0]")
        'want parts by their paths, resnet18().layer1.0'
    """
    for pattern, explain in MISTAKES:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return explain(found)
    is_open = text.count("(") > text.count(")")
    return "want a ) at its end" if is_open else f"want {SPEC_FORMS}"


MAX_CALLABLES = 3
"""Classes and functions of a file that are named."""


def describe_callables(file: str) -> str:
    """Say what a SPEC may call in a file: its classes and functions, read, not run."""
    names: dict[type[ast.stmt], list[str]] = {ast.ClassDef: [], ast.FunctionDef: []}
    with suppress(OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        for node in ast.parse(Path(file).read_bytes()).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name[0] != "_":
                names[type(node)].append(f"{file}:{node.name}")
    found = names[ast.ClassDef] or names[ast.FunctionDef]
    if not found:
        return f"what to call in it, {file}:callable"
    more = len(found) - MAX_CALLABLES  # the whole network stands below its parts
    listed = " or ".join(found[: -MAX_CALLABLES - 1 : -1])
    return f"what to call in it, as {listed}" + (f", or {more} more" * (more > 0))

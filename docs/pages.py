"""The pages that are made: the gallery, and the reference of the command line."""

from pathlib import Path

import click

FULL = ("overview", "block", "flow")

NETS = (
    ("resnet18", "ResNet-18", FULL),
    ("resnet50", "ResNet-50", (*FULL, "layers")),
    ("resnet152", "ResNet-152", FULL),
    ("resnext50_32x4d", "ResNeXt-50 32×4d", FULL),
    ("resnet(50, output_stride=8)", "ResNet-50 dilated, output stride 8", FULL),
    ("cifar110", "ResNet-110 for CIFAR-10", FULL),
    ("nets.py:se_resnet26", "A ResNet with squeeze-and-excitation", FULL),
    ("nets.py:preactivation", "A network with pre-activation", FULL),
)
"""What the gallery shows: SPEC, heading, figures."""

GALLERY = """\
Gallery
=======

Every figure is drawn from a trace while this site is built, by `docs/pages.py`.
"""

COMMANDS = """\
The command line
================

What `resviz --help` and the `--help` of every command print.
"""


def write(folder: Path) -> None:
    """Write the made pages into the sources, if they say anything new."""
    made = {"gallery/index.rst": gallery(), "reference/commands.rst": commands()}
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def gallery() -> str:
    """A section a network, a figure below the other."""
    parts = [GALLERY]
    for spec, title, figures in NETS:
        parts.append(f"{title}\n{'-' * len(title)}\n")
        given = f"/{spec}" if spec.startswith("nets.py") else spec
        for figure in figures:
            parts.append(f".. resviz:: {given}\n   :figure: {figure}\n")
            parts.append(f".. code-block:: console\n\n   {command(spec, figure)}\n")
    return "\n".join(parts)


def command(spec: str, figure: str) -> str:
    """How to draw the same on the command line."""
    shown = f'"{spec}"' if " " in spec or "(" in spec else spec
    option = "" if figure == "overview" else f" --figure {figure}"
    return f"$ resviz diagram {shown}{option} -o {figure}.svg"


def commands() -> str:
    """A section a command, with its help."""
    from resviz.cli import group

    context = click.Context(group, info_name="resviz", max_content_width=88)
    parts = [COMMANDS, block(group.get_help(context))]
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        inner = click.Context(found, parent=context, info_name=name)
        title = f"resviz {name}"
        parts.append(f"{title}\n{'-' * len(title)}\n")
        parts.append(block(found.get_help(inner)))
    return "\n".join(parts)


def block(text: str) -> str:
    """A literal block."""
    lines = (f"   {line}".rstrip() for line in text.splitlines())
    return "\n".join((".. code-block:: text\n", *lines, ""))

"""The pages that are made: the gallery, and the reference of the command line."""

from pathlib import Path

import click
import galleries

COMMANDS = """\
The command line
================

What `resviz --help` and the `--help` of every command print.
"""


def write(folder: Path) -> None:
    """Write the made pages into the sources, if they say anything new."""
    made = {
        f"gallery/{name}": text
        for name, text in (*galleries.files(), *galleries.pages())
    }
    for name, text in {**made, "reference/commands.rst": commands()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def commands() -> str:
    """A section a command, with its help."""
    from resviz.cli import resviz_command

    context = click.Context(resviz_command, info_name="resviz", max_content_width=88)
    parts = [COMMANDS, block(resviz_command.get_help(context))]
    for name in resviz_command.list_commands(context):
        found = resviz_command.get_command(context, name)
        inner = click.Context(found, parent=context, info_name=name)
        title = f"resviz {name}"
        parts.append(f"{title}\n{'-' * len(title)}\n")
        parts.append(block(found.get_help(inner)))
    return "\n".join(parts)


def block(text: str) -> str:
    """A literal block."""
    lines = (f"   {line}".rstrip() for line in text.splitlines())
    return "\n".join((".. code-block:: text\n", *lines, ""))

"""The pages that are made: the gallery, and the reference of commands and options."""

from pathlib import Path

import click
import galleries

COMMANDS = """\
The command line
================

What `resviz --help` and the `--help` of every command print.
"""


OPTIONS = """\
Options
=======

One word means the same on the command line (`--depth 2`), in a fence (the same), in a
directive (`:depth: 2`) and in Python (`depth=2`, by the name in the first column).
"""


def write(folder: Path) -> None:
    """Write the made pages into the sources, if they say anything new."""
    made = {
        f"gallery/{name}": text
        for name, text in (*galleries.files(), *galleries.pages())
    }
    made |= {"reference/commands.rst": commands(), "reference/options.rst": options()}
    for name, text in made.items():
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


def options() -> str:
    """A table of options for every declaration of them."""
    from resviz import options as declared
    from resviz.tables import TABLES

    parts = [OPTIONS]
    for title, group in (
        ("Of every network", declared.TRACE_OPTIONS),
        ("Of tables", declared.TABLE_OPTIONS),
        ("Of figures", declared.FIGURE_OPTIONS),
        ("Of figures in documents", declared.PLACE_OPTIONS),
    ):
        parts.append(f"{title}\n{'-' * len(title)}\n\n.. list-table::\n")
        for name, option in group.items():
            spelt = " or ".join(f"`--{spelling}`" for spelling in option.spellings)
            words = ", ".join(f"`{word}`" for word in option.legal_words())
            takers = ", ".join(
                n for n, table in TABLES.items() if name in table.options
            )
            meaning = [option.help, f"One of {words}." * bool(words)]
            meaning += [f"`{old}` is `{now}`." for old, now in option.renamed]
            meaning.append(f"For {takers}." * bool(takers))
            in_python = takers or group in (
                declared.TRACE_OPTIONS,
                declared.FIGURE_OPTIONS,
            )
            python = f"`{name}`" if in_python else ""
            spelt = "" if option.kind == "object" else spelt
            row = (python, spelt, " ".join(filter(None, meaning)))
            parts[-1] += "\n   * - " + "\n     - ".join(row)
        parts[-1] += "\n"
    return "\n".join(parts)


def block(text: str) -> str:
    """A literal block."""
    lines = (f"   {line}".rstrip() for line in text.splitlines())
    return "\n".join((".. code-block:: text\n", *lines, ""))

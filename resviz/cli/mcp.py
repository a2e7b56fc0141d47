"""`resviz mcp`: a server that agents ask of networks."""

from __future__ import annotations

import gc

import click

from resviz.cli.shared import debug_option
from resviz.errors import SpecError


@click.command
@click.option(
    "--allow",
    metavar="PATTERN",
    multiple=True,
    help="What a SPEC may import or fetch: 'zoo.*', net.py, timm.",
)
@debug_option
def mcp(allow: tuple[str, ...]) -> None:
    """Answer agents on stdin and stdout, by the Model Context Protocol.

    Its tools are the tables, and trace, compare, check,
    identify and describe; each gives what
    the command prints as JSON. Nothing is fetched, and files are read and written in
    the repository of the working folder alone. A network that is imported wants to be
    allowed, here by --allow or by "allow" below [tool.resviz] in pyproject.toml there:
    by a pattern for what stands before the colon.

    It wants: pip install 'resviz[mcp]'.
    """
    if not all(map(str.strip, allow)):
        raise SpecError("--allow: got '', want one as net.py")
    from resviz.agents.server import serve
    from resviz.agents.session import AgentSession

    gc.enable()  # which the command line turns off, for it lives for a second
    serve(AgentSession(allow))

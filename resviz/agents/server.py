"""The server of the Model Context Protocol on stdin and stdout."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

from resviz import __version__
from resviz.agents.tools import SPEC_HELP, TOOLS, list_tool_names
from resviz.errors import ResvizError, suggest
from resviz.escape import escape_json, replace_unsafe
from resviz.extras import import_extra

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ListToolsResult

    from resviz.agents.session import AgentSession

INSTRUCTIONS = (
    "resviz tells what a residual network, or any PyTorch model, is: from a trace "
    "without weights and without a network, counts are exact. Every tool takes a SPEC. "
    f"{SPEC_HELP} MACs are multiply-accumulates; 1 MAC is 2 FLOPs."
)
"""What a client tells its model of the server."""


class ToolError(Exception):
    """A call that failed, with one line an error for the agent."""


def call_tool(session: AgentSession, name: str, arguments: dict[str, Any]) -> str:
    """Return the answer of a tool as JSON.

    Raises:
        ToolError: if it has none; says why in the words of the command line.
    """
    if name not in TOOLS:
        raise ToolError(f"unknown tool {name!r}: {suggest(name, TOOLS)}")
    try:
        answer = TOOLS[name].call(name, session, arguments)
    except ResvizError as error:
        raise ToolError(
            "\n".join(map(replace_unsafe, (error, *error.others)))
        ) from None
    except SystemExit as error:
        raise ToolError(f"{name}: code called sys.exit({error.code!r})") from None
    except Exception as error:
        text = f"{type(error).__name__}: {replace_unsafe(error)} (unforeseen)"
        raise ToolError(text) from error
    finally:
        session.forget_oldest()
    if not isinstance(answer, dict):
        answer = {"result": answer}
    return escape_json(json.dumps(answer, ensure_ascii=False))


def list_tools() -> ListToolsResult:
    """Return all tools with the schemas of their arguments and answers."""
    from mcp import types

    return types.ListToolsResult(
        tools=[
            types.Tool(
                name=name,
                description=TOOLS[name].help,
                input_schema=TOOLS[name].make_input_schema(),
                output_schema=TOOLS[name].make_output_schema(name),
                annotations=types.ToolAnnotations(
                    read_only_hint=name != "trace", open_world_hint=False
                ),
            )
            for name in list_tool_names()
        ]
    )


def answer_call(
    session: AgentSession, name: str, arguments: dict[str, Any]
) -> CallToolResult:
    """Return the answer of a tool, or its error, as the protocol has it."""
    from mcp import types

    try:
        text = call_tool(session, name, arguments)
    except ToolError as error:
        content = types.TextContent(type="text", text=str(error))
        return types.CallToolResult(content=[content], is_error=True)
    content = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[content], structured_content=json.loads(text))


def serve(session: AgentSession) -> None:
    """Answer one client until it closes stdin; all that code prints goes to stderr.

    Raises:
        ResvizError: if the package `mcp` is not installed.
    """
    import_extra("mcp", "mcp")
    import anyio
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server

    # One call at a time: a trace changes what all threads share, and puts it back.
    one_at_a_time = anyio.CapacityLimiter(1)

    async def on_list_tools(_context: Any, _params: Any) -> ListToolsResult:
        return list_tools()

    async def on_call_tool(_context: Any, params: Any) -> CallToolResult:
        call = partial(answer_call, session, params.name, params.arguments or {})
        return await anyio.to_thread.run_sync(call, limiter=one_at_a_time)

    server = Server(
        "resviz",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
    )

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            with redirect_stdout(sys.stderr):
                options = server.create_initialization_options()
                await server.run(incoming, outgoing, options)

    anyio.run(run)

"""The tools of the server: one for each table, and those that are no table of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.agents.arguments import (
    check_names,
    describe_option,
    read_options,
    read_specs,
)
from resviz.agents.sweeping import answer_sweep
from resviz.cli.describe import DESCRIBED
from resviz.embed.requests import TableRequest
from resviz.errors import SpecError
from resviz.options import FIGURE_OPTIONS, SPELT_TRACE_OPTIONS, TABLE_OPTIONS, Option
from resviz.tables import TABLES
from resviz.tables.json_head import json_head
from resviz.tables.json_types import JsonHead
from resviz.tables.schemas import JSON_TYPES, make_type_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.agents.session import AgentSession

    Tracing = dict[str, Any]
    Answer = Callable[[AgentSession, list[str], Tracing, dict[str, Any]], Any]

SPEC_HELP = (
    'A network: "resnet50", a depth as 50, a call with literal options as "resnet(50, '
    "stride_in='1x1')\", a stored record as r50.json, or code as net.py:build and "
    "timm:resnet50d, which the owner of the server has to allow."
)
"""What a SPEC is, for who reads the schema of a tool."""


class StoredJson(JsonHead):
    """A record that was stored: its file and its totals."""

    path: str
    name: str
    title: str
    input_shape: list[int]
    layers: int
    params: int
    macs: int
    size: int


class DescriptionJson(JsonHead):
    """A figure in sentences."""

    description: str


class DrawingJson(JsonHead):
    """A figure as text of a format, and in sentences."""

    syntax: str
    text: str
    description: str


DRAWN_AS = ("mermaid", "svg", "dot", "tikz")
"""Formats of figures that are text, the shortest first."""


@dataclass(frozen=True, slots=True)
class AgentTool:
    """One tool.

    Attributes:
        help: what it does.
        answer: makes its answer of the session, SPECs, options of a trace, and others.
        types: of its answer, as `JSON_TYPES` has them.
        options: its own, beside those of a trace.
        least: so many SPECs it wants.
        most: so many it takes at most; None for any number, 0 for a tool that takes
            none and traces nothing by itself.
        required: names of options that have to be there.
    """

    help: str
    answer: Answer
    types: tuple[Any, ...]
    options: tuple[Option, ...] = ()
    least: int = 1
    most: int | None = 1
    required: tuple[str, ...] = ()

    @property
    def spec_name(self) -> str:
        """The argument that holds its SPECs; "" where there is none."""
        if self.most == 0:
            return ""
        return "spec" if self.most == 1 else "specs"

    @property
    def trace_options(self) -> tuple[Option, ...]:
        """The options of a trace that it takes."""
        return () if self.most == 0 else SPELT_TRACE_OPTIONS

    def make_input_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of its arguments."""
        required = [*self.required]
        properties: dict[str, Any] = {}
        if self.spec_name:
            spec: dict[str, Any] = {"type": ["string", "integer"]}
            if self.spec_name == "specs":
                spec = {"type": "array", "items": spec, "minItems": self.least}
            properties[self.spec_name] = spec | {"description": SPEC_HELP}
            required += [self.spec_name] if self.least else []
        for option in (*self.options, *self.trace_options):
            properties[option.name] = describe_option(option)
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def make_output_schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of its answer, an object.

        What is a list for a command stands under `result`; of several types of object
        the ones that all have are told.
        """
        schema = make_type_schema(self.types, name)
        if schema.get("type") == "object":
            return schema
        definitions = schema.pop("$defs")
        if "$ref" in schema or all("$ref" in one for one in schema.get("anyOf", [{}])):
            return {"type": "object", **schema, "$defs": definitions}
        return {
            "type": "object",
            "properties": {"result": schema},
            "required": ["result"],
            "$defs": definitions,
        }

    def call(self, name: str, session: AgentSession, arguments: dict[str, Any]) -> Any:
        """Return what its command prints as JSON.

        Raises:
            ResvizError: for wrong arguments, and as the command.
        """
        legal = self.make_input_schema()["properties"]
        check_names(name, arguments, legal)
        missing = [each for each in self.required if arguments.get(each) is None]
        if missing:
            want = legal[missing[0]]["description"]
            raise SpecError(f"{name}: {missing[0]} is missing, want {want}")
        specs = []
        if self.spec_name:
            given = arguments.get(self.spec_name)
            specs = read_specs(given, self.spec_name, self.least, self.most)
        tracing = read_options(arguments, self.trace_options)
        options = read_options(arguments, self.options)
        return self.answer(session, specs, tracing, options)


def answer_table(
    name: str,
    session: AgentSession,
    specs: list[str],
    tracing: Tracing,
    options: dict[str, Any],
) -> Any:
    """Return one of the registered tables."""
    request = TableRequest(tuple(specs), name, options, tracing)
    return request.make_table(session.cache).to_dict()


def answer_trace(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Store the record of a SPEC."""
    arch = session.find_record(specs[0], tracing)
    path = session.store_record(arch, options["output"])
    return json_head("trace") | {
        "path": str(path),
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "layers": len(arch.stored_layers),
        "params": arch.params,
        "macs": arch.macs,
        "size": path.stat().st_size,
    }


def answer_compare(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Compare a network with its variants."""
    from resviz.source.other_inputs import trace_on_input_of
    from resviz.tables.variants import compare_networks

    base, *variants = (session.find_record(spec, tracing) for spec in specs)
    first = session.cache.resolve_spec(specs[0])
    resized = [trace_on_input_of(first, base, arch, tracing) for arch in variants]
    return compare_networks(base, variants, resized, **options).to_dict()


def answer_check(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Judge the budgets of the project around the working folder."""
    from resviz.budgets.run import check_project
    from resviz.tables.check import check_table

    del specs, tracing
    project = check_project(
        options.get("names", ()),
        trace_spec=lambda spec, tracing: session.find_record(spec, dict(tracing)),
    )
    return check_table(project).to_dict()


def answer_identify(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Say which network a file of weights is of; no code of it is run."""
    from resviz.checkpoints import identify_tensors, read_checkpoint
    from resviz.tables.identify import identify_table

    del specs, tracing
    content = read_checkpoint(session.permissions.find(options["file"], Path))
    return identify_table(content, identify_tensors(content.groups)).to_dict()


def answer_describe(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Say a figure in sentences."""
    from resviz.figures import describe_figure

    options |= session.cache.find_files(options)
    archs = [session.find_record(spec, tracing) for spec in specs]
    return json_head("describe") | {"description": describe_figure(archs, **options)}


def answer_diagram(
    session: AgentSession, specs: list[str], tracing: Tracing, options: dict[str, Any]
) -> Any:
    """Draw a figure as text; no program is called and no file written."""
    from resviz.figures import draw_diagram

    syntax = options.pop("syntax", DRAWN_AS[0])
    options |= session.cache.find_files(options)
    archs = [session.find_record(spec, tracing) for spec in specs]
    diagram = draw_diagram(archs, options.pop("figure", None), **options)
    return json_head("diagram") | {
        "syntax": syntax,
        "text": diagram.render(syntax),
        "description": diagram.description,
    }


def make_table_tool(name: str) -> AgentTool:
    """Return the tool of a registered table."""
    table = TABLES[name]
    return AgentTool(
        table.help.replace("Print ", "Return ", 1),
        partial(answer_table, name),
        JSON_TYPES.get(name, (dict[str, Any],)),
        tuple(
            replace(TABLE_OPTIONS[option], choices=choices or ())
            for option, choices in table.options.items()
        ),
        least=0 if table.several else 1,
        most=None if table.several else 1,
    )


TOOLS: dict[str, AgentTool] = {
    **{name: make_table_tool(name) for name in TABLES},
    "check": AgentTool(
        "Check the budgets of networks in pyproject.toml, [[tool.resviz.check]]: a "
        "sentence a breach says which change caused it.",
        answer_check,
        JSON_TYPES["check"],
        (Option("Of the networks to check; default: all.", "words", name="names"),),
        least=0,
        most=0,
    ),
    "compare": AgentTool(
        "Return what changed from the first network to the second, or to each of "
        "several, a sentence a change, with its share of parameters and MACs.",
        answer_compare,
        JSON_TYPES["compare"],
        (
            Option(
                "Changes of layers; of widths, strides, input; or of costs.",
                choices="resviz.readings.compare:COMPARED",
                name="only",
            ),
        ),
        least=2,
        most=None,
    ),
    "describe": AgentTool(
        "Say a figure of a network in sentences: stages, blocks, shortcuts.",
        answer_describe,
        (DescriptionJson,),
        tuple(FIGURE_OPTIONS[name] for name in DESCRIBED),
        most=None,
    ),
    "diagram": AgentTool(
        "Draw a figure of a network, or of several, as text: Mermaid of those that are "
        "graphs, SVG of any.",
        answer_diagram,
        (DrawingJson,),
        (
            Option("Of the text; default: mermaid.", choices=DRAWN_AS, name="syntax"),
            *FIGURE_OPTIONS.values(),
        ),
        most=None,
    ),
    "identify": AgentTool(
        "Say which network a file of weights is of, by names and shapes alone: a SPEC "
        "for the other tools, and what no file tells.",
        answer_identify,
        JSON_TYPES["identify"],
        (Option("Weights in this repository: net.safetensors or .pth.", name="file"),),
        least=0,
        most=0,
        required=("file",),
    ),
    "sweep": AgentTool(
        'Trace many variants, "resnet({18,34}, groups={1,2}, input={160,224})", and '
        "return a row for each: parameters, MACs, peak of memory, receptive field.",
        answer_sweep,
        JSON_TYPES["sweep"],
        (
            Option("Rows to keep: macs < 4e9 and params < 30e6.", name="where"),
            Option("SPEC from which differences are told.", name="baseline"),
            Option("Keep the front: params,-depth.", name="pareto"),
            *(TABLE_OPTIONS[name] for name in ("sort", "top", "reverse")),
        ),
        most=None,
    ),
    "trace": AgentTool(
        "Trace a network and store its record as JSON; its path is a SPEC then.",
        answer_trace,
        (StoredJson,),
        (Option("File in this repository: r50.json or .json.gz.", name="output"),),
        required=("output",),
    ),
}
"""Every tool by name; of the tables, as commands have them."""


def list_tool_names() -> Sequence[str]:
    """List the names of all tools in order."""
    return sorted(TOOLS)

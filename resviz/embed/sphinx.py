"""The Sphinx extension: `.. resviz::` draws a figure, `.. resviz-table::` a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from resviz import __version__
from resviz.embed import writers
from resviz.embed.live import LiveRequest, read_request
from resviz.embed.located_warnings import locate_warnings
from resviz.embed.permissions import AllowList, checked_patterns, folder_permissions
from resviz.embed.record_cache import RecordCache
from resviz.embed.requests import (
    TableRequest,
    figure_html,
    split_specs,
    split_width,
)
from resviz.errors import ResvizError, suggest
from resviz.options import (
    FIGURE_OPTIONS,
    PLACE_OPTIONS,
    SPELT_TRACE_OPTIONS,
    TABLE_OPTIONS,
    Option,
    collect_options,
)
from resviz.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

LOG = logging.getLogger(__name__)


class OptionReaders(dict[str, "Callable[..., Any]"]):
    """What reads each option of a directive, by its spelling."""

    def __missing__(self, spelling: str) -> Callable[..., Any]:
        """Refuse an option; docutils writes the error's words between quotes.

        Raises:
            KeyError: in any case, with what is meant.
        """
        near, _, legal = suggest(spelling, self).rpartition("want one of ")
        hint = near.replace("'", '"')
        raise KeyError(f'{spelling}", {hint}want one of "{legal.replace(", ", " ")}')


def directive_options(options: Iterable[Option]) -> dict[str, Callable[..., Any]]:
    """Return declared options as docutils has them, each by all its spellings."""
    return {
        spelling: read_switch if option.kind == "switch" else value_reader(option)
        for option in options
        for spelling in option.spellings
    }


def read_switch(text: Any) -> None:
    """Read a switch, which has no value.

    Raises:
        ValueError: if one stands there.
    """
    if text and text.strip():
        raise ValueError(f"got {text.strip()!r}, want no value, or leave it out")


def value_reader(option: Option) -> Callable[[Any], Any]:
    """Return what reads the value of an option, or raises a `ValueError`."""

    def read_value(text: Any) -> Any:
        return option.parse(directives.unchanged_required(text))

    return read_value


def read_width(text: Any) -> str:
    """Return a width: what a figure is laid out for, or a length of docutils."""
    width = directives.unchanged_required(text).strip()
    laid_out, _ = split_width(width)
    try:
        return width if laid_out else directives.length_or_percentage_or_unitless(width)
    except ValueError:
        raise ValueError(f"got {width!r}, want a length, as 3.25in or 60%") from None


def collect_directive_options(
    values: Mapping[str, Any], options: Iterable[Option]
) -> dict[str, Any]:
    """Return the values of some options by the names of Python.

    Raises:
        OptionError: if one stands there in two spellings.
    """
    # A switch of docutils has no value.
    switched = {key: True if text is None else text for key, text in values.items()}
    return collect_options(switched, options)


class ResvizDirective(SphinxDirective):
    """A directive for a figure or a table of some networks.

    An error is a warning at the directive's line, and an error under `-W`.
    """

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Make the nodes, or none if an error was reported."""
        try:
            cache = open_record_cache(self.env, self.env.docname)
            specs = split_specs(" ".join(self.arguments))
            for spec in specs:
                for path in cache.dependency_files(spec):
                    self.env.note_dependency(str(path))
            path, line = self.get_source_info()
            with locate_warnings(path, line, ":{}: {}"):
                return self.make_nodes(specs, cache)
        except ResvizError as error:
            LOG.warning(
                "%s: %s", self.name, error, location=self.get_location(), type="resviz"
            )
            return []

    def make_nodes(
        self, specs: tuple[str, ...], cache: RecordCache
    ) -> list[nodes.Node]:
        """Make the nodes.

        Raises:
            ResvizError: if it cannot be shown.
        """
        raise NotImplementedError

    def frame_with_caption(
        self, frame: nodes.Element, inner: nodes.Element
    ) -> list[nodes.Node]:
        """Put the inner node in a frame with a caption, if one is given."""
        caption_text = self.options.get("caption")
        self.set_source_info(inner)
        if caption_text is None:
            self.add_name(inner)
            return [inner]
        inline_nodes, messages = self.parse_inline(caption_text)
        caption = nodes.caption(caption_text, "", *inline_nodes)
        self.set_source_info(caption)
        self.set_source_info(frame)
        is_table = isinstance(frame, writers.captioned_table_node)
        frame += [caption, inner] if is_table else [inner, caption]
        self.add_name(frame)
        if not frame["ids"]:
            frame["ids"].append(make_id(self.env, self.state.document, "resviz"))
        return [frame, *messages]


class FigureDirective(ResvizDirective):
    """`.. resviz:: SPEC …`."""

    option_spec: ClassVar[OptionSpec | None] = OptionReaders(
        {
            **directive_options(
                (*(FIGURE_OPTIONS | PLACE_OPTIONS).values(), *SPELT_TRACE_OPTIONS)
            ),
            "width": read_width,
            "caption": directives.unchanged_required,
            "name": directives.unchanged_required,
        }
    )

    def make_nodes(
        self, specs: tuple[str, ...], cache: RecordCache
    ) -> list[nodes.Node]:
        """Draw the figure once now; other builders draw it again from its record."""
        options = collect_directive_options(self.options, FIGURE_OPTIONS.values())
        place = collect_directive_options(self.options, PLACE_OPTIONS.values())
        tracing = collect_directive_options(self.options, SPELT_TRACE_OPTIONS)
        for path in cache.find_files(options).values():
            self.env.note_dependency(path)
        request, width = read_request(specs, options, place, tracing)
        diagram = request.draw_request(cache)
        serial = f"{self.env.docname} {self.env.new_serialno('resviz')}"
        node = writers.figure_node(
            "",
            piece=request,
            document=self.env.docname,
            salt=serial,
            alt=diagram.picture.description,
        )
        node["width"] = width
        is_live = isinstance(request, LiveRequest)
        node["live"] = request.make_page(cache) if is_live else None
        node["html"] = figure_html(diagram, salt=serial, width=node["width"])
        return self.frame_with_caption(nodes.figure("", align="default"), node)


class TableDirective(ResvizDirective):
    """`.. resviz-table:: SPEC …`."""

    option_spec: ClassVar[OptionSpec | None] = OptionReaders(
        {
            **directive_options((*TABLE_OPTIONS.values(), *SPELT_TRACE_OPTIONS)),
            "table": value_reader(Option("Which table.", choices=tuple(TABLES))),
            "caption": directives.unchanged_required,
            "name": directives.unchanged_required,
        }
    )

    def make_nodes(
        self, specs: tuple[str, ...], cache: RecordCache
    ) -> list[nodes.Node]:
        """Render the table in the syntax of every builder."""
        request = TableRequest(
            specs,
            self.options.get("table", "table"),
            collect_directive_options(self.options, TABLE_OPTIONS.values()),
            collect_directive_options(self.options, SPELT_TRACE_OPTIONS),
        )
        node = writers.table_node(
            "", **writers.render_for_builders(request.make_table(cache), self.options)
        )
        return self.frame_with_caption(writers.captioned_table_node(""), node)


def open_record_cache(env: BuildEnvironment, document: str) -> RecordCache:
    """Open the records of a project, which are kept beside its doctrees.

    Paths are read as `literalinclude` reads them: from the document, or from the
    source folder if they begin with a slash and nothing is there.
    """

    def resolve_path(path: str) -> Path:
        if Path(path).is_absolute() and Path(path).is_file():
            return Path(path)
        return Path(env.relfn2path(path, document)[1])

    source_folder, folder = Path(env.srcdir), env.config.resviz_cache
    cache_folder = source_folder / folder if folder else Path(env.doctreedir, "resviz")
    patterns = checked_patterns(env.config.resviz_allow, "resviz_allow")
    allowed = AllowList(source_folder, patterns, "resviz_allow = [{}] in conf.py")
    permissions = folder_permissions(source_folder, allowed)
    return RecordCache(cache_folder, resolve_path, permissions)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directives, and what writes their nodes."""
    app.add_config_value("resviz_allow", (), "env", (list, tuple))
    app.add_config_value("resviz_cache", None, "env", (str, type(None)))
    app.add_directive("resviz", FigureDirective)
    app.add_directive("resviz-table", TableDirective)
    writers.register_nodes(app)
    return {
        "version": __version__,
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }

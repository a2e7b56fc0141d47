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
from resviz.embed.permissions import (
    AllowList,
    checked_patterns,
    folder_permissions,
)
from resviz.embed.record_cache import RecordCache
from resviz.embed.requests import (
    TABLES,
    FigureRequest,
    TableRequest,
    collect_trace_options,
    figure_html,
    split_specs,
)
from resviz.errors import ResvizError
from resviz.figures import DIRECTIONS, FIGURES
from resviz.figures.drawing.styles import STYLES
from resviz.inputs import TRACE_MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

LOG = logging.getLogger(__name__)


def make_word_check(legal: Iterable[str]) -> Callable[[str | None], str]:
    """A check that an option is one of some words, in their case or another."""
    words = {check_word.lower(): check_word for check_word in legal}

    def check_word(given: str | None) -> str:
        option = (given or "").strip()
        if option.lower() not in words:
            raise ValueError(f"got {option!r}, want one of {', '.join(words.values())}")
        return words[option.lower()]

    return check_word


class ResvizDirective(SphinxDirective):
    """A directive for a figure or a table of some networks.

    An error is a warning at the directive's line, and an error under `-W`.
    """

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    trace_option_spec: ClassVar[OptionSpec] = {
        "input": directives.unchanged_required,
        "batch": directives.positive_int,
        "training": directives.flag,
        "mode": make_word_check(TRACE_MODES),
    }

    def run(self) -> list[nodes.Node]:
        """Make the nodes, or none if an error was reported."""
        try:
            shelf = open_record_cache(self.env, self.env.docname)
            specs = split_specs(" ".join(self.arguments))
            for path in (
                path for spec in specs for path in shelf.dependency_files(spec)
            ):
                self.env.note_dependency(str(path))
            return self.make_nodes(specs, shelf)
        except ResvizError as error:
            LOG.warning(
                "%s: %s", self.name, error, location=self.get_location(), type="resviz"
            )
            return []

    def make_nodes(
        self, specs: tuple[str, ...], shelf: RecordCache
    ) -> list[nodes.Node]:
        """Make the nodes.

        Raises:
            ResvizError: if it cannot be shown.
        """
        raise NotImplementedError

    @property
    def tracing_options(self) -> dict[str, Any]:
        """How the networks are to be traced."""
        return collect_trace_options(
            self.options.get("input", ""),
            self.options.get("batch"),
            training="training" in self.options,
            mode=self.options.get("mode"),
        )

    def frame_with_caption(
        self, frame: nodes.Element, inner: nodes.Element
    ) -> list[nodes.Node]:
        """The inner node, in a frame with a caption if one is given."""
        caption_text = self.options.get("caption")
        self.set_source_info(inner)
        if caption_text is None:
            self.add_name(inner)
            return [inner]
        inline_nodes, messages = self.parse_inline(caption_text)
        caption = nodes.caption(caption_text, "", *inline_nodes)
        self.set_source_info(caption)
        self.set_source_info(frame)
        above = isinstance(frame, writers.captioned_table_node)
        frame += [caption, inner] if above else [inner, caption]
        self.add_name(frame)
        if not frame["ids"]:
            frame["ids"].append(make_id(self.env, self.state.document, "resviz"))
        return [frame, *messages]


class FigureDirective(ResvizDirective):
    """`.. resviz:: SPEC …`."""

    optional_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {
        **ResvizDirective.trace_option_spec,
        "figure": make_word_check(FIGURES),
        "at": directives.unchanged_required,
        "direction": make_word_check(DIRECTIONS),
        "plain": directives.flag,
        "style": make_word_check(STYLES),
        "caption": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "name": directives.unchanged_required,
        "width": directives.length_or_percentage_or_unitless,
    }

    def make_nodes(
        self, specs: tuple[str, ...], shelf: RecordCache
    ) -> list[nodes.Node]:
        """The figure, drawn once now; other builders draw it again from its record."""
        keys = ("figure", "at", "direction", "style")
        options = {key: self.options[key] for key in keys if key in self.options}
        options |= {"plain": True} if "plain" in self.options else {}
        alt = self.options.get("alt", "")
        request = FigureRequest(specs, options, alt, self.tracing_options)
        drawn_figure = request.draw_request(shelf)
        serial = f"{self.env.docname} {self.env.new_serialno('resviz')}"
        node = writers.figure_node(
            "",
            piece=request,
            document=self.env.docname,
            salt=serial,
            alt=alt or drawn_figure.picture.description,
        )
        node["width"] = self.options.get("width", "")
        node["html"] = figure_html(drawn_figure, salt=serial, width=node["width"])
        return self.frame_with_caption(nodes.figure("", align="default"), node)


class TableDirective(ResvizDirective):
    """`.. resviz-table:: SPEC …`."""

    option_spec: ClassVar[OptionSpec | None] = {
        **ResvizDirective.trace_option_spec,
        "table": make_word_check(TABLES),
        "only": directives.unchanged_required,
        "columns": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "name": directives.unchanged_required,
    }

    def make_nodes(
        self, specs: tuple[str, ...], shelf: RecordCache
    ) -> list[nodes.Node]:
        """The table in the syntax of every builder."""
        request = TableRequest(
            specs,
            self.options.get("table", "table"),
            self.options.get("only"),
            tuple(self.options.get("columns", "").replace(",", " ").split()),
            self.tracing_options,
        )
        node = writers.table_node(
            "", **writers.render_for_builders(request.make_table(shelf), self.options)
        )
        return self.frame_with_caption(writers.captioned_table_node(""), node)


def open_record_cache(env: BuildEnvironment, document: str) -> RecordCache:
    """The records of a project, kept beside its doctrees.

    Paths are read as `literalinclude` reads them: from the document, or from the
    source folder if they begin with a slash and nothing is there.
    """

    def resolve_path(path: str) -> Path:
        if Path(path).is_absolute() and Path(path).is_file():
            return Path(path)
        return Path(env.relfn2path(path, document)[1])

    folder = env.config.resviz_cache
    cache_folder = (
        Path(env.srcdir, folder) if folder else Path(env.doctreedir) / "resviz"
    )
    patterns = checked_patterns(env.config.resviz_allow, "resviz_allow")
    remedy = "resviz_allow = [{}] in conf.py"
    allowed = AllowList(Path(env.srcdir), patterns, remedy)
    return RecordCache(
        cache_folder, resolve_path, folder_permissions(Path(env.srcdir), allowed)
    )


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

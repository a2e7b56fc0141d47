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
from resviz.embed.pieces import (
    TABLES,
    Figure,
    Tabular,
    figure_html,
    separate,
    tracing,
)
from resviz.embed.shelf import Shelf
from resviz.errors import ResvizError
from resviz.figures import DIRECTIONS, FIGURES
from resviz.figures.drawing.styles import STYLES
from resviz.inputs import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

LOG = logging.getLogger(__name__)


def one_of(legal: Iterable[str]) -> Callable[[str | None], str]:
    """A check that an option is one of some words, in their case or another."""
    words = {word.lower(): word for word in legal}

    def word(given: str | None) -> str:
        said = (given or "").strip()
        if said.lower() not in words:
            raise ValueError(f"got {said!r}, want one of {', '.join(words.values())}")
        return words[said.lower()]

    return word


class Piece(SphinxDirective):
    """What both directives share.

    An error is a warning at the directive's line, and an error under `-W`.
    """

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    tracing: ClassVar[OptionSpec] = {
        "input": directives.unchanged_required,
        "batch": directives.positive_int,
        "training": directives.flag,
        "mode": one_of(MODES),
    }

    def run(self) -> list[nodes.Node]:
        """The nodes, none if it cannot be shown."""
        try:
            shelf = shelf_of(self.env, self.env.docname)
            specs = separate(" ".join(self.arguments))
            for path in (path for spec in specs for path in shelf.files(spec)):
                self.env.note_dependency(str(path))
            return self.shown(specs, shelf)
        except ResvizError as error:
            LOG.warning(
                "%s: %s", self.name, error, location=self.get_location(), type="resviz"
            )
            return []

    def shown(self, specs: tuple[str, ...], shelf: Shelf) -> list[nodes.Node]:
        """The nodes.

        Raises:
            ResvizError: if it cannot be shown.
        """
        raise NotImplementedError

    @property
    def traced(self) -> dict[str, Any]:
        """How the networks are to be traced."""
        return tracing(
            self.options.get("input", ""),
            self.options.get("batch"),
            training="training" in self.options,
            mode=self.options.get("mode"),
        )

    def framed(self, frame: nodes.Element, inner: nodes.Element) -> list[nodes.Node]:
        """The inner node, in a frame with a caption if one is given."""
        given = self.options.get("caption")
        self.set_source_info(inner)
        if given is None:
            self.add_name(inner)
            return [inner]
        said, messages = self.parse_inline(given)
        caption = nodes.caption(given, "", *said)
        self.set_source_info(caption)
        self.set_source_info(frame)
        above = isinstance(frame, writers.tabular)
        frame += [caption, inner] if above else [inner, caption]
        self.add_name(frame)
        if not frame["ids"]:
            frame["ids"].append(make_id(self.env, self.state.document, "resviz"))
        return [frame, *messages]


class FigureDirective(Piece):
    """`.. resviz:: SPEC …`."""

    optional_arguments = 1
    option_spec: ClassVar[OptionSpec | None] = {
        **Piece.tracing,
        "figure": one_of(FIGURES),
        "at": directives.unchanged_required,
        "direction": one_of(DIRECTIONS),
        "plain": directives.flag,
        "style": one_of(STYLES),
        "caption": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "name": directives.unchanged_required,
        "width": directives.length_or_percentage_or_unitless,
    }

    def shown(self, specs: tuple[str, ...], shelf: Shelf) -> list[nodes.Node]:
        """The figure, drawn once now; other builders draw it again from its record."""
        keys = ("figure", "at", "direction", "style")
        options = {key: self.options[key] for key in keys if key in self.options}
        options |= {"plain": True} if "plain" in self.options else {}
        alt = self.options.get("alt", "")
        piece = Figure(specs, options, alt, self.traced)
        drawn = piece.diagram(shelf)
        serial = f"{self.env.docname} {self.env.new_serialno('resviz')}"
        node = writers.drawing(
            "",
            piece=piece,
            document=self.env.docname,
            salt=serial,
            alt=alt or drawn.picture.description,
        )
        node["width"] = self.options.get("width", "")
        node["html"] = figure_html(drawn, salt=serial, width=node["width"])
        return self.framed(nodes.figure("", align="default"), node)


class TableDirective(Piece):
    """`.. resviz-table:: SPEC …`."""

    option_spec: ClassVar[OptionSpec | None] = {
        **Piece.tracing,
        "table": one_of(TABLES),
        "only": directives.unchanged_required,
        "columns": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "name": directives.unchanged_required,
    }

    def shown(self, specs: tuple[str, ...], shelf: Shelf) -> list[nodes.Node]:
        """The table in the syntax of every builder."""
        piece = Tabular(
            specs,
            self.options.get("table", "table"),
            self.options.get("only"),
            tuple(self.options.get("columns", "").replace(",", " ").split()),
            self.traced,
        )
        node = writers.rows("", **writers.texts(piece.table(shelf), self.options))
        return self.framed(writers.tabular(""), node)


def shelf_of(env: BuildEnvironment, document: str) -> Shelf:
    """The records of a project, kept beside its doctrees.

    Paths are read as `literalinclude` reads them: from the document, or from the
    source folder if they begin with a slash and nothing is there.
    """

    def place(path: str) -> Path:
        if Path(path).is_absolute() and Path(path).is_file():
            return Path(path)
        return Path(env.relfn2path(path, document)[1])

    folder = env.config.resviz_cache
    kept = Path(env.srcdir, folder) if folder else Path(env.doctreedir) / "resviz"
    patterns = checked_patterns(env.config.resviz_allow, "resviz_allow")
    remedy = "resviz_allow = [{}] in conf.py"
    allowed = AllowList(Path(env.srcdir), patterns, remedy)
    return Shelf(kept, place, folder_permissions(Path(env.srcdir), allowed))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directives, and what writes their nodes."""
    app.add_config_value("resviz_allow", (), "env", (list, tuple))
    app.add_config_value("resviz_cache", None, "env", (str, type(None)))
    app.add_directive("resviz", FigureDirective)
    app.add_directive("resviz-table", TableDirective)
    writers.register(app)
    return {
        "version": __version__,
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }

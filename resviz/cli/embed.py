"""`resviz embed`: tables and pictures in marked regions of Markdown files."""

from __future__ import annotations

import sys

import click

from resviz.cli.shared import debug_option
from resviz.errors import SpecError


@click.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if stale.")
@click.option(
    "--allow",
    metavar="PATTERN",
    multiple=True,
    help="What a region may import or fetch: 'zoo.*', net.py, 'https://my.org/*'.",
)
@debug_option
def embed(files: tuple[str, ...], check: bool, allow: tuple[str, ...]) -> None:
    """Fill the marked regions of Markdown files.

    What stands between <!-- resviz: table 18 34 50 --> and <!-- /resviz --> becomes
    the table. A diagram is a chart with --format mermaid; with -o images/net.svg it
    is a picture: that file, the file images/net-dark.svg, and the HTML that shows
    the one that suits the reader. All paths start at the Markdown file, and stay in its
    repository. A folder stands for all Markdown files below it.

    A network that is imported or weights that are fetched want to be allowed, here by
    --allow or by "allow" below [tool.resviz] in the repository's pyproject.toml: by a
    pattern for what stands before the colon, or the URL. Packages are imported from
    where the command runs.
    """
    for option, values, example in (("FILE", files, "."), ("--allow", allow, "net.py")):
        if not all(map(str.strip, values)):
            raise SpecError(f"{option}: got '', want one as {example}")
    from resviz.embed.markdown import find_markdown_files, read_pages, write_pages
    from resviz.embed.regions import EXAMPLE_MARKER

    markdown_pages = read_pages(
        (file for name in files for file in find_markdown_files(name)), allow
    )
    for page in markdown_pages:
        if page.name in files and not page.region_count:
            click.echo(f"{page.name}: no region, want {EXAMPLE_MARKER}", err=True)
    if not check:
        for path in write_pages(markdown_pages):
            click.echo(f"wrote {path}", err=True)
        return
    stale = [line for markdown_page in markdown_pages for line in markdown_page.stale]
    for line in stale:
        click.echo(f"stale: {line}", err=True)
    if stale:
        click.echo(f"run: resviz embed {' '.join(files)}", err=True)
        sys.exit(1)

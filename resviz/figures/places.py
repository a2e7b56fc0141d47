"""Where a figure has what people look for under other names."""

FIGURE_PLACES = {
    **{
        name: f"diagram.to_{name}()"
        for name in ("svg", "png", "pdf", "dot", "mermaid", "tikz", "pptx", "drawio")
    },
    **dict.fromkeys(("to_string", "source"), "diagram.to_svg()"),
    **dict.fromkeys(
        ("show", "view", "display", "plot", "open"),
        "diagram alone in a notebook's cell, or diagram.save('name.svg')",
    ),
    **dict.fromkeys(
        ("write", "to_file", "savefig", "export", "dump"), "diagram.save('name.svg')"
    ),
    **dict.fromkeys(("alt", "caption", "describe"), "diagram.description"),
    **dict.fromkeys(("width", "height", "shape"), "diagram.size, in pixels"),
    "to_json": "arch.to_json(), of the record",
    "to_latex": "diagram.to_tikz()",
    "title": "diagram.picture.title",
}
"""Where a figure has what is guessed under these names."""

"""Table 1 for the depths of one's own choice, as LaTeX for a paper."""

from pathlib import Path

import resviz

table = resviz.table([26, 50, "resnext50_32x4d"])
Path("table.tex").write_text(table.render("latex"), encoding="utf-8")
print(table)

"""Tables in papers, set by pdflatex and measured by pdftotext."""

import re
import subprocess

import pytest

import resviz

pytestmark = pytest.mark.needs("pdflatex", "pdftotext")

PAGE = r"""\documentclass[twocolumn]{article}
\usepackage{%s}
\pagestyle{empty}\setlength{\parindent}{0pt}
\begin{document}
LEFT\hfill RIGHT\par
%s
\input{table.tex}
\end{document}
"""


@pytest.fixture
def paper(tmp_path, monkeypatch):
    """A function that sets a table in a column; gives its sides, and words, and log."""

    def paper(table, before="", packages="booktabs,amsmath,graphicx"):
        (tmp_path / "table.tex").write_text(table.render("latex"))
        (tmp_path / "t.tex").write_text(PAGE % (packages, before))
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
        monkeypatch.setenv("max_print_line", "1000")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert 0 == done.returncode, done.stdout[-2000:]
        subprocess.run(["pdftotext", "-bbox", "t.pdf", "t.html"], cwd=tmp_path)
        matches = re.findall(
            r'xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)".*?>(.*?)<',
            (tmp_path / "t.html").read_text(),
        )
        sides = {word: (float(left), float(right)) for left, right, word in matches}
        column = (sides.pop("LEFT")[0], sides.pop("RIGHT")[1])
        return column, sides.values(), (tmp_path / "t.log").read_text()

    return paper


@pytest.fixture
def wide(record):
    """Tables that have no room in a column."""
    r18, r50 = record("resnet18"), record("resnet50")
    return resviz.table([r18, r50, r18, r50]), resviz.layers(r18)


@pytest.mark.parametrize("number", [0, 1])
def test_a_table_stays_in_its_column(paper, wide, number):
    """No word of it stands in the other, or in the margin; and LaTeX says it shrank."""
    (left, right), words, log = paper(wide[number])
    assert left - 0.5 < min(it[0] for it in words)
    assert max(it[1] for it in words) < right + 0.5
    assert "Package resviz Warning: A table of" in log


def test_small_letters_are_told_of_by_their_size(paper, record):
    """Five points are too small, though seven tenths of the table are left."""
    table = resviz.layers(record("resnet18")).select_columns(
        ["name", "type", "input_shapes", "output_shape", "params"]
    )
    log = paper(table)[2]
    matches = re.search(
        r"A table of ([\d.]+)pt is shrunk to ([\d.]+)pt, its letters to ([\d.]+)pt:"
        r" *(?:\n\(resviz\) *)?use",
        re.sub(r"\n\(resviz\) *", " ", log),
    )
    whole, shrunk, letters = map(float, matches.groups())
    assert 0.7 < shrunk / whole < 0.78
    assert letters == pytest.approx(7 * shrunk / whole, abs=0.01)


def test_letters_of_six_points_are_read(paper, record):
    """And no warning says otherwise."""
    table = resviz.layers(record("resnet18"), only="conv").select_columns(
        ["name", "type", "input_shapes", "output_shape", "kernel"]
    )
    (_, right), words, _ = paper(table, r"\def\resvizwidth{2\linewidth}")
    assert right < max(it[1] for it in words)
    (_, right), words, log = paper(table)
    assert right > max(it[1] for it in words)
    assert "Package resviz Warning" not in log


def test_marked_rows_have_a_sign_which_is_explained(paper, record):
    """Below the table; a table without any has no column for it."""
    table = resviz.shortcuts(record("resnet18"))
    rows = [line for line in table.render("latex").splitlines() if "& conv" in line]
    marked = {k for k, row in enumerate(rows) if row.startswith(r"$\triangleright$ & ")}
    assert table.marked == marked
    assert all(row.startswith(" & ") for k, row in enumerate(rows) if k not in marked)
    assert r"\noindent $\triangleright$ the shortcut is no identity" in table.render(
        "latex"
    )
    assert "triangleright" not in resviz.summary(record("resnet18")).render("latex")
    paper(table)


def test_a_table_is_as_wide_as_asked(paper, wide):
    """Both columns, say, for whom that suits."""
    (_, right), words, _ = paper(wide[0], r"\def\resvizwidth{1.5\linewidth}")
    assert max(it[1] for it in words) > right + 20


def test_a_small_table_keeps_its_size(paper, record):
    """Without a warning."""
    _, words, log = paper(
        resviz.summary(record("resnet18")).select_columns(["name", "blocks"])
    )
    assert words
    assert "Package resviz Warning" not in log


def test_without_graphicx_a_wide_table_is_told_of(paper, wide):
    """Instead of printing over its neighbour in silence."""
    assert "load graphicx" in paper(wide[0], packages="booktabs,amsmath")[2]

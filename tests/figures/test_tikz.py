"""TikZ, as pdflatex sets it in a minimal paper."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.escape import LATEX_ESCAPES, escape_latex
from resviz.figures import draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Picture
from resviz.formats.pictures import tikz
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import HOSTILE
from .test_dot import SMALL, said

PAPER = r"""\documentclass{article}
\usepackage{booktabs,amsmath,tikz}
\begin{document}
%s
\end{document}
"""


def compiled(folder, body):
    """The text of a paper, and what TeX said."""
    (folder / "paper.tex").write_text(PAPER % body)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    command = ["pdftotext", "-layout", "paper.pdf", "-"]
    read = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return read.stdout.decode(), log


@pytest.mark.needs("pdflatex", "pdftotext")
def test_a_paper_with_table_and_figures(network, tmp_path):
    """Table 1 and every figure are put in, and nothing stands over the margin."""
    resviz.diagram(network("resnet50")).save(tmp_path / "overview.tex")
    for figure in ("block", "layers", "volumes"):
        draw_diagram(network("resnet18"), figure).save(tmp_path / f"{figure}.tex")
    table = resviz.table([network("resnet18"), network("resnet50")]).render("latex")
    (tmp_path / "table.tex").write_text(table)
    figures = ("overview", "block", "layers", "volumes")
    body = "".join(
        rf"\begin{{figure}}\centering\input{{{it}}}\caption{{}}\end{{figure}}"
        for it in figures
    )
    body += r"\begin{table}\caption{Networks.}\input{table}\end{table}"
    text, log = compiled(tmp_path, body)
    assert "Overfull" not in log
    for words in ("conv3 x", "projection", "identity", "BN, ReLU", "global average"):
        assert words in " ".join(text.replace("_", " ").split())


@pytest.mark.needs("pdflatex", "pdftotext")
def test_the_units_of_plots_stand_apart(network, tmp_path):
    """From their titles, whose bold letters are wider here than in other formats."""
    draw_diagram(network("resnet50"), "growth").save(tmp_path / "growth.tex")
    text, _ = compiled(tmp_path, r"\noindent\input{growth}")
    assert re.search(r"Multiply-adds +cumulative, one sample", text)


@pytest.mark.needs("pdflatex", "pdftotext")
def test_the_papers_five_networks_fit_an_article(tmp_path):
    """They stand out on both sides alike, without a warning."""
    (tmp_path / "table.tex").write_text(resviz.table().render("latex"))
    text, log = compiled(tmp_path, r"\begin{table}\input{table}\end{table}")
    assert "Overfull" not in log
    assert "11.282 G" in text


@pytest.mark.needs("pdflatex", "pdftotext")
def test_hostile_names_are_text(tmp_path):
    """Every name compiles, and what TeX has glyphs for comes back."""
    body = ""
    for number, name in enumerate(HOSTILE):
        figure = tikz.render(said("title", name[:40]), styles.PAPER_STYLE)
        (tmp_path / f"f{number}.tex").write_text(figure)
        body += rf"\input{{f{number}}}\par "
    text, _ = compiled(tmp_path, body)
    for words in ("{a|b} %n $x #{y}", "<b>&lt;&amp;</b>", r"\N \G \L", "=1+1"):
        assert words in text.replace("’", "'")


@pytest.mark.needs("pdflatex", "pdftotext")
def test_the_width_is_the_authors(tmp_path):
    r"""`\resvizwidth` bounds it; a narrow figure is not stretched."""
    (tmp_path / "f.tex").write_text(tikz.render(SMALL, styles.PAPER_STYLE))
    body = r"\setbox0\hbox{\input{f}}\typeout{wide \the\wd0}"
    body += r"\def\resvizwidth{60bp}\setbox0\hbox{\input{f}}\typeout{wide \the\wd0}x"
    _, log = compiled(tmp_path, body)
    wide = [float(it) for it in re.findall(r"wide ([\d.]+)pt", log)]
    assert pytest.approx([120 * 72.27 / 72, 60 * 72.27 / 72], abs=0.1) == wide


def test_only_colours_that_occur_are_defined():
    """And each that occurs is."""
    text = tikz.render(SMALL, styles.SCREEN_STYLE)
    defined = set(re.findall(r"definecolor\{(\w+)\}", text))
    body = re.sub(r"\\definecolor.*", "", text)
    assert defined == set(re.findall(r"\brv[0-9A-F]{6}\b", body))


def test_pictures_too_large_for_tex_are_refused():
    """The error names the format that has no such bound."""
    with pytest.raises(RenderError, match=r"no lengths above 16000; write \.pdf"):
        tikz.render(Picture("long", "", (10, 20_000), ()), styles.PAPER_STYLE)


@pytest.mark.needs("pdflatex", "pdftotext")
@pytest.mark.parametrize("name", ["中文网络", "Сеть", "a 中 {b} ؟ \U0001f600 Ω"])
def test_letters_that_pdflatex_lacks_are_warned_of(tmp_path, name):
    """In its log, with what has them; the file has the letters themselves."""
    text = tikz.render(said("block", name), styles.LIGHT_STYLE)
    assert all(letter in text for letter in name if not letter.isspace())
    (tmp_path / "f.tex").write_text(text)
    shown, log = compiled(tmp_path, r"\input{f}")
    assert "?" in shown
    assert "LuaLaTeX" in log.replace("\n", "")


class Doubled(nn.Module):
    """A residual block of two convolutions, the first of a name."""

    def __init__(self, name):
        super().__init__()
        self.first = name
        self.add_module(name, nn.Conv2d(4, 4, 3, padding=1))
        self.second = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return x + self.second(getattr(self, self.first)(x).relu())


@pytest.mark.needs("pdflatex", "pdftotext")
@pytest.mark.parametrize(
    "name", ["中文网络", "Сеть", "Δίκτυο", "a 中 {b} ؟ \U0001f600"]
)
@pytest.mark.parametrize("kind", [resviz.table, resviz.layers])
def test_letters_that_pdflatex_lacks_are_warned_of_in_tables(tmp_path, kind, name):
    """Its log names the engines; the file has the letters, in heads and in rows."""
    named = resviz.trace(Doubled(name), (4, 8, 8), name=name)
    text = kind(named).render("latex")
    assert all(letter in text for letter in name if not letter.isspace())
    (tmp_path / "f.tex").write_text(text)
    shown, log = compiled(tmp_path, r"\input{f}")
    assert "?" in shown
    assert "LuaLaTeX" in log.replace("\n", "")
    latin = resviz.trace(Doubled("conv"), (4, 8, 8), name="é")
    assert r"\resvizletter{" not in kind(latin).render("latex")


def test_latin_letters_want_no_command():
    """The file is as short as before."""
    assert "resvizletter" not in tikz.render(SMALL, styles.LIGHT_STYLE)


@pytest.mark.parametrize("figure", ["overview", "lanes", "volumes"])
@pytest.mark.parametrize(
    "name", ["resnet50", "dla34", "deeplabv3_resnet50", "vit_tiny_patch16_224"]
)
def test_pdflatex_has_every_sign_of_ours(name, figure):
    """Roots, quotes, dashes and bars of legends and labels come out as they are."""
    drawn = draw_diagram(load(record_file(name)), figure)
    assert "resvizletter" not in drawn.to_tikz()


@pytest.mark.needs("pdflatex", "pdftotext")
def test_pdflatex_sets_every_sign_that_has_a_form(tmp_path):
    """None is an error, and none a question mark."""
    signs = [sign for sign in LATEX_ESCAPES if not sign.isascii()]
    body = " ".join(f"a{escape_latex(sign)}b" for sign in signs)
    shown, log = compiled(tmp_path, body)
    assert "?" not in shown
    assert "Missing character" not in log
    assert {"√", "×", "→", "↑", "⊕", "·"} <= {*"".join(shown.split())}


@pytest.mark.needs("pdflatex", "pdftotext")
def test_the_log_has_the_name_as_it_is(tmp_path):
    """With its colon, also where French makes a command of it."""
    drawn = said("block", "net")
    text = tikz.render(replace(drawn, title="my_net.py:UNet, 1:2"), styles.LIGHT_STYLE)
    (tmp_path / "f.tex").write_text(text)
    body = r"\catcode`\:=13 \def:{\ERROR}\def\resvizwidth{5bp}\input{f}"
    _, log = compiled(tmp_path, body)
    assert "my_net.py:UNet, 1:2 is shrunk" in log.replace("\n", "")


@pytest.mark.parametrize("sign", "√°–“”‖×→≥…")
def test_signs_of_ours_have_a_form_in_latex(sign):
    """None becomes a question mark."""
    assert escape_latex(sign) not in {"?", sign}

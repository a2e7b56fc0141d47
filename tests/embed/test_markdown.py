"""`resviz embed`: tables, charts and pictures in Markdown files."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

import resviz
from resviz.embed import markdown

ROOT = Path(__file__).parent.parent.parent

CLOSE = "<!-- /resviz -->"


@pytest.fixture
def embed(record, tmp_path, monkeypatch, embed):
    """The function of that name, in a folder with a record."""
    record("resnet18").save(tmp_path / "r18.json")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return embed


def write(name, *commands, text="Text.\n\n"):
    """A Markdown file with a region for each command."""
    regions = (f"<!-- resviz: {command} -->\n{CLOSE}\n" for command in commands)
    Path(name).write_text(text + "\n".join(regions))
    return name


def test_a_table_is_the_commands_own(embed):
    """As `--format markdown` prints it."""
    code, stderr = embed(write("a.md", "table r18.json"))
    assert (0, "wrote a.md\n") == (code, stderr)
    assert resviz.table("r18.json").render("markdown") in Path("a.md").read_text()


def test_every_table_can_be_embedded(embed):
    """With the options of its command."""
    names = [
        f"{name} r18.json"
        for name in ("summary", "shortcuts", "costs", "memory", "receptive")
    ]
    names.append("layers r18.json --only conv")
    code, stderr = embed(write("a.md", *names))
    assert 0 == code, stderr
    assert len(names) == Path("a.md").read_text().count("\n| ---")


def test_a_chart_is_a_block_of_mermaid(embed):
    """Which GitHub draws."""
    assert 0 == embed(write("a.md", "diagram r18.json --format mermaid"))[0]
    blocks = [it for it in MarkdownIt().parse(Path("a.md").read_text()) if it.info]
    assert ["mermaid"] == [it.info for it in blocks]
    chart = resviz.diagram("r18.json").to_bytes("mermaid").decode()
    assert chart == blocks[0].content


def test_a_picture_is_a_pair_of_files(embed):
    """Light and dark; neither follows the system, since the page chooses."""
    write("docs.md", "diagram r18.json --figure block -o images/block.svg")
    code, stderr = embed("docs.md")
    assert (0, 3) == (code, stderr.count("wrote"))
    for name, ground in (("block", "#ffffff"), ("block-dark", "#12161c")):
        svg = Path(f"images/{name}.svg").read_text()
        assert f'fill="{ground}"' in svg
        assert "<style>" not in svg


def test_the_html_of_a_picture(embed):
    """Both files, the width, and the figure's own words, as one element."""
    embed(write("a.md", "diagram r18.json -o 'my images/net.svg'"))
    text = Path("a.md").read_text()
    blocks = [it.content for it in MarkdownIt().parse(text) if it.type == "html_block"]
    assert any(it.startswith("<picture>") for it in blocks)
    tags = re.findall(r"  (<(?:source|img) .*)>", text)
    source, image = (ET.fromstring(f"{tag}/>") for tag in tags)
    assert "(prefers-color-scheme: dark)" == source.get("media")
    assert "my%20images/net-dark.svg" == source.get("srcset")
    assert "my%20images/net.svg" == image.get("src")
    words = "ResNet-18, input 224×224×3: 11.7 M parameters"
    assert image.get("alt", "").startswith(words)
    assert image.get("width", "").isdecimal()


def test_paths_start_at_the_file(embed):
    """Not at the folder in which the command runs."""
    Path("guide").mkdir()
    write("guide/a.md", "diagram ../r18.json -o ../images/net.svg")
    assert 0 == embed("guide/a.md")[0]
    assert Path("images/net.svg").is_file()
    assert 'src="../images/net.svg"' in Path("guide/a.md").read_text()


NET = "from torch import nn\n\ndef build():\n    return nn.Conv2d(3, {}, 1)\n"


def test_files_of_networks_are_found_from_the_file(embed):
    """As pictures are; a package is found from where the command runs."""
    Path("guide").mkdir()
    Path("guide/net.py").write_text(NET.format(51))
    Path("net.py").write_text(NET.format(5))
    Path("embedded_package.py").write_text(NET.format(52))
    specs = ("net.py:build", "embedded_package:build")
    write("guide/a.md", *(f"layers {spec}" for spec in specs))
    code, stderr = embed(
        "guide/a.md", "--allow", "guide/net.py", "--allow", "embedded_package"
    )
    assert 0 == code, stderr
    text = Path("guide/a.md").read_text()
    assert "224×224×51" in text
    assert "224×224×52" in text


def test_nothing_is_written_where_the_file_is_protected(embed, monkeypatch):
    """Not even the pictures, which come first."""
    name = write("a.md", "diagram r18.json -o net.svg")
    can = markdown.os.access
    monkeypatch.setattr(
        markdown.os, "access", lambda path, how: path.name != name and can(path, how)
    )
    code, stderr = embed(name)
    assert (2, "error: a.md: cannot be written, it is write-protected\n") == (
        code,
        stderr,
    )
    assert not Path("net.svg").exists()


def test_check_of_what_is_fresh(embed):
    """Nothing is said, and the code is 0."""
    name = write("a.md", "table r18.json", "diagram r18.json -o net.svg")
    embed(name)
    assert (0, "") == embed("--check", name)


def test_check_of_what_is_stale(embed):
    """Exit code 1, file and line, the remedy; and nothing is written."""
    name = write("a.md", "table r18.json", "diagram r18.json -o net.svg")
    before = Path(name).read_bytes()
    code, stderr = embed("--check", name)
    assert 1 == code
    assert {"stale: a.md:3", "stale: a.md:6", "stale: a.md:6: net.svg",
            "stale: a.md:6: net-dark.svg", "run: resviz embed a.md"} == {
                *stderr.splitlines()}  # fmt: skip
    assert before == Path(name).read_bytes()
    assert not Path("net.svg").exists()


def test_check_sees_a_picture_that_was_changed(embed):
    """One byte is enough."""
    name = write("a.md", "diagram r18.json -o net.svg")
    embed(name)
    with Path("net-dark.svg").open("a") as file:
        file.write(" ")
    code, stderr = embed("--check", name)
    assert 1 == code
    assert "stale: a.md:3: net-dark.svg" == stderr.splitlines()[0]


def test_what_is_fresh_is_not_written(embed):
    """So its time of change stays."""
    name = write("a.md", "table r18.json")
    embed(name)
    assert (0, "") == embed(name)


def test_several_files(embed):
    """One without regions is left alone; bytes that are no UTF-8 are kept."""
    write("a.md", "table r18.json")
    Path("b.md").write_bytes(b"caf\xe9 \xff\r\nno region")
    latin = b"caf\xe9\r\n<!-- resviz: summary r18.json -->\r\n<!-- /resviz -->\r\n\xff"
    Path("c.md").write_bytes(latin)
    code, stderr = embed("a.md", "b.md", "c.md")
    assert (0, ["wrote a.md", "wrote c.md"]) == (code, stderr.splitlines()[1:])
    assert b"caf\xe9 \xff\r\nno region" == Path("b.md").read_bytes()
    assert Path("c.md").read_bytes().startswith(b"caf\xe9\r\n<!-- resviz")
    assert Path("c.md").read_bytes().endswith(b"\r\n<!-- /resviz -->\r\n\xff")
    assert b"\n" not in Path("c.md").read_bytes().replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("table nope", "unknown network 'nope'"),
        ("table missing.json", "missing.json"),
        ("roofline r18.json --measure", "measure: a document times no machine"),
        ("", "got '', want a command that gives a table or a diagram"),
        ("report r18.json", "got 'report', want a command that gives a table"),
        ("embed a.md", "got 'embed', want a command"),
        ("trace r18.json", "got 'trace', want a command"),
        ("table r18.json -o x.md", "leave out --format and -o"),
        ("table r18.json --format csv", "leave out --format and -o"),
        ("table --bogus", "--bogus"),
        ("table --help", "--help has no place in a region"),
        ("table 'r18.json", "No closing quotation"),
        ("diagram r18.json", "wants --format mermaid, or -o images/name.svg"),
        ("diagram r18.json -o x.png", "want a path from the file's folder to an .svg"),
        ("diagram r18.json -o /x.svg", "want a path from the file's folder"),
        ("diagram r18.json -o ../x.svg", "leads out of the folder"),
        ("diagram r18.json -o x.svg --style dark", "leave out --style"),
        ("diagram r18.json -o x.svg --format pdf", "a picture is SVG here"),
        ("diagram r18.json -o x.mmd --format mermaid", "leave out -o"),
        (
            "diagram r18.json --figure flow --format mermaid",
            "overview, block, lanes alone",
        ),
    ],
)
def test_bad_commands_are_named_by_file_and_line(embed, command, message):
    """And nothing is written, not even what is sound."""
    write("good.md", "table r18.json")
    before = Path("good.md").read_bytes()
    code, stderr = embed("good.md", write("bad.md", command))
    assert stderr.startswith("error: bad.md:3: "), stderr
    assert message in stderr
    assert 2 == code
    assert before == Path("good.md").read_bytes()


def test_two_pictures_of_one_name(embed):
    """The second would take the first one's file."""
    commands = ("diagram r18.json -o x.svg", "diagram r18.json --figure block -o x.svg")
    code, stderr = embed(write("a.md", *commands))
    assert (2, True) == (
        code,
        "a.md:6: 'x.svg' is another region's picture" in stderr,
    )


def test_two_pictures_of_one_name_in_two_files(embed):
    """Each file would be stale as soon as the other is fresh."""
    Path("guide").mkdir()
    write("a.md", "diagram r18.json -o x.svg")
    write("guide/b.md", "diagram ../r18.json --figure block -o ../x.svg")
    code, stderr = embed("a.md", "guide/b.md")
    assert (2, True) == (
        code,
        "b.md:3: 'x.svg' is another region's picture" in stderr,
    )
    assert not Path("x.svg").exists()


def test_one_picture_in_two_files(embed):
    """It is the same, and is written once."""
    names = [write(f"{name}.md", "diagram r18.json -o x.svg") for name in "ab"]
    code, stderr = embed(*names)
    assert (0, 4) == (code, stderr.count("wrote"))
    assert (0, "") == embed("--check", *names)


def test_a_missing_file(embed):
    """Its name and what the system said."""
    code, stderr = embed("no.md")
    assert (2, "error: no.md: cannot be read, No such file or directory\n") == (
        code,
        stderr,
    )


def test_the_readme_is_fresh(run, monkeypatch):
    """Its pictures are made by the command that stands in it."""
    monkeypatch.chdir(ROOT)
    assert "<!-- resviz: diagram" in (ROOT / "README.md").read_text()
    run("-m", "resviz", "embed", "--check", "README.md")


def test_files_without_regions_need_no_torch(run, tmp_path):
    """A hook that is given every Markdown file is quick."""
    (tmp_path / "a.md").write_text("text\n")
    code = (
        "import sys\nfrom resviz.cli import main\n"
        f"main(['embed', '--check', {str(tmp_path / 'a.md')!r}])\n"
        "sys.exit(17 if {'torch', 'pandas'} & set(sys.modules) else 0)"
    )
    run("-c", code)


def test_a_folder_stands_for_its_markdown_files(embed):
    """Those of hidden folders, environments and packages are other people's."""
    for folder in ("guide", ".hidden", "env", "node_modules"):
        Path(folder).mkdir()
        write(f"{folder}/a.md", "table ../r18.json")
    Path("env/pyvenv.cfg").touch()
    write("b.markdown", "table r18.json")
    Path("c.txt").write_text("<!-- resviz: table r18.json -->")
    assert (0, "wrote b.markdown\nwrote guide/a.md\n") == embed(".")


HOOKS = [
    dict(re.findall(r"(\w+): (.*)", part))
    for part in (ROOT / ".pre-commit-hooks.yaml").read_text().split("- id")[1:]
]


def test_the_hooks_name_commands_that_there_are():
    """What pre-commit reads: two hooks, for all that makes a region stale."""
    entries = ["resviz embed", "resviz embed --check"]
    assert entries == [hook["entry"] for hook in HOOKS]
    for hook in HOOKS:
        assert "[markdown, python, json, svg]" == hook["types_or"]


def test_the_check_hook_sees_a_changed_network(embed):
    """Though the Markdown file itself is not among what is committed."""
    Path("net.py").write_text(NET.format(51))
    write("README.md", "layers net.py:build")
    Path("pyproject.toml").write_text('[tool.resviz]\nallow = ["net.py"]\n')
    embed("README.md")
    args = [*HOOKS[1]["entry"].split()[2:], *json.loads(HOOKS[1]["args"])]
    assert ("false", (0, "")) == (HOOKS[1]["pass_filenames"], embed(*args))
    # Of another size: Python takes one of equal size and second for the same.
    Path("net.py").write_text(NET.format(152))
    code, stderr = embed(*args)
    assert (1, "stale: README.md:3") == (code, stderr.splitlines()[0])


def test_columns_are_chosen_as_on_the_command_line(embed):
    """By their keys, in that order."""
    write("a.md", "shortcuts r18.json --columns params,block")
    assert 0 == embed("a.md")[0]
    assert "| params | block |" in Path("a.md").read_text()


def test_all_wrong_regions_are_named(embed):
    """Those of all files, each with its line, and nothing is written."""
    before = Path(
        write("a.md", "tabel r18.json", "table r18.json", "table 51")
    ).read_text()
    Path("b.md").write_text("<!-- resviz: layers r18.json --only konv -->\n")
    code, stderr = embed("a.md", "b.md")
    assert (2, before) == (code, Path("a.md").read_text())
    first, second, third = stderr.splitlines()
    assert first.startswith("error: a.md:3: got 'tabel', want a command")
    assert second.startswith("error: a.md:9: unknown depth 51")
    assert third.startswith("error: b.md:1: region is not closed")


def test_a_file_without_a_region_is_named(embed):
    """Where it was asked for; what is no Markdown either is refused."""
    for name in ("a.md", "net.py"):
        Path(name).write_text("No marker.\n")
    assert (0, "") == embed(".")
    code, stderr = embed("a.md", "--check")
    assert (0, True) == (code, stderr.startswith("a.md: no region, want <!-- resviz: "))
    code, stderr = embed("net.py")
    assert (2, True) == (code, "net.py: no Markdown and no region, want" in stderr)

"""What a stranger's document names lies inside its root, or is refused."""

from base64 import b64decode
from pathlib import Path

import pytest

from resviz.embed.fence import FenceLocation, render_lines
from resviz.embed.paths import check_path, document_root
from resviz.embed.record_cache import RecordCache
from resviz.errors import SpecError

MARK = "<!-- resviz: {} -->\n<!-- /resviz -->\n"


@pytest.fixture
def outside(record, tmp_path, monkeypatch):
    """A folder beside the working folder, a repository with a record in it."""
    inside = tmp_path / "repository"
    (inside / ".git" / "hooks").mkdir(parents=True)
    record("resnet18").save(inside / "r18.json")
    monkeypatch.chdir(inside)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious.svg").write_text("precious")
    return tmp_path / "outside"


def picture(output, name="a.md"):
    """A file with one picture."""
    Path(name).write_text(MARK.format(f"diagram r18.json -o {output}"))
    return name


def files(folder):
    """Every file below a folder, with its content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("flags", [(), ("--check",)])
@pytest.mark.parametrize("linked", ["n.svg", "n-dark.svg"])
@pytest.mark.parametrize("target", ["precious.svg", "new.svg"])
def test_a_committed_link_is_not_written_through(outside, embed, linked, target, flags):
    """Of the light picture and of the dark one, whole and broken."""
    Path("img").mkdir()
    Path("img", linked).symlink_to(outside / target)
    before = files(outside)
    code, message = embed(*flags, picture("img/n.svg"))
    assert (2, True) == (code, "leads out of the folder" in message)
    assert before == files(outside)


@pytest.mark.parametrize("broken", [False, True])
def test_a_linked_folder_is_not_written_into(outside, embed, broken):
    """Nor made where the link has no end yet."""
    Path("img").symlink_to(outside / "new" if broken else outside)
    before = files(outside)
    code, message = embed(picture("img/n.svg"))
    assert (2, True) == (code, "leads out of the folder" in message)
    assert (before, False) == (files(outside), (outside / "new").exists())


def test_a_link_to_another_kind_of_file(outside, embed):
    """A picture in its place would be the end of a file of the repository's own."""
    Path("setup.py").write_text("precious")
    Path("n-dark.svg").symlink_to("setup.py")
    code, message = embed(picture("n.svg"))
    assert (2, True) == (code, "got 'setup.py', want a name with .svg" in message)
    assert "precious" == Path("setup.py").read_text()


def test_a_link_that_stays_inside_is_followed(outside, embed):
    """As pictures that several folders share."""
    Path("images").mkdir()
    Path("img").symlink_to("images")
    assert 0 == embed(picture("img/n.svg"))[0]
    assert Path("images/n-dark.svg").is_file()


def test_a_link_to_itself(outside, embed):
    """It leads nowhere, which is said with file and line."""
    Path("n-dark.svg").symlink_to("n-dark.svg")
    code, message = embed(picture("n.svg"))
    assert (2, True) == (code, message.startswith("error: a.md:1: "))


@pytest.mark.parametrize(
    "output",
    [
        ".git/hooks/x.svg",
        ".GIT/hooks/x.svg",
        "sub/.git/x.svg",
        "./sub/../.git/x.svg",
        "'.git /x.svg'",
        ".git./x.svg",
        "git~1/x.svg",
        ".git::$INDEX_ALLOCATION/x.svg",
        ".g\u200cit/x.svg",
        "\uff0egit/x.svg",
    ],
)
def test_nothing_is_written_into_git(outside, embed, output):
    """In no spelling that some file system takes for it, and in no depth."""
    before = files(Path())
    name = picture(output)
    code, message = embed(name)
    assert (2, True) == (code, "lies in .git" in message), message
    assert before == {k: v for k, v in files(Path()).items() if k != Path(name)}


def test_a_link_into_git(outside, embed):
    """Whose own name says nothing of it."""
    Path("img").symlink_to(".git/hooks")
    code, message = embed(picture("img/x.svg"))
    assert (2, True) == (code, "lies in .git" in message)


@pytest.mark.parametrize(
    "output",
    [
        "../outside/precious.svg",
        "img/../../outside/precious.svg",
        "'\\\\server\\share\\x.svg'",
        "'..\\outside\\precious.svg'",
        "//server/share/x.svg",
        "/x.svg",
        "'~/x.svg'",
        "'x\x01.svg'",
        "precious.html",
        "conftest.py",
        ".svg",
    ],
)
def test_a_picture_stays_in_the_repository(outside, embed, output):
    """By no spelling does it leave, and it has a picture's suffix."""
    before = files(outside)
    code, message = embed(picture(output))
    assert (2, True) == (code, message.startswith("error: a.md:1: ")), message
    assert before == files(outside)
    assert {"a.md", "r18.json"} == {path.name for path in files(Path())}


def test_without_a_repository_the_folder_is_the_root(record, embed, tmp_path):
    """That of the document, though the command runs above it."""
    folder = tmp_path / "loose"
    folder.mkdir()
    record("resnet18").save(folder / "r18.json")
    name = picture("../n.svg", folder / "a.md")
    assert (2, True) == (
        (outcome := embed(str(name)))[0],
        "leads out of the folder" in outcome[1],
    )
    assert 0 == embed(str(picture("n.svg", folder / "a.md")))[0]


@pytest.mark.parametrize("flags", [(), ("--check",)])
def test_a_document_that_is_a_link_leading_out(outside, embed, flags):
    """What it would fill is another's file."""
    theirs = outside / "README.md"
    theirs.write_text(MARK.format("table 18"))
    Path("a.md").symlink_to(theirs)
    code, message = embed(*flags, "a.md")
    assert (2, True) == (code, message.startswith("error: a.md: 'a.md' leads out"))
    assert MARK.format("table 18") == theirs.read_text()


def test_a_page_in_a_linked_folder_reads_nothing_beside_it(outside, record):
    """The link is the site's, the folder that it leads to is not."""
    record("resnet18").save(outside / "other.json")
    pages = Path("docs").absolute()
    pages.mkdir()
    (pages / "sub").symlink_to(outside)
    here = FenceLocation("sub/a.md", (pages / "sub", pages, pages.parent))
    assert here.permissions().check("r18.json", here.find_file).record
    with pytest.raises(SpecError, match="leads out of"):
        here.permissions().check("other.json", here.find_file)


def test_a_submodule_has_the_root_of_the_whole(tmp_path):
    """It comes with a pull request; a worktree is made by the owner."""
    (tmp_path / ".git").mkdir()
    for name, place in (("sub", "../.git/modules/sub"), ("tree", ".git/worktrees/t")):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / ".git").write_text(f"gitdir: {place}\n")
    assert tmp_path == document_root(tmp_path / "sub" / "docs")
    assert tmp_path / "tree" == document_root(tmp_path / "tree" / "docs")


def test_a_root_that_is_a_prefix_of_the_name(tmp_path):
    """`repository-evil` is not in `repository`."""
    with pytest.raises(SpecError, match="leads out"):
        check_path("x", tmp_path / "repository-evil" / "x", [tmp_path / "repository"])


def test_a_path_is_given_without_links(tmp_path):
    """So that what was checked is what is used."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    got = check_path("link/x", tmp_path / "link" / "x", [tmp_path])
    assert tmp_path / "real" / "x" == got


PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAA"
    "SUVORK5CYII="
)
"""A picture of one pixel."""


@pytest.mark.parametrize("path", ["../outside/cat.png", "link.png", "~/cat.png"])
def test_an_image_lies_in_the_root(outside, embed, path):
    """Of a region of Markdown and of a fence; by no link does it leave."""
    (outside / "cat.png").write_bytes(b64decode(PNG))
    Path("link.png").symlink_to(outside / "cat.png")
    options = f"r18.json --figure field --image {path}"
    Path("a.md").write_text(MARK.format(f"diagram {options} -o n.svg"))
    code, message = embed("a.md")
    assert (2, False) == (code, Path("n.svg").exists())
    assert "leads out of the folder" in message or "want a path from" in message
    (shown,) = render_lines([f"diagram {options}"], RecordCache())
    assert "data:image" not in shown
    assert "leads out of the folder" in shown or "want a path from" in shown


def test_an_image_inside_the_root_is_shown(outside, embed):
    """From the document's folder; what is no image is refused by its name."""
    assert outside.exists()
    Path("docs").mkdir()
    Path("docs", "cat.png").write_bytes(b64decode(PNG))
    line = "diagram ../r18.json --figure field --image cat.png"
    Path("docs", "a.md").write_text(MARK.format(f"{line} -o n.svg"))
    assert 0 == embed("docs/a.md")[0]
    assert PNG in Path("docs", "n.svg").read_text()
    cache = RecordCache(resolve_path=Path("docs").absolute().joinpath)
    (shown,) = render_lines([line], cache)
    assert PNG in shown
    Path("docs", "key.txt").write_text("secret")
    (shown,) = render_lines([line.replace("cat.png", "key.txt")], cache)
    assert "want a name with .png or .jpg or .jpeg" in shown

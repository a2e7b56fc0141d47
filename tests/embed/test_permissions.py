"""What a stranger's document may not run or fetch, in all three places."""

import re
import shutil
from contextlib import chdir
from pathlib import Path
from urllib.request import OpenerDirector

import pytest
import torch
from click import Argument, Context
from click import Path as PathType

from resviz import models
from resviz.cli import resviz_command
from resviz.embed import fence, markdown
from resviz.embed.fence import FenceLocation
from resviz.embed.permissions import AllowList, Permissions
from resviz.embed.record_cache import RecordCache
from resviz.errors import ResvizError
from resviz.options import FILE_OPTIONS
from tests.source.exported import SIDE, export_net

MARK = "<!-- resviz: {} -->\n<!-- /resviz -->\n"

NET = """
from pathlib import Path
from urllib.request import OpenerDirector
Path({!r}).write_text("ran")

import os
from os import system
from functools import partial
import torch
from torch import nn
from parts import build as theirs

def build(*args, **options):
    return nn.Conv2d(3, 51, 1)

def make_width(factor):
    return 8 * factor

small = partial(build)
"""
"""A network whose import leaves a trace."""


@pytest.fixture
def ran(record, tmp_path, monkeypatch):
    """The file that exists once code of the repository ran; nothing is fetched."""
    inside = tmp_path / "repository"
    (inside / ".git").mkdir(parents=True)
    (inside / "docs").mkdir()
    mark = tmp_path / "ran"
    for folder in (inside, inside / "docs"):
        record("resnet18").save(folder / "r18.json")
        (folder / "parts.py").write_text("def build():\n    raise ValueError\n")
        (folder / "net.py").write_text(NET.format(str(mark)))
    (inside / "evil_package.py").write_text(NET.format(str(mark)))
    monkeypatch.chdir(inside)

    def fetched(_, request, *__, **___):
        mark.write_text(request.full_url)
        raise AssertionError(f"{request.full_url} was asked for")

    monkeypatch.setattr(OpenerDirector, "open", fetched)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "torch"))
    return mark


ATTACKS = [
    "net.py:build",
    "./net.py:build",
    "docs/../net.py:build",
    "net.py:build()",
    "net.py:os.system('true')",
    "evil_package:build",
    "evil_package:os.system('true')",
    "os:system('true')",
    "builtins:exec('1')",
    "subprocess:run(args='true')",
    "resviz.models:resnet('resnet18')",
    "timm:resnet18",
    "timm:resnet18(checkpoint_path='net.py')",
    "torchvision:resnet18",
    "torchvision:fasterrcnn_resnet50_fpn(weights_backbone='DEFAULT')",
    "transformers:ResNetConfig()",
    "transformers:pipeline(model='a/b', trust_remote_code=True)",
    "resnet18(weights='DEFAULT')",
    "resnet(18, weights='IMAGENET1K_V1')",
    "18(weights='resnet18-f37072fd.pth')",
    "resnet18(weights='http://localhost:9/x.pth')",
    "resnet18(weights='https://download.pytorch.org/models/resnet18-f37072fd.pth')",
    "resnet18(weights='../outside.pth')",
    "resnet18(weights='/etc/passwd')",
    "resnet18(weights='~/x.pth')",
    "resnet18(weights='//server/share/x.pth')",
    "resnet18(weights=b'http://localhost:9/x.pth')",
    "../outside.json",
    "link.json",
    "/etc/passwd.json",
    "//server/share/r18.json",
    "'\\\\server\\share\\r18.json'",
    "~/r18.json",
    ".git/r18.json",
    ".GIT/r18.json.gz",
    "../outside.py:build",
    "/tmp/outside.py:build",
    "link.py:build",
    "~/outside.py:build",
    "trust:script.pt",
    "trust:../script.pt",
    "../outside.pth",
]
"""SPECs that a document may not have, unless somebody allows them."""


@pytest.fixture
def outside(record, ran):
    """What lies beside the repository, and links to it."""
    away = Path("..")
    record("resnet18").save(away / "outside.json")
    (away / "outside.py").write_text(NET.format(str(ran)))
    torch.save(models.resnet18().state_dict(), away / "outside.pth")
    shutil.copy(export_net("basic", ".pt"), "script.pt")
    for name in ("link.json", "link.py"):
        Path(name).symlink_to(away / name.replace("link", "outside"))
    record("resnet18").save(".git/r18.json")


@pytest.mark.parametrize("spec", ATTACKS)
def test_a_region_runs_and_fetches_nothing(spec, ran, outside, embed):
    """Not when it is only checked either; the error has file and line."""
    word = spec if spec.startswith("'") else f'"{spec}"'
    Path("a.md").write_text(MARK.format(f"layers {word}"))
    for flags in ((), ("--check",)):
        code, message = embed(*flags, "a.md")
        assert (2, False) == (code, ran.exists()), message
        assert message.startswith("error: a.md:1: "), message


@pytest.mark.parametrize("spec", ATTACKS)
def test_a_fence_runs_and_fetches_nothing(spec, ran, outside):
    """Whatever it shows."""
    shelf = RecordCache(permissions=FenceLocation().permissions())
    for command in ("layers", "describe", "diagram", "table"):
        (message,) = fence.render_lines([f'{command} "{spec.strip(chr(39))}"'], shelf)
        assert ("admonition failure" in message, ran.exists()) == (True, False)


def test_the_last_of_several_specs_is_checked_too(ran, embed):
    """Before the first is traced."""
    Path("a.md").write_text(MARK.format("table 18 r18.json net.py:build"))
    assert (2, False) == (embed("a.md")[0], ran.exists())


def test_sphinx_runs_and_fetches_nothing(ran, project, sphinx):
    """A located warning instead, for figures and tables, of all builders."""
    pieces = "\n".join(
        f".. {name}:: {spec}\n   {option}\n"
        for spec in ("net.py:build", "/net.py:build", "18 timm:resnet18", "os:getcwd()")
        for name, option in (
            ("resviz", ":figure: stack"), ("resviz-table", ":columns: name"),
        )
    )  # fmt: skip
    folder = project(
        index_rst=f"Page\n====\n\n{pieces}",
        net_py=NET.format(str(ran)),
        conf_py='extensions = ["resviz.embed.sphinx"]\n',
    )
    message = sphinx("html", code=1).stderr
    located = re.findall(r"index\.rst:\d+: WARNING: resviz.*resviz_allow = \[", message)
    assert (8, False) == (len(located), ran.exists()), message
    assert (folder / "out" / "html" / "index.html").is_file()


def test_an_error_says_how_to_allow_it(ran, embed):
    """With what the pattern has to be, from each of the two places."""
    Path("docs/a.md").write_text(MARK.format("layers net.py:build"))
    code, message = embed("docs/a.md")
    assert 2 == code
    assert (
        "docs/a.md:1: net.py:build runs code, which a document may only if it is "
        "allowed: --allow 'docs/net.py' or allow = ['docs/net.py'] below "
        "[tool.resviz] in repository/pyproject.toml\n"
    ) in message


def test_the_owner_allows_on_the_command_line(ran, embed):
    """The pattern is for the file's place, not for what the document calls it."""
    Path("docs/a.md").write_text(MARK.format("layers ../docs/net.py:build"))
    for allow in ("net.py", "docs.*", "build", "../docs/net.py", "docs/net.py:build"):
        assert (2, False) == (embed("docs/a.md", "--allow", allow)[0], ran.exists())
    code, message = embed("docs/a.md", "--allow", "other", "--allow", "docs/net.py")
    assert (0, True) == (code, ran.exists()), message
    assert "224×224×51" in Path("docs/a.md").read_text()


def test_the_owner_allows_in_the_project(ran, embed):
    """At the top of the repository, for documents in all of its folders."""
    Path("pyproject.toml").write_text('[tool.resviz]\nallow = ["docs/n*.py"]\n')
    Path("docs/a.md").write_text(MARK.format("layers net.py:build"))
    assert (0, True) == (embed("docs/a.md")[0], ran.exists())


@pytest.mark.parametrize("git", [True, False])
def test_a_document_brings_no_allowance(ran, embed, git):
    """Neither in a project of its own folder, nor in what it says."""
    if not git:
        Path(".git").rmdir()
    for name in ("pyproject.toml", "conf.py", "mkdocs.yml"):
        Path("docs", name).write_text('[tool.resviz]\nallow = ["*"]\n')
    text = '---\nallow: ["*"]\nresviz: {allow: ["*"]}\n---\n'
    for command in ("layers net.py:build", "layers net.py:build --allow net.py"):
        Path("docs/a.md").write_text(text + MARK.format(command))
        code, message = embed("docs/a.md")
        assert (2, False) == (code, ran.exists())
        assert "docs/a.md:5: " in message


def test_a_submodule_brings_no_allowance(ran, embed):
    """Its project file came with it."""
    Path("docs/.git").write_text("gitdir: ../.git/modules/docs\n")
    Path("docs/pyproject.toml").write_text('[tool.resviz]\nallow = ["*"]\n')
    Path("docs/a.md").write_text(MARK.format("layers net.py:build"))
    assert (2, False) == (embed("docs/a.md")[0], ran.exists())


def test_a_repository_inside_brings_no_allowance(ran, embed):
    """As a stranger's that was cloned there; it counts where the command runs in it."""
    Path("docs/.git").mkdir()
    Path("docs/pyproject.toml").write_text('[tool.resviz]\nallow = ["*"]\n')
    Path("docs/a.md").write_text(MARK.format("layers net.py:build"))
    code, message = embed("docs/a.md")
    assert (2, False, False) == (code, ran.exists(), "pyproject" in message)
    with chdir("docs"):
        assert 0 == embed("a.md")[0]


def test_a_fence_brings_no_allowance(ran):
    """Neither in its first line, nor in its text."""
    message = fence.formatter("net.py:build", "resviz", "", {"allow": "*"}, None)
    message += fence.formatter("net.py:build --allow net.py", "resviz", "", {}, None)
    assert (2, False) == (message.count("admonition failure"), ran.exists())


def test_a_fence_that_allows(ran):
    """By its options in the configuration."""
    shown = fence.allowing(allow=["net.py"])
    assert "224×224×51" in shown("layers net.py:build", "resviz", "", {}, None)


@pytest.mark.parametrize("allow", ["net.py", [1], {"net.py": True}])
def test_a_wrong_allowance_is_said(allow):
    """A string is no list of patterns, though it can be iterated over."""
    with pytest.raises(ResvizError, match="want a list"):
        fence.allowing(allow=allow)


@pytest.mark.parametrize(
    "text", ['tool.resviz.allow = "*"', "tool = 1", "[tool.resviz", "\xff"]
)
def test_a_wrong_project_is_said(text, ran, embed):
    """In every place; nothing runs."""
    Path("pyproject.toml").write_bytes(text.encode("latin-1"))
    Path("a.md").write_text(MARK.format("layers net.py:build"))
    code, message = embed("a.md")
    assert (2, False, True) == (code, ran.exists(), "pyproject.toml: " in message)
    shown = fence.formatter("18", "resviz", "", {}, None)
    assert "pyproject.toml: " in shown


def test_a_stray_key_is_named(ran, embed):
    """Nothing of it would be allowed, and nobody told."""
    Path("pyproject.toml").write_text('[tool.resviz]\nalow = ["net.py"]\n')
    Path("a.md").write_text("No region.\n")
    code, message = embed("a.md")
    assert 2 == code
    assert "pyproject.toml: unknown key 'alow' below [tool.resviz]: " in message
    assert "did you mean 'allow'? want one of allow" in message


@pytest.fixture
def check(tmp_path):
    """A function that checks a SPEC with some patterns allowed."""

    def check(spec, *patterns):
        allowed = AllowList(Path.cwd(), patterns, "{}")
        return Permissions((Path.cwd(),), (allowed,)).check(spec, Path.cwd().joinpath)

    return check


@pytest.mark.parametrize(
    ("spec", "pattern"),
    [
        ("zoo.py:build", "zoo.*"),
        ("zoo.evil.py:build", "zoo.*"),
        ("zoo:build", "zoo.*"),
        ("zoology.nets:build", "zoo.*"),
        ("docs/net.py:build", "net.py"),
        ("net.py:build", "NET.PY"),
        ("zoo.nets:build('http://a.org/x')", "zoo.*"),
        ("zoo.nets:build('HTTP://a.org/x')", "zoo.*"),
        ("zoo.nets:build('hf-hub:a')", "zoo.*"),
        ("zoo.nets:build({'a': ['b', ('http://a.org/x',)]})", "zoo.*"),
        ("zoo.nets:build({'http://a.org/x': 1})", "zoo.*"),
        ("zoo.nets:build(b'http://a.org/x')", "zoo.*"),
        ("zoo.nets:build(x='/etc/passwd')", "zoo.*"),
        ("zoo.nets:build(x='../x')", "zoo.*"),
        ("zoo.nets:build(x='~')", "zoo.*"),
        ("zoo.nets:build(x='evil.pth')", "zoo.*"),
        ("zoo.nets:build(x='EVIL.PT')", "zoo.*"),
        ("zoo.nets:build(x='docs')", "zoo.*"),
        ("zoo.nets:build(weights='DEFAULT')", "zoo.*"),
        ("zoo.nets:build(pretrained=True)", "zoo.*"),
        ("timm:resnet18(checkpoint_path='evil.pth')", "timm"),
        ("timm:resnet18(pretrained_cfg={'url': 'a'})", "timm"),
        ("transformers:pipeline(task='x')", "transformers"),
        ("transformers:AutoModel.from_pretrained('x')", "transformers"),
        ("transformers:AModel(AutoConfig.from_pretrained('x'))", "transformers"),
        ("transformers:AModel(config=fetch())", "transformers"),
        ("transformers:AModel(AConfig(pretrained_backbone=1))", "transformers"),
        ("transformers:AModel(AConfig(backbone='http://a.org'))", "transformers"),
        ("timm:resnet18(act=create_model('x', True))", "timm"),
        ("torchvision:ResNet(get_model('x', 'DEFAULT'))", "torchvision"),
        ("zoo.nets:build(inner([{'a': deep(weights='DEFAULT')}]))", "zoo.*"),
        ("zoo.nets:build(weights=Some_Weights.DEFAULT)", "zoo.*"),
        ("zoo.nets:build(x=inner('../x'))", "zoo.*"),
        ("resnet18(weights='DEFAULT')", "resnet18"),
        ("resnet18(weights='http://b.org/a.org/x.pth')", "http://a.org/*"),
        ("resnet18(weights='http://a.org.evil/x.pth')", "http://a.org/*"),
        ("../net.py:build", "*"),
        ("../r18.json", "*"),
    ],
)
def test_a_pattern_allows_no_more_than_it_says(spec, pattern, ran, check):
    """Of files, of modules, and of what is given to them."""
    with pytest.raises(ResvizError):
        check(spec, pattern)


@pytest.mark.parametrize(
    ("spec", "patterns"),
    [
        ("zoo.nets:build(width=2, block='basic', act=['relu', None])", ["zoo.*"]),
        ("net.py:build(pretrained=False, weights=None)", ["net.py"]),
        ("docs/net.py:build", ["docs/*.py"]),
        ("zoo.nets:build", ["*"]),
        ("zoo.nets:build('http://a.org/x')", ["zoo.*", "http://a.org/*"]),
        ("zoo.nets:build(weights='DEFAULT')", ["zoo.*", "weights=*"]),
        ("timm:resnet18(in_chans=1)", ["timm"]),
        ("transformers:ResNetConfig(depths=[1])", ["transformers"]),
        ("transformers:AModel(AConfig(depths=[1]))", ["transformers"]),
        ("transformers:AModel(depths=[1])", ["transformers"]),
        ("torchvision:ResNet(Bottleneck, [1, 1, 1, 1])", ["torchvision"]),
        ("zoo.nets:Net(Block, [2, 2], act=inner(3)).encode", ["zoo.*"]),
        ("resnet18(weights='DEFAULT')", ["https://download.pytorch.org/models/*"]),
        ("r18.json", []),
        ("docs/../r18.json", []),
        ("resnet(50, stride_in='1x1', weights=None)", []),
        ("50", []),
    ],
)
def test_what_is_allowed_works(spec, patterns, ran, check):
    """And what is data needs no allowance."""
    assert spec == check(spec, *patterns).text


def test_weights_inside_the_root_are_data(ran, embed):
    """They are read from the document, and the heading does not tell where it lies."""
    torch.save(models.resnet18().state_dict(), "docs/r18.pth")
    Path("docs/a.md").write_text(MARK.format("table \"resnet18(weights='r18.pth')\""))
    code, message = embed("docs/a.md")
    assert 0 == code, message
    assert "repository" not in Path("docs/a.md").read_text()


def test_weights_outside_are_allowed_by_their_place(outside, ran, check):
    """Whole, and without links."""
    spec, place = "resnet18(weights='../outside.pth')", Path("../outside.pth").resolve()
    assert str(place) == check(spec, str(place)).options["weights"]
    Path("w.pth").symlink_to(place)
    with pytest.raises(ResvizError):
        check("resnet18(weights='w.pth')", f"{Path.cwd()}/*")


@pytest.mark.parametrize(
    "spec",
    [
        "net.py:os.system('true')",
        "net.py:system('true')",
        "net.py:Path.unlink('r18.json')",
        "net.py:nn.Conv2d(3, 3, 1)",
        "net.py:partial.func",
        "net.py:build.__globals__",
        "net.py:build.__call__()",
        "net.py:_private",
        "net.py:build(os.system)",
        "net.py:build(os.system('true'))",
        "net.py:build(os)",
        "net.py:build(width=len(os.listdir()))",
        "net.py:build(_private)",
        "net.py:build(partial(os.system, 'true'))",
        "net.py:build()._private",
    ],
)
def test_only_a_modules_own_callables_are_called(spec, ran, embed):
    """Not what it has imported, though the module is allowed."""
    Path("a.md").write_text(MARK.format(f'layers "{spec}"'))
    code, message = embed("a.md", "--allow", "*", "--allow", "net.py")
    assert 3 == code, message
    words = "is not its own|is private|has no|is a module"
    assert re.search(words, message), message
    assert Path("r18.json").is_file()


@pytest.mark.parametrize(
    "spec",
    [
        "net.py:build(width=1)",
        "net.py:small",
        "net.py:build(act=nn.ReLU, dtype=torch.float32)",
        "net.py:build(width=make_width(2))",
        "net.py:build(width=1).forward",
    ],
)
def test_a_modules_own_callables_are_called(spec, ran, embed):
    """Functions, and values as a partial."""
    Path("a.md").write_text(MARK.format(f'layers "{spec}"'))
    assert 0 == embed("a.md", "--allow", "net.py")[0]


def test_what_was_traced_for_another_document_is_checked(ran):
    """The record lies on the shelf, and is not given to whoever may not have it."""
    allowed = AllowList(Path.cwd(), ("net.py",), "{}")
    RecordCache(permissions=Permissions((Path.cwd(),), (allowed,))).load_or_trace(
        "net.py:build", {}
    )
    with pytest.raises(ResvizError, match="runs code"):
        RecordCache(permissions=Permissions((Path.cwd(),))).load_or_trace(
            "net.py:build", {}
        )


def test_files_that_are_not_allowed_are_not_listed(ran, outside):
    """Sphinx would note them, and read what lies beside them."""
    for spec in ("net.py:build", "../outside.json", "os:system"):
        assert () == RecordCache(
            permissions=Permissions((Path.cwd(),))
        ).dependency_files(spec)


def test_every_word_of_a_command_is_a_spec():
    """What a region can name is checked by kind: arguments are SPECs, -o is a path.

    A new option that names a file, a module or an address belongs into this check.
    """
    text = set()
    for name in resviz_command.list_commands(Context(resviz_command)):
        command = resviz_command.get_command(Context(resviz_command), name)
        if not markdown.output_kind(command):
            continue
        for param in command.params:
            if isinstance(param, Argument):
                assert param.name in {"spec", "specs", "first", "second", "more"}
            assert not isinstance(param.type, PathType)
            if param.type.name == "text" and not isinstance(param, Argument):
                text.add(param.name)
    shown = {"title", "font", "background"}  # a family, a colour, or text of a figure
    sizes = {"fit"}  # bytes
    words = {"columns", "at", "stages", "method", "sort", "sizes", "out_indices"}
    words |= {"device"}
    assert {"output", *FILE_OPTIONS} | words | shown | sizes == text
    for name in ("check", "identify"):
        assert "" == markdown.output_kind(resviz_command.get_command(None, name))


def test_a_trusted_file_is_the_owners_to_allow(ran, embed):
    """By its name after the word; a file of weights runs nothing and needs no word."""
    shutil.copy(export_net("basic", ".pt"), "script.pt")
    torch.save(models.resnet18().state_dict(), "w.pth")
    Path("a.md").write_text(
        MARK.format(f"summary trust:script.pt --input 3,{SIDE},{SIDE}")
    )
    code, message = embed("a.md")
    assert code == 2
    assert "allow = ['trust:script.pt'] below [tool.resviz]" in message
    assert "script.pt runs code, which a document may only if" in message
    Path("pyproject.toml").write_text('[tool.resviz]\nallow = ["*.pt", "script.pt"]\n')
    assert embed("a.md")[0] == 2
    Path("pyproject.toml").write_text('[tool.resviz]\nallow = ["trust:script.pt"]\n')
    assert embed("a.md")[0] == 0
    Path("b.md").write_text(MARK.format("summary w.pth"))
    assert embed("b.md")[0] == 0
    assert "11,689,512" in Path("b.md").read_text()
    Path("d.md").write_text(MARK.format("summary ../outside.onnx"))  # as weights
    assert "'../outside.onnx' leads out of the folder" in embed("d.md")[1]
    Path("index.bin").write_text('{"weight_map": {"a": "w.pth"}}')  # it may be a link
    Path("c.md").write_text(MARK.format("summary index.bin"))
    assert "an index, which names files" in embed("c.md")[1]

"""Importing what a SPEC names: packages, files, and the names among arguments."""

import importlib
import os
import sys

import pytest
from torch import nn

from resviz import BuildError, SpecError, TraceError, source

RELATIVE = "from .parts import Net"
PARTS = (
    "from torch import nn\nclass Net(nn.Conv2d):\n"
    "    def __init__(self, width=5): super().__init__(3, width, 1)\n"
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Writes files below the working folder; what they import is forgotten."""
    monkeypatch.chdir(tmp_path)
    before = {*sys.modules}

    def write(texts):
        for path, text in texts.items():
            file = tmp_path / f"{path}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    yield write
    for name in {*sys.modules} - before:
        if not name.startswith(("torch", "resviz")):
            del sys.modules[name]


def params_of(spec, **options):
    """Count the parameters of a SPEC whose only layer is a convolution of 1×1."""
    return source.resolve_architecture(spec, (3, 8, 8), **options).layers[0].params


@pytest.mark.parametrize(
    ("text", "init"),
    [
        (RELATIVE, ["zoo_a", "zoo_a/nets"]),
        ("from ..top import Net", ["zoo_a", "zoo_a/nets"]),
        (RELATIVE, []),
        ("from ..top import Net", []),
        (RELATIVE, ["zoo_a/nets"]),
        ("def build():\n    from .parts import Net\n    return Net()\nNet = build", []),
    ],
)
@pytest.mark.parametrize("from_root", [True, False])
def test_relative_imports_of_a_file(files, monkeypatch, text, init, from_root):
    """By its package, whose root is found, or as far up as they lead without one."""
    folder = files(
        {"zoo_a/nets/one": text, "zoo_a/nets/parts": PARTS, "zoo_a/top": PARTS}
    )
    for package in init:
        (folder / package / "__init__.py").touch()
    if not from_root:
        monkeypatch.chdir("/")
    path, before = list(sys.path), "one" in sys.modules
    assert params_of(f"{folder}/zoo_a/nets/one.py:Net") == 20
    assert sys.path == path
    assert ("one" in sys.modules) == before


@pytest.mark.parametrize("file", ["zoo_s", "nets/zoo_s"])
def test_a_file_of_its_packages_name(files, file):
    """Its folder stands behind the package's root, which it would hide."""
    inner = f"zoo_s/{file}"
    files({"zoo_s/__init__": "", "zoo_s/nets/__init__": "", inner: RELATIVE})
    files({f"{inner.rpartition('/')[0]}/parts": PARTS})
    assert 20 == params_of(f"{inner}.py:Net")


def test_a_namespace_package_below_the_working_folder(files):
    """It begins there, for what it imports may lead further up than the file does."""
    files(
        {
            "zoo_b/nets/one": "from .two import Net",
            "zoo_b/nets/two": "from ..top import Net",
            "zoo_b/top": PARTS,
        }
    )
    assert params_of("zoo_b/nets/one.py:Net") == 20


def test_an_import_that_never_runs_wants_no_package(files):
    """It is for a type checker."""
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import x\n"
    files({"zoo_c/one": text + PARTS, "zoo_c/__init__": "1 / 0"})
    assert params_of("zoo_c/one.py:Net") == 20


@pytest.mark.parametrize(
    ("texts", "spec", "words"),
    [
        (
            {"zoo_d/one": RELATIVE, "zoo_d/__init__": "import not_there"},
            "zoo_d/one.py:Net",
            "cannot import 'zoo_d/one.py' as 'zoo_d.one', ModuleNotFoundError",
        ),
        (
            {"zoo-e/one": RELATIVE},
            "zoo-e/one.py:Net",
            "relative imports, and 'zoo-e' is no name of a package: rename it",
        ),
        (
            {"json/one": RELATIVE, "json/parts": PARTS, "json/__init__": ""},
            "json/one.py:Net",
            r"No module named 'json.one'|another package has the name 'json', rename",
        ),
    ],
)
def test_a_package_that_cannot_be_imported(files, texts, spec, words):
    """The message has its dotted name, and what to do."""
    files(texts)
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(spec)


def test_dataclasses_of_a_file_that_postpones_annotations(files):
    """They look for their module among all, which holds it no longer than needed."""
    files(
        {
            "own_config": "from __future__ import annotations\n"
            "from dataclasses import dataclass\n@dataclass\nclass C:\n    w: int = 5\n"
            + PARTS
        }
    )
    assert params_of("own_config.py:Net") == 20
    assert "own_config" not in sys.modules


NAMES = """
from enum import Enum
import torch
from torch import nn

class Kind(Enum):
    WIDE = 7

class Block(nn.Conv2d):
    pass

class Options:
    def __init__(self, width, deep=None):
        self.width = width

WIDTH = 6

class Net(nn.Sequential):
    def __init__(self, block, width, **others):
        width = getattr(width, "value", width)
        width = getattr(width, "width", width)
        if isinstance(width, (list, dict)):
            width = width[0]
        super().__init__(block(3, width, 1))
        assert all(isinstance(v, eval(k)) for k, v in others.items()), others
"""


@pytest.mark.parametrize(
    ("arguments", "width"),
    [
        ("Block, 5", 5),
        ("block=Block, width=WIDTH", 6),
        ("Block, Kind.WIDE", 7),
        ("nn.Conv2d, Options(8)", 8),
        ("Block, Options(WIDTH, deep=Options(1))", 6),
        ("Block, [WIDTH, (Block, {'a': Block})]", 6),
        ("Block, {0: WIDTH}", 6),
        ("Block, Namespace(width=9)", 9),
        ("partial(Block, bias=True), dict(width=4)['width']", None),
        ("partial(Block, bias=True), SimpleNamespace(width=4)", 4),
    ],
)
def test_names_among_the_arguments(files, arguments, width):
    """The module's own, those of torch, and calls of them, however deep."""
    files({"own_names": NAMES})
    spec = f"own_names.py:Net({arguments})"
    if width is None:
        with pytest.raises(SpecError, match=r"is no literal; want .* defines"):
            params_of(spec)
        return
    assert params_of(spec) == 4 * width


def test_a_dtype_and_a_layer_are_what_torch_calls_so(files):
    """With or without an import of torch."""
    files({"own_bare": "def build(dtype, layer):\n    return layer(3, 2, 1).to(dtype)"})
    spec = "own_bare.py:build(torch.float16, nn.Conv2d)"
    arch = source.resolve_architecture(spec, (3, 8, 8))
    assert arch.inputs[0].dtype == "float16"


def test_a_name_where_its_class_is_defined(files):
    """A package shows a class, and its home has the others."""
    files({"zoo_f/__init__": "from .one import Net", "zoo_f/one": NAMES})
    assert params_of("zoo_f:Net(Block, WIDTH)") == 24


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("Blok, 5", r"'own_names.py' has no 'Blok', did you mean 'Block'"),
        ("Block, narrow", "has no 'narrow'; text wants quotes, 'narrow'$"),
        ("Block, Kind.WID", "has no 'Kind.WID', did you mean 'WIDE'"),
        ("Block, Options()", r"the call Options\(\) failed, TypeError: .*width"),
        ("Block, Options(nope)", "has no 'nope'"),
    ],
)
def test_names_that_mean_nothing(files, arguments, words):
    """Which, where, and what is near."""
    files({"own_names": NAMES})
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(f"own_names.py:Net({arguments})")


CLIP = """
import torch
from torch import nn

class Clip(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv, self.embed = nn.Conv2d(3, width, 3), nn.Embedding(100, width)

    def encode_image(self, image):
        return self.conv(image).mean((2, 3))

    def encode_text(self, ids, *, mask=None):
        return self.embed(ids).mean(1)

    def image_twice(self, image):
        return self(image, torch.zeros(1, 4, dtype=torch.int64)) * 2

    def forward(self, image, text):
        return self.encode_image(image) @ self.encode_text(text).T

build = Clip
net = Clip()
"""


@pytest.mark.parametrize(
    ("spec", "method"),
    [
        ("own_clip.py:build().encode_image", None),
        ("own_clip.py:build(width=8).encode_image", None),
        ("own_clip.py:build", "encode_image"),
        ("own_clip.py:Clip.encode_image", None),
        ("own_clip.py:net.encode_image", None),
        ("own_clip.py:net", "encode_image"),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_a_method_in_the_place_of_the_forward(files, spec, method, fast):
    """After the call, after a class or a model, or as an option."""
    files({"own_clip": CLIP})
    arch = source.resolve_architecture(spec, (3, 8, 8), method=method, fast=fast)
    assert [layer.name for layer in arch.layers] == ["conv", "mean"]
    assert arch.name.endswith(".encode_image")


FACTORIES = """
from torch import nn

class Codec(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    @classmethod
    def wide(cls, width=16):
        return cls(nn.Conv2d(3, width, 3))

    @staticmethod
    def small():
        return Codec(nn.Conv2d(3, 8, 3))

    def forward(self, x):
        return self.encoder(x)
"""


@pytest.mark.parametrize(
    ("spec", "width"),
    [
        ("own_codec.py:Codec.wide", 16),
        ("own_codec.py:Codec.wide(width=4)", 4),
        ("own_codec.py:Codec.wide().encoder", 16),
        ("own_codec.py:Codec.small", 8),
        ("own_codec.py:Codec.small()", 8),
    ],
)
def test_what_a_class_builds_its_models_by(files, spec, width):
    """It is called with or without brackets, and the class is not."""
    files({"own_codec": FACTORIES})
    arch = source.resolve_architecture(spec, (3, 8, 8))
    assert width * (3 * 9 + 1) == arch.params


def test_inputs_of_a_method_have_its_names(files):
    """Those of its own parameters."""
    files({"own_clip": CLIP})
    spec, ids = "own_clip.py:build().encode_text", "int64:2,9"
    arch = source.resolve_architecture(spec, ["ids=int64:2,9", "mask=bool:2,9"])
    assert [name for name, _ in arch.named_inputs] == ["ids", "mask"]
    with pytest.raises(TraceError, match=r"encode_text\(\).*it takes \(ids, mask\)"):
        source.resolve_architecture(spec, [ids, ids])


def test_a_method_that_calls_the_forward(files):
    """Its layers have their paths, and the forward is a call inside."""
    files({"own_clip": CLIP})
    arch = source.resolve_architecture("own_clip.py:net.image_twice", (3, 8, 8))
    names = [layer.name for layer in arch.layers]
    assert {"conv", "embed"} < {*names}
    assert arch.layers[-1].type == "mul"


def test_a_model_in_python_has_methods_too():
    """It stays as it is, and its record's name tells which."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 2)

        def other(self, x):
            return self.a(x)

    model = Two()
    before = dict(vars(model))
    arch = source.resolve_architecture(model, (4,), method="other")
    assert (arch.name, arch.params) == ("Two.other", 10)
    assert vars(model) == before
    real = source.resolve_architecture(model, (4,), method="other", mode="run")
    assert (real.mode, real.params) == ("run", 10)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("encode_imag", "Clip has no forward called .*did you mean 'encode_image'"),
        ("cuda", "Clip has no forward called 'cuda'"),
        ("conv", "'conv' is a part of Clip: trace that by itself, model.conv"),
    ],
)
def test_a_method_that_is_none(files, method, words):
    """Nor is what every module has, nor a part."""
    files({"own_clip": CLIP})
    with pytest.raises(SpecError, match=words):
        source.resolve_architecture("own_clip.py:build", method=method)


def test_a_part_of_what_is_built(files):
    """Of a module's own, of a network by name; a wrong one is told the near."""
    files({"own_clip": CLIP})
    assert params_of("own_clip.py:build().conv") == 224
    arch = source.resolve_architecture("resnet18().layer1.0", (64, 8, 8))
    assert (arch.title, arch.params) == ("ResNet-18.layer1.0", 73984)
    for part, words in {
        "cnv": "has no module and no method 'cnv', did you mean 'conv'",
        "head": "has no module and no method 'head', want one of conv",
        "conv.weight": r"conv \(Conv2d\): want a module or a method, 'weight' is of",
    }.items():
        with pytest.raises(BuildError, match=words):
            source.resolve_architecture(f"own_clip.py:build().{part}")
    with pytest.raises(BuildError, match=r"behind the call: Clip\(\)\.conv$"):
        source.resolve_architecture("own_clip.py:Clip.conv")


def test_one_method_is_enough(files):
    """A record has had its forward, and a SPEC may have said which."""
    files({"own_clip": CLIP})
    spec = "own_clip.py:build().encode_image"
    arch = source.resolve_architecture(spec, (3, 8, 8), method="encode_image")
    for network in (spec, arch):
        with pytest.raises(SpecError, match=r"names a method|has its forward"):
            source.resolve_architecture(network, method="encode_text")


@pytest.mark.parametrize("folder", [".", "nets", "/"])
def test_a_file_that_imports_from_the_top_of_its_repository(files, monkeypatch, folder):
    """Which is found, wherever the command runs."""
    top = files(
        {
            "nets/deep/one": "import zoo_tools\nfrom zoo_parts.blocks import Net",
            "zoo_parts/blocks": PARTS,
            "nets/zoo_tools": "",
        }
    )
    monkeypatch.chdir(top / folder)
    before = list(sys.path)
    assert params_of(f"{top}/nets/deep/one.py:Net") == 20
    assert sys.path == before


def test_a_file_that_parses_the_command_line(files, monkeypatch):
    """It sees none of ours, and its own options have their defaults."""
    files(
        {
            "own_options": "from argparse import ArgumentParser\n"
            "parser = ArgumentParser()\nparser.add_argument('--wide', default=5)\n"
            "args = parser.parse_args()\n" + PARTS,
            "own_wants": "from argparse import ArgumentParser\n"
            "parser = ArgumentParser()\nparser.add_argument('data')\n"
            "args = parser.parse_args()\n" + PARTS,
        }
    )
    line = ["resviz", "summary", "own_options.py:Net", "--every"]
    monkeypatch.setattr(sys, "argv", line)
    assert params_of("own_options.py:Net(args.wide)") == 20
    assert sys.argv is line
    with pytest.raises(BuildError, match="ends the process when it is imported"):
        params_of("own_wants.py:Net")


def test_a_folder_that_no_package_can_be_ends_one(files):
    """A repository's top may have an `__init__.py`, and a hyphen in its name."""
    files(
        {
            "my-zoo/__init__": "1 / 0",
            "my-zoo/nets_g/__init__": "",
            "my-zoo/nets_g/one": RELATIVE,
            "my-zoo/nets_g/parts": PARTS,
        }
    )
    assert params_of("my-zoo/nets_g/one.py:Net") == 20


@pytest.mark.parametrize("relative", [True, False])
def test_two_repositories_with_packages_of_one_name(files, relative):
    """Each gets its own, and what was there before is there again."""
    text = RELATIVE if relative else "from zoo_h.parts import Net"
    top = files(
        {
            f"{repository}/zoo_h/{file}": text if file == "one" else parts
            for repository, parts in {"a": PARTS, "b": PARTS.replace("5", "6")}.items()
            for file in ("one", "parts")
        }
    )
    for folder in ("a", "b"):
        (top / folder / "zoo_h/__init__.py").touch()
    spec = "{}/zoo_h/one.py:Net"
    assert [params_of(spec.format(name)) for name in "abab"] == [20, 24, 20, 24]
    assert str(sys.modules["zoo_h.parts"].__file__).startswith(str(top / "a"))


def test_two_files_with_helpers_of_one_name(files):
    """So have two folders that are no packages."""
    texts = {"one": "from own_parts import Net", "own_parts": PARTS}
    files({f"a/{name}": text for name, text in texts.items()})
    files({f"b/{name}": text.replace("5", "7") for name, text in texts.items()})
    assert [params_of(f"{name}/one.py:Net") for name in "aba"] == [20, 28, 20]


def test_a_method_takes_those_of_the_usual_inputs_that_it_names(files):
    """A model of transformers with two towers is given pixels or words."""
    config = "SimpleNamespace(vision_config=V, text_config=T)"
    towers = CLIP.replace("(self, image)", "(self, pixel_values)").replace(
        "self.conv(image)", "self.conv(pixel_values)"
    )
    files(
        {
            "own_towers": "from types import SimpleNamespace\n"
            "V = SimpleNamespace(image_size=12, num_channels=3)\n"
            f"T = SimpleNamespace(max_position_embeddings=7)\n{towers}\n"
            f"Clip.config = {config}\nClip.main_input_name = 'input_ids'"
        }
    )
    arch = source.resolve_architecture("own_towers.py:Clip.encode_image")
    assert [(name, list(one.shape)) for name, one in arch.named_inputs] == [
        ("pixel_values", [1, 3, 12, 12])
    ]


HANDED_ON = """
from torch import nn
class Net(nn.Conv2d):
    def __init__(self, num_classes, in_chans=3):
        super().__init__(in_chans, num_classes, 1)
class Own(nn.Conv2d):
    def __init__(self, width=5, **rest):
        if rest:
            name = f"Own.__init__() got an unexpected keyword argument '{[*rest][0]}'"
            raise TypeError(name)
        super().__init__(3, width, 1)
class Child(Net):
    def __init__(self, **rest): super().__init__(5, **rest)
def build(**rest): return Net(**rest)
def choose(kind="Net", **rest):
    made = globals()[kind]
    return made(**rest)
def inner(width): return Own(width)
def outer(**rest): return inner(**rest)
"""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            "build(num_class=5)",
            "did you mean 'num_classes': Net takes .num_classes, in_",
        ),
        ("build(num_classes=5, in_channels=3)", "did you mean 'in_chans': Net takes"),
        ("choose(num_clases=5)", "did you mean 'num_classes': Net takes"),
        ("Child(input_channels=5)", "did you mean 'in_chans': Net takes"),
        ("outer(with_=5)", "did you mean 'width': inner takes .width.$"),
        ("Own(widht=5)", "did you mean 'width': Own takes .width=….$"),
        ("build(num_classes=5, zzz=3)", r"'zzz' at handed_on.py:\d+: Net takes .num_"),
    ],
)
def test_an_option_that_is_handed_on(files, spec, words):
    """What refuses it says which are meant, as others call them too."""
    files({"handed_on": HANDED_ON})
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(f"handed_on.py:{spec}", (3, 8, 8))


@pytest.mark.parametrize(
    ("spec", "changed"),
    [
        ("again.py:Net", "again"),
        ("again:Net", "again"),
        ("again_door.py:Net", "again_parts"),
        ("again_zoo/door.py:Net", "again_zoo/parts"),
        ("again_zoo.door:Net", "again_zoo/parts"),
        ("again_zoo.deep.door:Net", "again_zoo/parts"),
    ],
)
def test_a_file_written_again_within_a_second(files, spec, changed):
    """In the same size: it is read anew, where Python's cache holds the first one."""
    folder = files(
        {
            "again_door": "from again_parts import Net",
            "again_zoo/__init__": "",
            "again_zoo/door": RELATIVE,
            "again_zoo/deep/__init__": "",
            "again_zoo/deep/door": "from ..parts import Net",
            changed: PARTS,
        }
    )
    file = folder / f"{changed}.py"
    second = file.stat().st_mtime_ns // 10**9 * 10**9
    os.utime(file, ns=(second, second))
    assert 20 == params_of(spec)
    file.write_text(PARTS.replace("width=5", "width=6"))
    os.utime(file, ns=(second, second + 10**8))
    assert 24 == params_of(spec)


def test_modules_of_ones_own_stay_what_they_are(files):
    """Those that the caller imported are not imported again, nor is a finder left."""
    folder = files({"kept_net": "from kept_part import Net", "kept_part": PARTS})
    finders = [*sys.meta_path]
    sys.path.insert(0, str(folder))
    try:
        kept = importlib.import_module("kept_part")
        assert 20 == params_of("kept_net:Net")
        (folder / "kept_part.py").write_text(PARTS.replace("width=5", "width=16"))
        assert 20 == params_of("kept_net:Net")
    finally:
        sys.path.remove(str(folder))
    assert sys.modules["kept_part"] is kept
    assert finders == sys.meta_path

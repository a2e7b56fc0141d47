"""SPECs as a stranger types them: each wrong one is told what was probably meant."""

import sys
from ast import literal_eval
from types import ModuleType

import pytest

from resviz import BuildError, SpecError, source
from resviz.source.spec import parse_spec

MEANT = {
    "timm": "want a colon before one of its models, timm:resnet50$",
    "timm:": "want a colon before one of its models, timm:resnet50$",
    "timm.resnet50": ", timm:resnet50$",
    "timm/resnet50": ", timm:resnet50$",
    "timm.create_model('resnet50')": r", timm:create_model\('resnet50'\)$",
    "torchvision.models.resnet50()": r", torchvision:resnet50\(\)$",
    "net.Net": r"what is called, net:Net, or brackets before a part, net\(\)\.Net$",
    "a.b.Net(3, x='(')": r"want a colon before what is called, a\.b:Net\(3, x='\('\)$",
    "torch.nn.Linear(3, 4)": r"torch\.nn:Linear\(3, 4\)$",
    "resnet50.layer1": r"a part, resnet50\(\)\.layer1$",
    "net.py::Net": r"want one colon, net\.py:Net$",
    "zoo/net:Net": r"its suffix, zoo/net\.py:Net, or a package by dots, zoo\.net:Net$",
    "./net:Net": r"\./net\.py:Net, or a package by dots, net:Net$",
    "microsoft/resnet-50": r"AutoModel\.from_pretrained\('microsoft/resnet-50'\)$",
    "model.h5": r"want what builds the network.*resnet50\(weights='model\.h5'\)$",
    "model.tflite": "want what builds the network in torch",
    "yolov8n.yaml": r"want what builds the network from it, a function: net\.py:build$",
    "https://a.org/r50.json": "want a file or a name, fetch what lies at an address$",
    "ResNet-50": "did you mean 'resnet50'",
    "resnet 50": "did you mean 'resnet50'",
    "resnet50, stem='deep'": r"want brackets, resnet50\(stem='deep'\)$",
    "resnet50, groups=2, stem='deep'": r"resnet50\(groups=2, stem='deep'\)$",
    "resnet50:": "want what to call after the colon",
    ":resnet50": "want a module or a file before the colon",
    "Ours=": "want a SPEC after the =$",
    "net.py:Net(2": r"want a \) at its end$",
    "net.py:Net[2]": "want a name or depth",
    "resnet18().layer1[0]": r"want parts by their paths, resnet18\(\)\.layer1\.0$",
    "zoo/net.py:Net(2).a['b'].c": r", zoo/net\.py:Net\(2\)\.a\.b\.c$",
    "resnet18()[1]": r"paths, resnet18\(\)\.1$",
    "net.py:Net().blocks[-1]": r"as in resnet18\(\)\.layer1\.0$",
    "net.py:Net().encode(3)": r"without brackets, net\.py:Net\(\)\.encode; --input",
    "resnet18().layer1(x)": r"without brackets, resnet18\(\)\.layer1; --input",
    "net.py:Net(3)(4)": r"want one call, name\(options\)$",
}


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_is_said(text):
    """With the text, on one line."""
    with pytest.raises(SpecError, match=MEANT[text]) as caught:
        parse_spec(text)
    assert str(caught.value).startswith("spec: got ")
    assert "\n" not in str(caught.value)


NET = """
from torch import nn

class Net(nn.Conv2d):
    def __init__(self, width, *, depth=3, **others):
        if others:
            raise TypeError("deep inside")
        super().__init__(3, width, 1)

class OfArguments(Net):
    def __init__(self, args):
        super().__init__(args.width, depth=args.depth)

def pair(a, *others, b):
    return Net(b)

def many(a, b=1, c=1, d=1, e=1, f=1, g=1, h=1, i=1):
    return 1

def anything(*args, **kwargs):
    raise TypeError("deep inside")

class Later(Net):
    def __init__(self, args):
        super().__init__(args.width)
        self.args = args
        self.args.levels = 4

    def forward(self, x):
        y = super().forward(x) * self.args.levels
        return y if self.args.plain else y / self.args.scale
"""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Net", r"'width': it takes \(width, depth=…\); give it in the SPEC, "),
        ("Net(depth=2)", r"in the SPEC, 'own_net\.py:Net\(depth=2, width=…\)', or "),
        ("pair", r"give them in the SPEC, 'own_net\.py:pair\(a=…, b=…\)', or write a "),
        ("pair('x')", r"give it in the SPEC, \"own_net\.py:pair\('x', b=…\)\", or "),
        ("Net(2, 3)", r"were given: it takes \(width, depth=…\)$"),
        ("Net(2, depht=3)", "TypeError: deep inside at own_net.py:7$"),
        ("many(1, k=3)", r"'k': it takes \(a, b=…, c=…, d=…, e=…, f=…, g=…, h=…, …\)$"),
        (
            "OfArguments(arg=3)",
            r"'arg', did you mean 'args': it takes \(args\)$",
        ),
        ("OfArguments", r"OfArguments\(args=Namespace\(width=…, depth=…\)\)', or w"),
        ("Later", r"=Namespace\(width=…, plain=…, scale=…\)\)', or w"),
        ("OfArguments({'width': 3})", r"want it as Namespace\(width=…\)$"),
        (
            "OfArguments(Namespace(w=3))",
            r":12; want that in it too, Namespace\(w=…, width=…\)$",
        ),
        ("anything", "TypeError: deep inside at own_net.py:21$"),
    ],
)
def test_a_call_that_does_not_fit(tmp_path, monkeypatch, call, words):
    """The message has what the callable takes, where that is what was wrong."""
    (tmp_path / "own_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError) as caught:
        source.resolve_architecture(f"own_net.py:{call}")
    caught.match(words)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("own_nett.py:Net", "in this folder, did you mean 'own_net.py:Net'$"),
        ("q.py:Net", "in this folder, only own_needs.py, own_net.py; want"),
        ("deep_net.py:Net", "did you mean 'zoo/deep_net.py:Net'$"),
        ("zoo/own_net.py:Net", "no file .* in 'zoo', did you mean 'own_net.py:Net'$"),
        ("/gone/own_net.py:Net", "a folder '/gone', did you mean 'own_net.py:Net'$"),
        ("not_there.net:Net", "name its file, path/to/not_there/net.py:Net$"),
        ("own_nett:Net", "No module named 'own_nett', did you mean 'own_net:Net'$"),
        ("own_needs:Net", "No module named 'not_there' at own_needs.py:1$"),
    ],
)
def test_a_module_that_is_not_there(tmp_path, monkeypatch, spec, words):
    """Near files are named, and how a file is; not for what a module itself lacks."""
    (tmp_path / "own_net.py").write_text(NET)
    (tmp_path / "own_needs.py").write_text("import not_there")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "deep_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(spec)


@pytest.mark.parametrize(
    "call", ["Net", "Net(depth=2)", "OfArguments", "Later", "pair", "pair('x')"]
)
def test_arguments_given_as_told_build_the_model(tmp_path, monkeypatch, call):
    """The SPEC that the message shows, with a number for each of its dots."""
    (tmp_path / "own_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError) as caught:
        source.resolve_architecture(f"own_net.py:{call}")
    quoted = str(caught.value).partition("in the SPEC, ")[2].partition(", or write")[0]
    arch = source.resolve_architecture(literal_eval(quoted).replace("…", "5"))
    assert (1, 5, 224, 224) == arch.layers[-1].output_shape


def test_an_unknown_model_of_a_package_has_near_ones(monkeypatch):
    """Of those that the package lists."""

    def create_model(name, **_):
        raise RuntimeError(f"Unknown model ({name})")

    package = ModuleType("timm")
    vars(package).update(create_model=create_model, list_models=lambda: ["resnet50d"])
    monkeypatch.setitem(sys.modules, "timm", package)
    with pytest.raises(BuildError, match=r"did you mean 'resnet50d'$"):
        source.resolve_architecture("timm:resnet5Od")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class A: 1\nclass B: 1\ndef f(): 1", "call in it, as a.py:B or a.py:A$"),
        ("def f(): 1\ndef _g(): 1", "call in it, as a.py:f$"),
        ("class A: 1\nclass B: 1\nclass C: 1\nclass D: 1", "a.py:B, or 1 more$"),
        ("x = 1", "call in it, a.py:callable$"),
        ("def f(:", "call in it, a.py:callable$"),
    ],
)
def test_a_file_is_told_what_it_has_to_call(tmp_path, monkeypatch, text, words):
    """Its classes, the last first, or its functions; without running it."""
    (tmp_path / "a.py").write_text(f"{text}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=words):
        parse_spec("a.py")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("own_net.py:pair.fc", r"stands behind the call: pair\(\)\.fc$"),
        ("own_net.py:none", r"gave NoneType; return the network$"),
        ("own_net.py:all_two", r"gave dict; return the network$"),
        ("own_net.py:sys", r"got a module, want a class or a function that builds"),
        ("own_net.py:pair().fcc", r"no .*'fcc', did you mean 'fc'$"),
    ],
)
def test_what_builds_no_network_is_told_what_would(tmp_path, monkeypatch, spec, words):
    """A part without a call, a function without return, a module, a near name."""
    lines = ["import sys", "from torch import nn", "class Own(nn.Module):"]
    lines += ["    def __init__(self):", "        super().__init__()"]
    lines += ["        self.fc = nn.Linear(2, 2)", "own = Own()"]
    lines += [
        "def pair(): return Own()",
        "def none(): Own()",
        "def all_two(): return {1: Own()}",
    ]
    (tmp_path / "own_net.py").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(spec)

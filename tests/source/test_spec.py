"""SPECs: four forms, parsed and never evaluated."""

import os
import sys

import pytest
from torch import nn

from resviz import BuildError, SpecError, TraceError, source
from resviz.source.spec import parse_spec


@pytest.mark.parametrize(
    ("text", "name", "args", "options"),
    [
        ("resnet50", "resnet50", (), {}),
        (50, "50", (), {}),
        (" cifar110 ", "cifar110", (), {}),
        ("resnet(50)", "resnet", (50,), {}),
        (
            "resnet(50, stride_in='1x1', shortcut=\"A\")",
            "resnet",
            (50,),
            {"stride_in": "1x1", "shortcut": "A"},
        ),
        (
            "resnet(layers=[3, 4, -6], x=None)",
            "resnet",
            (),
            {"layers": [3, 4, -6], "x": None},
        ),
    ],
)
def test_names_and_calls(text, name, args, options):
    """A name, its positional and its keyword arguments."""
    spec = parse_spec(text)
    assert (name, args, options) == (spec.name, spec.args, spec.options)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64*2", 128),
        ("2**5", 32),
        ("7//2", 3),
        ("7 % 4", 3),
        ("3/4", 0.75),
        ("-(3 + 1)", -4),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("(-1, -2*3)", (-1, -6)),
        ("[3, 4, 2*3, -3]", [3, 4, 6, -3]),
        ("{'a': 1+1}", {"a": 2}),
        ("1+2j", 1 + 2j),
        ("-1" + "0" * 30, -(10**30)),
    ],
)
@pytest.mark.parametrize("name", ["resnet", "net.py:build"])
def test_arithmetic_on_numbers(name, text, value):
    """Its result is the argument, of Python's own type."""
    spec = parse_spec(f"{name}({text}, x={text})")
    assert ((value,), {"x": value}) == (spec.args, spec.options)
    assert type(value) is type(spec.args[0])


def test_arithmetic_beside_names():
    """And within calls."""
    spec = parse_spec("net.py:Net([Block, 2*3], f(2**3))")
    assert spec.args[0][1] == 6
    assert (8,) == spec.args[1].args


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1//0", "1 // 0 has no value, .*by zero"),
        ("1%0", "has no value"),
        ("9**9**9", "too large an exponent, want 64 or less"),
        ("10**18*11", "is too large, want 1e\\+18 or less"),
        ("1e300*1e300", "is too large"),
        ("1e999-1e999", "is too large"),
        ("9.0**64**2", "too large an exponent"),
        ("(-8)**0.5", "want a real number"),
        ("'a'*3", "is no literal; want .* or arithmetic on numbers"),
        ("[2]*3", "is no literal"),
        ("True+1", "is no literal"),
        ("1<<70", "is no literal"),
        ("+".join(["1"] * 900), "is no literal"),
    ],
)
@pytest.mark.parametrize("name", ["resnet", "net.py:build"])
def test_arithmetic_that_is_refused(name, text, words):
    """In one line, and at once."""
    with pytest.raises(SpecError, match=words):
        parse_spec(f"{name}(x={text})")


def test_a_callable_to_import():
    """The form with a colon names a module."""
    spec = parse_spec("pkg.mod:make(width=2)")
    assert ("pkg.mod", "make", {"width": 2}) == (spec.module, spec.name, spec.options)


def test_names_and_calls_among_the_arguments_of_a_module():
    """Each is a SPEC of that module, wherever it stands."""
    spec = parse_spec("net.py:Net(Block, [2, nn.ReLU], a={'b': Part(1, c=Kind.WIDE)})")
    block, counts = spec.args
    part = spec.options["a"]["b"]
    assert [block.name, counts[1].name, part.name] == ["Block", "nn.ReLU", "Part"]
    assert (part.args, part.options["c"].name, part.has_call) == (
        (1,),
        "Kind.WIDE",
        True,
    )
    assert {each.module for each in (block, counts[1], part)} == {"net.py"}


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("net.py:build().encode", "encode"),
        ("a.b:Net(x=')').visual.encode", "visual.encode"),
        ("resnet18() .layer1", "layer1"),
        ("net.py:build().layers.0", "layers.0"),
        ("Ours=net.py:build(1).encode", "encode"),
        ("net.py:build()", ""),
    ],
)
def test_what_follows_a_call(text, attribute):
    """It is a part or a method of what the call gives."""
    assert attribute == parse_spec(text).attribute


def test_a_record():
    """The form that ends in .json is a file."""
    assert "a b/r50.json" == str(parse_spec("a b/r50.json").record)


@pytest.mark.parametrize("text", ["r50.json.gz", "R50.JSON", "R50.Json.GZ"])
def test_a_record_may_be_compressed_and_in_capitals(text):
    """Its suffix alone makes a SPEC one, in any case."""
    assert text == str(parse_spec(text).record)


@pytest.mark.parametrize(
    "text",
    [
        "resnet(depth=__import__('os').system('true'))",
        "resnet(open('x'))",
        "resnet(*[50])",
        "resnet(**{'a': 1})",
        "resnet(50)(60)",
        "resnet(50); 1",
        "resnet(lambda: 1)",
        "resnet(f'{1}')",
        "resnet(1 if 1 else 2)",
        "resnet(50",
        "resnet)50(",
        "",
        "a b",
        "r" * 5000,
        "resnet(" + "[" * 500 + ")",
        "resnet(" + "-" * 1500 + "1)",
        "net.py:build(lambda: 1)",
        "net.py:build([x for x in 'ab'])",
        "net.py:build(f'{x}')",
        "net.py:build(f()())",
        "net.py:build(x[0])",
        "net.py:build(f().x)",
        "net.py:build(*x)",
        "net.py:build({**x})",
        "net.py:build({x: 1})",
        "net.py:build(x := 1)",
        "net.py:build(-x)",
        "net.py:build()()",
        "net.py:build().x()",
        "net.py:" + "f(" * 500 + ")" * 500,
    ],
)
def test_nothing_is_evaluated(text):
    """Whatever is no literal is refused with one line."""
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_near_ones():
    """A slip of the finger gets a hint."""
    with pytest.raises(SpecError, match="resnet50"):
        source.resolve_architecture("resnte50")


def test_a_depth_that_cannot_be_expressed_names_the_nearest():
    """51 lies between 50 and 53."""
    with pytest.raises(SpecError, match=r"51.*50.*53"):
        source.resolve_architecture("resnet(51, block='bottleneck')")


def test_an_unknown_option_lists_near_ones():
    """So does a slip in an option."""
    with pytest.raises(SpecError, match="stride_in"):
        source.resolve_architecture("resnet(50, stride_inn='1x1')")


def test_a_batch_needs_no_size():
    """It is of the input that the network was published for."""
    arch = source.resolve_architecture("cifar20", batch=4)
    assert (4, 3, 32, 32) == arch.input_shape


def test_a_record_of_two_inputs_is_not_asked_for_one():
    """Nor for three: what was recorded is said beside what was asked for."""

    class Sum(nn.Module):
        def forward(self, x, y):
            return x + y

    arch = source.resolve_architecture(Sum(), [(3, 8, 8)] * 2)
    for count in (1, 3):
        with pytest.raises(SpecError, match=r"recorded with input .* and .*, got"):
            source.resolve_architecture(arch, [(3, 8, 8)] * count)


def test_a_record_of_floats_is_not_asked_for_whole_numbers(record):
    """Its input's own dtype may be named, and no other."""
    arch = record("cifar20")
    assert arch == source.resolve_architecture(arch, "float32:1,3,32,32")
    with pytest.raises(
        SpecError, match=r"recorded with input .* float32, got .* int64"
    ):
        source.resolve_architecture(arch, "int64:1,3,32,32")


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module into the working folder."""

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.chdir(tmp_path)

    return write


def test_a_callable_is_imported_from_the_working_folder(module):
    """As `python -m` does; literal arguments are passed on."""
    module("mine_a", "from torch import nn\ndef make(w): return nn.Conv2d(3, w, 1)")
    arch = source.resolve_architecture("mine_a:make(w=5)", (3, 8, 8))
    assert (1, 5, 8, 8) == arch.layers[0].output_shape


def test_a_module_object_is_taken_as_it_is(module):
    """`net = Model()` at module level is a model too."""
    module("mine_b", "from torch import nn\nnet = nn.Conv2d(3, 5, 1)")
    assert 20 == source.resolve_architecture("mine_b:net", (3, 8, 8)).params


def test_a_module_object_with_a_call_is_called(module):
    """Its forward then wants what no SPEC can give."""
    module("mine_called", "from torch import nn\nnet = nn.Conv2d(3, 5, 1)")
    with pytest.raises(BuildError, match="the call failed"):
        source.resolve_architecture("mine_called:net()", (3, 8, 8))


@pytest.mark.parametrize("error", ["URLError('no host')", "ConnectionError()"])
def test_weights_that_cannot_be_fetched_are_left_out(module, error):
    """The message says so, also where another error was made of the first."""
    text = f"""from urllib.error import URLError
def build():
    try:
        raise {error}
    except Exception as error:
        raise OSError("no weights") from error"""
    module("mine_fetching", text)
    with pytest.raises(BuildError, match=r"no weights .*pretrained="):
        source.resolve_architecture("mine_fetching:build", (3, 8, 8))


@pytest.mark.parametrize(
    ("text", "spec", "words"),
    [
        ("x = 1", "mine_c:y", "has no 'y'$"),
        ("def build(): 1", "mine_c.py:buid", "has no 'buid', did you mean 'build'$"),
        ("class Net: 1\ndef f(): 1", "mine_c.py:Nope", "has no 'Nope', only Net, f$"),
        ("import torch", "mine_c.py:Nope", "has no 'Nope'$"),
        ("x = 5", "mine_c.py:x.nope", "has no 'x.nope'$"),
        ("x = 1", "mine_c:x", "is no callable"),
        ("def f(): return 3", "mine_c:f", "the call gave int"),
        (
            "def f():\n raise KeyError('why')",
            "mine_c:f",
            r"KeyError: 'why' at mine_c.py:2$",
        ),
        ("def f(): return 3", "mine_c:f(1)", "TypeError"),
        ("import not_there", "mine_c:f", "ModuleNotFoundError"),
        ("1/0", "mine_c.py:f", r"ZeroDivisionError: division by zero at mine_c.py:1$"),
        (
            "import json\njson.loads('')",
            "mine_c:f",
            r"JSONDecodeError: .* at mine_c.py:2$",
        ),
    ],
)
def test_what_cannot_be_built_says_why(module, monkeypatch, text, spec, words):
    """With the reason of the import or the call."""
    monkeypatch.delitem(__import__("sys").modules, "mine_c", raising=False)
    module("mine_c", text)
    with pytest.raises(BuildError, match=words):
        source.resolve_architecture(spec)


def test_a_record_is_followed_at_another_input(record, tmp_path):
    """As a trace there has it; other axes are an error that says what to do."""
    record("resnet18").save(tmp_path / "r.json")
    path = str(tmp_path / "r.json")
    traced = source.resolve_architecture("resnet18", (3, 64, 96), batch=2)
    assert traced == source.resolve_architecture(path, (3, 64, 96), batch=2)
    with pytest.raises(SpecError, match="trace the model again with that"):
        source.resolve_architecture(path, (3, 64))


def test_an_option_of_nought_is_not_taken_for_left_out(record):
    """Neither for a model nor for a record."""
    with pytest.raises(SpecError, match="batch 0"):
        source.resolve_architecture("resnet18", batch=0)
    with pytest.raises(SpecError, match="from 1 on, got 0"):
        source.resolve_architecture(record("resnet18"), batch=0)


@pytest.mark.parametrize("size", [(3, 224, 224), [3, 224, 224]])
def test_a_record_may_be_asked_for_what_it_is(record, size):
    """As a list or a tuple."""
    arch = record("resnet18")
    assert source.resolve_architecture(arch, size) is arch


def test_a_size_that_is_none_is_refused_for_a_record_too(record):
    """One number is no (C, H, W)."""
    with pytest.raises(SpecError, match=r"want sizes of one sample"):
        source.resolve_architecture(record("resnet18"), 224)


def test_what_is_no_model_is_refused():
    """A number is a depth; a list is nothing."""
    with pytest.raises(SpecError, match="want a record, a torch"):
        source.resolve_architecture(object())


@pytest.mark.parametrize(("spec", "size"), [("cifar20", 32), ("resnet18", 224)])
def test_the_input_that_a_network_was_published_for(record, spec, size):
    """CIFAR nets take 32×32."""
    assert (1, 3, size, size) == record(spec).inputs[0].shape


def test_input_channels_follow_the_option(record):
    """A grey-scale net is traced with one channel."""
    assert (1, 1, 224, 224) == record("resnet(18, in_channels=1)").inputs[0].shape


def test_building_by_name_fills_no_weight():
    """The parameters of a network by name are meta tensors."""
    from resviz.source.build import build_own_network

    devices = {
        p.device.type for p in build_own_network(parse_spec("resnet18")).parameters()
    }
    assert {"meta"} == devices


def test_options_are_part_of_the_title(record):
    """So two variants in one table can be told apart."""
    assert "ResNet-18, shortcut='A'" == record("resnet(18, shortcut='A')").title


def test_a_file_alone_is_asked_what_to_call():
    """The usual slip with the form file.py:callable."""
    with pytest.raises(SpecError, match=r"want what to call in it, net\.py:callable"):
        parse_spec("net.py")


@pytest.mark.parametrize("text", ["resnet(50", "net.py:build(att='se'", "A=resnet(5"])
def test_a_bracket_that_is_not_closed(text):
    """It alone is asked for, not all that a SPEC can be."""
    with pytest.raises(SpecError, match=r"^spec: got .*\(.*, want a \) at its end$"):
        parse_spec(text)


HEADED = {
    "Baseline=resnet50": ("Baseline", "resnet50"),
    " Ours (x=1) = net.py:build(w=2) ": ("Ours (x=1)", "net.py:build(w=2)"),
    "He's=resnet50": ("He's", "resnet50"),
    "w/o SE: v1.5=r50.json": ("w/o SE: v1.5", "r50.json"),
    "a=b=resnet50": ("a", None),
    "resnet(50, shortcut='A')": ("", "resnet(50, shortcut='A')"),
    "net.py:build(')', x='=')": ("", "net.py:build(')', x='=')"),
    "net.py:build('=')": ("", "net.py:build('=')"),
}


@pytest.mark.parametrize("text", HEADED)
def test_a_heading_stands_before_a_spec(text):
    """Up to the first = that no bracket holds; no option is taken for one."""
    heading, rest = HEADED[text]
    if rest is None:
        with pytest.raises(SpecError, match="want a name or depth"):
            parse_spec(text)
        return
    spec = parse_spec(text)
    assert (heading, rest) == (spec.heading, spec.text)


def test_no_heading_is_no_name():
    """What begins with = is refused."""
    with pytest.raises(SpecError, match="want a name before the ="):
        parse_spec("=resnet50")


def test_a_file_is_read_as_it_is_now(tmp_path, monkeypatch):
    """Also where it was written again at once, in the same size."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "again.py"
    for width in (4, 5):
        file.write_text(f"from torch import nn\ndef f(): return nn.Linear(4, {width})")
        os.utime(file, (10**9, 10**9))
        assert (1, width) == source.resolve_architecture(f"{file}:f", (4,)).layers[
            0
        ].output_shape


def test_the_name_of_a_file_is_no_heading(tmp_path, monkeypatch, record):
    """Where such a file is there, with or without a heading of its own."""
    monkeypatch.chdir(tmp_path)
    record("resnet18").save("lr=1.json")
    (tmp_path / "w=2.py").write_text("from torch.nn import Conv2d as build\n")
    assert source.resolve_architecture("lr=1.json").label == "ResNet-18"
    assert source.resolve_architecture("Ours=lr=1.json").label == "Ours"
    assert parse_spec("w=2.py:build(3, 4, 1)").module == "w=2.py"
    assert (
        "Conv2d" in source.resolve_architecture("w=2.py:build(3, 4, 1)").layers[0].type
    )


@pytest.mark.parametrize(
    ("spec", "size", "meant"),
    [
        ("resnet18", "x=3,64,64", "x=N,3,64,64"),
        ("resnet18", "image=3,64,64", "image=N,3,64,64"),
        ("resnet18", "float32:3,64,64", "float32:N,3,64,64"),
        (nn.Sequential(nn.Embedding(9, 4), nn.BatchNorm1d(3)), "int64:7", "int64:N,7"),
    ],
)
def test_a_batch_that_may_be_missing_is_said(spec, size, meant):
    """At the first failure, whatever that is."""
    with pytest.raises(TraceError) as caught:
        source.resolve_architecture(spec, size)
    remedy = f"; {size} is a whole shape, want {meant} for samples"
    assert str(caught.value).endswith(remedy)


class TwoTowers(nn.Module):
    """An image beside words, each to its own vector."""

    def __init__(self):
        super().__init__()
        self.images = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.words = nn.Embedding(9, 4)

    def forward(self, image, ids):
        return self.images(image).mean((2, 3)) @ self.words(ids).mean(1).T


def test_a_missing_batch_is_tried_before_other_sizes():
    """What is said to work has the batch that is wanted, and no other sizes."""
    with pytest.raises(TraceError) as caught:
        source.resolve_architecture(TwoTowers(), ["image=3,64,64", "ids=int64:N,7"])
    assert "--input image=N,3,64,64 --input ids=int64:N,7 work" in str(caught.value)


def test_a_whole_shape_without_a_batch_is_taken():
    """Where the forward takes it; and a failure of other sizes says nothing of it."""
    arch = source.resolve_architecture(nn.Conv2d(3, 4, 3), "input=3,8,8")
    assert (3, 8, 8) == arch.input_shape
    with pytest.raises(TraceError) as caught:
        source.resolve_architecture("resnet18", "x=N,4,64,64")
    assert "whole shape" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resnet(50, shortcut=A)", r"A in .* is no literal.*if it is text, 'A'$"),
        ("ResNet-50", "did you mean 'resnet50'"),
        ("resnet 50", "did you mean 'resnet50'"),
    ],
)
def test_what_may_be_meant(text, words):
    """Quotes that a shell took, and a name as papers write it."""
    with pytest.raises(SpecError, match=words):
        parse_spec(text)

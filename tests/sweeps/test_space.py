"""The space of configurations that SPECs stand for."""

import sys
from types import ModuleType

import pytest

from resviz.errors import SpecError
from resviz.sweeps.space import Space


def test_the_issues_example():
    """Five depths, two widths, four resolutions: 40 variants, the last fastest."""
    text = (
        "resnet({18,34,50,101,152}, width_per_group={64,128}, input={160,192,224,288})"
    )
    space = Space([text])
    first, second, *_ = variants = list(space)
    assert (40, 40) == (space.variant_count, len(variants))
    assert ["depth", "width_per_group", "input"] == space.varying_names
    assert ("resnet(18, width_per_group=64)", 160, None) == first[:3]
    assert 192 == second.input
    expected = {"name": "resnet", "depth": 152, "width_per_group": 128, "input": 288}
    assert expected == dict(variants[-1].arguments)


@pytest.mark.parametrize(
    ("specs", "names"),
    [
        (["resnet18", "resnet34"], []),
        (["resnet{18,34}"], []),
        (["resnet{18,34}(groups=1)"], ["name"]),
        (["resnet(50, groups=2)", "resnet(50, groups={4,8})"], ["groups"]),
        (["resnet(50, groups=2)", "resnet(34, stem='deep')"], ["depth"]),
        (["resnet18", "resnet(50, groups=2)"], []),
        (["resnet18", "resnet18(input=160)"], ["input"]),
        (["resnet18(batch=4)"], ["batch"]),
        (["resnet(50, {,groups=2})"], ["groups"]),
    ],
)
def test_arguments_that_vary(specs, names):
    """Also from one SPEC to the next; a name that is the whole SPEC is none."""
    assert names == Space(specs).varying_names


def test_inputs_vary_fastest_wherever_they_stand():
    """So a network is built once for all of them."""
    variants = list(Space(["resnet(input={64,96}, depth={18,34})"]))
    assert [(18, 64), (18, 96), (34, 64), (34, 96)] == [
        (dict(variant.arguments)["depth"], variant.input) for variant in variants
    ]


def test_a_choice_of_arguments():
    """An argument may be there or not, and a choice may be of whole arguments."""
    variants = [
        variant.spec for variant in Space(["resnet(50, {,groups=2}, {a=1,b=2})"])
    ]
    assert [
        "resnet(50, a=1)",
        "resnet(50, b=2)",
        "resnet(50, groups=2, a=1)",
        "resnet(50, groups=2, b=2)",
    ] == variants


@pytest.mark.parametrize("text", ["resnet({})", "resnet(18, {})", "cifar{}", "{}"])
def test_empty_braces_are_refused(text):
    """Where no dictionary can stand; it says what they take."""
    with pytest.raises(SpecError, match="braces take two or more"):
        Space([text])


def test_an_empty_dictionary():
    """It may be the value of an argument."""
    assert ["f(a={})", "f(a={'b': {}})"] == [
        variant.spec for variant in Space(["f(a={})", "f(a={'b': {}})"])
    ]


def test_an_argument_that_some_leave_out_is_not_set_by_all():
    """What a sweep's option says then holds for those."""
    for text, said in (("resnet(50, {,groups=2})", False), ("f(groups={1,2})", True)):
        assert said == Space([text]).is_set_by_all("groups")
    assert not Space(["f(groups=2)", "g()"]).is_set_by_all("groups")


def test_a_choice_of_networks():
    """Whole SPECs may stand in braces, each with arguments of its own."""
    assert ["resnet(18)", "cifar20", "resnet(34, groups=1)"] == [
        variant.spec for variant in Space(["{resnet(18),cifar20,resnet(34, groups=1)}"])
    ]


def test_each_is_there_once():
    """Also where SPECs overlap."""
    assert ["cifar20", "cifar32"] == [
        variant.spec for variant in Space(["cifar{20,32}", "cifar20"])
    ]


def test_another_batch_is_another_variant():
    """Though network and input are the same."""
    found = list(Space(["resnet18(batch={1,4})", "resnet18(batch=4)"]))
    assert [("resnet18", 1), ("resnet18", 4)] == [(v.spec, v.batch) for v in found]


def test_what_is_the_traces_is_no_part_of_a_spec():
    """A function of a file stays called."""
    variants = [
        variant.spec for variant in Space([["resnet18(input=8)", "a.py:f(input=8)"]])
    ]
    assert ["resnet18", "a.py:f()"] == variants


@pytest.mark.parametrize("wrong", [(3, 64, 64), None, 1.5, {"resnet18"}])
def test_what_stands_for_no_network(wrong):
    """As an input in the wrong place."""
    with pytest.raises(SpecError, match=r"want SPECs as text.*input_size="):
        Space(["resnet18", wrong])


def test_a_list_of_specs():
    """As Python has them; it may be among others."""
    variants = [variant.spec for variant in Space([["resnet18", 34], "cifar20"])]
    assert ["resnet18", "34", "cifar20"] == variants


def test_a_file_of_specs(tmp_path):
    """A line each; empty lines and remarks are left out."""
    path = tmp_path / "space.txt"
    path.write_text("# ours\nresnet{18,34}\n\ncifar20\n")
    assert ["resnet18", "resnet34", "cifar20"] == [
        variant.spec for variant in Space([path])
    ]


def test_a_pattern_over_the_list_of_a_package(monkeypatch):
    """With arguments for each; what does not match is left out."""
    module = ModuleType("timm")
    module.list_models = lambda: ["resnet10t", "seresnet18", "vgg11"]
    monkeypatch.setitem(sys.modules, "timm", module)
    variants = [variant.spec for variant in Space(["timm:*resnet*(in_chans={1,3})"])]
    assert [
        "timm:resnet10t(in_chans=1)",
        "timm:resnet10t(in_chans=3)",
        "timm:seresnet18(in_chans=1)",
        "timm:seresnet18(in_chans=3)",
    ] == variants
    with pytest.raises(SpecError, match="no model of timm matches 'x\\*'"):
        Space(["timm:x*"])


def test_a_pattern_over_our_own_names():
    """Without a package."""
    assert "wide_resnet50_2" in {variant.spec for variant in Space(["*resnet50*"])}


def test_a_pattern_wants_a_package_with_a_list():
    """It says which have one."""
    with pytest.raises(SpecError, match="want one of torchvision, timm"):
        Space(["transformers:*"])


def test_an_enormous_space_is_not_held():
    """Its size is known at once, and so are its first ones."""
    space = Space([f"resnet({', '.join(f'a{k}={{1..1000}}' for k in range(6))})"])
    assert 10**18 == space.variant_count
    assert "resnet(a0=1, a1=1, a2=1, a3=1, a4=1, a5=1)" == next(iter(space)).spec


def test_arithmetic_in_a_column_is_its_result():
    """So that rows can be put in order, and conditions met."""
    (variant,) = Space(["resnet(18, width_per_group=32*2)"])
    assert dict(variant.arguments)["width_per_group"] == 64

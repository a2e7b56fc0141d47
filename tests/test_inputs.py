"""Inputs in words: sizes, dtypes, names, and where the batch stands."""

import pytest

from resviz.errors import SpecError
from resviz.inputs import (
    DTYPES,
    InputSpec,
    arrange_arguments,
    has_batch_axis,
    parse_input,
    parse_inputs,
)


@pytest.mark.parametrize(
    ("text", "shape", "dtype", "place"),
    [
        ("3,224,224", (5, 3, 224, 224), None, ()),
        ("3x224x224", (5, 3, 224, 224), None, ()),
        (" 7 ", (5, 7), None, ()),
        ("N,3,8,8", (5, 3, 8, 8), None, ()),
        ("128,B", (128, 5), None, ()),
        ("int64:1,128", (1, 128), "int64", ()),
        ("ids=int64:1,128", (1, 128), "int64", ("ids",)),
        ("tokens=int64:128,N", (128, 5), "int64", ("tokens",)),
        ("x=3,8,8", (3, 8, 8), None, ("x",)),
        ("batch.ids=torch.int64:N,4", (5, 4), "int64", ("batch", "ids")),
        ("ids=long:1,4", (1, 4), "int64", ("ids",)),
        ("torch.half:N,4", (5, 4), "float16", ()),
        ("images.0=3,6,6", (3, 6, 6), None, ("images", "0")),
        ("t=int64:", (), "int64", ("t",)),
        ("(3, 8, 8)", (5, 3, 8, 8), None, ()),
        ("x=[N,3,8,8]", (5, 3, 8, 8), None, ("x",)),
    ],
)
def test_what_a_text_says(text, shape, dtype, place):
    """A name, a dtype or N makes it the whole shape; else the batch is put before."""
    one = parse_input(text)
    assert (shape, dtype, place) == (one.shape_for_batch(5), one.dtype, one.place)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3,0,4",
        "3,-1",
        "3,x",
        "a b=3",
        "=3",
        "int65:3",
        "3,,4",
        "ids=",
        "(3,8",
        "()",
    ],
)
def test_what_is_no_input(text):
    """Each is refused on one line."""
    with pytest.raises(SpecError) as caught:
        parse_input(text)
    assert "\n" not in str(caught.value)


def test_the_dtypes_are_torchs():
    """Each by its name there."""
    import torch

    assert all(isinstance(getattr(torch, name), torch.dtype) for name in DTYPES)


def test_sizes_in_python():
    """One sample's sizes, several of them, or text."""
    image = InputSpec((None, 3, 8, 8))
    assert (
        (image,)
        == parse_inputs((3, 8, 8))
        == parse_inputs("3,8,8")
        == parse_inputs([[3, 8, 8]])
    )
    assert (
        (image, InputSpec((None, 4)))
        == parse_inputs([(3, 8, 8), (4,)])
        == parse_inputs((image, "4"))
    )


@pytest.mark.parametrize(
    "size", [8, (), (3, [4]), (3, 0), (True, 4), None, 2.5, ["3", 3]]
)
def test_sizes_that_are_none(size):
    """With what is wanted instead."""
    with pytest.raises(SpecError, match="want sizes of one sample"):
        parse_inputs(size)


def test_a_tensor_is_no_size():
    """It is told where it goes, on one short line."""
    import torch

    with pytest.raises(SpecError, match="give tensors as inputs=") as caught:
        parse_inputs(torch.zeros(1, 3, 20, 20))
    assert len(str(caught.value)) < 200


def test_where_inputs_stand():
    """By position, by name, in dictionaries and in lists."""
    texts = ("3", "m=4", "5", "b.ids=6", "b.seen.0=7", "b.seen.1=8")
    args, kwargs = arrange_arguments([parse_input(text) for text in texts])
    assert [(1, 3), (1, 5)] == [one.shape_for_batch(1) for one in args]
    assert ["m", "b"] == list(kwargs)
    assert [(7,), (8,)] == [one.shape_for_batch(1) for one in kwargs["b"]["seen"]]


def test_a_position_may_be_written():
    """As that of a dictionary, which has no name of its own."""
    args, _ = arrange_arguments([parse_input("0.ids=int64:1,4"), parse_input("3")])
    assert ["ids"] == list(args[0])
    assert (1, 3) == args[1].shape_for_batch(1)


def test_written_positions_stand_in_any_order():
    """The number says where an input goes, not when it was written."""
    args, kwargs = arrange_arguments(
        [parse_input(text) for text in ("1=5", "0=4", "m.1=7", "m.0=6")]
    )
    assert [(4,), (5,)] == [one.shape_for_batch(1) for one in args]
    assert [(6,), (7,)] == [one.shape_for_batch(1) for one in kwargs["m"]]


@pytest.mark.parametrize(
    "text", ["N,3,8,8", "128,N", "ids=int64:N,128", "batch.ids=bool:4", "int64:1,128"]
)
def test_an_input_is_written_as_it_is_read(text):
    """Its text is what the command line takes, and gives the same input back."""
    assert text == parse_input(text).text
    assert parse_input(text) == parse_input(parse_input(text).text)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("a=3", "a=4"), "'a' stands twice"),
        (("a=3", "a.b=4"), "'a.b' stands twice"),
        (("1=3",), "got 1, want 0"),
        (("a.0=3", "a.2=3"), "a: got 0, 2, want 0, 1"),
    ],
)
def test_inputs_that_do_not_go_together(texts, words):
    """Named, with what would."""
    with pytest.raises(SpecError, match=words):
        arrange_arguments([parse_input(text) for text in texts])


def test_whether_the_batch_has_a_place():
    """In one of several is enough."""
    assert has_batch_axis([parse_input("a=1,2"), parse_input("3")])
    assert not has_batch_axis([parse_input("a=1,2")])


def test_a_side_alone_is_told_all_sizes():
    """A sweep's SPEC takes a side, no other place does."""
    with pytest.raises(SpecError, match=r"as \(3, 64, 64\), got 64"):
        parse_inputs(64)


@pytest.mark.parametrize(
    ("text", "is_like_sample"),
    [
        ("x=3,224,224", True),
        ("float32:1000,80,3", True),
        ("clip=3,16,112,112", True),
        ("ids=int64:128", True),
        ("batch.ids=int64:128", True),
        ("3,224,224", False),
        ("x=N,3,224,224", False),
        ("x=1,197,768", False),
        ("x=3,3,224,224", False),
        ("x=8,3,224,224", False),
        ("images.0=3,480,640", False),
        ("ids=int64:1,128", False),
        ("t=int64:", False),
    ],
)
def test_a_whole_shape_that_looks_like_a_sample(text, is_like_sample):
    """It may be meant as one, and lack its batch."""
    assert parse_input(text).is_like_sample == is_like_sample

"""Forwards that fail: where, what came in, what was wanted, what would work."""

import os

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import SpecError, TraceError, trace
from tests.forwards import Forward


def message(model, *args, **options):
    """What a failing trace says."""
    with pytest.raises(TraceError) as caught:
        trace(model, *args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_early_head_at_a_smaller_input():
    """At 160 the last map is 5×5, and the 7×7 pool does not fit; 193 gives 7×7."""
    said = message("resnet(50, head='fixed')", (3, 160, 160))
    assert "avgpool (AvgPool2d): the 7×7 window does not fit into the map" in said
    assert "(1, 2048, 5, 5)" in said
    assert "inputs from 193×193 to 224×224 work" in said


def test_an_early_head_at_a_larger_input():
    """At 256 the pool of stride 1 gives 2×2, and the classifier 2048·4 features."""
    said = message("resnet(50, head='fixed')", (3, 256, 256))
    assert "avgpool (7×7 average pool) makes 2048 maps of 2×2 from 8×8" in said
    assert "want 2048 input features" in said
    assert "in_features would have to be 8192" in said
    assert "inputs from 193×193 to 224×224 work" in said


def test_a_strided_head_at_a_larger_input():
    """That of stride 7 hides it up to 416, and then has 2×2 windows too."""
    said = message("resnet(50, head='strided')", (3, 448, 448))
    assert "avgpool (7×7 average pool) makes 2048 maps of 2×2 from 14×14" in said
    assert "inputs from 193×193 to 416×416 work" in said


def test_single_values_in_batch_norm():
    """In training a 1×1 map of one sample has no variance; 33 gives 2×2."""
    said = message("resnet18", (3, 32, 32), training=True)
    assert "layer4.0.bn1 (BatchNorm2d)" in said
    assert "more than one value per channel" in said
    assert "(1, 512, 1, 1)" in said
    assert "the least input that works is 33×33" in said


def test_wrong_channels():
    """No other size would help, so none is named."""
    said = message("resnet18", (1, 64, 64))
    assert "conv1 (Conv2d): want 3 input channels, got (1, 1, 64, 64)" in said
    assert "works" not in said


def test_a_kernel_that_does_not_fit():
    """Two 5×5 convolutions want at least 9×9."""
    said = message(nn.Sequential(nn.Conv2d(3, 3, 5), nn.Conv2d(3, 3, 5)), (3, 6, 6))
    assert "1 (Conv2d): the 5×5 kernel does not fit into the padded map" in said
    assert "(1, 3, 2, 2)" in said
    assert "least input that works is 9×9" in said


def test_the_partial_record_ends_before_the_failing_layer():
    """`partial` has everything that ran."""
    with pytest.raises(TraceError) as caught:
        trace("resnet(18, head='fixed')", (3, 160, 160))
    assert "layer4.1.relu#2" == caught.value.partial.layers[-1].name


def test_a_forwards_own_error_is_told():
    """What the user's code raised, in which module, and on which of its lines."""

    class Picky(nn.Module):
        def forward(self, x):
            raise ValueError("not on Sundays\nsecond line")

    said = message(nn.Sequential(nn.ReLU(), Picky()), (4,))
    line = Picky.forward.__code__.co_firstlineno + 1
    place = os.path.relpath(__file__)
    assert f"1 (Picky): ValueError: not on Sundays at {place}:{line}, got" in said


def test_an_error_of_torch_names_the_line_that_called_it():
    """The innermost of the user's own; torch's are below it."""

    def function(model, x):
        return x.view(7, 7)

    line = function.__code__.co_firstlineno + 1
    said = message(Forward(function), (4,))
    assert "view: RuntimeError: shape '[7, 7]' is invalid for input of size 4" in said
    assert f" at {os.path.relpath(__file__)}:{line}, got (1, 4)" in said


@pytest.mark.parametrize("size", [(3, 0, 5), (3, -1, 5), (3, 2.5, 5), (True, 4, 4)])
def test_sizes_that_are_none(size):
    """Zero, negative and broken numbers are refused."""
    with pytest.raises(SpecError, match="whole numbers from 1 on"):
        trace("resnet18", size)


class Words(nn.Module):
    """A model of ids and a mask."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)

    def forward(self, ids, mask, scale=None):
        return self.embed(ids) * mask * scale.shape[0]


def add(model, x):
    return model.conv(x) + x


def zeros(*shape):
    """A parameter."""
    return nn.Parameter(torch.zeros(shape))


def embed(model, x):
    """Tokens of patches behind one of their own, and their places added."""
    tokens = model.conv(x).flatten(2).transpose(1, 2)
    return torch.cat([tokens[:, :1], tokens], 1) + model.place


def join(model, x):
    x = model.stem(x)
    return torch.cat([x, F.interpolate(model.down(x), scale_factor=2)], 1)


MISTAKES = {
    "channels": (nn.Conv2d(3, 4, 1), (1, 8, 8), "want 3 input channels", "give 3,8,8"),
    "channels last": (
        nn.Conv2d(3, 4, 1),
        (8, 9, 3),
        "want 3 input channels",
        "the channels come first, 3,8,9",
    ),
    "no channels": (nn.Conv2d(3, 4, 1), (8, 9), "want 3 input", "name the channels"),
    "with a batch": (
        nn.Conv2d(3, 4, 1),
        (1, 3, 8, 8),
        "want (N, C, H, W)",
        "the batch is put before them: 3,8,8",
    ),
    "a side alone": (nn.Conv2d(3, 4, 1), (8,), "(N, C, H, W)", "before them: 3,8,8"),
    "with a batch of several": (
        nn.Conv2d(3, 4, 1),
        (4, 3, 8, 9),
        "want (N, C, H, W)",
        "the batch is put before them: 3,8,9 with a batch of 4",
    ),
    "inner channels": (
        nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(4, 4, 1)),
        (3, 8, 8),
        "1 (Conv2d): want 4 input channels, got (1, 8, 8, 8)",
        "in_channels would have to be 8",
    ),
    "one axis": (nn.Conv1d(3, 4, 9), (3, 8), "the kernel of 9 does not fit", ""),
    "dilated": (
        nn.Conv2d(3, 4, 3, dilation=4),
        (3, 8, 8),
        "the 3×3 kernel does not fit into the padded map",
        "the least input that works is 9×9",
    ),
    "two pools": (
        nn.Sequential(nn.AvgPool2d(2), nn.AvgPool2d(4), nn.Flatten(), nn.Linear(12, 2)),
        (3, 24, 24),
        "1 (4×4 average pool) makes 3 maps of 3×3 from 12×12: in_features would have",
        "inputs from 16×16 to 23×23 work",
    ),
    "features": (
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)),
        (3, 9, 9),
        "1 (Linear): want 192 input features, in_features would have to be 243",
        "the only square input that works is 8×8",
    ),
    "not flattened": (
        nn.Linear(192, 2),
        (3, 8, 8),
        "want 192 input features",
        "flatten it before",
    ),
    "added channels": (
        Forward(add, conv=nn.Conv2d(3, 4, 1)),
        (3, 8, 8),
        "add: inputs differ in shape, got (1, 4, 8, 8) of conv and (1, 3, 8, 8) of the",
        "make the channels equal, as by a 1×1 convolution",
    ),
    "added maps": (
        nn.Sequential(nn.ReLU(), Forward(add, conv=nn.Conv2d(3, 3, 3, 2, 1))),
        (3, 8, 8),
        "1:add: inputs differ in shape, got (1, 3, 4, 4) of 1.conv and (1, 3, 8, 8) of",
        "make the maps equal, as by a 1×1 convolution of stride 2",
    ),
    "added maps that lost their border": (
        nn.Sequential(nn.ReLU(), Forward(add, conv=nn.Conv2d(3, 3, 3))),
        (3, 8, 8),
        "1:add: inputs differ in shape, got (1, 3, 6, 6) of 1.conv and (1, 3, 8, 8) of",
        "make the maps equal, as by padding=1",
    ),
    "no downsample": (
        nn.Sequential(
            nn.Conv2d(3, 16, 1), Forward(add, conv=nn.Conv2d(16, 32, 3, 2, 1))
        ),
        (3, 56, 56),
        "1:add: inputs differ in shape, got (1, 32, 28, 28) of 1.conv and (1, 16, 56, ",
        "make the shortcut a 1×1 convolution of stride 2, 16→32 channels",
    ),
    "tokens": (
        Forward(embed, conv=nn.Conv2d(3, 8, 16, 16), place=zeros(1, 197, 8)),
        (3, 256, 256),
        "add: inputs differ in shape, got (1, 257, 8) of cat and (1, 197, 8), for",
        "inputs from 224×224 to 239×239 work",
    ),
    "tokens of another size": (
        Forward(embed, conv=nn.Conv2d(3, 8, 16, 16), place=zeros(1, 577, 8)),
        (3, 224, 224),
        "add: inputs differ in shape, got (1, 197, 8) of cat and (1, 577, 8), for",
        "inputs from 384×384 to 399×399 work",
    ),
    "tokens of a line": (
        Forward(lambda m, x: x + m.place, place=zeros(1, 9, 8)),
        (7, 8),
        "add: inputs differ in shape, got (1, 7, 8) of the input and (1, 9, 8)",
        "one is made without the input, for 9 on axis 1 instead of 7",
    ),
    "a gate without axes": (
        Forward(lambda m, x: x * m.gate(x.mean((2, 3))), gate=nn.Linear(8, 8)),
        (8, 6, 6),
        "mul: inputs differ in shape, got (1, 8, 6, 6) of the input and (1, 8) of gate",
        "give the one of fewer axes the others, as by [:, :, None, None]",
    ),
    "a recurrent layer's states": (
        Forward(
            lambda m, x: m.fc(m.rnn(x)),
            rnn=nn.LSTM(8, 4, batch_first=True),
            fc=nn.Linear(4, 2),
        ),
        (5, 8),
        "fc (Linear): want a tensor, not a tuple, got (1, 5, 4)",
        "rnn gives several values, take one of them, as by [0]",
    ),
    "a dictionary for a norm": (
        Forward(lambda m, x: m.norm({"out": x}), norm=nn.BatchNorm2d(3)),
        (3, 8, 8),
        "norm (BatchNorm2d): want a tensor, not a dict",
        "the forward gives several values, take one of them, as by ['out']",
    ),
    "a flatten of another size": (
        nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 256, 2)
        ),
        (3, 32, 32),
        "3 (Linear): want 2048 input features, in_features would have to be 1800",
        "inputs from 34×34 to 35×35 work",
    ),
    "windows": (
        Forward(lambda m, x: x.view(1, 3, x.shape[2] // 7, 7, x.shape[3] // 7, 7)),
        (3, 50, 50),
        "view: RuntimeError: shape '[1, 3, 7, 7, 7, 7]' is invalid for input of size",
        "49×49 works",
    ),
    "keys as they are": (
        Forward(lambda m, x: m.q(x) @ m.k(x), q=nn.Linear(16, 8), k=nn.Linear(16, 8)),
        (5, 16),
        "bmm: the inner sizes of a product differ",
        "transpose the second, as by .transpose(-2, -1)",
    ),
    "batches of a product": (
        Forward(lambda m, x: torch.bmm(x, m.weight), weight=zeros(3, 16, 4)),
        (5, 16),
        "bmm: the batches of a product differ, got (1, 5, 16) of the input and (3, 16",
        "stretch the smaller, as @ does",
    ),
    "channels first for a layer norm": (
        nn.Sequential(nn.Conv2d(3, 16, 3), nn.LayerNorm(16)),
        (3, 8, 8),
        "1 (LayerNorm): want last sizes (16,), got (1, 16, 6, 6)",
        "the channels come last for it: permute before, or GroupNorm(1, 16)",
    ),
    "joined maps": (
        Forward(join, stem=nn.Conv2d(3, 3, 1), down=nn.MaxPool2d(2)),
        (3, 9, 11),
        (
            "cat: inputs differ outside of axis 1, got (1, 3, 9, 11) of stem and "
            "(1, 3, 8, 10) of upsample_nearest2d"
        ),
        "10×12 works, multiples of 2",
    ),
    "products": (
        Forward(lambda m, x: x @ m.weight, weight=nn.Parameter(torch.zeros(5, 4))),
        (6,),
        "mm: the inner sizes of a product differ, got (1, 6) of the input and (5, 4)",
        "",
    ),
    "squares": (
        Forward(lambda m, x: x @ x),
        (3, 8, 9),
        "bmm: the inner sizes of a product differ",
        "a square input works, as 9×9",
    ),
    "norm": (
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(8)),
        (3, 8, 8),
        "1 (BatchNorm2d): want 8 channels, got (1, 4, 8, 8)",
        "num_features would have to be 4",
    ),
    "norm of a vector": (nn.BatchNorm2d(8), (8,), "want (N, C, H, W)", ""),
    "last sizes": (nn.LayerNorm(8), (3, 9), "want last sizes (8,)", ""),
    "whole numbers": (
        nn.Conv2d(3, 4, 1, bias=False),
        "int64:1,3,8,8",
        "want float32 as its weight is, got (1, 3, 8, 8) int64",
        "give it float32 values",
    ),
    "words as numbers": (
        nn.Embedding(10, 4),
        (3, 8),
        "want whole numbers, not float32",
        "--input int64:N,128 works, in Python input_size='int64:N,128'",
    ),
    "missing": (
        Words(),
        "int64:1,8",
        "missing 1 required positional argument: 'mask'",
        "it takes (ids, mask, scale): --input ids=int64:1,8 --input mask=",
    ),
    "left out": (
        Words(),
        ["int64:1,8", "mask=1,8,1"],
        "'NoneType' object has no attribute 'shape'",
        "it takes (ids, mask, scale): --input ids=int64:1,8 --input mask=1,8,1 --input",
    ),
    "too many": (
        nn.Conv2d(3, 4, 1),
        [(3, 8, 8), (3,)],
        "takes 2 positional arguments but 3 were given",
        "it takes (input)",
    ),
    "unknown": (
        Words(),
        ["idz=int64:1,8", "mask=1,8"],
        "unexpected keyword argument 'idz'",
        "did you mean 'ids'? it takes (ids, mask, scale)",
    ),
}


def takes_floats_as_indices():
    """Whether torch looks up floats in an embedding, on meta tensors."""
    table, words = (torch.empty(2, 2, device="meta") for _ in range(2))
    try:
        nn.functional.embedding(words, table)
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("kind", MISTAKES)
def test_usual_mistakes(kind):
    """What was wanted, what came in, and the remedy last."""
    if kind == "words as numbers" and takes_floats_as_indices():
        pytest.skip("this torch takes floats as indices")
    model, size, words, remedy = MISTAKES[kind]
    said = message(model, size)
    assert words in said
    assert said.endswith(remedy) or f"; {remedy}" in said


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("tokens", (3, 224, 224)),
        ("windows", (3, 49, 49)),
        ("a flatten of another size", (3, 35, 35)),
        ("channels", (3, 8, 8)),
        ("channels last", (3, 8, 9)),
        ("with a batch", (3, 8, 8)),
        ("features", (3, 8, 8)),
        ("joined maps", (3, 10, 12)),
        ("whole numbers", "float32:1,3,8,8"),
        ("words as numbers", "int64:N,128"),
    ],
)
def test_the_remedy_works(kind, size):
    """Doing as told gives a record."""
    assert trace(MISTAKES[kind][0], size).layers


def test_ids_beyond_the_table():
    """In a forward that is run for real; the first that is none is the tenth."""
    ids = torch.tensor([[3, 10]])
    said = message(nn.Embedding(10, 4), inputs=ids, mode="run")
    assert "want numbers from 0 to 9, not 3 to 10" in said


def test_a_list_where_a_tensor_is_wanted():
    """A tuple is the arguments, a list the only one of them."""
    said = message(nn.Sequential(nn.Conv2d(3, 4, 1)), inputs=[torch.zeros(1, 3, 4, 4)])
    assert "0 (Conv2d): want a tensor, not a list" in said
    assert said.endswith("in Python inputs= is a tuple of the forward's arguments")


def test_a_none_of_the_forwards_own_is_no_missing_argument():
    """All that it takes was given."""
    said = message(Forward(lambda model, x: None.shape), (4,))
    assert "'NoneType' object has no attribute 'shape'" in said
    assert "its forward takes" not in said


def test_a_mistake_that_was_caught_is_not_told():
    """Only the operation that raised what came out is."""

    def function(model, x):
        try:
            x + torch.zeros(1, 5, device=x.device)
        except RuntimeError:
            raise ValueError("mine") from None

    assert "the model (Forward): ValueError: mine at" in message(
        Forward(function), (4,)
    )


def test_a_size_that_is_missing():
    """Two sizes of which the first are the channels."""
    said = message(nn.Sequential(nn.Conv2d(3, 8, 3)), (3, 32))
    assert said.endswith("a size is missing, 3,32,32")


def test_an_assertion_without_words_gives_its_line(tmp_path):
    """Nothing else says what was wanted; pytest rewrites those of its own files."""
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\n\nclass Bounded(nn.Module):\n"
        "    def forward(self, x):\n"
        "        assert x.abs().max() < 0\n        return x\n"
    )
    with pytest.raises(TraceError, match=r"assert x.abs\(\).max\(\) < 0 at "):
        trace(f"{tmp_path / 'net.py'}:Bounded", (3, 4, 4))

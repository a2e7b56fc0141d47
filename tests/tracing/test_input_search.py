"""Forwards that are given an input of another kind: the one that is told works."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import trace
from resviz.inputs import DEFAULT_INPUT
from resviz.tracing.explain.input_search import MAX_ATTEMPTS
from resviz.tracing.forward import attempt_forward
from tests.forwards import Forward

from .test_failures import message, takes_floats_as_indices


def first(layer, *others):
    """A model of layers alone."""
    return nn.Sequential(layer, *others)


def before(function, layer, stem=None):
    """A model that does something to its input, and gives it to a layer."""
    return Forward(
        lambda model, x: model.layer(function(model.stem(x))),
        layer=layer,
        stem=stem or nn.Identity(),
    )


def check(measure, wanted):
    """Return what refuses an input of which something else is wanted."""

    def refuse(x):
        if measure(x) != wanted:
            raise ValueError(f"want {wanted}, got {measure(x)}")
        return x

    return refuse


def unpack(axes, layer):
    """A model that unpacks its input's shape."""

    def read_axes(x):
        if axes == 2:
            n, c = x.shape
            return x.view(n, c)
        if axes == 3:
            n, c, t = x.size()
            return x.view(n, c, t)
        n, c, t, h, w = x.shape
        return x.view(n, c, t, h, w)

    return before(read_axes, layer)


def merge_frames(x):
    n, t, c, h, w = x.shape
    return x.view(n * t, c, h, w)


class Tokens(nn.Module):
    """Embedded words and their places, of which there are few."""

    def __init__(self, places=1024):
        super().__init__()
        self.words = nn.Embedding(50, 8)
        self.places = nn.Embedding(places, 8)

    def forward(self, ids):
        n, t = ids.size()
        if t > self.places.num_embeddings:
            raise AssertionError("too long")
        places = torch.arange(t, device=ids.device)
        return self.words(ids) + self.places(places).expand(n, t, 8)


class Learned(nn.Module):
    """Words, and a parameter added to each of their places."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 8)
        self.places = nn.Parameter(torch.zeros(1, 40, 8))

    def forward(self, ids):
        return self.words(ids) + self.places


def lenet():
    """A net for grey pictures of 32×32."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 10)),
    )


def encode():
    return nn.TransformerEncoderLayer(16, 2, 8, batch_first=True)


SOLE = {
    # A kernel that slides over another number of axes.
    "wavenet": (first(nn.Conv1d(256, 32, 1)), "256,224"),
    "padded": (before(lambda x: F.pad(x, (7, 8)), nn.Conv1d(1, 64, 16)), "1,224"),
    "strided": (first(nn.ReLU(), nn.Conv1d(80, 8, 9, 4), nn.ReLU()), "80,224"),
    "clip": (before(lambda x: x + 1, nn.Conv3d(3, 8, 3)), "3,16,224,224"),
    "volume": (before(lambda x: x * 2, nn.Conv3d(2, 8, 3)), "2,16,224,224"),
    "normed": (first(nn.BatchNorm1d(12), nn.Conv1d(12, 4, 3)), "12,224"),
    # Whole numbers, whose count may be bounded.
    "words": (first(nn.Embedding(9, 4), nn.Linear(4, 2)), "int64:N,128"),
    "words of a shape": (Tokens(), "int64:N,224"),
    "few words": (Tokens(32), "int64:N,32"),
    "words with a parameter": (Learned(), "int64:N,40"),
    "functional words": (
        Forward(
            lambda m, x: F.embedding(x, m.table), table=nn.Parameter(torch.ones(9, 2))
        ),
        "int64:N,128",
    ),
    "one-hot": (before(lambda x: F.one_hot(x, 8).float(), nn.Linear(8, 2)), None),
    # Features alone, or of tokens.
    "features": (first(nn.Linear(100, 5), nn.ReLU(), nn.Linear(5, 2)), "100"),
    "flat features": (first(nn.Flatten(), nn.Linear(784, 5)), "1,28,28"),
    "wide features": (first(nn.Flatten(), nn.Linear(4 * 81, 5)), "1,18,18"),
    "odd features": (first(nn.Flatten(), nn.Linear(37, 5)), "37"),
    "product": (Forward(lambda m, x: x @ m.w, w=nn.Parameter(torch.ones(20, 3))), "20"),
    "tokens": (first(nn.Linear(12, 16), encode()), "128,12"),
    "lone tokens": (first(encode()), "128,16"),
    "normed tokens": (first(nn.LayerNorm(16), encode()), "128,16"),
    "recurrent": (first(nn.LSTM(40, 8, batch_first=True)), "128,40"),
    "recurrent, length first": (first(nn.GRU(40, 8)), "128,N,40"),
    # Axes that a line unpacks.
    "three of four": (unpack(3, nn.Conv1d(80, 4, 1)), "80,224"),
    "two of four": (unpack(2, nn.Linear(10, 4)), "10"),
    "five of four": (unpack(5, nn.Conv3d(3, 4, 1)), "3,16,224,224"),
    "frames": (before(merge_frames, nn.Conv2d(3, 4, 1)), "16,3,224,224"),
    "an axis beyond": (
        before(lambda x: x[:, : x.shape[4]].mean(-1), nn.Conv2d(3, 4, 1)),
        "3,16,224,224",
    ),
    "a mean of an axis beyond": (
        before(lambda x: x.mean(4), nn.Conv2d(3, 4, 1)),
        None,
    ),
    # Channels that come last.
    "permuted": (
        before(lambda x: x.permute(0, 3, 1, 2), nn.Conv2d(3, 4, 3)),
        "224,224,3",
    ),
    "transposed": (
        before(lambda x: x.transpose(1, 2), nn.Conv1d(256, 4, 3)),
        "224,256",
    ),
    "permuted clip": (
        before(lambda x: x.permute(0, 4, 1, 2, 3), nn.Conv3d(3, 4, 3)),
        "16,224,224,3",
    ),
    "moved": (before(lambda x: x.movedim(-1, 1), nn.Conv2d(1, 4, 3)), "224,224,1"),
    "rolled": (
        before(lambda x: x.transpose(1, 3).transpose(2, 3), nn.Conv2d(5, 4, 3)),
        "224,224,5",
    ),
    # Channels, then sides.
    "grey and small": (lenet(), "1,32,32"),
    "grey and viewed": (
        before(
            lambda x: x.view(-1, 676 * 2),
            nn.Linear(1352, 2),
            nn.Conv2d(1, 2, 3),
        ),
        "1,28,28",
    ),
    # What a line of the forward's own says.
    "a side": (before(check(lambda x: x.shape[2], 384), nn.ReLU()), "3,384,384"),
    "a height": (before(check(lambda x: x.size(-2), 96), nn.ReLU()), "3,96,96"),
    "a number of axes": (before(check(lambda x: x.dim(), 3), nn.ReLU()), "3,224"),
    "a number of channels": (before(check(lambda x: x.shape[1], 9), nn.ReLU()), None),
    "features of its own": (before(check(lambda x: x.shape[-1], 7), nn.ReLU()), None),
    # Other layers.
    "cell": (first(nn.LSTMCell(10, 20)), "10"),
    "series of a length": (
        Forward(
            lambda m, x: m.head(m.layer(x)[0].flatten(1)),
            layer=nn.LSTM(3, 5, batch_first=True),
            head=nn.Linear(5 * 50, 2),
        ),
        "50,3",
    ),
    "signal of a length": (
        first(nn.Conv1d(12, 16, 7, 2, 3), nn.Flatten(), nn.Linear(16 * 500, 5)),
        "12,1000",
    ),
    "channels of a height": (
        Forward(
            lambda m, x: m.head(m.layer(x[:, None]).flatten(1)),
            layer=nn.Conv2d(1, 16, (22, 1)),
            head=nn.Linear(16 * 1125, 2),
        ),
        "22,1125",
    ),
    "spectrogram": (
        before(lambda x: x.unsqueeze(1), nn.Conv2d(1, 8, (3, 40))),
        "3,224",
    ),
}


def list_told(said):
    """The inputs that a message tells."""
    return re.findall(r"--input (\S+)", said)


@pytest.mark.parametrize("kind", SOLE)
@pytest.mark.parametrize("fast", [True, False])
def test_an_input_of_another_kind(kind, fast):
    """It is told as the command line takes it, and is traced when it is given."""
    if "words" in kind and takes_floats_as_indices():
        pytest.skip("this torch takes floats as indices")
    model, wanted = SOLE[kind]
    told = list_told(message(model, DEFAULT_INPUT, fast=fast))
    assert len(told) == 1
    assert wanted in {None, *told}
    assert trace(model, told[0], fast=fast).layers
    assert trace(model, told, fast=fast).layers


class Several(nn.Module):
    """A picture, and what a subclass takes beside it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.words = nn.Embedding(10, 8)
        self.linear = nn.Linear(16, 8)


class Siamese(Several):
    def forward(self, x1, x2):
        return self.conv(x1) + self.conv(x2)


class Described(Several):
    def forward(self, image, text):
        return self.conv(image).mean((2, 3)) @ self.words(text).mean(1).T


class Denoised(Several):
    def forward(self, x, timesteps, y):
        times = timesteps[:, None].float() * torch.arange(16)
        return self.conv(x).mean((2, 3)) + self.linear(times) + self.words(y)


class Conditioned(Denoised):
    def forward(self, x, timesteps=None, y=None):
        return super().forward(x, timesteps, y)


class Measured(Several):
    def forward(self, image, *, table):
        return self.conv(image).mean((2, 3)) + self.linear(table)


class Named(Several):
    def forward(self, *, image, table):
        return self.conv(image).mean((2, 3)) + self.linear(table)


class NamedMask(Several):
    def forward(self, *, image, mask):
        return self.conv(image)[:, :, 1:, 1:] * mask[:, :, 3:, 3:]


class NamedWords(Several):
    def forward(self, *, ids, scale=None):
        return self.words(ids)


class NamedFeatures(Several):
    def forward(self, *, features):
        return self.linear(features)


class Unnamed(Several):
    def forward(self, **batch):
        return self.conv(batch["image"]).mean((2, 3)) + self.words(batch["y"])


class Latent(Several):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3)

    def forward(self, latents, sigma):
        return self.conv(latents) * sigma[:, None, None, None]


class Attended(Several):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 2, batch_first=True)

    def forward(self, query, key, value):
        return self.attention(query, key, value)


class Paired(Several):
    def forward(self, pair):
        left, right = pair
        return self.conv(left) + self.conv(right)


class Held(Several):
    def forward(self, batch):
        return self.conv(batch["image"]).mean((2, 3)) + self.words(batch["y"])


class HeldAlone(Several):
    def forward(self, batch):
        return self.conv(batch["image"])


class Any(Several):
    def forward(self, *inputs):
        return self.conv(inputs[0]) + self.conv(inputs[1])


class Remembering(Several):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(10, 20, num_layers=2, batch_first=True)

    def forward(self, x, hidden):
        return self.layer(x, hidden)[0]


class Gated(Remembering):
    def __init__(self):
        super().__init__()
        self.layer = nn.GRU(10, 20, bidirectional=True)


class Valued(Several):
    def forward(self, state, action):
        return self.linear(torch.cat([state, action], 1))


class Bagged(Several):
    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(10, 8)

    def forward(self, text, offsets):
        return self.words(text, offsets)


class Translated(Several):
    def forward(self, src, tgt):
        return self.words(src).mean(1) + self.words(tgt).mean(1)


SEVERAL = {
    Siamese: ["x1=N,3,224,224", "x2=N,3,224,224"],
    Described: ["image=N,3,224,224", "text=int64:N,128"],
    Denoised: ["x=N,3,224,224", "timesteps=int64:N", "y=int64:N"],
    Conditioned: ["x=N,3,224,224", "timesteps=int64:N", "y=int64:N"],
    Measured: ["image=N,3,224,224", "table=N,16"],
    Named: ["image=N,3,224,224", "table=N,16"],
    NamedMask: ["image=N,3,224,224", "mask=bool:N,1,224,224"],
    NamedWords: ["ids=int64:N,128"],
    NamedFeatures: ["features=N,16"],
    Unnamed: ["image=N,3,224,224", "y=int64:N"],
    Latent: ["latents=N,4,224,224", "sigma=int64:N"],
    Attended: ["query=N,128,12", "key=N,128,12", "value=N,128,12"],
    Paired: ["pair.0=N,3,224,224", "pair.1=N,3,224,224"],
    Held: ["batch.image=N,3,224,224", "batch.y=int64:N"],
    HeldAlone: ["batch.image=N,3,224,224"],
    Any: ["0=N,3,224,224", "1=N,3,224,224"],
    Remembering: ["x=N,128,10", "hidden.0=2,N,20", "hidden.1=2,N,20"],
    Gated: ["x=128,N,10", "hidden=2,N,20"],
    Valued: ["state=N,8", "action=N,8"],
    Bagged: ["text=int64:128", "offsets=int64:N"],
    Translated: ["src=int64:N,128", "tgt=int64:N,128"],
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_inputs_beside_the_first(kind):
    """Their names are those of the forward, their sizes are seen to work."""
    if kind in (Translated, NamedWords) and takes_floats_as_indices():
        pytest.skip("this torch takes floats as indices")
    said = message(kind(), DEFAULT_INPUT)
    assert SEVERAL[kind] == list_told(said)
    assert trace(kind(), list_told(said), batch=2).layers


def test_text_that_is_wanted_by_name():
    """No size is guessed for it, and no place is taken for its."""

    class Prompted(Several):
        def forward(self, *, prompt, image):
            return self.conv(image) * len(prompt.split())

    said = message(Prompted(), DEFAULT_INPUT)
    assert "give each as --input prompt=… --input image=…, in Python" in said


def test_other_arguments_are_kept():
    """Those that are no tensors are given to each attempt."""

    class Flagged(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(4, 4, 3)

        def forward(self, x, flag=False):
            return self.conv(x) if flag else x.frob()

    said = message(Flagged(), DEFAULT_INPUT, kwargs={"flag": True})
    assert list_told(said) == ["4,224"]


def test_a_bug_behind_a_layer_with_weights_is_for_no_input_to_mend():
    """Its channels are those of the layer before."""
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(4, 4, 1))
    assert message(model).endswith("in_channels would have to be 8")


def test_a_tensor_of_ones_own_is_left_alone():
    """No size stands for what it holds."""
    said = message(nn.Conv1d(4, 4, 3), inputs=torch.ones(1, 3, 8, 8))
    assert said.endswith("give a tensor of (N, 4, 8)")


def test_a_tensor_of_ones_own_is_told_its_dtype_in_python():
    """An embedding wants whole numbers, which no size would say."""
    if takes_floats_as_indices():
        pytest.skip("this torch takes floats as indices")
    said = message(nn.Embedding(9, 4), inputs=torch.ones(1, 8))
    assert said.endswith("in Python inputs=ids.long()")


def test_a_view_of_each_sample_is_not_made_of_several():
    """At 96×96 its values would be those of thirty-six samples."""
    model = before(lambda x: x.view(-1, 256), nn.Linear(256, 2), nn.AvgPool2d(3))
    model = nn.Sequential(nn.Conv2d(3, 1, 1), model)
    said = message(model, (3, 47, 47))
    assert said.endswith("inputs from 48×48 to 50×50 work")


def test_attempts_end(monkeypatch):
    """A forward that takes nothing is tried forty times at most."""
    calls = []

    def count(*args):
        calls.append(args)
        return attempt_forward(*args)

    monkeypatch.setattr("resviz.tracing.forward.attempt_forward", count)

    model = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(401, 10))
    assert not list_told(message(model, mode="shapes"))
    assert MAX_ATTEMPTS == len(calls) - 1  # and the one that the channels ask for

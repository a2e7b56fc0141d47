"""Forwards that fail on the usual values of a real run are run on others."""

import pytest
import torch
from torch import nn

from resviz import TraceError, load, summary, trace
from tests.forwards import AnyForward, Forward


def take_logits(model, x):
    """What RealNVP does to pixels, which want to lie between 0 and 1."""
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"expected x in [0, 1], got {x.min()}")
    x = (x * 0.9 + 0.05).log() - (0.95 - x * 0.9).log()
    return model.conv(x)


def sample_classes(model, x):
    """A distribution that torch checks."""
    chosen = torch.distributions.Categorical(probs=x, validate_args=True).sample()
    return model.conv(x)[:, :, chosen[0, 0]]


def check_simplex(axis):
    """A forward that checks a sum itself."""

    def check(model, x):
        assert torch.allclose(x.sum(axis), torch.ones(()))
        return model.conv(x)

    return check


def take_spikes(model, x):
    """A spiking network's input."""
    assert ((x == 0) | (x == 1)).all()
    return model.conv(x)


def look_up(model, x):
    """Values used as indices, where a negative one counts from the end."""
    index = x.long()
    assert index.min() >= 0
    return model.conv(x) + torch.ones(4)[index].sum()


def root(model, x):
    """NaN of a negative value, where no error is raised."""
    return model.conv(x.sqrt()) * (x.mean().item() > 0)


UNIT, SIMPLEX = "values in [0, 1)", "probabilities that sum to one"

FLOATS = {
    "logits": (take_logits, UNIT),
    "a distribution": (sample_classes, UNIT),
    "probabilities": (check_simplex(-1), SIMPLEX),
    "probabilities of channels": (check_simplex(1), f"{SIMPLEX} over channels"),
    "spikes": (take_spikes, "zeros and ones"),
    "indices": (look_up, UNIT),
    "a root": (root, UNIT),
}


@pytest.mark.parametrize("mode", ["auto", "run"])
@pytest.mark.parametrize("name", FLOATS)
def test_the_record_says_what_it_was_run_on(name, mode, tmp_path):
    """Also once it is saved; the layers are those of the forward that ended."""
    function, drawn = FLOATS[name]
    model = Forward(function, conv=nn.Conv2d(3, 4, 1))
    trace(model, (3, 8, 8), mode=mode).save(tmp_path / "a.json")
    arch = load(tmp_path / "a.json")
    assert ("run", (drawn,)) == (arch.mode, arch.input_draws)
    assert 3 * 4 * 64 == sum(layer.macs or 0 for layer in arch if layer.module)
    words = f"seeded input of {drawn}, since the usual one fails"
    assert words in str(summary(arch))
    assert [drawn] == summary(arch).to_dict()["input_draws"]


def pack(model, x, lengths):
    """Sequences of which none may be empty."""
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
    return model.rnn(packed)[0].data


def ascend(model, x, lengths):
    """Offsets, each beyond the last."""
    assert (lengths.diff() > 0).all()
    return model.rnn(x)[0] * lengths.sum()


def select_unmasked(model, x, mask):
    """What is masked is left out, and something must be left."""
    assert not mask.all()
    return model.rnn(x[~mask][None])[0]


OTHERS = {
    "lengths": (pack, "int64:4", "ones"),
    "offsets": (ascend, "int64:4", "0, 1, 2 …"),
    "a mask": (select_unmasked, "bool:4,5", "True and False"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_integers_and_masks_are_drawn_otherwise_too(name):
    """Of two inputs, the note names the one that was."""
    function, size, drawn = OTHERS[name]
    model = AnyForward(function, rnn=nn.LSTM(6, 6, batch_first=True))
    dtype, numbers = size.split(":")
    arch = trace(model, ["float32:4,5,6", f"{dtype}:{numbers}"])
    assert ("", drawn) == arch.input_draws
    assert f"of {drawn}, since the usual one fails" in str(summary(arch))


def test_a_forward_that_fails_on_all_tells_the_first_failure():
    """The one on the usual values."""

    def fail(model, x):
        raise ValueError(f"got {x.min() < 0}")

    with pytest.raises(TraceError, match="got True"):
        trace(Forward(fail), (4,))


def test_a_failure_that_comes_later_is_told_too():
    """On values that get further than the usual ones, another reason shows."""

    def fail(model, x):
        assert x.min() >= 0
        return model.conv(x).transpose(1, 2).view(-1)

    message = r" >= 0 .*; on values in \[0, 1\), Forward: RuntimeError: view size"
    with pytest.raises(TraceError, match=message):
        trace(Forward(fail, conv=nn.Conv2d(3, 4, 1)), (3, 8, 8))


def test_nan_on_all_values_leaves_the_usual_record():
    """A model that gives NaN whatever it is fed."""

    def spoil(model, x):
        return x * torch.nan * (x.sum().item() > 1e9)

    arch = trace(Forward(spoil), (4,))
    assert ("run", ()) == (arch.mode, arch.input_draws)


def test_given_values_are_kept():
    """A tensor of the user's is not drawn anew: its forward fails."""
    model = Forward(take_logits, conv=nn.Conv2d(3, 4, 1))
    with pytest.raises(TraceError, match="expected x in"):
        trace(model, inputs=torch.full((1, 3, 8, 8), -1.0))


def test_usual_values_leave_no_word():
    """Where the first run ends, the record is as it was."""
    arch = trace(Forward(lambda m, x: x * x.mean().item()), (4,))
    assert ("run", ()) == (arch.mode, arch.input_draws)
    assert b"input_draws" not in arch.to_json()

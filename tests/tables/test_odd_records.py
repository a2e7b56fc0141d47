"""Tables of networks without the usual parts, in every format."""

import pytest
import torch
from torch import nn

import resviz
from resviz import formats

DOORS = (
    resviz.layers, resviz.shortcuts, resviz.summary, resviz.costs_table,
    resviz.memory, resviz.receptive_field,
)  # fmt: skip


class Nothing(nn.Module):
    """A forward without arguments."""

    def forward(self):
        return torch.zeros(2, 3).mean()


RECORDS = {
    "identity": lambda: resviz.trace(nn.Identity(), (3, 8, 8)),
    "no input": lambda: resviz.trace(Nothing(), inputs=()),
    "no sample": lambda: resviz.trace(nn.Linear(8, 4), inputs=torch.zeros(0, 8)),
    "tokens": lambda: resviz.trace(nn.Linear(8, 4), (5, 8)),
    "scalar": lambda: resviz.trace(Scalar(), (3, 8, 8)),
}


class Scalar(nn.Module):
    """A map that ends as a number, on which operations still work."""

    def forward(self, x):
        return x.mean().softmax(0)


@pytest.mark.parametrize("form", formats.table_format_names())
@pytest.mark.parametrize("name", RECORDS)
def test_every_table_in_every_format(name, form):
    """Nothing to count is no reason to fail."""
    arch = RECORDS[name]()
    for door in DOORS:
        assert formats.find_table_format(form).render(door(arch))


def test_fields_of_tokens_are_tokens():
    """Each of five rows sees itself, and no number of pixels."""
    data = resviz.receptive_field(RECORDS["tokens"](), every=True).to_dict()
    assert ([], [1]) == (data["not_known"], data["layers"][0]["receptive_field"])
    assert [1] == data["position_axes"]


def test_an_lstm_is_one_layer():
    """However many steps it takes: 4 gates of 16, over 20 steps of 3 samples."""
    arch = resviz.trace(nn.LSTM(8, 16), inputs=torch.zeros(20, 3, 8))
    macs = 20 * 3 * 4 * 16 * (8 + 16)
    data = resviz.summary(arch).to_dict()
    assert (1, macs, 1) == (data["layers"], data["macs"], data["depth"])


def test_a_padding_mask_of_a_transformer():
    """Its encoder would make nested tensors, which have no shapes without values."""
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=True).eval()
    mask = torch.zeros(2, 5, dtype=torch.bool)
    arch = resviz.trace(
        encoder, inputs=torch.zeros(2, 5, 16), kwargs={"src_key_padding_mask": mask}
    )
    want = sum(p.numel() for p in encoder.parameters())
    assert (want, "shapes") == (arch.params, arch.mode)


def test_a_picture_of_a_list_has_no_batch():
    """Its first axis holds channels."""

    class First(nn.Module):
        def forward(self, images):
            return images[0]

    arch = resviz.trace(First(), "0.0=3,48,64")
    assert 1 == arch.batch


def test_latex_has_the_signs_of_the_notes():
    """None of them is lost."""
    page = resviz.receptive_field("resnet18").render("latex")
    assert "?" not in page

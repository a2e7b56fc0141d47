"""Entries of a network for tests, and a sparse file of weights that lists them."""

import json
import struct
from math import prod

from resviz.checkpoints.pickles import TensorEntry


def list_state(model):
    """What a state dict lists."""
    return {
        name: TensorEntry(tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for name, value in model.state_dict().items()
    }


def write_safetensors(path, entries, *, cut=0):
    """Write a file of a whole length whose weights take no room on the disk."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, entry in entries.items():
        size = 4 * prod(entry.shape)
        row = {"dtype": "F32", "shape": entry.shape, "data_offsets": [end, end + size]}
        header[name] = row
        end += size
    raw = json.dumps(header).encode()
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(raw)) + raw)
        stream.truncate(8 + len(raw) + end - cut)

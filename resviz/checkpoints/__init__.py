"""Checkpoints: which network a file of weights is of, from names and shapes alone.

`files` reads what a file lists, never a weight: a header of safetensors, or the pickle
of a zip under `pickles`, which runs no code. `groups` tells the model's tensors from an
optimiser's and from copies, and finds where a ResNet begins; `naming` writes names of
other code bases as torchvision's; `plans` reads depth, block and widths off the shapes
and lists what such a network has; `verdict` compares both, to the last name. What was
not found equal has no SPEC.
"""

from resviz.checkpoints.files import CheckpointFile, read_checkpoint
from resviz.checkpoints.verdict import Identification, identify_tensors

__all__ = ["CheckpointFile", "Identification", "identify_tensors", "read_checkpoint"]

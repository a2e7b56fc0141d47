"""All forms of random nets: how many of so many are read otherwise than they are built.

`python -m tests.readings.structure.random_every 1000` tries so many of each;
what follows the number are the forms to try, and none are all.
"""

import random
import sys
from dataclasses import replace

import torch

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_exchanges import EXCHANGE_FORMS
from .random_forms import FORMS, compare
from .random_fused import FUSED_FORMS
from .random_graphs import GRAPH_FORMS
from .random_injections import INJECTION_FORMS
from .random_loops import LOOP_FORMS
from .random_methods import METHOD_FORMS
from .random_nets import CHOICES, RandomNet, draw_plan
from .random_quantised import QUANTISED_FORMS
from .random_streams import STREAM_FORMS
from .random_sums import SUM_FORMS
from .random_tokens import TOKEN_FORMS
from .random_towers import TOWER_FORMS
from .random_transformers import TRANSFORMER_FORMS

OTHER_FORMS = {
    **FORMS,
    **STREAM_FORMS,
    **LOOP_FORMS,
    **TRANSFORMER_FORMS,
    **EXCHANGE_FORMS,
    **METHOD_FORMS,
    **GRAPH_FORMS,
    **INJECTION_FORMS,
    **SUM_FORMS,
    **TOKEN_FORMS,
    **TOWER_FORMS,
    **QUANTISED_FORMS,
    **FUSED_FORMS,
}
"""What draws the nets that know their blocks."""

ITEMS = {
    "taps": ("tap", ("dead", "kept", "returned", "late", "auxiliary")),
    "conditions": ("condition", ("added", "FiLM", "cross-attention")),
    "third consumers": ("shape", ("hourglass",)),
    "branched shortcuts": ("shortcut", ("two pooled halves", "A by a transpose")),
    "several convolutions": ("several", ("LoRA", "RepVGG", "adapter", "DoRA")),
    "gates": ("gate", [*filter(None, CHOICES["gate"])]),
    "towers": ("shape", ("towers", "siamese", "U-Net", "long skip")),
    "order of inputs": ("condition", ("added", "FiLM", "cross-attention")),
}
"""What every net of an item has: a choice of its plan, and from what it is drawn."""


def compare_item(item, seed):
    """Return what was read off a net of an item, and its truth."""
    name, values = ITEMS[item]
    plan = draw_plan(seed)
    plan = replace(plan, **{name: random.Random(f"{item} {seed}").choice(values)})
    net = RandomNet(plan).eval()
    inputs = [torch.zeros(1, 3, 16, 16)]
    inputs += [torch.zeros(1, 8)] if plan.condition else []
    model = net
    if item == "order of inputs":
        inputs.reverse()
        model = Turned(net)
    built = read_structure(resviz.trace(model, inputs=tuple(inputs)))
    kinds = [unit.shortcut.kind for block in built.blocks for unit in block.units]
    stages = [len(stage.blocks) for stage in built.stages]
    read = sorted(kinds), sorted(stages), count_depth(built)
    return read, (sorted(net.kinds), sorted(net.stages), net.depth)


class Turned(torch.nn.Module):
    """A net that takes its second input first."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, condition, x):
        return self.net(x, condition)


def compare_form(form, seed):
    """Return what was read off a net of any form, and its truth."""
    if form in ITEMS:
        return compare_item(form, seed)
    return compare(OTHER_FORMS[form](random.Random(f"{form} {seed}")))


def count_wrong(form, count):
    """Count the nets of a form that are read wrong; say which on the way."""
    wrong = 0
    for seed in range(count):
        read, truth = compare_form(form, seed)
        if read != truth:
            wrong += 1
            sys.stdout.write(f"{form} {seed}: {read} for {truth}\n")
    return wrong


if __name__ == "__main__":
    for name in sys.argv[2:] or (*ITEMS, *OTHER_FORMS):
        amount = count_wrong(name, int(sys.argv[1]))
        sys.stdout.write(f"{name}: {amount} wrong of {sys.argv[1]}\n")
        sys.stdout.flush()

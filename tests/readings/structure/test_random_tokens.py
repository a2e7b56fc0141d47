"""Random nets whose tokens part and meet, read and compared with what they know."""

import pytest

import resviz
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_forms import compare
from .random_tokens import TOKEN_FORMS, draw_token_form


@pytest.mark.parametrize("form", TOKEN_FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_net_of_tokens_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_token_form(form, seed))
    assert truth == read


@pytest.mark.parametrize("seed", range(8))
def test_what_makes_carried_scores_is_the_blocks_own(seed):
    """Query and key have their parameters in the block, whatever the scores join."""
    drawn = draw_token_form("scores", seed)
    arch = resviz.trace(drawn.net.eval(), inputs=drawn.inputs)
    structure = read_structure(arch)
    inside = {index for block in structure.blocks for index in block.layer_indices}
    outside = {layer.path for layer in arch.layers[1:] if layer.index not in inside}
    weighted = {path for path in outside if path.endswith((".q", ".k", ".v", ".out"))}
    assert weighted == set()
    verdicts = {reason.verdict for reason in explain_joins(structure)}
    assert verdicts == {"residual unit", "parallel sum"}


@pytest.mark.parametrize("seed", range(8))
def test_experts_add_two_weights_each_whatever_tokens_choose(seed):
    """A block's main path has the attention's two layers and an expert's two."""
    drawn = draw_token_form("experts", seed)
    structure = read_structure(resviz.trace(drawn.net.eval(), inputs=drawn.inputs))
    assert count_depth(structure) == 1 + 4 * len(drawn.blocks)

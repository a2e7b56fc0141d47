"""What holds for any small residual network, and any input that it takes."""

import json

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.models import catalogue
from resviz.readings import costs
from resviz.readings.structure import read_structure
from resviz.record.storage import parse_record

counts = st.lists(st.integers(1, 3), min_size=1, max_size=4)

networks = st.fixed_dictionaries({
    "layers": counts,
    "block": st.sampled_from(["basic", "bottleneck"]),
    "stem": st.sampled_from(["imagenet", "deep", "cifar"]),
    "shortcut": st.sampled_from("ABC"),
    "stride_in": st.sampled_from(["1x1", "3x3"]),
    "base_channels": st.sampled_from([8, 16]),
    "head": st.just("adaptive"),
    "num_classes": st.integers(0, 12),
})  # fmt: skip


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(options=networks, side=st.integers(33, 80), batch=st.integers(1, 3))
def test_any_small_resnet(options, side, batch):
    """A record keeps its invariants, rows sum up, the structure is what was built."""
    if options["block"] == "basic":
        options.pop("stride_in")
    model = catalogue.build_network("resnet", **options).eval().to("meta")
    arch = resviz.trace(model, (3, side, side + 3), batch)

    assert arch == parse_record(arch.to_json())
    assert arch.params == sum(p.numel() for p in model.parameters())
    x = torch.empty(batch, 3, side, side + 3, device="meta")
    with FlopCounterMode(display=False) as counter:
        output = model(x)
    assert tuple(output.shape) == arch.layers[-1].output_shape
    assert counter.get_total_flops() == 2 * costs.sum_layer_costs(arch.layers).macs

    stages = read_structure(arch).stages
    assert options["layers"] == [len(stage.blocks) for stage in stages]
    assert {options["block"]} == {stage.type for stage in stages}

    table = resviz.summary(arch)
    whole = costs.sum_record_costs(arch)
    assert arch.params == sum(row["params"] for row in table.rows)
    assert whole.elements == sum(row["elements"] for row in table.rows)
    assert whole.macs == sum(row["macs"] for row in table.rows)
    for made in (
        table,
        resviz.layers(arch),
        resviz.shortcuts(arch),
        resviz.table(arch),
        resviz.costs_table(arch),
    ):
        assert json.loads(made.render("json")) == made.to_dict()
    again = resviz.trace(model, (3, side, side + 3), batch)
    assert resviz.layers(again).render("csv") == resviz.layers(arch).render("csv")

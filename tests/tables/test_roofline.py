"""The roofline table: a row a device, a row a layer, and times beside bounds."""

import json

import pytest
from torch import nn

import resviz
from resviz.readings.roofline import read_roofline
from resviz.source.measuring import build_device, merge_peaks, raise_peaks


def test_a_row_a_device_or_a_layer(record):
    """Their totals are the same, and each device has its source."""
    arch = record("resnet18")
    devices = resviz.roofline(arch).to_dict()
    one = resviz.roofline(arch, device="V100").to_dict()
    row = next(r for r in devices["rows"] if r["device"] == one["device"])
    assert one["bound_seconds"] == row["bound_seconds"]
    assert one["bound_seconds"] == pytest.approx(
        sum(each["bound_seconds"] for each in one["rows"])
    )
    assert all(each["source"] for each in devices["rows"])
    assert json.loads(json.dumps(one)) == one


def test_it_is_called_a_bound(record):
    """Never a prediction; assumptions stand below."""
    for fused in (False, True):
        text = str(resviz.roofline(record("resnet18"), device="T4", fused=fused))
        assert "a lower bound of time, no prediction" in text
        assert ("folded into others: " in text) == fused


def test_precisions_are_those_that_are_published(record):
    """A device without one is left out and named, or refused."""
    table = resviz.roofline(record("resnet18"), precision="bfloat16")
    assert "no published peak in bfloat16: NVIDIA T4, NVIDIA V100 SXM2" in table.notes
    with pytest.raises(resviz.SpecError, match="T4 has no published peak in bfloat16"):
        resviz.roofline(record("resnet18"), precision="bfloat16", device="T4")
    with pytest.raises(resviz.SpecError, match="want one of float64, float32"):
        resviz.roofline(record("resnet18"), precision="half")


def test_times_want_a_model(record):
    """A record has no weights, and other devices are not this machine."""
    with pytest.raises(resviz.SpecError, match="no weights to run"):
        resviz.roofline(record("resnet18"), measure=True)
    from resviz.tables.roofline import roofline_table

    with pytest.raises(resviz.SpecError, match="wants a model to run"):
        roofline_table(record("resnet18"), measure=True)


def test_times_stand_beside_bounds(monkeypatch):
    """Every layer has one, on a copy: the model is as it was."""
    monkeypatch.setattr("resviz.source.measuring.PROBE_SECONDS", 0.001)
    monkeypatch.setattr("resviz.source.measuring.MATRIX_SIZES", (256,))
    monkeypatch.setattr("resviz.source.measuring.PROBE_BYTES", (2**16, 2**20))
    monkeypatch.setattr("resviz.tracing.timing.MIN_SECONDS", 0.001)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    table = resviz.roofline(model, measure=True, input_size=(3, 32, 32), batch=2)
    assert ["Conv2d", "BatchNorm2d", "ReLU"] == table["type"]
    assert all(seconds > 0 for seconds in table["measured_seconds"])
    assert model.training
    assert all(value.equal(before[key]) for key, value in model.state_dict().items())
    assert table.to_dict()["measured_seconds"] == pytest.approx(
        sum(table["measured_seconds"])
    )


def test_a_time_below_its_bound_is_said(record):
    """It is no bound then, and the table says why that may be."""
    from resviz.tables.roofline import roofline_table

    slow = build_device({"float32": 1.0}, {2**16: 1.0})
    times = dict.fromkeys(range(9), 1e-3)
    notes = roofline_table(record("resnet18"), measured=(slow, times)).notes
    assert any("below the bound: 9 layers, first conv1" in note for note in notes)
    assert any("not measured: " in note for note in notes)


def test_peaks_of_caches_hold_for_work_that_fits():
    """Larger probes that are quicker count too, and the better of two measurements."""
    first = build_device({"float32": 2.0}, {100: 5.0, 1000: 8.0, 10_000: 1.0})
    rates = [first.find_bandwidth(size) for size in (50, 400, 4000, 4001)]
    assert [8.0, 8.0, 8.0, 1.0] == rates
    second = build_device({"float32": 3.0}, {100: 9.0, 1000: 2.0, 10_000: 2.0})
    best = merge_peaks(first, second)
    assert (3.0, 9.0, 8.0, 2.0) == (
        best.find_flops("float32"),
        *map(best.find_bandwidth, (400, 4000, 4001)),
    )


def test_layers_that_are_quicker_than_probes_raise_peaks(record):
    """No bound is above its time then, and the source says how many did."""
    arch = record("resnet18")
    slow = build_device({"float32": 1e6}, {2**16: 1e6, 2**20: 1e5, 2**24: 1e4})
    times = {layer.index: 1e-3 * (layer.index + 1) for layer in arch.layers}
    raised = raise_peaks(slow, arch, times)
    bounds = read_roofline(arch, raised, fused=False).bounds
    assert all(b.seconds <= times[b.traffic.layers[0]] * (1 + 1e-9) for b in bounds)
    assert "raised by 68 layers" in raised.source
    rates = [rate for _, rate in raised.caches]
    assert sorted(rates, reverse=True) == rates
    assert raise_peaks(raised, arch, dict.fromkeys(times, 9.0)) == raised


def test_half_a_name_is_answered_with_whole_ones(record):
    """A100 is two devices, none of which is the V100."""
    arch = record("resnet18")
    with pytest.raises(
        resviz.SpecError, match="mean 'A100-40GB' or 'A100-80GB'\\? want"
    ):
        resviz.roofline(arch, device="a100")
    with pytest.raises(resviz.SpecError, match="got 'TPU', want one of T4"):
        resviz.roofline(arch, device="TPU")

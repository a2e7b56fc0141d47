"""Feature maps as a table, as data, and as Python."""

import json

import resviz
from resviz.tables.features import write_features_python

ROW = ("name", "module", "channels", "size", "stride", "receptive_field", "macs")


def test_data_has_what_scripts_read(record):
    """A row a map behind the head that all tables have."""
    data = resviz.features(record("resnet18")).to_dict()
    assert [ROW] * 4 == [tuple(row)[: len(ROW)] for row in data["features"]]
    assert ("resnet18", [1, 3, 224, 224]) == (data["name"], data["input_shape"])
    assert data == json.loads(json.dumps(data))


def test_the_python_runs(record):
    """And gives what the data says."""
    arch = record("resnet18")
    names = {}
    exec(write_features_python(arch, out_indices=(1, 2, 3)), names)
    neck = resviz.features(arch, out_indices=(1, 2, 3)).to_dict()["configuration"]
    assert {"layer2": "0", "layer3": "1", "layer4": "2"} == names["return_layers"]
    assert ([128, 256, 512], (1, 2, 3)) == (names["in_channels"], names["out_indices"])
    assert neck["timm_out_indices"] == [*names["timm_out_indices"]] == [2, 3, 4]


def test_notes_say_what_is_unusual(record):
    """Dilated maps keep their size."""
    notes = resviz.features(record("resnet(50, output_stride=8)")).notes
    assert any("of the size of the one before: C4, C5" in note for note in notes)


def test_notes_are_of_the_network_and_not_of_the_order_asked_for(record):
    """The last before another grows nothing."""
    notes = resviz.features(record("resnet18"), out_indices=(3, 1)).notes
    assert not any("grow again" in note for note in notes)
    notes = resviz.features(record("resnet(50, output_stride=8)"), out_indices=(3, 1))
    assert any("of the size of the one before: C5," in note for note in notes.notes)

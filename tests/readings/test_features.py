"""Feature maps of stages: beside real runs, timm's own account, and closed forms."""

from fractions import Fraction

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import SpecError
from resviz.models import resnet


def run_modules(model, names, size):
    """Shapes that modules give in a real forward."""
    found = {}
    for name in names:
        model.get_submodule(name).register_forward_hook(
            lambda _module, _args, out, name=name: found.update({name: out.shape})
        )
    with torch.no_grad():
        model.eval()(torch.zeros(1, *size))
    return [tuple(found[name][1:]) for name in names]


class Wrapped(nn.Module):
    """A backbone below a path, with a branch beside it that its maps do not need."""

    def __init__(self):
        super().__init__()
        self.backbone = resnet(18, out_indices=(1, 3))
        self.aside = nn.Conv2d(3, 8, 7)

    def forward(self, x):
        return [*self.backbone(x), self.aside(x)]


def test_true_strides_at_this_input():
    """1333 pixels make 42 positions: 31.738 pixels each, and not 32."""
    features = resviz.trace("resnet50", (3, 800, 1333)).features()
    assert ["C2", "C3", "C4", "C5"] == [each.name for each in features]
    assert ["layer1", "layer2", "layer3", "layer4"] == [e.module for e in features]
    assert [256, 512, 1024, 2048] == [each.channels for each in features]
    assert (25, 42) == features[-1].size
    assert (Fraction(32), Fraction(1333, 42)) == features[-1].stride
    assert [(35, 35), (91, 91), (267, 267), (427, 427)] == [
        each.receptive_field for each in features
    ]


def test_macs_are_of_what_a_map_depends_on(record):
    """C5 takes all but the classifier, and C2 nothing that comes later or aside."""
    arch = record("resnet18")
    assert arch.macs - 512 * 1000 == arch.features()[-1].macs
    stem, block = 64 * 3 * 49 * 112**2, 4 * 64 * 64 * 9 * 56**2
    assert stem + block == arch.features()[0].macs
    wrapped = resviz.trace(Wrapped(), (3, 224, 224)).features()
    assert [f"backbone.layer{k}" for k in (1, 2, 3, 4)] == [e.module for e in wrapped]
    assert [e.macs for e in arch.features()] == [e.macs for e in wrapped]


@pytest.mark.parametrize("size", [(3, 64, 64), (3, 97, 65)])
@pytest.mark.parametrize(("depth", "output_stride"), [(18, None), (50, 8)])
def test_modules_give_these_shapes(size, depth, output_stride):
    """In a real forward of the network, odd sizes and dilations too."""
    model = resnet(depth, output_stride=output_stride)
    features = resviz.trace(model, size).features()
    expected = run_modules(model, [each.module for each in features], size)
    assert expected == [(each.channels, *each.size) for each in features]


def test_without_stages_a_row_a_resolution():
    """As VGG's: the last before each pool; a module called twice names none."""
    pool = nn.MaxPool2d(2)
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), pool, nn.Conv2d(8, 16, 3), pool]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 49, 10))
    features = resviz.trace(net, (3, 32, 32)).features()
    found = [(each.module, each.channels, *each.size) for each in features]
    assert [("1", 8, 32, 32), (None, 8, 16, 16), ("3", 16, 14, 14)] == found[:3]
    assert [(None, 16, 7, 7)] == found[3:]
    assert () == resviz.trace(nn.Linear(4, 4), (4,)).features()


def test_a_map_of_no_module_has_none():
    """Blocks that a forward adds itself are no module's output, and it is said."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in "123")
            self.first = nn.Conv2d(3, 8, 3, 2, 1)

        def forward(self, x):
            x = self.first(x)
            for conv in self.convs:
                x = x + conv(x).relu()
            return x

    table = resviz.features(Loop(), input_size=(3, 16, 16))
    data = table.to_dict()
    assert [None] == [row["module"] for row in data["features"]]
    assert data["configuration"]["return_layers"] is None
    assert any("no module's output" in note for note in table.notes)


def test_numbers_select_features(record):
    """From the last on with a minus; another is refused with how many there are."""
    arch = record("resnet18")
    assert ["C3", "C5"] == [each.name for each in arch.features((1, -1))]
    for wrong in ((4,), (-5,), ("x",), (None,)):
        with pytest.raises(SpecError, match="from 0 to 3: ResNet-18 has 4"):
            arch.features(wrong)
    with pytest.raises(SpecError, match="got 3 twice, want each once"):
        arch.features((3, -1))


def test_a_stored_record_needs_no_torch(record, tmp_path, run):
    """Table, JSON and Python are made of the file alone."""
    record("resnet18").save(tmp_path / "r.json")
    code = (
        "import sys, resviz; t = resviz.features(sys.argv[1], out_indices='1,2');"
        "print(t.to_dict()['configuration'], 'torch' in sys.modules)"
    )
    done = run("-c", code, str(tmp_path / "r.json"))
    assert "'in_channels': [128, 256]" in done.stdout
    assert done.stdout.endswith("False\n")

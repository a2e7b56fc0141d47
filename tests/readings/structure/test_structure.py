"""Structure read off dataflow: the paper's nets, their options, and toys."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import trace
from resviz.readings.structure import read_structure
from resviz.readings.structure.regions import JoinKind
from resviz.record.storage import parse_record

COUNTS = {
    "resnet18": ("basic", [2, 2, 2, 2]),
    "resnet34": ("basic", [3, 4, 6, 3]),
    "resnet50": ("bottleneck", [3, 4, 6, 3]),
    "resnet101": ("bottleneck", [3, 4, 23, 3]),
    "resnet152": ("bottleneck", [3, 8, 36, 3]),
    "resnet200": ("bottleneck", [3, 24, 36, 3]),
    "resnext101_32x8d": ("bottleneck", [3, 4, 23, 3]),
    "wide_resnet50_2": ("bottleneck", [3, 4, 6, 3]),
    "cifar20": ("basic", [3, 3, 3]),
    "cifar110": ("basic", [18, 18, 18]),
    "cifar164": ("bottleneck", [18, 18, 18]),
    "paper34": ("basic", [3, 4, 6, 3]),
}


def shortcuts(arch):
    """Kind and reason of every block's shortcut, stage by stage."""
    return [
        [(block.shortcut.kind, block.shortcut.reason) for block in stage.blocks]
        for stage in read_structure(arch).stages
    ]


@pytest.mark.parametrize("name", COUNTS)
def test_stages_and_blocks(record, name):
    """Block counts and types are the published ones."""
    stages = read_structure(record(name)).stages
    kind, counts = COUNTS[name]
    assert counts == [len(stage.blocks) for stage in stages]
    assert {kind} == {stage.type for stage in stages}


def test_stages_have_the_papers_names(record):
    """conv2_x comes after the stem, conv1."""
    names = [stage.name for stage in read_structure(record("resnet50")).stages]
    assert ["conv2_x", "conv3_x", "conv4_x", "conv5_x"] == names


def test_block_paths_are_the_modules(record):
    """The path of a block is that of the call that holds it."""
    paths = [block.path for block in read_structure(record("resnet18")).blocks]
    assert [f"layer{s}.{b}" for s in (1, 2, 3, 4) for b in (0, 1)] == paths


def test_resnet50_projects_first_in_every_stage(record):
    """In conv2_x for channels alone, in the others for both."""
    firsts = [stage[0] for stage in shortcuts(record("resnet50"))]
    rest = {kind for stage in shortcuts(record("resnet50")) for kind in stage[1:]}
    assert [("projection", "channels"), *[("projection", "both")] * 3] == firsts
    assert {("identity", None)} == rest


def test_resnet18_projects_in_three_stages(record):
    """conv2_x needs none: 64 channels go in and come out."""
    firsts = [stage[0][0] for stage in shortcuts(record("resnet18"))]
    assert ["identity", "projection", "projection", "projection"] == firsts


def test_option_a_pads(record):
    """Under option A, shortcuts that grow are zero-padded."""
    found = shortcuts(record("resnet(34, shortcut='A')"))
    assert [("identity", None), *[("zero-padded", "both")] * 3] == [s[0] for s in found]


def test_option_c_always_projects(record):
    """Under option C every block projects, most of them without need."""
    found = [
        it for stage in shortcuts(record("resnet(34, shortcut='C')")) for it in stage
    ]
    assert {"projection"} == {kind for kind, _ in found}
    assert 13 == sum(reason == "always" for _, reason in found)


def test_resnet_d_pools_before_it_projects(record):
    """The label names what is on the branch in order."""
    arch = record("resnet(50, deep_stem=True, avg_down=True)")
    labels = [stage.blocks[0].shortcut.label for stage in read_structure(arch).stages]
    assert "2×2 average pool, /2 + 1×1" == labels[1]


def test_a_dilated_stage_projects_for_channels_alone(record):
    """Dilation keeps the resolution, so only the width changes."""
    arch = record("resnet(50, replace_stride_with_dilation=[False, True, True])")
    assert [("projection", "channels")] * 2 == [s[0] for s in shortcuts(arch)[2:]]


def test_the_stride_of_a_shortcut(record):
    """A slice's step counts as a window's stride does."""
    for spec in ("resnet18", "resnet(18, shortcut='A')"):
        strides = [
            stage.blocks[0].shortcut.stride
            for stage in read_structure(record(spec)).stages
        ]
        assert [(1, 1), (2, 2), (2, 2), (2, 2)] == strides


def test_equal_blocks_fold(record):
    """The first block of a stage stays apart where it differs."""
    folds = [
        [(fold.number, fold.count) for fold in stage.folds]
        for stage in read_structure(record("resnet152")).stages
    ]
    assert [[(1, 1), (2, n)] for n in (2, 7, 35, 2)] == folds


def test_blocks_of_other_dilations_do_not_fold():
    """Their shapes are equal, their windows are not."""
    mains = [nn.Conv2d(8, 8, 3, padding=d, dilation=d) for d in (1, 1, 2)]
    blocks = [Residual(main, nn.Identity()) for main in mains]
    (stage,) = read_structure(trace(nn.Sequential(*blocks), (8, 8, 8))).stages
    assert [2, 1] == [fold.count for fold in stage.folds]


def test_stem_and_head(record):
    """What is before the first block, and after the last."""
    built = read_structure(record("resnet18"))
    assert ["conv1", "bn1", "relu", "maxpool"] == [la.name for la in built.stem]
    assert ["avgpool", "flatten", "fc"] == [la.name for la in built.head]


class Residual(nn.Module):
    """A block whose branches are given, with names that mean nothing."""

    def __init__(self, *branches):
        super().__init__()
        self.zz = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.zz)


def conv(k, c=8, o=8, **options):
    """A convolution that keeps the resolution."""
    return nn.Conv2d(c, o, k, padding=k // 2, **options)


def block_of(*branches):
    """The regions and blocks of one such block behind a stem."""
    arch = trace(nn.Sequential(conv(3, 3), Residual(*branches)), (3, 8, 8))
    return read_structure(arch)


def test_classes_and_names_are_not_looked_at():
    """A foreign block is read by its shapes and edges."""
    built = block_of(nn.Sequential(conv(3), nn.ReLU(), conv(3)), nn.Identity())
    (block,) = built.blocks
    assert ("basic", "identity") == (block.type, block.shortcut.kind)


def test_the_lighter_branch_is_the_shortcut():
    """Whichever operand of the addition comes first."""
    heavy = nn.Sequential(conv(1), conv(3), conv(1))
    for branches in ((heavy, conv(1)), (conv(1), heavy)):
        (block,) = block_of(*branches).blocks
        assert ("bottleneck", "always") == (block.type, block.shortcut.reason)


@pytest.mark.parametrize("dims", [1, 2])
def test_a_map_that_loses_its_border_starts_a_stage(dims):
    """Two positions fewer are a class token's affair among tokens alone."""

    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            make = nn.Conv1d if dims == 1 else nn.Conv2d
            self.a, self.b = make(8, 8, 3, padding=1), make(8, 8, 3, padding=1)

        def forward(self, x):
            return x + self.b(self.a(x).relu())

    crop = nn.Conv1d(8, 8, 3) if dims == 1 else nn.Conv2d(8, 8, (1, 2))
    net = nn.Sequential(Line(), Line(), crop, Line(), Line())
    sizes = (8, 20) if dims == 1 else (8, 4, 8)
    built = read_structure(trace(net, sizes))
    assert [2, 2] == [len(stage.blocks) for stage in built.stages]


def test_a_sum_without_weights_is_no_block():
    """X + relu(x) has nothing to be residual to."""
    built = block_of(nn.ReLU(), nn.Identity())
    assert ([JoinKind.WEIGHTLESS], ()) == (
        [r.kind for r in built.regions],
        built.blocks,
    )


def test_two_equal_branches_are_a_parallel_sum():
    """Neither of two like convolutions is the shortcut of the other."""
    built = block_of(conv(3), conv(3))
    assert ([JoinKind.PARALLEL], ()) == ([r.kind for r in built.regions], built.blocks)


def test_a_branch_that_is_read_elsewhere_too_is_tapped():
    """It is a block all the same, and knows its tap."""

    class Leaks(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = conv(3), conv(3)

        def forward(self, x):
            y = self.a(x)
            return torch.cat([x + self.b(y), y], 1)

    arch = trace(nn.Sequential(conv(3, 3), Leaks()), (3, 8, 8))
    (block,) = read_structure(arch).blocks
    assert ("basic", ["1.a"]) == (block.type, [arch.layers[i].name for i in block.taps])


def test_a_skip_over_whole_blocks_is_no_block():
    """The blocks inside a long skip are what counts."""
    inner = nn.Sequential(
        *(Residual(nn.Sequential(conv(3), conv(3)), nn.Identity()) for _ in range(3))
    )
    assert 3 == len(block_of(inner, nn.Identity()).blocks)


def test_a_gate_in_the_branch_changes_no_type():
    """Squeeze-and-excitation multiplies; it adds no block and no kernel."""

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(1), conv(3), conv(1))
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(1), nn.Sigmoid())

        def forward(self, x):
            y = self.body(x)
            return y * self.gate(y)

    (block,) = block_of(Gated(), nn.Identity()).blocks
    assert "bottleneck" == block.type


def test_three_branches_are_one_addition():
    """Chained additions from one fork are merged, as in RepVGG."""
    built = block_of(conv(3), conv(1), nn.Identity())
    assert [3] == [len(region.branches) for region in built.regions]


def test_a_bias_is_no_branch():
    """What broadcasts or is a constant joins nothing."""

    class Biased(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1, 8, 1, 1))
            self.conv = conv(3)

        def forward(self, x):
            y = self.conv(x)
            return y + self.bias + F.adaptive_avg_pool2d(y, 1) + 1

    built = read_structure(trace(nn.Sequential(conv(3, 3), Biased()), (3, 8, 8)))
    assert () == built.regions


def test_blocks_written_with_functions():
    """A whole network in one forward has its blocks too."""

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.ParameterList(torch.zeros(3, 3, 3, 3) for _ in range(4))

        def forward(self, x):
            for a, b in zip(self.weights[::2], self.weights[1::2], strict=True):
                y = F.conv2d(F.relu(F.conv2d(x, a, padding=1)), b, padding=1)
                x = F.relu(x + y)
            return x

    stages = read_structure(trace(Plain(), (3, 8, 8))).stages
    assert [("basic", 2)] == [(stage.type, len(stage.blocks)) for stage in stages]


def test_a_plain_network_has_no_stages():
    """Without an addition nothing is residual."""
    built = read_structure(trace(nn.Sequential(conv(3, 3), conv(3)), (3, 8, 8)))
    assert ((), 2) == (built.stages, len(built.stem))


def test_a_gate_of_linear_layers_changes_no_type_either():
    """The fully connected gate of the squeeze-and-excitation paper."""

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(3), conv(3))
            self.gate = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8))

        def forward(self, x):
            y = self.body(x)
            return y * self.gate(y.mean((2, 3))).sigmoid()[:, :, None, None]

    (block,) = block_of(Gated(), nn.Identity()).blocks
    assert block.type == "basic"


def test_a_record_is_read_once(record):
    """All views share one reading, and the record stays equal to its saved form."""
    arch = parse_record(record("resnet18").to_json())
    assert read_structure(arch) is read_structure(arch)
    assert arch == record("resnet18")

"""A network that was built to be traced is run itself, and told the same of."""

import pytest

import resviz
from resviz.source import build, build_model
from resviz.source.spec import parse_spec
from resviz.tracing import trace

SPECS = (
    "resnet18", "resnet50", "resnext50_32x4d", "cifar20", "resnet(50, output_stride=8)",
    "resnet(34, shortcut='A')",
)  # fmt: skip


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("spec", SPECS)
def test_its_record_is_that_of_a_clone(spec, training):
    """Also when it is traced again, with what its forward and we left there."""
    net = build.build_own_network(parse_spec(spec))
    kept = trace(
        build.build_own_network(parse_spec(spec)), (3, 64, 64), training=training
    )
    for _ in range(2):
        assert kept == trace(net, (3, 64, 64), training=training, trace_only=True)


def test_a_forward_that_fails_says_the_same():
    """An input that is too small, and which one would do."""
    said = []
    for trace_only in (False, True):
        with pytest.raises(resviz.TraceError) as caught:
            trace(
                build.build_own_network(parse_spec("resnet18")),
                (4, 64, 64),
                trace_only=trace_only,
            )
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("spec", "trace_only"),
    [
        ("resnet18", True),
        ("torch.nn:ReLU()", False),
    ],
)
def test_only_our_own_networks_are_lent(spec, trace_only):
    """What foreign code gives may be somebody's."""
    assert build_model(parse_spec(spec)).trace_only is trace_only

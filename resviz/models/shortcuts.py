"""Shortcuts: who projects, and what the others do.

He et al. 2015, section 3.3 and Table 3, name three options: A pads with zeros,
B projects where the shape changes, C projects always. What "where" means differs
between code bases for option B: that is the table ``PROJECTIONS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from resviz.errors import SpecError
from resviz.models.blocks import MakeNorm, conv1x1
from resviz.models.options import check_one_of

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class ShortcutPlace:
    """Where a shortcut stands: all facts that a projection rule may use.

    Attributes:
        in_channels: channels of the block's input.
        out_channels: channels of the block's output.
        stride: stride of the block.
        is_first: whether the block is the first of its stage.
        avg_down: whether projections pool instead of striding.
    """

    in_channels: int
    out_channels: int
    stride: int
    is_first: bool
    avg_down: bool = False

    @property
    def changes_shape(self) -> bool:
        """Tell whether the block's output differs from its input in shape."""
        return self.stride != 1 or self.in_channels != self.out_channels


class ProjectionRule(NamedTuple):
    """A rule that says which blocks project, and where it comes from."""

    projects: Callable[[ShortcutPlace], bool]
    source: str


PROJECTIONS: dict[str, ProjectionRule] = {
    "shape": ProjectionRule(
        lambda place: place.changes_shape,
        "torchvision models/resnet.py; mmdetection layers/res_layer.py",
    ),
    "channels": ProjectionRule(
        lambda place: place.in_channels != place.out_channels,
        "detectron2 backbone/resnet.py; fb.resnet.torch models/resnet.lua, option B",
    ),
    "first_block": ProjectionRule(
        lambda place: place.is_first,
        "mxnet symbols/resnet.py; TF Model Garden backbones/resnet.py;"
        " PaddleClas legendary_models/resnet.py",
    ),
    "avg_down": ProjectionRule(
        lambda place: place.changes_shape or (place.avg_down and place.is_first),
        "mmdetection ResNetV1d: 18 and 34 layers project in stage 1 as well",
    ),
}
"""The rules of option B by name. To add one, add a row."""

SHORTCUT_OPTIONS = ("A", "B", "C")
"""He et al. 2015, section 4.1: the shortcut options."""


class IdentityShortcut(nn.Module):
    """A shortcut without parameters: the input, subsampled, with zero channels.

    Shapes: (N, in_channels, H, W) to
    (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Raises:
        SpecError: if there are fewer channels out than in.

    Source: He et al. 2015, section 3.3, option A.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        if out_channels < in_channels:
            raise SpecError(
                f"shortcut: got {in_channels} channels in and {out_channels} out, want"
                " at least as many out: zeros add channels, use shortcut='B'"
            )
        self.stride = stride
        self.extra = out_channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Take every ``stride``-th position, and zeros as further channels."""
        if self.stride != 1:
            x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, 0, self.extra)) if self.extra else x

    def extra_repr(self) -> str:
        """Return what ``print(model)`` shows."""
        return f"stride={self.stride}, extra={self.extra}"


@dataclass(frozen=True, slots=True)
class ShortcutFactory:
    """Makes the shortcut of each block of one network.

    A block that changes the shape but does not project gets an
    ``IdentityShortcut``: all of them under option A, and under
    ``projection="channels"`` those that stride with equal channels.

    Attributes:
        option: ``"A"``, ``"B"`` or ``"C"``.
        projection: name of the rule of option B, a key of ``PROJECTIONS``.
        avg_down: average pooling before a 1x1 of stride 1, instead of a stride.

    Raises:
        SpecError: for an unknown option or rule, or an option beside a rule or a
            pooling that it has no use for.
    """

    option: str = "B"
    projection: str = "shape"
    avg_down: bool = False

    def __post_init__(self) -> None:
        check_one_of("shortcut", self.option, SHORTCUT_OPTIONS)
        check_one_of("projection", self.projection, PROJECTIONS)
        if self.option != "B" and self.projection != "shape":
            raise SpecError(
                f"projection: got {self.projection!r} with shortcut={self.option!r},"
                " want shortcut='B': options A and C leave it no choice"
            )
        if self.option == "A" and self.avg_down:
            raise SpecError(
                "avg_down: got True with shortcut='A', want shortcut='B' or 'C':"
                " option A has no projection to pool for"
            )

    def projects(self, place: ShortcutPlace) -> bool:
        """Tell whether the shortcut at this place is a projection."""
        if self.option == "B":
            return PROJECTIONS[self.projection].projects(place)
        return self.option == "C"

    def make_shortcut(self, place: ShortcutPlace, norm: MakeNorm) -> nn.Module | None:
        """Make a block's ``downsample``; None for the identity."""
        if self.projects(place):
            return _make_projection(place, norm)
        if place.changes_shape:
            return IdentityShortcut(place.in_channels, place.out_channels, place.stride)
        return None


def _make_projection(place: ShortcutPlace, norm: MakeNorm) -> nn.Sequential:
    """Make a 1x1 convolution and a norm; pool first under ``avg_down``.

    Source: He et al. 2018 (Bag of Tricks), figure 2(c), for the pooling; its
    rounding and padding are mmdetection's, layers/res_layer.py.
    """
    channels = place.in_channels, place.out_channels
    if not place.avg_down:
        return nn.Sequential(conv1x1(*channels, place.stride), norm(place.out_channels))
    pool = nn.AvgPool2d(
        place.stride, place.stride, ceil_mode=True, count_include_pad=False
    )
    return nn.Sequential(pool, conv1x1(*channels), norm(place.out_channels))

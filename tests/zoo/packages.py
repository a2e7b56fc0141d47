"""torchvision and timm: importing them beside any torch, and building their models."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = ("torchvision", "timm")

BOXES = "Tensor rois, float spatial_scale, int pooled_height, int pooled_width"

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align(Tensor input, {BOXES}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_pool(Tensor input, {BOXES}) -> (Tensor, Tensor)",
    f"ps_roi_align(Tensor input, {BOXES}, int sampling_ratio) -> (Tensor, Tensor)",
    f"ps_roi_pool(Tensor input, {BOXES}) -> (Tensor, Tensor)",
    (
        "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, "
        "Tensor bias, int stride_h, int stride_w, int pad_h, int pad_w, int dil_h, "
        "int dil_w, int groups, int offset_groups, bool use_mask) -> Tensor"
    ),
)
"""What torchvision's compiled part declares; importing torchvision asks for them."""


def missing() -> list[str]:
    """Packages that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


@cache
def ready() -> Any:
    """Make torchvision and timm importable; the library that holds declarations.

    torchvision's usual wheel is compiled for a torch with CUDA. Beside another its
    compiled part does not load, and the import fails for want of the operators.
    """
    warnings.filterwarnings("ignore", module="timm")
    if hasattr(torch.ops.torchvision, "nms"):
        return None  # this file is imported under two names, and the other did
    place = find_spec("torchvision")
    if place is None or place.origin is None:
        raise ModuleNotFoundError("torchvision")
    try:
        torch.ops.load_library(str(Path(place.origin).parent / "_C.so"))
    except OSError:
        return declared()
    return None


def declared() -> torch.library.Library:
    """Torchvision's operators without its compiled part.

    Only `nms` gets a kernel; torchvision has `roi_align` in Python too, which it
    would compile first.
    """
    library = torch.library.Library("torchvision", "DEF")
    for operator in OPERATORS:
        library.define(operator)
    library.impl("nms", nms, "CPU")
    boxes = import_module("torchvision.ops.boxes")
    boxes._assert_has_ops = lambda: None
    aligning = import_module("torchvision.ops.roi_align")
    aligning._roi_align = aligning._roi_align.__wrapped__
    return library


def nms(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> torch.Tensor:
    """Indices of the boxes that overlap no better one, best first."""
    kept = []
    low, high = boxes[:, :2], boxes[:, 2:]
    area = (high - low).prod(1)
    order = scores.argsort(descending=True, stable=True)
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        sides = torch.minimum(high[best], high[order]) - torch.maximum(
            low[best], low[order]
        )
        shared = sides.clamp(min=0).prod(1)
        union = area[best] + area[order] - shared
        order = order[shared <= threshold * union]
    return torch.stack(kept) if kept else scores.new_zeros(0, dtype=torch.int64)


class Adapted(nn.Module):
    """A model whose forward wants something else than one batch of maps."""

    def __init__(self, net: nn.Module, call: Callable[..., Any]) -> None:
        super().__init__()
        self.net, self.call = net, call

    def forward(self, x: torch.Tensor) -> Any:
        return self.call(self.net, x)


class Way(NamedTuple):
    """How a model of torchvision is built and fed, where it is not the usual way.

    Attributes:
        size: of one sample.
        call: hands the input to a forward that wants another form of it.
        options: for building it.
        real: whether its forward looks at values, so that it wants weights.
    """

    size: tuple[int, ...] = (3, 224, 224)
    call: Callable[..., Any] | None = None
    options: dict[str, Any] = {}  # noqa: RUF012 - nobody writes to it
    real: bool = False


def two_frames(net: nn.Module, x: torch.Tensor) -> Any:
    """Optical flow takes two pictures."""
    return net(x[:, :3], x[:, 3:])


def pictures(net: nn.Module, x: torch.Tensor) -> Any:
    """A detector takes a list of pictures."""
    return net(list(x))


PLAIN = {"weights_backbone": None}
SMALL = {**PLAIN, "min_size": 224, "max_size": 224}
"""Pictures stay 224×224; else they grow to 800×800, and the forward takes minutes."""

FEW = {**SMALL, "rpn_post_nms_top_n_test": 50}
"""torchvision's roi_align in Python takes megabytes for each region."""

WAYS = {
    "raft": Way((6, 128, 128), two_frames),
    "fasterrcnn": Way(call=pictures, options=FEW, real=True),
    "maskrcnn": Way(call=pictures, options=FEW, real=True),
    "keypointrcnn": Way(call=pictures, options=FEW, real=True),
    "retinanet": Way(call=pictures, options=SMALL, real=True),
    "fcos": Way(call=pictures, options=SMALL, real=True),
    "ssd300": Way((3, 300, 300), pictures, PLAIN, real=True),
    "ssdlite320": Way((3, 320, 320), pictures, PLAIN, real=True),
    "deeplabv3": Way((3, 520, 520), options=PLAIN),
    "fcn": Way((3, 520, 520), options=PLAIN),
    "lraspp": Way((3, 520, 520), options=PLAIN),
    "s3d": Way((3, 16, 224, 224)),
    "r3d": Way((3, 16, 112, 112)),
    "mc3": Way((3, 16, 112, 112)),
    "r2plus1d": Way((3, 16, 112, 112)),
    "mvit": Way((3, 16, 224, 224)),
    "swin3d": Way((3, 16, 224, 224)),
    "inception": Way((3, 299, 299), options={"init_weights": False}),
    "googlenet": Way(options={"init_weights": False}),
    "quantized_inception": Way((3, 299, 299), options={"init_weights": False}),
    "quantized_googlenet": Way(options={"init_weights": False}),
}
"""By the beginning of the name."""


class Built(NamedTuple):
    """A model and the size of one sample for it."""

    model: nn.Module
    size: tuple[int, ...]
    family: str
    real: bool


def names(package: str) -> list[str]:
    """The models of a package, as "timm:resnet50d"."""
    ready()
    module = import_module("torchvision.models" if package == "torchvision" else "timm")
    return [f"{package}:{name}" for name in module.list_models()]


def build(name: str, *, real: bool = False) -> Built:
    """A model in evaluation mode, without weights unless they are wanted."""
    ready()
    package, _, own = name.partition(":")
    make = torchvision_model if package == "torchvision" else timm_model
    return make(own, real=real)


def timm_model(name: str, *, real: bool) -> Built:
    """One of timm's, at the size that it publishes."""
    import timm

    model = made(lambda: timm.create_model(name, pretrained=False), real=real)
    family = timm.models.model_entrypoint(name).__module__
    return Built(model, model.default_cfg["input_size"], family, real)


def torchvision_model(name: str, *, real: bool) -> Built:
    """One of torchvision's."""
    from torchvision import models

    prefixes = sorted((p for p in WAYS if name.startswith(p)), key=len)
    way = WAYS[prefixes[-1]] if prefixes else Way()
    real = real or way.real
    net = made(lambda: models.get_model(name, weights=None, **way.options), real=real)
    model = net if way.call is None else Adapted(net, way.call).eval()
    return Built(model, way.size, type(net).__module__, real)


class Hollow(TorchFunctionMode):
    """While entered, tensors made without values are made on the meta device."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        given = dict(kwargs or {})
        if func is torch.empty and given.get("device") is None:
            given["device"] = "meta"
        return func(*args, **given)


def made(make: Callable[[], nn.Module], *, real: bool) -> nn.Module:
    """A model in evaluation mode, on the meta device unless it is to be real.

    Some compute their widths with tensors, and can be built hollow only.
    """
    if real:
        return make().eval()
    try:
        with torch.device("meta"):
            return make().eval()
    except (NotImplementedError, RuntimeError):
        with Hollow():
            return make().eval().to("meta")

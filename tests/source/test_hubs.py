"""Models of other packages, by their names there, and of files."""

import sys
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import pytest
import torch
from torch import nn

from resviz import BuildError, SpecError, source


class Published(nn.Sequential):
    """A model that says which input it was published for."""

    default_cfg: ClassVar = {"input_size": (3, 17, 19)}


@pytest.fixture
def package(monkeypatch):
    """Puts a package with given functions in the place of a real one."""

    def install(name, **functions):
        module = ModuleType(name)
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, name, module)
        if "." in name:
            parent = ModuleType(name.partition(".")[0])
            monkeypatch.setitem(sys.modules, parent.__name__, parent)

    return install


def test_a_timm_model_and_its_input(package):
    """Built without weights, traced at the size that timm publishes."""

    def create_model(name, *, pretrained, width=4):
        assert (name, pretrained) == ("net_a", False)
        return Published(nn.Conv2d(3, width, 1))

    package("timm", create_model=create_model)
    arch = source.resolve_architecture("timm:net_a(width=5)")
    assert arch.layers[0].output_shape == (1, 5, 17, 19)
    assert arch.name == "timm:net_a(width=5)"


def test_a_torchvision_model(package):
    """Built without weights, at 224×224."""

    def get_model(name, *, weights):
        assert (name, weights) == ("net_b", None)
        return nn.Conv2d(3, 2, 1)

    package("torchvision.models", get_model=get_model)
    assert source.resolve_architecture("torchvision:net_b").params == 8


def test_a_configuration_of_transformers(package):
    """The base model of a configuration, at its own size."""

    class NetConfig:
        image_size, num_channels = 12, 1

        def __init__(self, depth=1):
            self.depth = depth

    class AutoModel:
        @staticmethod
        def from_config(config):
            model = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(config.depth)))
            model.config = config
            return model

    package("transformers", NetConfig=NetConfig, AutoModel=AutoModel)
    arch = source.resolve_architecture("transformers:NetConfig(depth=3)")
    assert (len(arch.layers), arch.layers[2].output_shape) == (3, (1, 1, 12, 12))


@pytest.mark.parametrize(
    "call",
    [
        "net_b",
        "net_b()",
        "net_b(weights=None)",
        "net_b(pretrained=False)",
        "get_model('net_b')",
        "get_model('net_b', weights=None)",
        "get_model(name='net_b')",
        "models.net_b()",
        "models.family.net_b()",
        "models.get_model('net_b')",
        "Net(Conv, [2])",
        "models.family.Net(Conv, layers=[2])",
    ],
)
def test_a_model_as_torchvision_documents_it(package, call):
    """By its name, by the function that takes that, and by its class."""

    def get_model(name, *, weights):
        assert (name, weights) == ("net_b", None)
        return nn.Conv2d(3, 2, 1)

    def make(block, layers):
        return block(3, layers[0], 1)

    family = SimpleNamespace(Net=make)
    package(
        "torchvision.models",
        get_model=get_model,
        Net=make,
        Conv=nn.Conv2d,
        family=family,
    )
    arch = source.resolve_architecture(f"torchvision:{call}")
    assert (arch.params, arch.name) == (8, f"torchvision:{call}")


def test_a_quantised_model_has_another_name(package):
    """As `get_model` knows it; the net of floats is not taken for it."""
    package("torchvision.models", get_model=lambda name, weights: asked.append(name))
    asked = []
    with pytest.raises(BuildError):
        source.resolve_architecture("torchvision:models.quantization.resnet18()")
    assert {*asked} == {"quantized_resnet18"}


@pytest.mark.parametrize(
    "call",
    [
        "net_a(width=5)",
        "create_model('net_a', width=5)",
        "create_model(model_name='net_a', pretrained=False, width=5)",
        "net_a(width=5, weights=None)",
        "models.create_model('net_a', width=5)",
    ],
)
def test_a_model_as_timm_documents_it(package, call):
    """Its input is found too."""

    def create_model(name, *, pretrained, width):
        assert (name, pretrained) == ("net_a", False)
        return Published(nn.Conv2d(3, width, 1))

    package("timm", create_model=create_model)
    arch = source.resolve_architecture(f"timm:{call}")
    assert arch.layers[0].output_shape == (1, 5, 17, 19)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("torchvision:net(pretrained=True)", "want weights='DEFAULT', or neither"),
        ("timm:net(weights='IMAGENET1K_V1')", "want pretrained=True, or neither"),
        ("torchvision:get_model()", r"as get_model\('resnet50'\)$"),
        ("timm:create_model(resnet50)", r"quotes, as create_model\('resnet50'\)$"),
        ("timm:net('x')", "want options by name, got x$"),
        (
            "torchvision:net(weights='V1')",
            r"OSError: no network .*; leave out the weights",
        ),
        ("timm:net(pretrained=True)", r"OSError: no network .*; leave out the weights"),
    ],
)
def test_what_another_package_calls_otherwise(package, spec, words):
    """It is told its name; weights that cannot be fetched are not needed."""

    def build(name, *, weights=None, pretrained=False):
        assert weights or pretrained
        raise OSError("no network")

    package("torchvision.models", get_model=build)
    package("timm", create_model=build)
    with pytest.raises((SpecError, BuildError), match=words):
        source.resolve_architecture(spec)


@pytest.mark.parametrize(
    ("call", "depth"),
    [
        ("NetForClassification", 1),
        ("NetForClassification(depth=3)", 3),
        ("NetForClassification(NetConfig(depth=3))", 3),
        ("NetForClassification(config=NetConfig(depth=2))", 2),
        ("AutoNet.from_config(NetConfig())", 1),
    ],
)
def test_a_model_of_transformers_with_a_head(package, call, depth):
    """Of a configuration, or of the options of its own."""

    class NetConfig:
        image_size, num_channels = 12, 1

        def __init__(self, depth=1):
            self.depth = depth

    class NetForClassification(nn.Sequential):
        config_class = NetConfig

        def __init__(self, config):
            super().__init__(*(nn.Conv2d(1, 1, 1) for _ in range(config.depth)))
            self.config = config

    auto = SimpleNamespace(from_config=NetForClassification)
    package(
        "transformers",
        NetConfig=NetConfig,
        NetForClassification=NetForClassification,
        AutoNet=auto,
    )
    arch = source.resolve_architecture(f"transformers:{call}")
    assert (len(arch.layers), arch.layers[0].output_shape) == (depth, (1, 1, 12, 12))


def test_an_unknown_class_of_transformers(package):
    """Is told the near ones."""
    package("transformers", ResNetModel=nn.Identity)
    with pytest.raises(BuildError, match="has no 'ResNetModl', did you mean 'ResNetM"):
        source.resolve_architecture("transformers:ResNetModl")


@pytest.mark.parametrize("name", ["timm", "torchvision", "transformers"])
def test_a_missing_package_says_what_to_install(monkeypatch, name):
    """And nothing else."""
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.models", None)
    with pytest.raises(BuildError, match=f"pip install {name}"):
        source.resolve_architecture(f"{name}:net")


def test_an_unknown_name_says_so(package):
    """In the package's own words."""

    def create_model(name, *, pretrained):
        raise RuntimeError(f"Unknown model ({name})")

    package("timm", create_model=create_model)
    with pytest.raises(BuildError, match=r"Unknown model \(nope\)"):
        source.resolve_architecture("timm:nope")


def test_no_weight_is_filled(package):
    """Where a model can be built on meta, it is."""
    built = []

    def create_model(name, *, pretrained):
        built.append(nn.Conv2d(3, 2, 1))
        return built[-1]

    package("timm", create_model=create_model)
    source.resolve_architecture("timm:net")
    assert [model.weight.device.type for model in built] == ["meta"]


def test_a_callable_in_a_file(tmp_path):
    """Its folder is searched for what it imports."""
    (tmp_path / "beside_it.py").write_text("WIDTH = 6")
    path = tmp_path / "net file.py"
    path.write_text(
        "from torch import nn\nfrom beside_it import WIDTH\n"
        "def make(k=1): return nn.Conv2d(3, WIDTH, k)"
    )
    before = list(sys.path)
    arch = source.resolve_architecture(f"{path}:make(k=3)", (3, 8, 8))
    assert arch.layers[0].output_shape == (1, 6, 6, 6)
    assert sys.path == before


def test_a_file_that_is_not_there(tmp_path):
    """One line, with the reason."""
    with pytest.raises(BuildError, match=r"there is no file 'none\.py' in "):
        source.resolve_architecture(f"{tmp_path}/none.py:make")


def test_an_option_of_timms_sets_the_input(package):
    """Another size or number of channels than the published one."""

    def create_model(name, *, pretrained, img_size, in_chans):
        return Published(nn.Conv2d(in_chans, 4, 1))

    package("timm", create_model=create_model)
    arch = source.resolve_architecture("timm:net(img_size=(8, 9), in_chans=1)")
    assert arch.inputs[0].shape == (1, 1, 8, 9)


class ImageClassification:
    """What torchvision publishes of weights: the crop that they were trained on."""

    crop_size: ClassVar = [299]


class VideoClassification:
    crop_size: ClassVar = [112, 114]


class SemanticSegmentation:
    crop_size = None
    resize_size: ClassVar = [520]


class ObjectDetection:
    crop_size = None


class OpticalFlow:
    crop_size = None


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (ImageClassification, [(1, 3, 299, 299)]),
        (VideoClassification, [(1, 3, 16, 112, 114)]),
        (SemanticSegmentation, [(1, 3, 520, 520)]),
        (ObjectDetection, [(3, 800, 800)]),
        (OpticalFlow, [(1, 3, 520, 960)] * 2),
    ],
)
def test_what_torchvision_publishes(package, kind, shapes):
    """The crop of the first weights; clips, lists of images and pairs of them."""

    class Any(nn.Module):
        def forward(self, x, *others):
            return [x[0] * 2, *others]

    def get_model(name, *, weights):
        return Any()

    def get_model_weights(name):
        return [SimpleNamespace(transforms=kind, meta={})]

    package(
        "torchvision.models", get_model=get_model, get_model_weights=get_model_weights
    )
    arch = source.resolve_architecture("torchvision:net")
    assert [tensor.shape for tensor in arch.inputs] == shapes


def test_no_weights_of_a_backbone_are_fetched(package):
    """A detector of torchvision would fetch them."""
    fetched = []

    def detector(*, weights_backbone="published"):
        fetched.append(weights_backbone)
        return nn.Conv2d(3, 2, 1)

    def get_model(name, *, weights, **options):
        return detector(**options)

    package(
        "torchvision.models",
        get_model=get_model,
        get_model_builder=lambda name: detector,
    )
    source.resolve_architecture("torchvision:net", (3, 4, 4))
    source.resolve_architecture("torchvision:net(weights_backbone='mine')", (3, 4, 4))
    assert fetched == [None, "mine"]


CONFIGS = {
    "image": ({"image_size": [6, 7]}, "pixel_values", [("", (1, 3, 6, 7))]),
    "clip": ({"num_frames": 4}, "pixel_values", [("", (1, 4, 3, 224, 224))]),
    "text": ({}, "input_ids", [("input_ids", (1, 128))]),
    "short text": (
        {"max_position_embeddings": 77},
        "input_ids",
        [("input_ids", (1, 77))],
    ),
    "both ends": (
        {"is_encoder_decoder": True},
        "input_ids",
        [("input_ids", (1, 128)), ("decoder_input_ids", (1, 128))],
    ),
    "sound": ({}, "input_values", [("input_values", (1, 16000))]),
    "mel": (
        {"num_mel_bins": 80, "max_source_positions": 5},
        "input_features",
        [("input_features", (1, 80, 10)), ("decoder_input_ids", (1, 128))],
    ),
    "image and text": (
        {
            "vision_config": SimpleNamespace(image_size=8),
            "text_config": SimpleNamespace(),
        },
        "input_ids",
        [("input_ids", (1, 128)), ("pixel_values", (1, 3, 8, 8))],
    ),
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_a_configuration_of_transformers_says(package, kind):
    """An image, a clip, ids, sound, or several of them, ids as whole numbers."""
    said, main, expected = CONFIGS[kind]

    class Any(nn.Module):
        main_input_name = main

        def forward(self, x=None, **others):
            return [t * 2 for t in (x, *others.values()) if t is not None]

    class AutoModel:
        @staticmethod
        def from_config(config):
            model = Any()
            model.config = config
            return model

    def config():
        return SimpleNamespace(**said)

    package("transformers", NetConfig=config, AutoModel=AutoModel)
    arch = source.resolve_architecture("transformers:NetConfig")
    assert [(name, tensor.shape) for name, tensor in arch.named_inputs] == expected
    for name, tensor in arch.named_inputs:
        assert ("ids" in name) == (tensor.dtype == "int64")


class Looks(nn.Module):
    """A forward that looks at values."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.conv(x) * x.mean().item()


@pytest.mark.parametrize("mode", ["auto", "run"])
def test_a_model_is_built_again_where_values_are_needed(package, mode):
    """Without them first, with them and seeded then; generators stay as they were."""
    built = []

    def create_model(name, *, pretrained):
        built.append(Looks())
        return built[-1]

    package("timm", create_model=create_model)
    for seed in (3, 4):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        assert (
            source.resolve_architecture("timm:net", (3, 4, 4), mode=mode).mode == "run"
        )
    assert [model.conv.weight.device.type for model in built] == ["meta", "cpu"] * 2
    assert torch.equal(built[1].conv.weight, built[3].conv.weight)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_network_by_name_can_be_run():
    """It is built again too."""
    arch = source.resolve_architecture("resnet18", (3, 32, 32), mode="run")
    assert (arch.mode, arch.params) == ("run", 11_689_512)


@pytest.mark.parametrize(
    ("model", "shape"),
    [(Published(nn.Conv2d(3, 2, 1)), (1, 3, 17, 19)), (nn.ReLU(), (1, 3, 224, 224))],
)
def test_a_model_object_may_say_what_it_was_published_for(model, shape):
    """As a model of timm does."""
    assert source.resolve_architecture(model).inputs[0].shape == shape

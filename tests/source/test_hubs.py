"""Models of other packages, by their names there, and of files."""

import sys
from types import ModuleType
from typing import ClassVar

import pytest
from torch import nn

from resviz import BuildError, source


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
    arch = source.architecture("timm:net_a(width=5)")
    assert arch.layers[0].output_shape == (1, 5, 17, 19)
    assert arch.name == "timm:net_a(width=5)"


def test_a_torchvision_model(package):
    """Built without weights, at 224×224."""

    def get_model(name, *, weights):
        assert (name, weights) == ("net_b", None)
        return nn.Conv2d(3, 2, 1)

    package("torchvision.models", get_model=get_model)
    assert source.architecture("torchvision:net_b").params == 8


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
    arch = source.architecture("transformers:NetConfig(depth=3)")
    assert (len(arch.layers), arch.layers[2].output_shape) == (3, (1, 1, 12, 12))


@pytest.mark.parametrize("name", ["timm", "torchvision", "transformers"])
def test_a_missing_package_says_what_to_install(monkeypatch, name):
    """And nothing else."""
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, f"{name}.models", None)
    with pytest.raises(BuildError, match=f"pip install {name}"):
        source.architecture(f"{name}:net")


def test_an_unknown_name_says_so(package):
    """In the package's own words."""

    def create_model(name, *, pretrained):
        raise RuntimeError(f"Unknown model ({name})")

    package("timm", create_model=create_model)
    with pytest.raises(BuildError, match=r"Unknown model \(nope\)"):
        source.architecture("timm:nope")


def test_no_weight_is_filled(package):
    """Where a model can be built on meta, it is."""
    built = []

    def create_model(name, *, pretrained):
        built.append(nn.Conv2d(3, 2, 1))
        return built[-1]

    package("timm", create_model=create_model)
    source.architecture("timm:net")
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
    arch = source.architecture(f"{path}:make(k=3)", (3, 8, 8))
    assert arch.layers[0].output_shape == (1, 6, 6, 6)
    assert sys.path == before


def test_a_file_that_is_not_there(tmp_path):
    """One line, with the reason."""
    with pytest.raises(BuildError, match="FileNotFoundError"):
        source.architecture(f"{tmp_path}/none.py:make")

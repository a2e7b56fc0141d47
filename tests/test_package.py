"""The package as others get it: the wheel, the examples, the README."""

import re
import shlex
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
import torch

import resviz
from resviz.models import cifar_resnet
from tests.checkpoints.files import list_state, write_safetensors

ROOT = Path(__file__).parent.parent
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAA"
    "SUVORK5CYII="
)
"""A picture of one pixel."""

README = (ROOT / "README.md").read_text()


def blocks(language):
    """The fenced code blocks of one language in the README."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, unpacked into a folder of its own far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder]
    subprocess.run([*build, ROOT], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    site = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    subprocess.run([*install, "--target", site, built], check=True, capture_output=True)
    return site


def test_the_wheel_makes_the_report(wheel, tmp_path, run, monkeypatch):
    """With its own templates, far from the checkout."""
    monkeypatch.chdir(tmp_path)
    code = (
        "import resviz, pathlib\n"
        f"assert pathlib.Path(resviz.__file__).is_relative_to({str(wheel)!r})\n"
        "resviz.report('resnet18', 'r.html')\n"
        "print(len(resviz.table(18).render('html')))"
    )
    run("-c", code, PYTHONPATH=str(wheel))
    assert "ResNet-18" in (tmp_path / "r.html").read_text()


def test_the_wheel_holds_the_package_alone(wheel):
    """No tests, no examples."""
    assert {"resviz", "bin"} >= {
        path.name for path in wheel.iterdir() if not path.name.endswith(".dist-info")
    }


def test_the_package_lists_its_public_names():
    """And what Python itself wants, as `__version__`."""
    others = {*dir(resviz)} - {*resviz.__all__}
    assert "__version__" in others
    assert all(name.startswith("__") for name in others)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem
)
def test_examples_run(path, tmp_path, monkeypatch, run):
    """Each as a script in an empty folder, with something to say."""
    monkeypatch.chdir(tmp_path)
    assert run(str(path)).stdout


def test_a_first_look_may_be_cut_off(tmp_path):
    """By `head`, which closes the pipe; the files are there, and there is no trace."""
    script = ROOT / "examples" / "first_look.py"
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert 0 == process.returncode
    assert {"resnet50.html", "resnet50.svg"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_the_example_of_two_numbers(run):
    """231,211,008 MACs lie between today's ResNet-50 and the paper's."""
    path = ROOT / "examples" / "one_network_two_numbers.py"
    assert "together 231,211,008 MACs" in run(str(path)).stdout


@pytest.mark.parametrize("code", blocks("python"))
def test_the_readmes_python_runs(code, tmp_path, monkeypatch, run):
    """As it is printed."""
    monkeypatch.chdir(tmp_path)
    run("-c", code)
    written = set(re.findall(r'"([\w.]+\.(?:pdf|svg|html|json))"', code))
    assert written == {p.name for p in tmp_path.iterdir()}


EVERY = [
    line.split("  #")[0]
    for line in "".join(blocks("sh")).splitlines()
    if line.startswith("resviz ")
]
COMMANDS = [line for line in EVERY if "my_package" not in line]
FOREIGN = [line for line in EVERY if "my_package" in line]

NET = """
from torch import nn

class Of(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, batch=None, images=None):
        return self.inner(batch["ids"] if images is None else images[0])

class words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, ids, mask):
        return self.table(ids) * mask[..., None]

def build(width):
    return nn.Conv2d(3, width, 1)

def seq():
    return nn.Embedding(10, 4)

def step():
    return Of(nn.Embedding(10, 4))

def detect():
    return Of(nn.Conv2d(3, 4, 3))
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readmes_commands_run(command, tmp_path, monkeypatch, run):
    """As they are printed, in a folder with a README and a picture of a cat."""
    (tmp_path / "README.md").write_text("Nothing is marked here.\n")
    (tmp_path / "cat.jpg").write_bytes(b64decode(PNG))
    with torch.device("meta"):
        weights = list_state(cifar_resnet(20))
    write_safetensors(tmp_path / "weights.safetensors", weights)
    monkeypatch.chdir(tmp_path)
    run("-m", *shlex.split(command))


@pytest.mark.parametrize("command", FOREIGN)
def test_the_readmes_commands_on_foreign_models_run(
    command, tmp_path, monkeypatch, run
):
    """With a package of such models in the working folder."""
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    run("-m", *shlex.split(command))


def test_the_readmes_commands_are_words_to_a_shell():
    """What a shell would read as its own, as brackets, stands in quotes."""
    for block in blocks("sh"):
        checked = subprocess.run(["bash", "-n", "-c", block], capture_output=True)
        assert (0, b"") == (checked.returncode, checked.stderr)


def test_the_readme_has_its_commands():
    """The check above found them."""
    assert len(COMMANDS) > 30


def test_links_of_the_readme_lead_somewhere():
    """Every local link and picture is a file of the project."""
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [] == [link for link in links if not (ROOT / link).exists()]


def test_pictures_of_the_readme_are_there():
    """Those for light and for dark readers."""
    pictures = re.findall(r'src(?:set)?="([^"]+)"', README)
    assert 12 == len({*pictures})
    assert [] == [name for name in pictures if not (ROOT / name).exists()]


def test_pictures_of_the_readme_stand_beside_their_commands():
    """Each region's command is printed above it, with another name of a file."""
    regions = re.findall(r"<!-- resviz: (.+) -o docs/images/", README)
    printed = re.findall(r"`resviz (.+) -o \w+\.svg`", README)
    assert 5 == len(regions)
    assert regions == printed

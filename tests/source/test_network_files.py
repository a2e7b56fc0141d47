"""Networks that lie in files: programs of torch.export and TorchScript."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch

import resviz
from resviz.errors import BuildError, ResvizError, SpecError
from resviz.readings.compare import compare_records
from tests.checkpoints.files import write_safetensors
from tests.checkpoints.networks import build
from tests.source.exported import (
    NETS,
    SIDE,
    build_net,
    export_net,
    list_network_facts,
)


@pytest.mark.parametrize("suffix", [".pt2", ".pt"])
@pytest.mark.parametrize("name", NETS)
def test_a_file_tells_what_its_network_does(name, suffix):
    """The same stages, MACs and parameters; the record is named after the file."""
    path = export_net(name, suffix)
    arch = resviz.trace(f"trust:{path}", (3, SIDE, SIDE))
    expected = resviz.trace(build_net(name), (3, SIDE, SIDE))
    assert list_network_facts(expected) == list_network_facts(arch)
    assert path.name == arch.name
    assert () == compare_records(expected, arch).every


def test_a_program_says_its_input_and_takes_no_other():
    """It was exported for one size; TorchScript does not say."""
    path = export_net("basic", ".pt2")
    assert (1, 3, SIDE, SIDE) == resviz.trace(f"trust:{path}").input_shape
    want = r"got \(1, 3, 32, 32\), the file was exported for \(1, 3, 64, 64\)"
    with pytest.raises(ResvizError, match=want):
        resviz.trace(f"trust:{path}", (3, 32, 32))
    with pytest.raises(ResvizError, match="export it with dynamic axes"):
        resviz.trace(f"trust:{path}", batch=2)


@pytest.mark.parametrize("suffix", [".pt2", ".pt"])
def test_a_file_that_can_run_code_wants_to_be_trusted(suffix, monkeypatch):
    """It is not opened by torch before; the message has the SPEC that allows it."""
    monkeypatch.setattr("torch.export.load", None)
    monkeypatch.setattr("torch.jit.load", None)
    path = export_net("basic", suffix)
    with pytest.raises(SpecError, match=f"can run code .* want trust:{path}$"):
        resviz.trace(str(path))


class Marker:
    """What leaves a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def write_wrong_files(folder):
    """Write files that hold no network, by name."""
    torch.save({"net": Marker(folder / "ran")}, folder / "code.pt")
    (folder / "old.pth").write_bytes(pickle.dumps(Marker(folder / "ran")))
    torch.save(build_net("basic"), folder / "whole.pth")
    (folder / "foreign.pt2").write_bytes(b"PKnothing of ours")
    (folder / "text.pt").write_text("hello")
    (folder / "empty.pt2").touch()
    whole = export_net("basic", ".pt2").read_bytes()
    (folder / "short.pt2").write_bytes(whole[: len(whole) // 2])


WRONG = {
    "code.pt": "wants to run code.*refused",
    "old.pth": "wants to run code.*refused",
    "whole.pth": "holds a whole model.*want its state_dict",
    "foreign.pt2": "is truncated",
    "text.pt": "is no file of weights",
    "empty.pt2": "is empty",
    "short.pt2": "is truncated",
    "none.pt2": "No such file",
}


@pytest.mark.parametrize("trust", ["", "trust:"])
def test_wrong_files_are_refused_on_one_line(tmp_path, trust):
    """Truncated, foreign, pickled: none of them runs anything, trusted or not."""
    write_wrong_files(tmp_path)
    for name, reason in WRONG.items():
        with pytest.raises(SpecError, match=reason) as caught:
            resviz.trace(f"{trust}{tmp_path / name}")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_a_damaged_program_is_one_line(tmp_path):
    """What torch says of it is cut to its reason."""
    with ZipFile(tmp_path / "a.pt2", "w") as archive:
        archive.writestr("a/models/model.json", "{}")
    with pytest.raises(BuildError, match=r"torch\.export\.load refuses it") as caught:
        resviz.trace(f"trust:{tmp_path / 'a.pt2'}")
    assert "\n" not in str(caught.value)


def test_weights_in_several_files_are_shown_by_their_index(tmp_path):
    """It is JSON, and no record."""
    entries = build("resnet18", num_classes=10)
    write_safetensors(tmp_path / "a.safetensors", entries)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(
        json.dumps({"weight_map": dict.fromkeys(entries, "a.safetensors")})
    )
    arch = resviz.trace(str(index))
    assert "ResNet-18, num_classes=10 (by model.safetensors.index.json)" == arch.title


def test_weights_are_shown_as_the_network_that_they_are_of(tmp_path, record):
    """Read by names and shapes; what none of ours has is refused with a remedy."""
    torch.save(resviz.models.resnet18().state_dict(), tmp_path / "a.pth")
    arch = resviz.trace(tmp_path.joinpath("a.pth").as_posix())
    assert list_network_facts(record("resnet18")) == list_network_facts(arch)
    assert ("a.pth", "ResNet-18 (by a.pth)") == (arch.name, arch.title)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "b.pth")
    with pytest.raises(SpecError, match=r"want what builds .*weights='.*b\.pth'"):
        resviz.trace(str(tmp_path / "b.pth"))

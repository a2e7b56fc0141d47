"""Files of weights: what they list, what they cost, and what is refused."""

import json
import pickle
import zipfile
from argparse import Namespace
from collections import OrderedDict
from io import BytesIO
from shutil import rmtree

import numpy as np
import pytest
import torch
from torch import nn

from resviz.checkpoints import read_checkpoint
from resviz.checkpoints.pickles import TensorEntry
from resviz.errors import SpecError
from tests.checkpoints.files import list_state, write_safetensors

SMALL = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2).half())
ENTRIES = list_state(SMALL)


class Running:
    """What a pickle would run."""

    def __reduce__(self):
        return rmtree, ("never there",)


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch(tmp_path, zipped):
    """Names, shapes and dtypes, beside what training adds, in both formats."""
    path = tmp_path / "w.pth"
    optimiser = torch.optim.AdamW(SMALL.parameters())
    content = {
        "model": SMALL.state_dict(),
        "optimizer": optimiser.state_dict(),
        "best": np.float64(3.5),
        "args": Namespace(rate=0.1, names=["a"]),
        "kept": [torch.device("cpu"), torch.float16, torch.Size([1]), {1, 2}],
        "tied": nn.Parameter(torch.zeros(2, 3, dtype=torch.bfloat16).t()),
    }
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    file = read_checkpoint(path)
    assert ENTRIES == file.groups["model"]
    assert {"tied": TensorEntry((3, 2), "bfloat16")} == file.groups[""]
    assert ("torch zip" if zipped else "torch legacy pickle") == file.form


def test_arrays_of_numpy(tmp_path):
    """As detectron2's files have them."""
    arrays = {name: value.numpy() for name, value in SMALL.state_dict().items()}
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps({"model": arrays}))
    assert ENTRIES == read_checkpoint(path).groups["model"]


def test_headers_and_shards(tmp_path):
    """An index leads to its shards, in its own order."""
    safe = {name: TensorEntry(e.shape, "float32") for name, e in ENTRIES.items()}
    write_safetensors(tmp_path / "a.safetensors", safe)
    assert {"": safe} == read_checkpoint(tmp_path / "a.safetensors").groups
    index = tmp_path / "w.index.json"
    index.write_text(json.dumps({"weight_map": dict.fromkeys(safe, "a.safetensors")}))
    assert {"": safe} == read_checkpoint(index).groups
    index.write_text(json.dumps({"weight_map": {"a": "../a.safetensors"}}))
    with pytest.raises(SpecError, match="lies elsewhere"):
        read_checkpoint(index)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_refused_by_its_name(tmp_path, zipped):
    """And is not run; a whole model says what to save."""
    for content, name, what in (
        ({"a": Running()}, "shutil.rmtree", "wants to run code"),
        (SMALL, "torch.nn.modules.container.Sequential", "holds a whole model"),
    ):
        path = tmp_path / "w.pth"
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(SpecError) as error:
            read_checkpoint(path)
        assert f"w.pth: the pickle {what}, it names {name}, refused" in str(error.value)


class Disguised:
    """A tensor's subclass that is made by what makes no tensor."""

    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        arguments = self.function, torch.Tensor, ([("a", 1)],), {}
        return torch._tensor._rebuild_from_type_v2, arguments


@pytest.mark.parametrize("function", [OrderedDict, set, torch.Size])
def test_a_subclass_is_made_as_tensors_are(tmp_path, function):
    """Not by any other name that a pickle may have."""
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps({"a": Disguised(function)}))
    with pytest.raises(SpecError, match="made by no tensor's rule"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html>", "perhaps of a failed download"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        (b"PK\x03\x04" + bytes(50), "is truncated"),
        (b"\x80\x02}q\x00X\x05", "is truncated"),
        (b"\x80\x02(lp0", "is truncated"),
        (b"hello", "is no file of weights"),
        (b"{}", "JSON without a weight_map"),
        (bytes([0] * 8) + b"{", "is truncated"),
    ],
)
def test_other_files_are_one_line(tmp_path, raw, words):
    """What a file is, where that shows."""
    path = tmp_path / "w.bin"
    path.write_bytes(raw)
    with pytest.raises(SpecError, match=f"^w.bin: .*{words}") as error:
        read_checkpoint(path)
    assert "\n" not in str(error.value)


def test_missing_and_cut_files(tmp_path):
    """A file that is not there, and one that ends before its weights do."""
    with pytest.raises(SpecError, match="cannot be read, No such file"):
        read_checkpoint(tmp_path / "none.pth")
    write_safetensors(tmp_path / "a.safetensors", ENTRIES, cut=1)
    with pytest.raises(SpecError, match="is truncated, got"):
        read_checkpoint(tmp_path / "a.safetensors")


def test_programs_are_named(tmp_path):
    """TorchScript is a zip too."""
    path = tmp_path / "w.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/code/__torch__.py", "")
        archive.writestr("w/data.pkl", "")
    with pytest.raises(SpecError, match="is TorchScript"):
        read_checkpoint(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w/data.pkl", bytes(1000))
    with pytest.raises(SpecError, match="compressed"):
        read_checkpoint(path)


def test_large_files_cost_no_time_and_no_torch(tmp_path, run):
    """10 GB under 100 ms and 50 MB more, as header and as zip; the files are sparse."""
    size = 10_000_000_000
    big = {**ENTRIES, "big": TensorEntry((size // 4,), "float32")}
    write_safetensors(tmp_path / "big.safetensors", big)
    buffer = BytesIO()
    torch.save(SMALL.state_dict(), buffer)
    names = zipfile.ZipFile(buffer).namelist()
    raw = zipfile.ZipFile(buffer).read(next(n for n in names if n.endswith(".pkl")))
    with (tmp_path / "big.pth").open("wb") as stream:
        archive = zipfile.ZipFile(stream, "w")
        archive.writestr("w/data.pkl", raw)
        info = zipfile.ZipInfo("w/data/0")
        info.header_offset, info.file_size, info.compress_size = (
            stream.tell(),
            size,
            size,
        )
        info.CRC = 0
        stream.write(info.FileHeader(zip64=True))
        archive.start_dir = stream.seek(size, 1)
        archive.filelist.append(info)
        archive._didModify = True
        archive.close()
    code = (
        "import resource, sys, time\n"
        "from resviz.checkpoints import read_checkpoint\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for name in sys.argv[1:]:\n"
        "    before, start = peak(), time.process_time()\n"
        "    assert read_checkpoint(name).groups['']\n"
        "    assert time.process_time() - start < 0.1\n"
        "    assert peak() - before < 50_000\n"
        "assert 'torch' not in sys.modules"
    )
    run("-c", code, str(tmp_path / "big.safetensors"), str(tmp_path / "big.pth"))

"""Files of weights: what tensors they list, without reading one.

Source: the format of safetensors, README of huggingface/safetensors; sharded indices
as transformers writes them; torch/serialization.py.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from resviz.checkpoints.pickles import (
    ArrayEntry,
    TensorEntry,
    read_legacy,
    read_pickle,
)
from resviz.errors import SpecError, first_error_line, name_file_error

MOST_HEADER_BYTES = 100_000_000
"""The longest header that safetensors allows."""

MOST_PICKLE_BYTES = 256_000_000
"""The longest pickle inside a zip that is read; those of weights have some 100 kB."""

SAFE_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8",
    "BOOL": "bool",
}  # fmt: skip
"""What safetensors calls dtypes."""

FOREIGN_STARTS = {
    b"<": "a page of HTML or XML, perhaps of a failed download",
    b"version https://git-lfs": "a pointer of Git LFS, fetch the file itself",
    b"\x89HDF": "an HDF5 file, as of Keras",
    b"GGUF": "a GGUF file",
    b"\x1f\x8b": "compressed, unpack it first",
    b"BZh": "compressed, unpack it first",
    b"\xfd7zXZ": "compressed, unpack it first",
    b"\x08": "an ONNX file, or another of protocol buffers",
    b"\x93NUMPY": "an array of numpy",
}
"""What a file is that begins so."""

Group = dict[str, TensorEntry]


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """What a file of weights lists.

    Attributes:
        name: of the file, without its folder.
        form: "safetensors", "torch zip", "torch legacy pickle" or "sharded index".
        groups: tensors by name, in the order of the file, for each place in it that
            holds some: "" for the file itself, "state_dict", "optimizer.state.0".
    """

    name: str
    form: str
    groups: Mapping[str, Group]


def read_checkpoint(path: str | Path) -> CheckpointFile:
    """Read what a file of weights lists.

    Raises:
        SpecError: for a file that is missing, truncated or another's, or a pickle that
            wants to run code; one line.
    """
    path = Path(path).expanduser()
    try:
        with path.open("rb") as stream:
            form, content = read_stream(path, stream)
    except SpecError as error:
        raise SpecError(f"{path.name}: {error}") from None
    except OSError as error:
        raise SpecError(
            f"{path.name}: cannot be read, {name_file_error(error)}"
        ) from None
    except Exception as error:  # noqa: BLE001
        # A damaged pickle raises anything, as it calls with wrong arguments.
        reason = first_error_line(error)
        raise SpecError(
            f"{path.name}: is truncated or no file of weights, {reason}"
        ) from None
    return CheckpointFile(path.name, form, group_tensors(content))


def read_stream(path: Path, stream: IO[bytes]) -> tuple[str, Any]:
    """Return the form of a file, and what it holds with tensors' shapes for tensors."""
    start = stream.read(24)
    stream.seek(0)
    if not start:
        raise SpecError("is empty")
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < MOST_HEADER_BYTES:
        return "safetensors", read_safetensors(stream)
    if start[:2] == b"PK":
        return read_zip(stream)
    if start.lstrip()[:1] == b"{":
        return "sharded index", read_index(path, stream)
    if start[:1] == b"\x80":
        return "torch legacy pickle", read_legacy(stream)
    for begin, meaning in FOREIGN_STARTS.items():
        if start.startswith(begin):
            raise SpecError(f"is {meaning}; want .safetensors, .pth, .pt or .bin")
    raise SpecError("is no file of weights; want .safetensors, .pth, .pt or .bin")


def read_safetensors(stream: IO[bytes]) -> Group:
    """Read the header of a safetensors file, and check that the file is as long."""
    (length,) = struct.unpack("<Q", stream.read(8))
    raw = stream.read(length)
    end = stream.seek(0, 2)
    if len(raw) < length:
        raise SpecError(f"is truncated, its header alone has {length:,} bytes")
    header = json.loads(raw)
    header.pop("__metadata__", None)
    last = max((row["data_offsets"][1] for row in header.values()), default=0)
    if end < 8 + length + last:
        raise SpecError(f"is truncated, got {end:,} bytes of {8 + length + last:,}")
    return {
        name: TensorEntry(
            tuple(map(int, row["shape"])),
            SAFE_DTYPES.get(str(row["dtype"]), str(row["dtype"])),
        )
        for name, row in header.items()
    }


def read_zip(stream: IO[bytes]) -> tuple[str, Any]:
    """Read the pickle of a torch file by the directory at its end."""
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile:
        raise SpecError(
            "is truncated, or no zip of torch's: its end is missing"
        ) from None
    members = {info.filename: info for info in archive.infolist()}
    folders = {name.partition("/")[2]: info for name, info in members.items()}
    if "constants.pkl" in folders or any("/code/" in name for name in members):
        raise SpecError(
            "is TorchScript, a program and no list of weights: want the state_dict, "
            "torch.save(torch.jit.load(…).state_dict(), 'weights.pth')"
        )
    if "archive_format" in folders or any(n.endswith("model.json") for n in members):
        raise SpecError("is a program of torch.export, want a state_dict")
    info = folders.get("data.pkl")
    if info is None:
        raise SpecError("is a zip without data.pkl, want one that torch.save wrote")
    stored = info.compress_type == zipfile.ZIP_STORED
    if not stored or info.file_size > MOST_PICKLE_BYTES:
        raise SpecError(
            f"data.pkl has {info.file_size:,} bytes"
            f"{'' if stored else ', compressed'}, want it stored, and at most "
            f"{MOST_PICKLE_BYTES:,}"
        )
    return "torch zip", read_pickle(BytesIO(archive.read(info)))


def read_index(path: Path, stream: IO[bytes]) -> Any:
    """Read the shards that an index names, which lie beside it."""
    if path.stat().st_size > MOST_HEADER_BYTES:
        raise SpecError("is no index of shards, it is too long")
    try:
        weight_map = json.load(stream)["weight_map"]
        shards = [*dict.fromkeys(map(str, weight_map.values()))]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise SpecError(
            "is JSON without a weight_map, want an index of shards"
        ) from None
    merged: Group = {}
    for shard in shards:
        if Path(shard).name != shard:
            raise SpecError(f"shard {shard!r} lies elsewhere, want it beside the index")
        found: Group = {}
        for group in read_checkpoint(path.with_name(shard)).groups.values():
            found |= group
        merged |= found
    missing = [name for name in weight_map if name not in merged]
    if missing:
        raise SpecError(f"the shards lack {missing[0]!r} and {len(missing) - 1} more")
    return {name: merged[name] for name in weight_map}


MOST_NESTING = 12
"""So deep dictionaries are searched for tensors."""


def group_tensors(content: Any) -> dict[str, Group]:
    """Group the tensors of nested dictionaries and lists by where they are."""
    groups: dict[str, Group] = {}
    seen: set[int] = set()

    def walk(value: Any, place: str, depth: int) -> None:
        if id(value) in seen or depth > MOST_NESTING:
            return
        seen.add(id(value))
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, member in items:
            entry = member.entry if isinstance(member, ArrayEntry) else member
            if isinstance(entry, TensorEntry):
                groups.setdefault(place, {})[str(key)] = entry
            elif isinstance(member, Mapping | list | tuple):
                walk(member, f"{place}.{key}" if place else str(key), depth + 1)

    if isinstance(content, Mapping | list | tuple):
        walk(content, "", 0)
    return groups

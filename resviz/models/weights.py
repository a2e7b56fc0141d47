"""Pretrained weights: find or fetch the file, check it, load it into a network."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor, nn

from resviz.errors import WeightsError, suggest_nearest
from resviz.models.downloads import download_file

BASE_URL = "https://download.pytorch.org/models/"
"""Where torchvision publishes its files."""

PUBLISHED_FILES: dict[str, dict[str, str]] = {
    "resnet18": {"IMAGENET1K_V1": "resnet18-f37072fd.pth"},
    "resnet34": {"IMAGENET1K_V1": "resnet34-b627a593.pth"},
    "resnet50": {
        "IMAGENET1K_V1": "resnet50-0676ba61.pth",
        "IMAGENET1K_V2": "resnet50-11ad3fa6.pth",
    },
    "resnet101": {
        "IMAGENET1K_V1": "resnet101-63fe2227.pth",
        "IMAGENET1K_V2": "resnet101-cd907fc2.pth",
    },
    "resnet152": {
        "IMAGENET1K_V1": "resnet152-394f9c45.pth",
        "IMAGENET1K_V2": "resnet152-f82ba261.pth",
    },
    "resnext50_32x4d": {
        "IMAGENET1K_V1": "resnext50_32x4d-7cdf4587.pth",
        "IMAGENET1K_V2": "resnext50_32x4d-1a0047aa.pth",
    },
    "resnext101_32x8d": {
        "IMAGENET1K_V1": "resnext101_32x8d-8ba56ff5.pth",
        "IMAGENET1K_V2": "resnext101_32x8d-110c445d.pth",
    },
    "resnext101_64x4d": {"IMAGENET1K_V1": "resnext101_64x4d-173b62eb.pth"},
    "wide_resnet50_2": {
        "IMAGENET1K_V1": "wide_resnet50_2-95faca4d.pth",
        "IMAGENET1K_V2": "wide_resnet50_2-9ba9bcbe.pth",
    },
    "wide_resnet101_2": {
        "IMAGENET1K_V1": "wide_resnet101_2-32ee1156.pth",
        "IMAGENET1K_V2": "wide_resnet101_2-d733dc28.pth",
    },
}
"""torchvision's weights: network, name, file. The last of a network is its default."""

SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")
"""Names that end so are files."""

MAX_FILE_NAME_BYTES = 150
"""Bytes of a file's name in the cache; file systems have 255 for it and its parts."""

_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def load_weights(
    net: nn.Module,
    weights: str | os.PathLike[str],
    *,
    network: str | None = None,
    progress: bool = True,
) -> None:
    """Load weights into a network, in place.

    Values of parts that the network's options left out (its ``omitted``: a
    classifier, late stages) are passed over; any other difference is an error.

    Args:
        net: the network.
        weights: what ``locate_weights`` takes.
        network: whose published weights a name means, a key of ``PUBLISHED_FILES``.
        progress: show a download on stderr, where that is a terminal.

    Raises:
        WeightsError: in one line, with the remedy: an unknown name, a missing,
            damaged or foreign file, a failed download, another architecture.
    """
    path = locate_weights(weights, network=network, progress=progress)
    state = read_state_dict(path)
    omitted = tuple(getattr(net, "omitted", ()))
    state = {key: value for key, value in state.items() if not key.startswith(omitted)}
    _check_same_architecture(net, state, path)
    on_meta = any(parameter.is_meta for parameter in net.parameters())
    # Not strict: files from before torch 0.4.1 lack num_batches_tracked.
    net.load_state_dict(state, strict=False, assign=on_meta)


def locate_weights(
    weights: str | os.PathLike[str],
    *,
    network: str | None = None,
    progress: bool = True,
) -> Path:
    """Return the local file of some weights, downloaded if need be.

    Args:
        weights: a published name (``"IMAGENET1K_V2"``, ``"DEFAULT"``), a published
            file (``"resnet50-0676ba61.pth"``), a URL, or a local file.
        network: as for ``load_weights``.
        progress: as for ``load_weights``.

    Raises:
        WeightsError: if there is no such name or file, the download fails, or the
            content does not have the hash in the file's name.
    """
    text = find_origin(weights, network=network)
    if text.startswith(("http://", "https://")):
        path = find_in_cache(text, progress=progress)
    else:
        path = Path(text).expanduser()
        if not path.is_file():
            raise make_missing_error(text, network)
    check_hash(path)
    return path


def find_origin(weights: str | os.PathLike[str], *, network: str | None = None) -> str:
    """Return the URL or path that weights mean; takes what `locate_weights` takes."""
    text = os.fspath(weights)
    names = PUBLISHED_FILES.get(network or "", {})
    if text == "DEFAULT" and names:
        text = list(names.values())[-1]
    text = names.get(text, text)
    published = any(text in files.values() for files in PUBLISHED_FILES.values())
    return BASE_URL + text if published and not Path(text).exists() else text


def find_in_cache(url: str, *, progress: bool = True) -> Path:
    """Return the file at ``url`` in torch's cache, downloaded if missing."""
    try:
        name = Path(unquote(urlsplit(url).path)).name
    except ValueError as error:
        raise WeightsError(f"weights: {url} is no URL ({error}): check it") from error
    if not name:
        raise WeightsError(f"weights: {url} names no file, want one at its end")
    if (
        not name.isprintable()
        or len(name.encode(errors="replace")) > MAX_FILE_NAME_BYTES
    ):
        raise WeightsError(
            f"weights: {url} names a file as none can be called here: fetch it by other"
            " means, and give the file"
        )
    has_hash = find_hash_in_name(name) is not None
    if not has_hash:  # two servers may call different files alike
        name = f"{hashlib.sha256(url.encode()).hexdigest()[:8]}_{name}"
    path = Path(torch.hub.get_dir()) / "checkpoints" / name

    def check_part(part: Path, is_announced: bool) -> None:
        check_hash(part, path.name, origin=url)
        if not is_announced and not has_hash:  # else a cut would stay unseen
            check_whole(part, url, path.suffix)

    if not path.is_file():
        download_file(url, path, check_part, progress=progress)
    return path


def check_whole(part: Path, url: str, suffix: str) -> None:
    """Check that a file is whole whose length nobody said, by reading it.

    Raises:
        WeightsError: if it is not.
    """
    try:
        _read_tensor_file(part, suffix)
    except WeightsError as error:
        raise WeightsError(
            f"weights: {url} said no length, and what came cannot be read: it broke"
            " off, or is no file of tensors; try again"
        ) from error


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read names and tensors from a file, onto the CPU.

    A file made by ``torch.save`` is read without running anything in it. A state
    dict inside a checkpoint is found under ``"state_dict"`` or ``"model"``, and
    the ``module.`` that data parallel training puts before all names goes.

    Raises:
        WeightsError: if the file is damaged, or holds something else.
    """
    content = _read_tensor_file(path)
    if isinstance(content, Mapping):
        for key in ("state_dict", "model"):
            if isinstance(content.get(key), Mapping):
                content = content[key]
    if not (isinstance(content, Mapping) and content) or not all(
        isinstance(key, str) and isinstance(value, Tensor)
        for key, value in content.items()
    ):
        raise WeightsError(
            f"weights: {path} holds no state dict, want names and tensors:"
            " save one with torch.save(model.state_dict(), ...)"
        )
    parallel = all(key.startswith("module.") for key in content)
    return {
        key.removeprefix("module.") if parallel else key: value
        for key, value in content.items()
    }


def _read_tensor_file(path: Path, suffix: str = "") -> Any:
    """Read a file as its suffix has it, or another that is named."""
    load_file: Any = partial(torch.load, map_location="cpu", weights_only=True)
    check_not_packed(path)
    if (suffix or path.suffix) == ".safetensors":
        try:
            from safetensors.torch import load_file
        except ImportError as error:
            raise WeightsError(
                f"weights: {path} needs safetensors, which is not installed:"
                " pip install 'resviz[weights]'"
            ) from error
    try:
        return load_file(path)
    except PermissionError as error:
        reason = f"cannot be read: {error.strerror}"
        raise WeightsError(f"weights: {path} {reason}") from error
    except Exception as error:  # both fail in many ways on foreign bytes
        raise WeightsError(
            f"weights: {path} cannot be read ({type(error).__name__}), want a whole"
            " file of tensors: delete it and get it again"
        ) from error


def check_not_packed(path: Path) -> None:
    """Refuse a zip that unpacks to more than it is: torch stores, and packs nothing.

    Raises:
        WeightsError: if it would.
    """
    with suppress(OSError, BadZipFile, ValueError), ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > 2 * path.stat().st_size:
            raise WeightsError(
                f"weights: {path} has {path.stat().st_size:,} bytes and unpacks to"
                f" {unpacked:,}, which no file of torch's does: get it from elsewhere"
            )


def _check_same_architecture(
    net: nn.Module, state: Mapping[str, Tensor], path: Path
) -> None:
    """Refuse a state dict of another architecture."""
    own = net.state_dict()
    missing = [
        key
        for key in own
        if key not in state and not key.endswith("num_batches_tracked")
    ]
    unexpected = [key for key in state if key not in own]
    shapes = [
        f"{key} {tuple(state[key].shape)} for {tuple(value.shape)}"
        for key, value in own.items()
        if key in state and state[key].shape != value.shape
    ]
    keys_by_fault = {
        "missing": missing, "unexpected": unexpected, "of another shape": shapes,
    }  # fmt: skip
    parts = [
        f"{len(keys)} {fault} ({', '.join(keys[:3])}{', ...' * (len(keys) > 3)})"
        for fault, keys in keys_by_fault.items()
        if keys
    ]
    if parts:
        raise WeightsError(
            f"weights: {path.name} is of another architecture: {'; '.join(parts)}:"
            " build the network that it was saved from"
        )


def make_missing_error(text: str, network: str | None) -> WeightsError:
    """Return the error for weights that are no published name and no file."""
    if text.endswith(SUFFIXES):
        return WeightsError(f"weights: there is no file {text!r}: check the path")
    names = ("DEFAULT", *PUBLISHED_FILES[network]) if network in PUBLISHED_FILES else ()
    legal = ", ".join([*map(repr, names), "a URL or a file"])
    near = suggest_nearest(text, names)
    return WeightsError(f"weights: unknown name {text!r}{near}; want {legal}")


def find_hash_in_name(name: str) -> str | None:
    """Return the start of a SHA-256 that a file's name ends in, if any."""
    match = _HASH_IN_NAME.search(name)
    return None if match is None or match[1].isdigit() else match[1]


def check_hash(path: Path, name: str | None = None, origin: str | None = None) -> None:
    """Compare a file's SHA-256 with the start of it in the file's name.

    Published files end in ``-`` and at least eight hexadecimal digits before the
    suffix. Digits without any letter are taken for a date, and not compared. ``name``
    has the hash if it is not that of ``path``; ``origin`` is told in the message.

    Raises:
        WeightsError: if they differ.
    """
    expected = find_hash_in_name(name or path.name)
    if expected is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(expected):
        got = digest[: len(expected)]
        remedy = "try again" if origin else "delete it and get it again"
        raise WeightsError(
            f"weights: {origin or path} is damaged: its SHA-256 begins with {got},"
            f" want {expected}: {remedy}"
        )

"""Networks that lie in files: programs of torch.export, TorchScript, ONNX, weights.

What a file is, its content says. Torch warns of its own readers of
programs, which unpickle; they are called where a SPEC trusts the file, `trust:net.pt2`.
An ONNX graph is data, known by its suffix for want of a mark. Of weights, names and
shapes tell which network has them.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from resviz.errors import BuildError, SpecError, TraceError, describe_error
from resviz.inputs import DEFAULT_INPUT, InputSize, InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from resviz.source.spec import Spec

    Sizes = tuple[int | None, ...]


class NetworkFile(NamedTuple):
    """A network that was read from a file.

    Attributes:
        model: the module.
        usual_input: what the file says of its input, else that of ImageNet.
        remark: what the file says of the network beside its forward, "" for nothing.
        build_filled: reads it again with values, None where it holds some.
    """

    model: nn.Module
    usual_input: InputSize
    remark: str = ""
    build_filled: Callable[[], nn.Module] | None = None


PROGRAM_READERS = {"program": "torch.export.load", "script": "torch.jit.load"}
"""What reads each kind of program, of which torch says that it can run code."""


def read_network_file(spec: Spec) -> NetworkFile:
    """Read the network that a SPEC names by its file.

    Raises:
        SpecError: if the file can run code, and the SPEC does not trust it.
        BuildError: if it cannot be read.
    """
    path = spec.file
    assert path
    kind = find_file_kind(path)
    if kind == "onnx":
        return read_onnx(spec)
    reader = PROGRAM_READERS[kind]
    if not spec.trusted:
        raise SpecError(
            f"{spec.text}: {reader} can run code that a file holds; if you trust who "
            f"made it, want trust:{spec.text}"
        )
    try:
        return read_program(path) if kind == "program" else read_script(path)
    except Exception as error:
        reason = describe_error(error)
        raise BuildError(f"{spec.text}: {reader} refuses it, {reason}") from error


def find_file_kind(path: Path) -> str:
    """Tell what a file is: "program", "script", "onnx", or "weights" for all else."""
    if path.suffix.lower() == ".onnx":
        return "onnx"
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError, ValueError):
        return "weights"  # whose reader says what it is
    members = {*names, *(name.partition("/")[2] for name in names)}
    if any(re.fullmatch(r"models/.*\.json|serialized_.*\.json", m) for m in members):
        return "program"
    return "script" if "constants.pkl" in members else "weights"


def identify_spec(spec: Spec) -> tuple[str, str]:
    """Return the SPEC of the network that a file of weights is of, and how sure it is.

    Raises:
        SpecError: if it cannot be read, or is of no network that one can build.
    """
    from resviz.checkpoints import identify_tensors, read_checkpoint

    assert spec.file
    with suppress(OSError), spec.file.open("rb") as file:
        if spec.own and file.read(24).lstrip()[:1] == b"{":
            raise SpecError(f"{spec.text}: an index, which names files; want one file")
    found = identify_tensors(read_checkpoint(spec.file).groups)
    if found.spec is None:
        raise SpecError(
            f"{spec.text}: {found.words}; want what builds the network, its weights "
            f"tell no forward: net.py:build, or resnet50(weights={str(spec.file)!r})"
        )
    return found.spec, CERTAINTIES.get(found.sure or "", "")


CERTAINTIES = {
    "body": ", but for its head",
    "part": ", beside other weights",
    "shapes": ", by shapes alone",
}
"""What is said of networks that are not known to the last name."""


def read_script(path: Path) -> NetworkFile:
    """Read TorchScript, without its values."""
    return NetworkFile(
        load_script(path, "meta"),
        DEFAULT_INPUT,
        build_filled=partial(load_script, path, "cpu"),
    )


def load_script(path: Path, device: str) -> Any:
    """Load TorchScript onto a device, without torch's word that it will be retired."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path), map_location=device)


def read_program(path: Path) -> NetworkFile:
    """Read a program of torch.export; it takes the shapes that it was exported with."""
    import torch

    with warnings.catch_warnings():
        # torch before 2.10 warns of its own buffer, to which nothing is written
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        program = torch.export.load(str(path))
    model = program.module(check_guards=False)  # which would be a layer
    return make_sized_network(model, list_program_inputs(program))


def read_onnx(spec: Spec) -> NetworkFile:
    """Read an ONNX graph; it takes the sizes that it fixes, and any where it does not.

    Raises:
        BuildError: if it is none, or has operators that are not known.
    """
    from resviz.source.onnx_files import read_onnx_file

    assert spec.file
    try:
        network = read_onnx_file(spec.file)
    except OSError as error:
        raise SpecError(f"{spec.text}: {error.strerror}") from error
    except BuildError as error:
        raise BuildError(f"{spec.text}: {error}") from error
    return make_sized_network(network.module, network.inputs, network.remark)


def make_sized_network(
    model: nn.Module, specs: list[InputSpec], remark: str = ""
) -> NetworkFile:
    """Return a network whose file says its inputs, and which refuses others."""
    check = partial(check_inputs, fixed=list_sizes(specs))
    model.register_forward_pre_hook(check, prepend=True)
    return NetworkFile(model, choose_batch_axis(specs) or DEFAULT_INPUT, remark)


def list_program_inputs(program: Any) -> list[InputSpec]:
    """List the tensors that a program takes; a size that it leaves open is None."""
    values: dict[str, Any] = {
        node.name: node.meta.get("val")
        for node in program.graph.nodes
        if node.op == "placeholder"
    }
    names = [name for name in program.graph_signature.user_inputs if name in values]
    keywords = list((program.example_inputs or ((), {}))[1])
    places = [()] * (len(names) - len(keywords)) + [(name,) for name in keywords]
    return [
        InputSpec(
            tuple(size if type(size) is int else None for size in value.shape),
            str(value.dtype).removeprefix("torch."),
            place,
        )
        for value, place in zip([values[name] for name in names], places, strict=False)
        if hasattr(value, "shape")
    ]


def list_sizes(specs: list[InputSpec]) -> tuple[Sizes, ...]:
    """List the sizes of positional inputs."""
    return tuple(spec.sizes for spec in specs if not spec.place)


def choose_batch_axis(specs: list[InputSpec]) -> list[InputSpec]:
    """Return inputs with the batch for their first axis, and usual sizes elsewhere.

    A batch that the file fixes, other than 1, stays as it is.
    """
    return [
        spec._replace(
            sizes=tuple(
                None
                if axis == 0 and size in {None, 1}
                else choose_usual_size(axis, len(spec.sizes))
                if size is None
                else size
                for axis, size in enumerate(spec.sizes)
            )
        )
        for spec in specs
    ]


def choose_usual_size(axis: int, axes: int) -> int:
    """Return the usual size of an axis: of an ImageNet crop, or of a text."""
    from resviz.source.hubs import TEXT_TOKENS

    return DEFAULT_INPUT[axis - 1] if axes == 4 else TEXT_TOKENS


def check_inputs(
    _: nn.Module, inputs: tuple[Any, ...], fixed: tuple[Sizes, ...]
) -> None:
    """Check that inputs have the sizes that a file fixes: a forward hook.

    Raises:
        TraceError: with the sizes, and what can be done.
    """
    for value, sizes in zip(inputs, fixed, strict=False):
        got = tuple(getattr(value, "shape", ()))
        fits = len(got) == len(sizes) and all(
            want in {None, size} for want, size in zip(sizes, got, strict=True)
        )
        if not fits:
            want = ", ".join(str(size or "any") for size in sizes)
            raise TraceError(
                f"input: got {got}, the file was exported for ({want}); export it with "
                "dynamic axes for other sizes"
            )

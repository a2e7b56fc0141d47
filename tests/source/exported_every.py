"""The ten networks in files of every form, beside traces of the networks themselves.

`python -m tests.source.exported_every` exports each and says what is not equal; names
of networks and forms may follow. It takes minutes and, one after another, a gigabyte
of disk. Forms of torch's newer exporter to ONNX want the package onnxscript.
"""

import logging
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.onnx import TrainingMode

import resviz
from resviz.models import catalogue
from resviz.readings.compare import compare_records
from tests.readings.compare.pairs import TEN
from tests.source.exported import give_norms_values, list_network_facts

IMAGE = torch.zeros(1, 3, 224, 224)


def save_program(model, path):
    """Save a program of torch.export."""
    torch.export.save(torch.export.export(model, (IMAGE,)), path)


def save_traced(model, path):
    """Save TorchScript by a trace."""
    torch.jit.save(torch.jit.trace(model, IMAGE), str(path))


def save_old_onnx(model, path, mode):
    """Save by torch's older exporter, with norms folded or not."""
    torch.onnx.export(model, (IMAGE,), path, dynamo=False, training=mode)


def save_new_onnx(model, path, **options):
    """Save by torch's newer exporter, whose optimiser folds norms."""
    torch.onnx.export(model, (IMAGE,), path, dynamo=True, verbose=False, **options)


FORMS = {
    "pt2": (".pt2", save_program, {}),
    "traced": (".pt", save_traced, {}),
    "old": (".onnx", save_old_onnx, {"mode": TrainingMode.PRESERVE}),
    "old-folded": (".onnx", save_old_onnx, {"mode": TrainingMode.EVAL}),
    "new": (".onnx", save_new_onnx, {"optimize": False}),
    "new-folded": (".onnx", save_new_onnx, {"optimize": True}),
    "new-open": (".onnx", save_new_onnx, {
        "dynamic_shapes": ({0: "batch", 2: "height", 3: "width"},),
    }),
    "new-in-one": (".onnx", save_new_onnx, {"external_data": False}),
}  # fmt: skip
"""The suffix of each form, what saves it, and with which options."""


def compare_file(expected, model, path, size=(3, 224, 224)):
    """Say what a file tells otherwise than its network; "" for nothing.

    Of norms that are folded their channels are fewer parameters, and its title says so.
    """
    trust = "" if path.suffix == ".onnx" else "trust:"
    try:
        arch = resviz.trace(f"{trust}{path}", size)
    except resviz.ResvizError as error:
        return str(error)
    stages, macs, params = list_network_facts(expected)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    channels = sum(norm.num_features for norm in norms)
    words = f"batch norms folded into {len(norms)} convolutions ({channels:,} biases)"
    is_folded = words in arch.title
    if is_folded:
        params -= channels
    if list_network_facts(arch) == (stages, macs, params):
        if not is_folded and compare_records(expected, arch).every:
            return f"another network by {compare_records(expected, arch).headline!r}"
        weighted = {layer.path for layer in expected.layers if layer.macs}
        missing = weighted - {layer.path for layer in arch.layers}
        if path.suffix == ".onnx" and missing:
            return f"no layers {sorted(missing)[:3]}"
        return ""
    got = list_network_facts(arch)
    return f"{arch.title!r}: got {got}, want {(stages, macs, params)}"


def compare_every(names, forms):
    """Print how each file of some networks compares; return how many differ."""
    wrong = 0
    for name in names:
        model = catalogue.build_network(name).eval()
        give_norms_values(model)
        expected = resviz.trace(name)
        for form in forms:
            suffix, save, options = FORMS[form]
            with TemporaryDirectory() as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                path = Path(folder) / f"net{suffix}"
                save(model, path, **options)
                words = compare_file(expected, model, path)
            wrong += bool(words)
            sys.stdout.write(f"{name} {form}: {words or 'equal'}\n")
            sys.stdout.flush()
    return wrong


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    given = sys.argv[1:]
    sys.exit(
        compare_every(
            [name for name in given if name not in FORMS] or TEN,
            [form for form in given if form in FORMS] or [*FORMS],
        )
    )

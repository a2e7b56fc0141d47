"""The command `resviz identify`, its table and its data."""

import json

import resviz as package
from resviz.checkpoints.pickles import TensorEntry
from resviz.models import resnet18
from tests.checkpoints.files import list_state, write_safetensors

KEYS = (
    "spec", "block", "layers", "groups", "width_per_group", "params", "prefix",
    "num_classes", "downsample", "unknown", "misfits", "sure",
)  # fmt: skip


def test_a_known_file(resviz, tmp_path):
    """Exit code 0, a SPEC, and JSON with the keys that scripts read, and a version."""
    path = tmp_path / "w.safetensors"
    write_safetensors(path, list_state(resnet18(num_classes=10)))
    code, out, err = resviz("identify", str(path))
    assert (0, "") == (code, err)
    assert "resnet(18, num_classes=10)" in out
    code, out, _ = resviz("identify", str(path), "--format", "json")
    data = json.loads(out)
    assert KEYS == tuple(data)[: len(KEYS)]
    assert ("resviz.identify", 1) == (data["format"], data["version"])
    assert [2, 2, 2, 2] == data["layers"]
    assert ["layer2.0", "layer3.0", "layer4.0"] == data["downsample"]
    assert data == package.identify(path).to_dict()
    assert package.trace(data["spec"], (3, 32, 32)).params == data["params"]


def test_an_unknown_file(resviz, tmp_path):
    """Exit code 1 and no SPEC; a file that cannot be read is 2 and one line."""
    path = tmp_path / "w.safetensors"
    write_safetensors(path, {"a.weight": TensorEntry((4, 4), "float32")})
    code, out, _ = resviz("identify", str(path), "--format", "json")
    assert (1, None, None) == (code, json.loads(out)["spec"], json.loads(out)["layers"])
    path.write_bytes(b"")
    assert (2, "", "error: w.safetensors: is empty\n") == resviz("identify", str(path))

"""The command `resviz features`."""


def test_the_command_writes_python(resviz, record, tmp_path):
    """`--as python` in place of a table; a format beside it is refused."""
    record("resnet18").save(tmp_path / "r.json")
    spec = str(tmp_path / "r.json")
    code, out, _ = resviz("features", spec, "--as", "python")
    assert (0, True) == (code, "in_channels = [64, 128, 256, 512]" in out)
    code, out, _ = resviz("features", spec, "--out-indices", "1,-1")
    assert (0, False, True) == (code, "layer1" in out, "layer4" in out)
    code, _, err = resviz("features", spec, "--as", "python", "--format", "csv")
    assert (2, True) == (code, "--as python: is no table" in err)

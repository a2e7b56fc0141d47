"""The record: its invariants, its JSON form, and files that hold none."""

import gzip
import json
from functools import partial
from pathlib import Path

import msgspec
import pytest
from torch.nn import MaxPool2d

from resviz import load, report, summary, trace
from resviz.errors import RecordError, RenderError
from resviz.files import FOREIGN_SUFFIXES
from resviz.formats import import_format, list_format_names
from resviz.record import Source, storage
from resviz.record.storage import make_record_schema, parse_record, stable_schema

PUBLISHED = Path(__file__).parent.parent.parent / "docs" / "record.schema.json"


def with_layer(arch, place, /, **fields):
    """The JSON of a record of which one layer is replaced, unchecked."""
    data = msgspec.to_builtins(arch)
    data["layers"][place].update(fields)
    return json.dumps(data).encode()


def test_saving_and_loading_gives_an_equal_record(record, tmp_path):
    """Loading what was saved gives an equal record."""
    arch = record("resnet50")
    arch.save(tmp_path / "r50.json")
    assert load(tmp_path / "r50.json") == arch


def test_a_record_can_be_compressed(record, tmp_path):
    """By gzip, where its name says so; the same bytes each time, and much less."""
    arch = record("resnet50")
    plain, packed = tmp_path / "r50.json", tmp_path / "r50.json.gz"
    arch.save(plain)
    arch.save(packed)
    assert load(packed) == arch
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert len(packed.read_bytes()) * 10 < len(plain.read_bytes())
    before = packed.read_bytes()
    arch.save(packed)
    assert before == packed.read_bytes()
    assert summary(str(packed)).to_dict() == summary(arch).to_dict()


@pytest.mark.parametrize("suffix", [".PDF", ".txt", ".svg", ".json.zip"])
def test_neither_record_nor_report_has_a_foreign_name(record, tmp_path, suffix):
    """A suffix that promises nothing may stand at either."""
    for save in (record("resnet18").save, partial(report, record("resnet18"))):
        save(tmp_path / "net-1.5")
        with pytest.raises(RenderError, match=r"got suffix .* want"):
            save(tmp_path / f"x{suffix}")


def test_all_that_we_write_is_foreign_to_the_rest():
    """The suffix of every format is known."""
    suffixes = {
        suffix
        for kind in ("table", "picture")
        for name in list_format_names(kind)
        for suffix in import_format(kind, name).SUFFIXES
    }
    assert suffixes <= FOREIGN_SUFFIXES


@pytest.mark.parametrize("cut", [slice(20), slice(None, -4)])
def test_a_damaged_archive_is_said_to_be_one(cut, record, tmp_path):
    """Its header alone, and without its checksum."""
    path = tmp_path / "r.json.gz"
    record("resnet18").save(path)
    path.write_bytes(path.read_bytes()[cut])
    with pytest.raises(RecordError, match="damaged"):
        load(path)


@pytest.mark.parametrize("name", ["r.json", "r.json.gz"])
def test_no_more_is_unpacked_than_a_record_has(name, record, tmp_path, monkeypatch):
    """A small archive may hold gigabytes."""
    path = tmp_path / name
    record("resnet18").save(path)
    monkeypatch.setattr(storage, "LARGEST_RECORD", 1 << 14)
    with pytest.raises(RecordError, match="more than 0 MiB of text, which no record"):
        load(path)


def test_a_record_is_frozen(record):
    """A record cannot be changed."""
    with pytest.raises(AttributeError):
        record("resnet18").name = "another"


def test_the_published_schema_is_the_one_in_use():
    """docs/record.schema.json is what records are checked against."""
    assert json.loads(PUBLISHED.read_text()) == json.loads(
        json.dumps(make_record_schema())
    )


@pytest.mark.parametrize(
    "told",
    [
        {
            "description": "A layer.\n\n    Attributes:\n        name: unique.\n    ",
            "anyOf": [{"type": "null"}, {"$ref": "#/$defs/Window"}],
        },
        {
            "anyOf": [{"$ref": "#/$defs/Window"}, {"type": "null"}],
            "description": "A layer.\n\nAttributes:\n    name: unique.",
        },
    ],
    ids=["msgspec 0.21", "msgspec 0.23"],
)
def test_the_schema_does_not_hang_on_the_release_of_msgspec(told):
    """How one dedents docstrings and orders alternatives changes from time to time."""
    want = {
        "anyOf": [{"$ref": "#/$defs/Window"}, {"type": "null"}],
        "description": "A layer.\n\nAttributes:\n    name: unique.",
    }
    assert [want] == stable_schema([told])


def test_a_record_obeys_the_published_schema(record):
    """An independent validator accepts a record under the published schema."""
    import jsonschema

    instance = json.loads(record("resnet18").to_json())
    jsonschema.validate(instance, json.loads(PUBLISHED.read_text()))


def test_a_layer_out_of_order_is_named(record):
    """A layer's index is its position."""
    with pytest.raises(RecordError, match=r"layers\[2\] 'relu'.*index is 7, want 2"):
        parse_record(with_layer(record("resnet18"), 2, index=7))


def test_a_source_must_be_earlier(record):
    """A cycle cannot be written down."""
    with pytest.raises(RecordError, match="source 5 is not an earlier layer"):
        parse_record(with_layer(record("resnet18"), 1, sources=[[5, 0]]))


def test_shapes_along_an_edge_agree(record):
    """An input has the shape of its source's output."""
    wrong = [{"shape": [1, 64, 7, 7], "dtype": "float32"}]
    with pytest.raises(RecordError, match=r"\(1, 64, 112, 112\), input is \(1, 64, 7"):
        parse_record(with_layer(record("resnet18"), 1, inputs=wrong))


def test_a_name_stands_once(record):
    """Layer names are unique."""
    with pytest.raises(RecordError, match="the name stands twice"):
        parse_record(with_layer(record("resnet18"), 3, name="conv1"))


def test_a_parameter_is_counted_once(record):
    """No two layers own one parameter."""
    stolen = [{"name": "conv1.weight", "shape": [64, 3, 7, 7]}]
    with pytest.raises(RecordError, match=r"'conv1.weight' is already in 'conv1'"):
        parse_record(with_layer(record("resnet18"), 4, parameters=stolen))


def test_calls_nest(record):
    """A call that leaves its parent is refused."""
    data = msgspec.to_builtins(record("resnet18"))
    data["calls"][2]["stop"] = 60
    with pytest.raises(RecordError, match=r"calls\[2\] 'layer1.0'.*leave its parent's"):
        parse_record(json.dumps(data).encode())


def test_an_output_that_is_not_there_is_refused(record):
    """What the model returned must be an output of a layer."""
    data = msgspec.to_builtins(record("resnet18"))
    data["outputs"] = msgspec.to_builtins((Source(3, 4),))
    with pytest.raises(RecordError, match="source 3 has no output 4"):
        parse_record(json.dumps(data).encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1, 2]", "not a resviz record"),
        (b'{"format": "onnx"}', "not a resviz record"),
        (
            b'{"format": "resviz.architecture", "version": 99}',
            "version 99, this resviz",
        ),
        (b'{"format": "resviz.architecture", "version": 1}', "`name`"),
    ],
)
def test_a_foreign_or_broken_file_says_what_is_wrong(tmp_path, text, words):
    """The message names the file and the place."""
    path = tmp_path / "x.json"
    path.write_bytes(text)
    with pytest.raises(RecordError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_wrong_type_says_where(record):
    """A value of the wrong type is found by its JSON path."""
    with pytest.raises(RecordError, match=r"\$\.layers\[4\]\.name"):
        parse_record(with_layer(record("resnet18"), 4, name=5))


def test_a_missing_file_is_a_record_error(tmp_path):
    """So is one that cannot be read."""
    with pytest.raises(RecordError, match="No such file"):
        load(tmp_path / "none.json")


def test_a_missing_folder_is_named(record, tmp_path):
    """Saving into no folder says so and leaves nothing."""
    with pytest.raises(RenderError, match=r"the folder '.*nowhere' does not exist"):
        record("resnet18").save(tmp_path / "nowhere" / "x.json")


def test_nothing_half_written_is_left(record, tmp_path):
    """A write that fails keeps the old file and leaves no neighbour."""
    path = tmp_path / "x.json"
    path.mkdir()
    with pytest.raises(RenderError, match="it is a folder"):
        record("resnet18").save(path)
    assert [path] == list(tmp_path.iterdir())


def test_a_file_that_is_written_anew_keeps_its_mode(record, tmp_path):
    """Who could read it still can, and nobody else."""
    path = tmp_path / "x.json"
    path.touch()
    for mode in (0o640, 0o600):
        path.chmod(mode)
        record("resnet18").save(path)
        assert mode == path.stat().st_mode & 0o777


def test_pandas_gets_a_row_a_layer(record):
    """`to_pandas` has the layer table's columns and rows."""
    frame = record("resnet50").to_pandas()
    assert (175, 25_557_032) == (len(frame), int(frame["params"].sum()))


def broken(record, change):
    """What is said of a record's JSON after a change."""
    data = msgspec.to_builtins(record("resnet18"))
    change(data)
    with pytest.raises(RecordError) as caught:
        parse_record(json.dumps(data).encode())
    return str(caught.value)


def test_the_models_own_call_holds_every_layer(record):
    """Otherwise a reader would look for the call of a layer for ever."""
    said = broken(record, lambda data: data["calls"][0].update(start=0, stop=0))
    assert "the model's own call holds every layer" in said


def test_a_layer_lies_inside_its_call(record):
    """It ran while that call was open."""
    said = broken(record, lambda data: data["layers"][0].update(call=2))
    assert "'conv1': it lies outside of its call 'layer1.0'" in said


def test_a_parameter_twice_in_one_layer_or_never_called(record):
    """Either would double a total."""
    weight = {"name": "conv1.weight", "shape": [64, 3, 7, 7]}
    idle = [{"path": "x", "type": "X", "parameters": [weight]}]
    for change in (
        lambda data: data["layers"][0].update(parameters=[weight, weight]),
        lambda data: data.update(uncalled=idle),
    ):
        assert "'conv1.weight' is already in 'conv1'" in broken(record, change)


def test_operations_have_what_rules_read(record):
    """Operands, outputs and windows of the right number."""

    def operation(**fields):
        return lambda data: data["layers"][0]["operations"][0].update(fields)

    window = {"kernel": [7], "stride": [2, 2], "padding": [3, 3], "dilation": [1, 1]}
    one = {"inputs": [[1, 3, 224, 224]], "flowing": [True]}
    assert "1 operands, too few" in broken(record, operation(**one))
    assert "gives nothing" in broken(record, operation(outputs=[]))
    assert "without a window" in broken(record, operation(window=None))
    assert "uneven axes" in broken(record, operation(window=window))


def test_inputs_have_a_name_each_or_none(record):
    """Readers put both side by side."""
    said = broken(record, lambda data: data.update(input_names=["a", "b"]))
    assert "inputs: 2 names for 1 inputs" in said
    said = broken(record, lambda data: data.update(input_draws=["", "ones"]))
    assert "inputs: 2 draws for 1 inputs" in said


def test_a_file_that_nests_for_ever_is_refused(tmp_path):
    """The JSON reader gives up before the memory does."""
    (tmp_path / "x.json").write_text("[" * 100_000)
    with pytest.raises(RecordError, match="nests too deeply"):
        load(tmp_path / "x.json")


def test_storages_in_use_are_there(record):
    """An operation uses storages that there are, one for each operand."""

    def operation(**fields):
        return lambda data: data["layers"][0]["operations"][0].update(fields)

    assert "uses storage 999, which" in broken(record, operation(writes=[999]))
    assert "uses storage -3, which" in broken(record, operation(writes=[-3]))
    assert "reads 1 storages, for 2" in broken(record, operation(reads=[0]))


def test_a_storage_is_released_after_its_last_use(record):
    """A storage is released after its last use, at the last operation at latest."""
    for released in (1, 99):
        said = broken(
            record, lambda data, end=released: data["storages"][2].__setitem__(2, end)
        )
        assert f"storages[2]: released after {released} of 70" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends": [[3, 0]]}, "operation 3 is not earlier"),
        ({"ends": [[0, 7]]}, "operation 0 gives less"),
        ({"ends": [[0, 0], [0, 0]]}, "2 ends, not one an output"),
    ],
)
def test_ends_name_operations_that_are_there(record, changes, words):
    """A layer's outputs are those of its operations."""
    with pytest.raises(RecordError, match=words):
        parse_record(with_layer(record("resnet18"), 2, **changes))


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([[0, 0]], "operation 0 is not earlier"),
        ([[-1, 4]], "operation -1 gives less"),
        ([[-1, 0], None], "not all with sources"),
    ],
)
def test_operands_come_from_earlier_operations(record, sources, words):
    """And each has a source, if only None."""
    operation = msgspec.to_builtins(record("resnet18").layers[2].operations[0])
    changed = [operation | {"sources": sources}]
    with pytest.raises(RecordError, match=words):
        parse_record(with_layer(record("resnet18"), 2, operations=changed))


def first_operation(**fields):
    """A change of the first layer's only operation."""
    return lambda data: data["layers"][0]["operations"][0].update(fields)


def test_a_layer_is_not_its_own_source(record):
    """Not even where shapes would agree."""

    def change(data):
        data["layers"][1].update(sources=[[1, 0]])

    assert "source 1 is not an earlier layer" in broken(record, change)


def test_an_operation_is_not_its_own_source(record):
    """Nor does a layer end in one after its last."""

    def change(data):
        data["layers"][2].update(ends=[[1, 0]])

    assert "operation 1 is not earlier" in broken(record, change)


def test_a_call_is_not_its_own_parent(record):
    """The way out of it would never end."""
    said = broken(record, lambda data: data["calls"][2].update(parent=2))
    assert "calls[2] 'layer1.0': parent 2 is not earlier" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["layers"][1].update(sources=[[0, 1]]), "has no output 1"),
        (lambda data: data["layers"][2].update(ends=[[0, 1]]), "0 gives less"),
        (lambda data: data.update(outputs=[[-1, 1]]), "source -1 has no output 1"),
        (
            lambda data: data["layers"][0].update(call=len(data["calls"])),
            "which is not there",
        ),
        (
            lambda data: first_operation(writes=[len(data["storages"])])(data),
            "which is not there",
        ),
    ],
    ids=["output", "operation's output", "input", "call", "storage"],
)
def test_the_first_past_the_end_is_not_there(record, change, words):
    """Numbers count from 0; what ends a list is found, and no IndexError is."""
    assert words in broken(record, change)


@pytest.mark.parametrize("field", ["kernel", "stride", "padding", "dilation"])
def test_a_window_says_each_of_its_numbers_for_every_axis(record, field):
    """One axis too few in any of them would be read as another window."""
    window = {"kernel": [7, 7], "stride": [2, 2], "padding": [3, 3], "dilation": [1, 1]}
    uneven = window | {field: window[field][:1]}
    said = broken(record, first_operation(window=uneven))
    assert "the window of convolution has uneven axes" in said


def test_every_output_has_an_end_if_one_has():
    """One end for the maxima and their places leaves it open which it is."""
    arch = trace(MaxPool2d(2, return_indices=True), (3, 8, 8))
    assert 2 == len(arch.layers[0].outputs)
    with pytest.raises(RecordError, match="1 ends, not one an output"):
        parse_record(with_layer(arch, 0, ends=[[0, 0]]))


def test_the_name_of_an_operation_stands_once(record):
    """As that of a module, though its path is another's too."""
    adds = [la.index for la in record("resnet18").layers if la.name.endswith(":add")]
    first, second = adds[:2]

    def change(data):
        data["layers"][second].update(name=data["layers"][first]["name"])

    assert "'layer1.0:add': the name stands twice" in broken(record, change)


def test_every_operand_that_rules_read_has_axes(record):
    """The last of them too, as the weight of a convolution."""
    said = broken(record, first_operation(inputs=[[1, 3, 224, 224], []]))
    assert "convolution has an operand without axes" in said


def test_every_operand_has_a_source_if_one_has(record):
    """Fewer sources than operands leave it open whose they are."""
    said = broken(record, first_operation(sources=[[-1, 0]]))
    assert "convolution has 2 operands, not all with sources" in said


def test_a_layer_after_its_call_lies_outside(record):
    """The layer at which a call stops is the next call's."""

    def change(data):
        stop = data["calls"][2]["stop"]
        data["layers"][stop].update(call=2)

    assert "it lies outside of its call 'layer1.0'" in broken(record, change)


def test_the_last_layer_can_be_an_output(record):
    """And so it is in most networks."""
    arch = record("resnet18")
    assert len(arch.layers) - 1 == arch.outputs[0].layer
    assert arch == parse_record(arch.to_json())


def test_a_convolution_has_its_own_window():
    """Though a hook pools before it."""
    import torch
    from torch import nn

    conv = nn.Conv2d(3, 4, 3, padding=1)
    conv.register_forward_pre_hook(lambda module, args: (torch.max_pool2d(args[0], 2),))
    layer = trace(nn.Sequential(conv), (3, 8, 8)).layers[0]
    assert layer.window
    assert ((3, 3), (1, 1)) == (layer.window.kernel, layer.window.padding)


@pytest.fixture
def changed(record, tmp_path):
    """A function that changes one layer of a saved ResNet-18, and loads it anew."""

    def load_changed(kind, change):
        """Change the first layer of a type, as JSON has it."""
        path = tmp_path / "r.json"
        record("resnet18").save(path)
        data = json.loads(path.read_text())
        layer = next(each for each in data["layers"] if each["type"] == kind)
        change(layer, layer["operations"][-1])
        path.write_text(json.dumps(data))
        return load(path)

    return load_changed


def test_what_is_told_at_length_is_the_same(changed, record):
    """Ends and sources that could be left out."""
    told = changed("ReLU", lambda layer, op: layer.update(ends=[[0, 0]]))
    assert told.macs == record("resnet18").macs
    assert changed("ReLU", lambda layer, op: op.update(sources=[[-1, 0]]))


def empty_reads(_layer, op):
    op["reads"] = []


FAULTS = {
    "another shape goes in": ("ReLU", lambda _, op: op.update(inputs=[[1, 3]])),
    "another comes out": ("ReLU", lambda _, op: op.update(outputs=[[1, 3]])),
    "more come out": ("ReLU", lambda layer, _: layer["outputs"].append({"shape": [1]})),
    "it ends elsewhere": (
        "ReLU",
        lambda layer, op: (layer.update(ends=[[0, 0]]), op.update(outputs=[[1, 3]])),
    ),
    "it reads another": (
        "ReLU",
        lambda _, op: op.update(sources=[[-1, 0]], inputs=[[1, 3]]),
    ),
    "it reads nothing": ("Conv2d", empty_reads),
    "an axis is a word": (
        "AdaptiveAvgPool2d",
        lambda _, op: op.update(arguments={"dim": "x"}),
    ),
    "a number is several": (
        "AdaptiveAvgPool2d",
        lambda _, op: op.update(arguments={"index": [1]}),
    ),
    "an argument is a table": (
        "MaxPool2d",
        lambda _, op: op.update(arguments={"ceil": {"x": 1}}),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_hold_together_in_a_layer(fault, changed):
    """The layer is named, and no reading ends in a traceback."""
    kind, change = FAULTS[fault]
    with pytest.raises(RecordError, match=r"r\.json: layers\[\d+\] '"):
        changed(kind, change)


@pytest.mark.parametrize("name", ["kernel", "stride", "dilation"])
def test_a_window_moves_over_a_map(name, changed):
    """A stride of 0 would divide by it."""

    def stand(_layer, op):
        op["window"][name] = [0, 1]

    with pytest.raises(RecordError, match=r"conv1.*does not move, or holds nothing"):
        changed("Conv2d", stand)

"""Variants that fail, hang, crash or want all memory: each is a row."""

import resource
import sys

import pytest
from torch import nn

from resviz.sweeps.rows import MEASURE_NAMES, measure_record
from resviz.sweeps.supervisor import WORKERS, Settings, trace_batch

LIMITS = Settings(memory=2**28)
SHORT = LIMITS._replace(timeout=2.0)


@pytest.fixture(scope="module", autouse=True)
def _workers():
    """Worker processes are ended after the last test."""
    WORKERS.open()
    yield
    WORKERS.close()
    WORKERS.open()


def reasons(*specs, limits=LIMITS):
    """Why some variants failed."""
    return [
        row["error"]
        for row in trace_batch(limits, [(s, None, None) for s in specs]).rows
    ]


def test_a_row(record):
    """It tells what the other tables tell of the same network."""
    import resviz

    (row,) = trace_batch(LIMITS, [("resnet(18)", 64, 2)]).rows
    arch = resviz.trace("resnet18", (3, 64, 64), 2)
    data = resviz.summary(arch).to_dict()
    field = resviz.receptive_field(arch).to_dict()["largest"]["receptive_field"]
    assert {
        "params": data["params"],
        "macs": data["macs"],
        "activations": data["activations"],
        "inference_peak_bytes": resviz.memory(arch).to_dict()["inference_peak_bytes"],
        "receptive_field": max(field),
        "final_shape": [2, 512, 2, 2],
        "depth": 18,
        "trainable_params": data["params"],
        "not_counted": None,
    } == {name: row[name] for name in MEASURE_NAMES}
    assert row["error"] is None


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("resnet50", [1, 2048, 7, 7]),
        ("cifar20", [1, 64, 8, 8]),
        ("resnet(50, output_stride=8)", [1, 2048, 28, 28]),
        ("resnet(18, num_classes=0)", [1, 512, 7, 7]),
        ("resnet(18, out_indices=[1])", [1, 128, 28, 28]),
        ("resnet(18, shortcut='A')", [1, 512, 7, 7]),
    ],
)
def test_the_final_map(record, spec, shape):
    """What stands before the global pool, or what is returned without one."""
    assert shape == measure_record(record(spec))["final_shape"]


def test_the_final_map_of_one_position(record):
    """A map that strides have left one position of is still a map."""
    arch = record("resnet18", (3, 32, 32))
    assert [1, 512, 1, 1] == measure_record(arch)["final_shape"]


@pytest.mark.parametrize("side", [1, 2, 3, 7])
def test_the_final_map_of_a_tiny_input(record, side):
    """A pool that reaches over the edge gathers no map, whatever is left of it."""
    arch = record("resnet18", (3, side, side))
    assert [1, 512, 1, 1] == measure_record(arch)["final_shape"]


def test_a_field_that_is_not_known():
    """Behind a sort no rule follows, so a smaller one before it is not the largest."""
    import resviz
    from resviz.sweeps.rows import find_largest_axis_field

    class Sorts(nn.Sequential):
        def forward(self, x):
            return self[1](self[0](x).sort(dim=-1)[0])

    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    assert 5 == find_largest_axis_field(resviz.trace(plain))
    assert find_largest_axis_field(resviz.trace(Sorts(*plain))) is None


def test_what_cannot_be_built(fault):
    """An unknown depth, an option, a name, a forward that fails."""
    specs = ["resnet(51)", "resnet(18, groups=3)", fault("nothing"), fault("broken")]
    depth, option, name, forward = reasons(*specs, "resnet(18, foo=A)")[:4]
    assert depth.startswith("unknown depth 51")
    assert "want 1 and 64" in option
    assert "has no 'nothing'" in name
    assert "Broken" in forward


def test_what_hangs(fault):
    """Asleep, or in a loop of C that never lets go of the interpreter."""
    asleep, busy = reasons(fault("sleeps"), fault("loops"), limits=SHORT)
    assert "no answer after 2 s, in sleeps, faults.py line 20" == asleep
    assert "no answer after 2 s, in loops, faults.py line 25" == busy


def test_what_wants_all_memory(fault):
    """Little by little, or at once."""
    slowly, at_once = reasons(fault("eats"), fault("eats_at_once"))
    assert slowly.startswith("out of memory: ")
    assert at_once.startswith("out of memory: ")
    assert "can't allocate memory" in at_once


def test_what_ends_its_process(fault):
    """A crash, a kill, an exit; what stands beside it is traced all the same."""
    errors = reasons(
        fault("crashes"), "cifar8", fault("killed"), fault("leaves"), fault("stops")
    )
    assert [
        "its process was ended by SIGSEGV",
        None,
        "its process was ended by SIGKILL, perhaps out of memory",
        "its process ended with exit code 3",
    ] == errors[:4]
    assert "SystemExit: 4" in errors[4]


def test_what_another_has_spoilt_is_traced_in_a_fresh_process(fault):
    """Only what dies in that one as well has failed."""
    assert [None, None] == reasons(fault("spoils"), fault("spoils(5)"))


def test_memory_of_0_is_no_limit(fault):
    """A variant may take what this process may; a core's share is less."""
    own = resource.getrlimit(resource.RLIMIT_AS)[0]
    said = [
        reasons(fault("limited"), limits=Settings(memory=size))[0] for size in (0, None)
    ]
    assert [True, False] == [f"ValueError: {own} at" in reason for reason in said]


def test_what_prints(fault):
    """Its words are no answers."""
    assert [None, None] == reasons(fault("prints"), "cifar8")


def test_an_input_for_what_is_given_no_image(tmp_path):
    """A side means nothing to it, and it says so."""
    (tmp_path / "words.py").write_text(
        "from torch import nn\n"
        "class Words(nn.Module):\n"
        "    main_input_name = 'input_ids'\n"
        "    class config: vocab_size = 9\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.table = nn.Embedding(9, 2)\n"
        "    def forward(self, input_ids):\n"
        "        return self.table(input_ids)\n"
    )
    spec = f"{tmp_path / 'words.py'}:Words"
    sided, written = trace_batch(
        LIMITS, [(spec, 32, None), (spec, "input_ids=int64:N,7", 2)]
    ).rows
    assert "input=32: the network is not given an image" in sided["error"]
    assert (None, 18) == (written["error"], written["params"])


def test_the_working_folder_is_not_imported_from(tmp_path, monkeypatch):
    """A file that is called as a library is none."""
    (tmp_path / "json.py").write_text("raise SystemExit('foreign code ran')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [place for place in sys.path if place])
    here = LIMITS._replace(folder=str(tmp_path))
    assert trace_batch(here, [("cifar8", None, None)]).rows[0]["error"] is None


def test_memory_stays_flat():
    """A worker that has traced hundreds holds no more than after the first ones."""
    psutil = pytest.importorskip("psutil")
    held = []
    for part in range(4):
        batch = [(f"cifar8(num_classes={part * 100 + k + 1})", None, None)
                 for k in range(100)]  # fmt: skip
        trace_batch(LIMITS, batch)
        (worker,) = [worker for worker in WORKERS.idle if worker.settings == LIMITS]
        held.append(psutil.Process(worker.process.pid).memory_info().rss)
    assert held[-1] < held[0] + 10 * 2**20

"""What a record's key depends on, and where a record is traced."""

import _thread
import queue
import threading

import pytest

from resviz.embed import record_cache
from resviz.embed.permissions import AllowList, Permissions
from resviz.embed.record_cache import RecordCache, call_in_python_thread


@pytest.fixture
def keyed(tmp_path):
    """A function from a SPEC to its key."""
    allowed = AllowList(tmp_path, ("*",), "{}")
    permissions = Permissions((tmp_path,), (allowed,))
    kept = RecordCache(tmp_path, lambda path: tmp_path / path, permissions)

    def keyed(text, **tracing):
        return kept.cache_key(kept.resolve_spec(text), tracing)

    return keyed


def test_a_key_knows_the_tracing(keyed):
    """Another input, another record."""
    assert keyed("18") != keyed("18", batch=2)
    assert keyed("18") == keyed("18")


def test_a_key_knows_the_files_beside_a_file(keyed, tmp_path):
    """For it may import them."""
    (tmp_path / "net.py").write_text("import parts")
    (tmp_path / "parts.py").write_text("a = 1")
    before = keyed("net.py:build")
    (tmp_path / "parts.py").write_text("a = 2")
    assert before != keyed("net.py:build")


def test_a_key_knows_all_files_of_a_package(keyed, tmp_path, monkeypatch):
    """Found without importing it."""
    package = tmp_path / "of_mine" / "inner"
    package.mkdir(parents=True)
    (package / "deep.py").write_text("a = 1")
    monkeypatch.syspath_prepend(tmp_path)
    before = keyed("of_mine.net:build")
    (package / "deep.py").write_text("a = 2")
    assert before != keyed("of_mine.net:build")


@pytest.mark.parametrize("newer", ["torch", "timm"])
def test_a_key_knows_the_versions(keyed, monkeypatch, newer):
    """Of torch, and of a hub that the SPEC names."""
    specs = "18", "timm:resnet50d"
    before = [*map(keyed, specs)]
    version = record_cache.installed_version
    monkeypatch.setattr(
        record_cache,
        "installed_version",
        lambda package: "99" if package == newer else version(package),
    )
    changed = [old != keyed(spec) for old, spec in zip(before, specs, strict=True)]
    assert [newer == "torch", True] == changed


def test_a_heading_is_no_part_of_what_is_kept(tmp_path, monkeypatch):
    """The next to name the network calls it as he likes, or not at all."""
    monkeypatch.setattr(record_cache, "RECORDS_IN_MEMORY", {})
    kept = RecordCache(tmp_path)
    titles = [kept.load_or_trace(f"{it}cifar8", {}).title for it in ("A=", "", "B=")]
    assert ["A", "ResNet-8 (CIFAR)", "B"] == titles


def test_a_torn_record_is_traced_again(tmp_path):
    """A file that is no record does no harm."""
    kept = RecordCache(tmp_path)
    key = kept.cache_key(kept.resolve_spec("18"), {})
    (tmp_path / f"{key}.json").write_text("{")
    record_cache.RECORDS_IN_MEMORY.pop(key, None)
    assert 11_689_512 == kept.load_or_trace("18", {}).params
    assert (tmp_path / f"{key}.json").stat().st_size > 1000


def run_in_foreign_thread(call):
    """Call in a thread that `threading` has not started; return result or error."""
    results = queue.Queue()

    def run():
        try:
            results.put(call())
        except BaseException as error:  # noqa: BLE001 - it is handed on
            results.put(error)

    _thread.start_new_thread(run, ())
    return results.get(timeout=60)


def test_a_foreign_thread_has_its_tracing_done_by_one_of_python():
    """For torch 2.9 waits there for ever; the main thread does it itself."""
    foreign, working = run_in_foreign_thread(
        lambda: (
            threading.get_ident(),
            call_in_python_thread(threading.get_ident),
        )
    )
    assert foreign != working != threading.get_ident()
    assert call_in_python_thread(threading.get_ident) == threading.get_ident()


def test_what_ends_a_call_ends_it_in_a_foreign_thread_too():
    """An exit of the network's own code as well."""

    def leave(code, *, error):
        raise error(code)

    for error in (SystemExit, KeyError):
        raised = run_in_foreign_thread(
            lambda error=error: call_in_python_thread(leave, 3, error=error)
        )
        assert (type(raised), raised.args) == (error, (3,))

"""Pretrained weights, from a server on this machine."""

import hashlib
import http.server
import io
import os
import re
import socket
import sys
import threading
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch
from safetensors.torch import save_file

from resviz.errors import WeightsError
from resviz.models import BasicBlock, ResNet, downloads, resnet, resnet18, weights


def tiny(**options):
    """A network small enough to save in a moment."""
    return ResNet(
        BasicBlock, [1, 1], **{"num_classes": 3, "base_channels": 4} | options
    )


def serialised(net):
    """A file of the network's weights, as bytes."""
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file.getvalue()


def same(one, other):
    """Whether two networks have equal weights."""
    own, its = one.state_dict(), other.state_dict()
    return own.keys() == its.keys() and all(torch.equal(own[k], its[k]) for k in own)


def hashed(content):
    """A published file's name: the start of its SHA-256 is part of it."""
    digits = hashlib.sha256(content).hexdigest()
    start = next(i for i in range(8, 64) if not digits[:i].isdigit())
    return f"tiny-{digits[:start]}.pth"


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``, remembers the ``asked`` names; ``cut`` breaks off early.

    Without ``announces`` it does not say how long a file is.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.asked = []
        self.cut = 0
        self.announces = True
        self.redirects = {}

    @property
    def url(self):
        """Where the files are."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with a file, or 404."""

    def do_GET(self):
        """Answer one request."""
        name = self.path[1:]
        self.server.asked.append(name)
        content = self.server.files.get(name)
        if name in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[name])
            self.end_headers()
            return
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if self.server.announces:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) - self.server.cut])

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def server():
    """A server on the loopback, for the time of one test."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Torch's cache of downloads, empty; a proxy is not asked."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "home" / "hub" / "checkpoints"


@pytest.fixture
def source():
    """A network whose weights are to be loaded."""
    torch.manual_seed(1)
    return tiny()


@pytest.fixture
def published(server, source, monkeypatch):
    """The network's weights on the server, as those of the name ``tiny``."""
    content = serialised(source)
    name = hashed(content)
    server.files[name] = content
    monkeypatch.setattr(weights, "BASE_URL", server.url)
    monkeypatch.setitem(
        weights.PUBLISHED_FILES, "tiny", {"OLD": "tiny-x.pth", "NEW": name}
    )
    return name


def refused(*args, **options):
    """The message of the WeightsError that loading raises, one line."""
    with pytest.raises(WeightsError) as caught:
        weights.load_weights(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["NEW", "DEFAULT"])
def test_published_name(published, source, name):
    """A published name loads its file; the last one is the default."""
    net = tiny()
    weights.load_weights(net, name, network="tiny")
    assert same(source, net)


def test_published_file(published, source):
    """The name of a published file loads it, whatever the network is called."""
    net = tiny()
    weights.load_weights(net, published)
    assert same(source, net)


def test_url(server, source):
    """Any URL loads its file."""
    server.files["some.pth"] = serialised(source)
    net = tiny()
    weights.load_weights(net, server.url + "some.pth")
    assert same(source, net)


@pytest.mark.parametrize("as_text", [str, Path])
def test_local_file(tmp_path, source, as_text):
    """A local file loads, as text or as a path."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(source))
    net = tiny()
    weights.load_weights(net, as_text(path))
    assert same(source, net)


def test_safetensors(tmp_path, source):
    """A local file of safetensors loads."""
    save_file(source.state_dict(), tmp_path / "net.safetensors")
    net = tiny()
    weights.load_weights(net, tmp_path / "net.safetensors")
    assert same(source, net)


def test_downloaded_once(server, published, folder):
    """A second time the file comes from torch's cache, where it lies alone."""
    for _ in range(2):
        weights.load_weights(tiny(), "NEW", network="tiny")
    assert server.asked == [published]
    assert [path.name for path in folder.iterdir()] == [published]


def test_downloads_that_torchvision_made_are_used(folder, published, server):
    """A file in torch's cache is not downloaded."""
    folder.mkdir(parents=True)
    (folder / published).write_bytes(server.files[published])
    weights.load_weights(tiny(), "NEW", network="tiny")
    assert server.asked == []


def test_a_file_here_comes_before_a_published_one(
    published, server, tmp_path, monkeypatch
):
    """A file that is there under a published name is read, and nothing fetched."""
    (tmp_path / published).write_bytes(server.files[published])
    monkeypatch.chdir(tmp_path)
    weights.load_weights(tiny(), published)
    assert server.asked == []


def test_through_the_functions(tmp_path):
    """The networks' functions take weights."""
    net = resnet(layers=[1, 1], block="basic", base_channels=4)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    options = {"layers": [1, 1], "block": "basic", "base_channels": 4}
    assert same(net, resnet(**options, weights=tmp_path / "net.pth"))


def test_wrong_hash(server, source, folder):
    """A download without the hash in its name is refused, and not kept."""
    server.files["tiny-0123abcd.pth"] = serialised(source)
    message = refused(tiny(), server.url + "tiny-0123abcd.pth")
    assert "want 0123abcd: try again" in message
    assert list(folder.iterdir()) == []


def test_wrong_hash_in_the_cache(folder, published):
    """A damaged file in the cache is refused, with the remedy."""
    folder.mkdir(parents=True)
    (folder / published).write_bytes(b"damaged")
    message = refused(tiny(), "NEW", network="tiny")
    assert message.endswith("delete it and get it again")


def test_a_date_is_no_hash(tmp_path, source):
    """Eight digits without a letter in a name are taken for a date."""
    (tmp_path / "net-20240131.pth").write_bytes(serialised(source))
    weights.load_weights(tiny(), tmp_path / "net-20240131.pth")


def test_broken_off(server, source, folder):
    """A download that breaks off is refused, and not kept."""
    server.files["some.pth"] = serialised(source)
    server.cut = 100
    message = refused(tiny(), server.url + "some.pth")
    assert re.search(r"broke off after \d+ of \d+ bytes", message)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_broken_off_without_a_length(server, source, folder, tmp_path, suffix):
    """What nobody said the length of is read before it is kept."""
    path = tmp_path / f"some{suffix}"
    save_file(source.state_dict(), path)
    content = path.read_bytes() if suffix == ".safetensors" else serialised(source)
    server.files[f"some{suffix}"], server.announces = content, False
    server.cut = 100
    assert "broke off" in refused(tiny(), f"{server.url}some{suffix}")
    assert list(folder.iterdir()) == []
    server.cut = 0
    weights.load_weights(net := tiny(), f"{server.url}some{suffix}")
    assert same(net, source)


@pytest.mark.parametrize(
    "target",
    ["ftp://127.0.0.1/a.pth", "file:///etc/passwd", "data:,a"],
    ids=["ftp", "file", "data"],
)
def test_no_redirect_to_another_scheme(server, folder, target):
    """That of a file on this machine, above all."""
    server.redirects["some.pth"] = target
    assert "weights: " in refused(tiny(), f"{server.url}some.pth")
    assert [*folder.glob("*")] == []


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("https://8.8.8.8/a", "https://9.9.9.9/a", True),
        ("http://8.8.8.8/a", "https://9.9.9.9/a", True),
        ("https://8.8.8.8/a", "http://9.9.9.9/a", False),
        ("https://8.8.8.8/a", "https://127.0.0.1/a", False),
        ("https://8.8.8.8/a", "https://10.0.0.7/a", False),
        ("https://8.8.8.8/a", "https://169.254.169.254/latest", False),
        ("https://8.8.8.8/a", "https://[::1]/a", False),
        ("https://8.8.8.8/a", "https://[::ffff:10.0.0.1]/a", False),
        ("https://8.8.8.8/a", "https://localhost/a", False),
        ("https://8.8.8.8/a", "https://2130706433/a", False),
        ("http://127.0.0.1/a", "http://localhost/a", True),
    ],
)
def test_a_redirect_leads_to_no_private_address(old, new, allowed):
    """Unless the address that was given is one itself."""
    request = downloads.Request(old)
    arguments = (request, io.BytesIO(), 302, "Found", {}, new)
    if allowed:
        followed = downloads.CautiousRedirects().redirect_request(*arguments)
        assert followed.full_url == new
    else:
        with pytest.raises(ValueError, match="it leads to"):
            downloads.CautiousRedirects().redirect_request(*arguments)


def test_a_redirect_on_one_server_is_followed(server, source):
    """As releases have it."""
    server.files["other.pth"] = serialised(source)
    server.redirects["some.pth"] = "/other.pth"
    weights.load_weights(net := tiny(), f"{server.url}some.pth")
    assert same(net, source)


@pytest.mark.parametrize("announces", [True, False])
def test_a_file_that_is_too_large_is_not_fetched(
    server, source, folder, monkeypatch, announces
):
    """Whether or not the server says how large it is."""
    server.files["some.pth"], server.announces = serialised(source), announces
    monkeypatch.setattr(downloads, "MAX_BYTES", 1000)
    assert "has more than 1000 bytes" in refused(tiny(), f"{server.url}some.pth")
    assert list(folder.iterdir()) == []


def test_a_download_that_takes_too_long_ends(server, source, folder, monkeypatch):
    """However fast its last bytes came."""
    server.files["some.pth"] = serialised(source)
    monkeypatch.setattr(downloads, "MAX_SECONDS", -1.0)
    assert "took more than" in refused(tiny(), f"{server.url}some.pth")
    assert list(folder.iterdir()) == []


def test_what_a_killed_download_left_goes_with_the_next(server, source, folder):
    """Once it is old; what others put there stays."""
    folder.mkdir(parents=True)
    old, young, other = (
        folder / name
        for name in (".a.pth.0123abcd", ".b.pth.0123abcd", ".keep-0123abcd.pth")
    )
    for path in (old, young, other):
        path.write_bytes(b"part")
    for path in (old, other):
        os.utime(path, (1e9, 1e9))
    server.files["some.pth"] = serialised(source)
    weights.load_weights(tiny(), f"{server.url}some.pth")
    assert [path.exists() for path in (old, young, other)] == [False, True, True]


@pytest.mark.parametrize("name", ["a%00.pth", "x" * 300 + ".pth", "a%0Ab.pth"])
def test_a_name_that_no_file_can_have(server, name):
    """Is refused in words."""
    assert "as none can be called here" in refused(tiny(), server.url + name)


def test_a_zip_that_unpacks_to_more_than_it_is(tmp_path, source):
    """Torch packs nothing, so it is no file of torch's."""
    path = tmp_path / "bomb.pth"
    (tmp_path / "plain.pth").write_bytes(serialised(source))
    with (
        ZipFile(tmp_path / "plain.pth") as plain,
        ZipFile(path, "w", ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
        packed.writestr("archive/data/99", bytes(50_000_000))
    assert "unpacks to" in refused(tiny(), path)


def test_silent_server(folder, monkeypatch):
    """A server that takes a request and never answers is given up, in one line."""
    monkeypatch.setattr(downloads, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/some.pth"
        assert "(timed out): check the network" in refused(tiny(), url)
    assert list(folder.iterdir()) == []


def test_not_on_the_server(server):
    """A 404 says so, with the remedy."""
    message = refused(tiny(), server.url + "none.pth")
    assert "answered 404 Not Found: check the name, or give a local file" in message


def test_no_network(folder):
    """Without a network the message names where a file would be found."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    message = refused(tiny(), f"http://127.0.0.1:{port}/some-0123abcd.pth")
    assert f"put the file at {folder / 'some-0123abcd.pth'}" in message


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/a.pth", "http://[::1/a.pth"])
def test_malformed_url(url):
    """A URL that is none is refused like a server out of reach."""
    assert url in refused(tiny(), url)


def test_url_cannot_leave_the_cache(server, source, folder):
    """Only the last part of a URL's path names the file in the cache."""
    server.files["..%2F..%2Fsome.pth"] = serialised(source)
    weights.load_weights(tiny(), server.url + "..%2F..%2Fsome.pth")
    (path,) = folder.iterdir()
    assert path.name.endswith("_some.pth")


def test_files_of_one_name_from_two_places_are_two(server, source, folder):
    """A name without a hash does not tell whose file it is."""
    for place in ("a", "b"):
        server.files[f"{place}/some.pth"] = serialised(source)
        weights.load_weights(tiny(), f"{server.url}{place}/some.pth")
    assert len(list(folder.iterdir())) == 2


def test_url_without_a_file():
    """A URL names a file at its end."""
    assert "names no file" in refused(tiny(), "http://127.0.0.1/")


def test_cache_that_cannot_be_written(folder, server, source):
    """A cache that cannot be written names TORCH_HOME."""
    server.files["some.pth"] = serialised(source)
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"a file where the folder should be")
    assert "set TORCH_HOME" in refused(tiny(), server.url + "some.pth")


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04"], ids=repr)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_foreign_file(tmp_path, content, suffix):
    """A file that is none of weights is refused."""
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    assert "delete it and get it again" in refused(tiny(), path)


def test_truncated_file(tmp_path, source):
    """A truncated file is refused."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(source)[:-500])
    assert "want a whole file" in refused(tiny(), path)


class Planted:
    """What would run code if it were unpickled freely."""

    def __reduce__(self):
        return print, ("planted",)


def test_nothing_in_a_file_runs(tmp_path, capsys):
    """A file with code in it is refused, and the code does not run."""
    torch.save({"conv1.weight": Planted()}, tmp_path / "net.pth")
    assert "cannot be read" in refused(tiny(), tmp_path / "net.pth")
    assert "planted" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [[1], {}, {"a": 1}, {1: torch.zeros(1)}], ids=repr)
def test_no_state_dict(tmp_path, content):
    """A file of something else is refused."""
    torch.save(content, tmp_path / "net.pth")
    assert "holds no state dict" in refused(tiny(), tmp_path / "net.pth")


def test_missing_file():
    """A file that is not there is no unknown name."""
    assert "there is no file 'none.pth'" in refused(tiny(), "none.pth")


def test_unknown_name():
    """An unknown name is refused with the legal ones, the nearest first."""
    message = refused(tiny(), "IMAGENET1K_V3", network="resnet50")
    assert "did you mean 'IMAGENET1K_V" in message
    assert (
        "want 'DEFAULT', 'IMAGENET1K_V1', 'IMAGENET1K_V2', a URL or a file" in message
    )


def test_other_architecture(tmp_path, source):
    """Weights of another network are refused with the names that differ."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(source))
    wider = ResNet(BasicBlock, [2, 1], num_classes=4, base_channels=4)
    message = refused(wider, path)
    assert "10 missing (layer1.1.conv1.weight, layer1.1.bn1.weight" in message
    assert "2 of another shape (fc.weight (3, 8) for (4, 8), fc.bias" in message
    assert "unexpected" not in message


def test_unexpected_entries(tmp_path, source):
    """Weights of a larger network are refused with the names that are too many."""
    path = tmp_path / "net.pth"
    larger = ResNet(BasicBlock, [2, 1], num_classes=3, base_channels=4)
    path.write_bytes(serialised(larger))
    message = refused(source, path)
    assert "12 unexpected (layer1.1.conv1.weight," in message


def test_a_refused_file_changes_nothing(tmp_path, source):
    """Weights that do not fit leave the network as it was."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(tiny(num_classes=4)))
    before = {key: value.clone() for key, value in source.state_dict().items()}
    refused(source, path)
    assert all(torch.equal(before[k], v) for k, v in source.state_dict().items())


@pytest.mark.parametrize(
    "options",
    [{"num_classes": 0}, {"out_indices": (0,)}, {"num_stages": 1, "out_indices": (0,)}],
    ids=str,
)
def test_parts_left_out(tmp_path, source, options):
    """A backbone loads the weights of the whole network."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(source))
    net = tiny(**options)
    weights.load_weights(net, path)
    assert torch.equal(source.layer1[0].conv1.weight, net.layer1[0].conv1.weight)


def test_before_num_batches_tracked(tmp_path, source):
    """Files from before batch norm counted its batches load."""
    state = source.state_dict()
    old = {key: value for key, value in state.items() if "num_batches" not in key}
    torch.save(old, tmp_path / "net.pth")
    net = tiny()
    weights.load_weights(net, tmp_path / "net.pth")
    assert same(source, net)


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_checkpoint(tmp_path, source, key):
    """A checkpoint of data parallel training loads."""
    state = {f"module.{name}": value for name, value in source.state_dict().items()}
    torch.save({key: state, "epoch": 90}, tmp_path / "net.pth")
    net = tiny()
    weights.load_weights(net, tmp_path / "net.pth")
    assert same(source, net)


def test_a_prefix_of_some_names_is_part_of_them(tmp_path, source):
    """Data parallel training puts it before all."""
    state = source.state_dict()
    state["module.fc.bias"] = state.pop("fc.bias")
    torch.save(state, tmp_path / "net.pth")
    message = refused(tiny(), tmp_path / "net.pth")
    assert "1 missing (fc.bias); 1 unexpected (module.fc.bias)" in message


def test_meta_device(tmp_path, source):
    """A network on the meta device takes the file's tensors as its own."""
    path = tmp_path / "net.pth"
    path.write_bytes(serialised(source))
    with torch.device("meta"):
        net = tiny()
        weights.load_weights(net, path)
    assert same(source, net)


def test_without_safetensors(tmp_path, monkeypatch):
    """Without safetensors the message says what to install."""
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    (tmp_path / "net.safetensors").write_bytes(b"")
    message = refused(tiny(), tmp_path / "net.safetensors")
    assert message.endswith("pip install 'resviz[weights]'")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Yes."""
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "shown"),
    [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)],
)
def test_progress(published, monkeypatch, stream, progress, shown):
    """Progress is on stderr, only where that is a terminal, unless silenced."""
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)
    weights.load_weights(tiny(), "NEW", network="tiny", progress=progress)
    assert shown is (published in stderr.getvalue())


@pytest.mark.parametrize("announces", [True, False])
def test_progress_names_the_size(published, server, monkeypatch, announces):
    """Where the server says it; a file of unknown length comes whole as well."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    server.announces = announces
    weights.load_weights(tiny(), "NEW", network="tiny")
    assert announces is (f"{published}, 0.0 MB" in sys.stderr.getvalue())


def test_published_files():
    """Seventeen files, each named for its network and with eight digits of a hash."""
    files = [
        (network, file)
        for network, names in weights.PUBLISHED_FILES.items()
        for file in names.values()
    ]
    assert len(files) == len(set(files)) == 17
    for network, file in files:
        assert re.fullmatch(rf"{network}-[0-9a-f]{{8}}\.pth", file)
        assert not file[-12:-4].isdigit()


def test_address(monkeypatch):
    """Published files are asked for at torchvision's address."""
    asked = []

    def note_download(url, path, check, *, progress):
        asked.append((url, progress))

    monkeypatch.setattr(weights, "download_file", note_download)
    with pytest.raises(FileNotFoundError), torch.device("meta"):
        resnet18(weights="DEFAULT", progress=False)
    url = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
    assert asked == [(url, False)]

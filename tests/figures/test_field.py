"""Fields over an image, against gradients of a real forward."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import torch
from PIL import Image
from torch import nn

import resviz
from resviz import models
from resviz.errors import RenderError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.field.views import list_views
from resviz.formats.pictures import svg as svg_format

from .conftest import NETWORKS, faults, texts, traced


def make_image(kind, size=(40, 30), colour=(200, 30, 40)):
    """The bytes of an image of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.fixture
def photo(tmp_path):
    """A function that writes an image and gives its path."""

    def photo(data=None, name="cat.png"):
        path = tmp_path / name
        path.write_bytes(make_image("png") if data is None else data)
        return str(path)

    return photo


@pytest.mark.parametrize("name", NETWORKS)
def test_fields_are_sound(network, name):
    """No text leaves the picture or lies on another."""
    picture = draw_diagram(network(name), "field").picture
    assert [] == sorted(set(faults(replace(picture, edges=()))))


def positive(model):
    """The model with weights that let every path through, in double precision."""
    model = model.eval().double()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.constant_(module.weight, 0.1)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    return model


def seen_pixels(model, stage, side, place):
    """First and last pixel, along y and x, that a position of a stage depends on."""
    image = torch.rand(1, 3, side, side, dtype=torch.double, requires_grad=True)
    kept = []
    hook = stage.register_forward_hook(lambda _, __, output: kept.append(output))
    model(image)
    hook.remove()
    y, x = place
    kept[0][0, :, y, x].sum().backward()
    rows, columns = (image.grad.abs().sum((0, 1)) > 0).nonzero().T
    return tuple((int(k.min()), int(k.max())) for k in (rows, columns))


@pytest.mark.parametrize(("depth", "side"), [(8, 40), (14, 45)])
def test_boxes_are_what_gradients_reach(depth, side):
    """Of the position whose field is nearest to the middle, cut by the borders."""
    model = positive(models.cifar_resnet(depth))
    views = list_views(resviz.trace(model, (3, side, side)))
    for number, view in enumerate(views[1:4], start=1):
        count = -(-side // 2 ** (number - 1))
        stage = getattr(model, f"layer{number}")
        shown = tuple((max(a, 0), min(b, side - 1)) for a, b in view.spans)
        found = [
            seen_pixels(model, stage, side, (p, p))
            for p in range(count // 2 - 1, min(count // 2 + 1, count))
        ]
        assert shown in found
        distance = abs(sum(view.spans[0]) / 2 - (side - 1) / 2)
        assert distance <= 2 ** (number - 1) / 2


def test_boxes_have_the_papers_sizes_to_scale(network):
    """Known fields of ResNet-50, and boxes as large as they say."""
    picture = draw_diagram(network("resnet50"), "field").picture
    said = texts(picture)
    for line in ("stem: 11×11", "conv2_x: 35×35", "conv3_x: 91×91", "head: all"):
        assert line in said
    sizes = [node.size for node in picture.nodes if node.role == "field"]
    (outline,) = picture.groups
    unit = outline.size[0] / 224
    assert [427, 267, 91, 35, 11] == [round(width / unit) for width, _ in sizes]
    assert all(width == pytest.approx(height) for width, height in sizes)


def test_what_has_no_box_is_named(network):
    """A field that is far larger than the input, gates, what is not known."""
    said = " ".join(texts(draw_diagram(network("resnet152"), "field").picture))
    assert "too large for a box: conv4_x, conv5_x" in said
    assert "conv5_x: 1451×1451" in said
    said = " ".join(texts(draw_diagram(network("gated"), "field").picture))
    assert "left out: 2 gates on the whole input, first at" in " ".join(said.split())
    assert "eft out: 2 gates on the whole input" in describe_figure(
        network("gated"), "field"
    )


def test_sentences_say_each_field(network):
    """And on what they lie."""
    said = describe_figure(network("resnet18"), "field")
    assert "as boxes over a grid of 224×224 pixels" in said
    assert "conv2_x sees 43×43 pixels" in said
    assert "head sees all of the input" in said


def test_equal_fields_in_a_row_have_one_name():
    """Nothing is left out: the last one stands beside the first."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(1, 2), nn.Conv2d(4, 4, 1))
    views = list_views(resviz.trace(net, (3, 8, 8)))
    assert ["0 to 2"] == [view.name for view in views]


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_the_image_is_in_the_svg(network, photo, kind):
    """Byte for byte, in the input's place, below all else."""
    data = make_image(kind)
    path = photo(data, f"cat.{kind}")
    drawn = draw_diagram(network("resnet18"), "field", image=path)
    root = ET.fromstring(drawn.to_svg())
    (image,) = root.iter("{http://www.w3.org/2000/svg}image")
    head, _, body = image.get("href").partition(",")
    assert f"data:image/{kind};base64" == head
    assert data == base64.b64decode(body)
    (outline,) = drawn.picture.groups
    assert svg_format.format_length(outline.size[0]) == image.get("width")
    assert path not in drawn.to_svg()
    assert "over an image" in describe_figure(network("resnet18"), "field", image=path)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_the_image_is_in_png_and_pdf(network, photo, kind):
    """Its colour stands where no line is; a PDF holds an image."""
    path = photo(make_image(kind), f"cat.{kind}")
    drawn = draw_diagram(network("resnet18"), "field", image=path)
    (image,) = drawn.picture.images
    pixels = Image.open(io.BytesIO(drawn.to_png(dpi=96))).convert("RGB")
    left, top = (image.at[k] - image.size[k] / 2 for k in (0, 1))
    shown = pixels.getpixel((int(left + 4), int(top + 20)))
    assert all(abs(a - b) < 8 for a, b in zip(shown, (200, 30, 40), strict=True))
    bare = draw_diagram(network("resnet18"), "field")
    assert [True, False] == [
        b"/Subtype/Image" in each.to_pdf().replace(b" ", b"") for each in (drawn, bare)
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<svg><script>alert(1)</script></svg>", "is no whole PNG or JPEG"),
        (b"", "is no whole PNG or JPEG"),
        (make_image("png")[:-12], "is no whole PNG or JPEG"),
        (make_image("jpeg")[:200], "is no whole PNG or JPEG"),
        (make_image("gif"), "is no whole PNG or JPEG"),
        (make_image("png") + b"\0" * 2**22, "more than 4.00 MiB"),
        (
            make_image("png")[:16] + b"\0\1\0\0\0\1\0\0" + make_image("png")[24:],
            "has 65536×65536 pixels, want at most 40,000,000",
        ),
    ],
)
def test_other_files_are_refused(network, photo, data, message):
    """By their content; the message names the file, not where it lies."""
    path = photo(data)
    with pytest.raises(RenderError, match=re.escape(message)) as caught:
        draw_diagram(network("resnet18"), "field", image=path)
    assert "'cat.png'" in str(caught.value)
    assert path not in str(caught.value)


def test_a_missing_file_is_named(network, tmp_path):
    """With what the system says."""
    with pytest.raises(
        RenderError, match=r"'no.jpg' cannot .*, No such file .*: want a"
    ):
        draw_diagram(network("resnet18"), "field", image=str(tmp_path / "no.jpg"))


def test_images_belong_to_fields_alone(network, photo):
    """Another figure and TikZ refuse them, with a remedy."""
    with pytest.raises(RenderError, match="only the figure 'field' lies over an image"):
        draw_diagram(network("resnet18"), "overview", image=photo())
    drawn = draw_diagram(network("resnet18"), "field", image=photo())
    with pytest.raises(RenderError, match=r"want .pdf, or leave it out"):
        drawn.to_tikz()
    assert "rectangle" in draw_diagram(network("resnet18"), "field").to_tikz()


def test_an_input_that_is_no_image_is_refused():
    """A signal has one axis; where no field is known, the reason is said."""
    arch = resviz.trace(nn.Conv1d(3, 4, 3), (3, 32))
    with pytest.raises(RenderError, match="has 1 axes of positions"):
        draw_diagram(arch, "field")

    class Sums(nn.Module):
        def forward(self, x):
            return torch.cumsum(x, 2)

    with pytest.raises(RenderError, match="no field of the input is known, not known"):
        draw_diagram(resviz.trace(Sums(), (3, 8, 8)), "field")


def test_channels_last_and_tokens_have_their_place():
    """A box of a ViT's patch is one patch, near the middle."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patch = nn.Conv2d(3, 8, 8, 8)
            self.norm = nn.LayerNorm(8)

        def forward(self, x):
            return self.norm(self.patch(x).flatten(2).transpose(1, 2))

    (view,) = list_views(resviz.trace(Tokens(), (3, 32, 32)))
    assert view.spans in {((8, 15), (8, 15)), ((16, 23), (16, 23))}


def test_hostile_names_stay_text(hostile):
    """Of networks and of the stages."""
    picture = draw_diagram(hostile[0], "field").picture
    assert [] == sorted(set(faults(replace(picture, edges=()))))
    ET.fromstring(draw_diagram(hostile[0], "field").to_svg())


@pytest.mark.parametrize("width", ["3.25in", None])
def test_without_a_title_the_image_moves_too(photo, width):
    """It stays in the frame that is drawn around it."""
    for no_title in (False, True):
        picture = draw_diagram(
            traced("resnet18"), "field", image=photo(), no_title=no_title, width=width
        ).picture
        (image,), (frame,) = picture.images, picture.groups
        assert (image.at, image.size) == (frame.at, frame.size)

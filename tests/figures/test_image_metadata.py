"""Images in figures say nothing of who took them, where and when."""

import io

import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from resviz.figures.field.image import read_image
from resviz.figures.field.metadata import read_orientation

SECRET = b"Jane Doe, 48.2 N"

SIZE = (40, 30)


def paint():
    """An image with unlike pixels."""
    image = Image.new("RGB", SIZE)
    image.putdata(
        [(x * 6, y * 8, (x * y) % 256) for y in range(SIZE[1]) for x in range(SIZE[0])]
    )
    return image


def write_exif(orientation):
    """The author, a place, and which way up it is."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = SECRET.decode()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = SECRET.decode()
    return exif


def write(kind, **options):
    """The bytes of a file."""
    out = io.BytesIO()
    paint().save(out, kind, **options)
    return out.getvalue()


def read(tmp_path, data):
    """The file as a figure holds it, and what a viewer reads of it."""
    (tmp_path / "cat.any").write_bytes(data)
    held = read_image(str(tmp_path / "cat.any")).data
    return held, Image.open(io.BytesIO(held))


def pack_text():
    """What a PNG says in words, packed and not."""
    said = PngImagePlugin.PngInfo()
    said.add_text("Author", SECRET.decode())
    said.add_itxt("Comment", SECRET.decode())
    return said


FILES = {
    "jpeg": lambda way: write("jpeg", exif=write_exif(way), comment=SECRET),
    "progressive": lambda way: write("jpeg", exif=write_exif(way), progressive=True),
    "xmp": lambda way: write("jpeg", exif=write_exif(way), xmp=SECRET),
    "png": lambda way: write("png", exif=write_exif(way), pnginfo=pack_text()),
}


@pytest.mark.parametrize("way", range(1, 9))
@pytest.mark.parametrize("name", FILES)
def test_no_word_is_left(tmp_path, name, way):
    """Pixels are the same ones, and so is which way up they are shown."""
    data = FILES[name](way)
    held, image = read(tmp_path, data)
    assert SECRET in data
    assert SECRET not in held
    before = Image.open(io.BytesIO(data))
    assert before.tobytes() == image.tobytes()
    assert way == image.getexif().get(ExifTags.Base.Orientation, 1)
    assert {ExifTags.Base.Orientation} >= {*image.getexif()}


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_what_hangs_behind_is_cut_off(tmp_path, kind):
    """As the film behind a moving photo."""
    held, image = read(tmp_path, write(kind) + SECRET * 500)
    assert SECRET not in held
    assert SIZE == image.size


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_colours_keep_their_profile(tmp_path, kind):
    """A wide gamut is shown as one."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _, image = read(tmp_path, write(kind, icc_profile=profile))
    assert profile == image.info["icc_profile"]


@pytest.mark.parametrize("cut", [b"", b"II", b"II*\0", b"MM\0*\0\0\xff\xff", b"XX*\0"])
def test_broken_words_are_none(cut):
    """An orientation that cannot be read is as stored."""
    assert 1 == read_orientation(cut)
    assert 1 == read_orientation(cut.ljust(8, b"\0") + b"\xff" * 40)

"""Numbers and shapes as people write them."""

import pytest
import torch

from resviz import units


@pytest.mark.parametrize(
    ("number", "digits", "shown"),
    [
        (0, 3, "0"),
        (999, 3, "999"),
        (1000, 3, "1.00 k"),
        (25_557_032, 3, "25.6 M"),
        (25_557_032, 4, "25.56 M"),
        (4_089_184_256, 4, "4.089 G"),
        (123_456, 3, "123 k"),
        (123_456, 2, "123 k"),
        (10**12, 3, "1.00 T"),
        (999_499, 3, "999 k"),
        (999_999, 3, "1.00 M"),
        (9_999_999, 3, "10.0 M"),
        (999_999_999, 4, "1.000 G"),
        (12_345 * 10**12, 3, "12345 T"),
    ],
)
def test_a_count_has_as_many_digits_as_are_asked_for(number, digits, shown):
    """In the largest unit of which there is one once rounded; whole numbers whole."""
    assert shown == units.format_count(number, digits)


def test_a_mebibyte_is_a_power_of_two():
    """ResNet-50 has 25,557,032 parameters of 4 bytes: 97.49 MiB, 102.23 MB."""
    assert "97.49" == units.format_mebibytes(4 * 25_557_032)
    assert "1.00" == units.format_mebibytes(1_048_576)


@pytest.mark.parametrize(
    "name",
    ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64",
     "complex64", "complex128", "float8_e4m3fn"],
)  # fmt: skip
def test_a_value_has_the_bytes_that_torch_gives_it(name):
    """Read off the name alone."""
    assert getattr(torch, name).itemsize == units.dtype_itemsize(name)


@pytest.mark.parametrize(
    ("shape", "shown"),
    [((1, 256, 56, 28), "56×28×256"), ((1, 1000), "1000"), ((5,), "5"), ((), "1")],
)
def test_a_map_is_written_with_its_channels_last(shape, shown):
    """As the paper does, and without the batch."""
    assert shown == units.format_feature_map(shape)


def test_a_number_of_things_has_groups_of_digits():
    """As every other number of a figure."""
    assert ["1 layer", "0 layers", "1,070 layers"] == [
        units.format_plural(number, "layer") for number in (1, 0, 1070)
    ]

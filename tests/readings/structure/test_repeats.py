"""Patterns that repeat at once."""

import pytest

from resviz.readings.structure.repeats import find_repeats


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ("ABABAB", [("AB", 3)]),
        ("AAAA", [("A", 4)]),
        ("CABABD", [("C", 1), ("AB", 2), ("D", 1)]),
        ("ABC", [("A", 1), ("B", 1), ("C", 1)]),
        ("AABAAB", [("AAB", 2)]),
        ("", []),
    ],
)
def test_patterns_come_with_their_count(things, said):
    """What covers most from where it begins."""
    assert said == list(find_repeats(things))

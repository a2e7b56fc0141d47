"""Which warnings are errors in a test run."""

import warnings

import pytest

SOON = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def warn(kind, module):
    """Warn as a line of a module would."""
    warnings.warn_explicit("soon gone", kind, f"{module}.py", 1, module)


@pytest.mark.parametrize("kind", SOON)
@pytest.mark.parametrize("module", ["pandas.core.frame", "resvizard", "testsuite"])
def test_a_dependency_may_warn_of_what_it_calls_itself(kind, module):
    """It is no fault of ours, and any release may bring it."""
    with warnings.catch_warnings(record=True) as caught:
        warn(kind, module)
    assert [kind] == [one.category for one in caught]


@pytest.mark.parametrize("kind", [*SOON, UserWarning])
@pytest.mark.parametrize("module", ["resviz.api", "resviz", "tests.test_warnings"])
def test_a_warning_of_our_own_calls_is_an_error(kind, module):
    """Those that will not work with a later release, too."""
    with pytest.raises(kind, match="soon gone"):
        warn(kind, module)


def test_any_other_warning_is_an_error_wherever_it_comes_from():
    """A file left open, a number that is none."""
    with pytest.raises(RuntimeWarning, match="soon gone"):
        warn(RuntimeWarning, "pandas.core.frame")

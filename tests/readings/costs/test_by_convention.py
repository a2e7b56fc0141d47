"""What is no product and has a usual count: transforms, matrices, distances."""

from math import log2

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.models.catalogue import build_network
from resviz.readings import costs
from tests.forwards import Function

N = 2
"""The batch."""


def grow(x):
    """Make a square matrix of each sample positive definite."""
    return x + 9 * torch.eye(x.shape[-1])


FORMS = {
    "a transform of real values, 2.5·N·log₂N FLOPs": (
        torch.fft.rfft2,
        (3, 8, 16),
        N * 3 * 5 * 128 * log2(128) / 4,
    ),
    "and back": (
        lambda x: torch.fft.irfft2(torch.fft.rfft2(x)),
        (3, 8, 16),
        2 * N * 3 * 5 * 128 * log2(128) / 4,
    ),
    "one of complex values, 5·N·log₂N": (
        lambda x: torch.fft.fft(torch.fft.fft(x, dim=1), dim=2),
        (8, 16),
        N * 5 * (128 * log2(8) / 4 + 128 * log2(16) / 2),
    ),
    "one along an axis that is no power of two": (
        lambda x: torch.fft.rfft(x, dim=1),
        (12, 5),
        round(N * 5 * 60 * log2(12) / 4),
    ),
    "one over frames, as they overlap": (
        lambda x: torch.stft(
            x, 16, 8, window=torch.ones(16), center=False, return_complex=True
        ).abs(),
        (32,),
        N * 3 * 5 * 16 * log2(16) / 4,
    ),
    "one of a single value": (torch.fft.rfft, (1,), 0),
    "LU factors, 2/3·n³ FLOPs": (torch.linalg.lu_factor, (6, 6), N * 6**3 // 3),
    "LU factors of a wide matrix": (
        torch.linalg.lu_factor,
        (4, 6),
        N * (3 * 6 * 16 - 64) // 6,
    ),
    "a determinant": (torch.linalg.det, (6, 6), N * 6**3 // 3),
    "its logarithm": (torch.linalg.slogdet, (6, 6), N * 6**3 // 3),
    "a Cholesky factor, 1/3·n³": (
        lambda x: torch.linalg.cholesky(grow(x)),
        (6, 6),
        N * 6**3 // 6,
    ),
    "an inverse, 2·n³": (lambda x: torch.linalg.inv(grow(x)), (6, 6), N * 6**3),
    "a solution, 2·n² a vector besides": (
        lambda x: torch.linalg.solve(x[..., :6], x[..., 6:]),
        (6, 9),
        N * (6**3 // 3 + 6 * 6 * 3),
    ),
    "a solution of X·A = B": (
        lambda x: torch.linalg.solve(x[:, :6], x[:, 6:], left=False),
        (9, 6),
        N * (6**3 // 3 + 6 * 6 * 3),
    ),
    "a triangular solution, n² a vector": (
        lambda x: torch.linalg.solve_triangular(x[..., :6], x[..., 6:], upper=True),
        (6, 9),
        N * 6 * 6 * 3 // 2,
    ),
    "a solution with a Cholesky factor": (
        lambda x: torch.cholesky_solve(x[..., 6:], x[..., :6]),
        (6, 9),
        N * 6 * 6 * 3,
    ),
    "Q and R of a square matrix, 8/3·n³": (
        torch.linalg.qr,
        (6, 6),
        N * (6**3 * 2 // 3 + 6**3 * 2 // 3),
    ),
    "R alone, 2·n²·(m − n/3)": (
        lambda x: torch.linalg.qr(x, mode="r")[1],
        (9, 3),
        N * (9 * 9 - 9),
    ),
    "distances": (lambda x: torch.cdist(x, x), (5, 4), N * 5 * 5 * 4),
    "distances of another norm": (lambda x: torch.cdist(x, x, 1), (5, 4), N * 100),
    "distances by a product": (
        lambda x: torch.cdist(x, x[:, :2]),
        (30, 4),
        N * 30 * 2 * 4,
    ),
    "distances within": (F.pdist, (4,), 4),
}


@pytest.mark.parametrize("case", FORMS)
def test_closed_forms(case):
    """The count is that of the convention, nothing is left out, and a note says so."""
    function, shape, expected = FORMS[case]
    arch = resviz.trace(Function(function), shape, batch=N)
    assert (expected, ()) == (arch.macs, arch.uncounted)
    by_convention = costs.sum_macs_by_convention(arch)
    assert [expected] == list(by_convention.values())


def test_transforms_are_counted_in_real_numbers():
    """FLOPs are, so that no total of complex numbers has them."""
    arch = resviz.trace(Function(lambda x: torch.fft.ifft(torch.fft.fft(x))), (8,))
    assert 0 == costs.count_complex_macs(arch) < arch.macs


def test_tables_say_by_which_convention():
    """Below every total, and below Table 1."""
    model = nn.Sequential(
        build_network("resnet18", out_indices=[3]),
        Function(lambda maps: torch.fft.rfft2(maps[0])),
    )
    arch = resviz.trace(model, (3, 128, 128))
    note = (
        "40,960 of the MACs by convention: Fourier transforms, 5·N·log₂N FLOPs, half "
        "if real"
    )
    assert 40_960 == 512 * 16 * 4 * 5 / 4
    for table in (resviz.summary(arch), resviz.table(arch), resviz.layers(arch)):
        assert note in table.notes


def test_a_record_that_does_not_say_along_which_axes_has_a_gap(tmp_path):
    """It was made before transforms were counted: no silent zero."""
    path = tmp_path / "fft.json"
    resviz.trace(Function(torch.fft.rfft2), (3, 8, 8)).save(path)
    text = path.read_text()
    cut = text.replace('"dim"', '"dimension"')
    assert cut != text
    path.write_text(cut)
    arch = resviz.load(path)
    assert (["_fft_r2c"], 0) == ([gap.operation for gap in arch.uncounted], arch.macs)


def test_no_other_tool_is_claimed_to_count_them():
    """None was compared on a transform."""
    arch = resviz.trace(Function(torch.fft.rfft2), (3, 8, 8))
    found = resviz.costs(arch).to_dict()["conventions"]
    totals = {tool["name"]: one["total"] for one in found for tool in one["tools"]}
    assert totals["fvcore"] is None

"""Linear algebra: factors, inverses and solutions; and distances of all pairs.

How often a matrix is gone through is told by its shape for those that are counted. The
counts are LAPACK's, their highest powers alone, half the FLOPs.
Source: LAPACK Working Note 41, appendix C; Golub and Van Loan, Matrix Computations.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import OperationKind

if TYPE_CHECKING:
    from resviz.operations.kind import MacRule
    from resviz.record import Operation, Shape


def split_matrix(shape: Shape) -> tuple[int, int, int]:
    """Return how many matrices a tensor holds, and their rows and columns."""
    rows, columns = (1, 1, *shape)[-2:]
    return prod(shape[:-2]), rows, columns


def count_lu(shape: Shape) -> int:
    """Return the MACs of the LU factors of (…, M, N), N³/3 of a square one."""
    matrices, m, n = split_matrix(shape)
    long, short = max(m, n), min(m, n)
    return matrices * (3 * long * short**2 - short**3) // 6


def count_lu_macs(op: Operation) -> int:
    """Count the MACs of LU factors; of a determinant, which is made of them, too."""
    return count_lu(op.inputs[0])


def count_symmetric_macs(op: Operation) -> int:
    """Count the MACs of the factors of a symmetric matrix, N³/6."""
    return prod(op.inputs[0]) * op.inputs[0][-1] // 6


def count_inverse_macs(op: Operation) -> int:
    """Count the MACs of an inverse, N³: those of LU factors, and what follows."""
    return prod(op.inputs[0]) * op.inputs[0][-1]


def count_inverse_of_factor_macs(op: Operation) -> int:
    """Count the MACs of an inverse from a Cholesky factor, N³/3."""
    return prod(op.inputs[0]) * op.inputs[0][-1] // 3


def count_solution_macs(op: Operation) -> int:
    """Count the MACs of A·X = B or X·A = B: N³/3, and N² for each vector of B."""
    factors = (*op.outputs[1:2], op.inputs[0])[0]
    return count_lu(factors) + prod(op.outputs[0]) * op.inputs[0][-1]


def make_substitution_rule(matrix: int, passes: int) -> MacRule:
    """Make the rule of a solution with factors: N²/2 a vector and pass.

    Args:
        matrix: which operand holds the factor.
        passes: substitutions, one for each triangular factor.
    """
    return lambda op: passes * prod(op.outputs[0]) * op.inputs[matrix][-1] // 2


def count_reflectors(rows: int, columns: int, reflectors: int) -> int:
    """Return the MACs that make K reflectors a matrix Q of M rows and N columns."""
    m, n, k = rows, columns, reflectors
    return (6 * m * n * k - 3 * (m + n) * k**2 + 2 * k**3) // 3


def count_triangle(rows: int, columns: int) -> int:
    """Return the MACs of R of a matrix (M, N), M·N² − N³/3 if it is tall."""
    long, short = max(rows, columns), min(rows, columns)
    return (3 * long * short**2 - short**3) // 3


def count_triangle_macs(op: Operation) -> int:
    """Count the MACs of R, with Q left as reflectors."""
    matrices, m, n = split_matrix(op.inputs[0])
    return matrices * count_triangle(m, n)


def count_qr_macs(op: Operation) -> int:
    """Count the MACs of Q and R, or of R alone where Q is left out."""
    matrices, m, n = split_matrix(op.inputs[0])
    macs = count_triangle(m, n)
    if prod(op.outputs[0]):
        macs += count_reflectors(m, op.outputs[0][-1], min(m, n))
    return matrices * macs


def count_householder_macs(op: Operation) -> int:
    """Count the MACs of Q from its reflectors (…, M, N) and their factors (…, K)."""
    matrices, m, n = split_matrix(op.inputs[0])
    return matrices * count_reflectors(m, n, op.inputs[1][-1])


def count_rotation_macs(op: Operation) -> int:
    """Count the MACs of Q·C or C·Q, Q as K reflectors: K·(2M − K) for each vector.

    Shapes: reflectors (…, M, K), factors (…, K), C (…, M, N), or (…, N, M).
    """
    _, m, k = split_matrix(op.inputs[0])
    vectors = prod(op.outputs[0]) // m if m else 0
    return vectors * k * (2 * m - k)


def count_distance_macs(op: Operation) -> int:
    """Count one MAC for each coordinate of each pair, whatever the norm."""
    return prod(op.outputs[0]) * op.inputs[0][-1]


algebra = partial(
    OperationKind,
    min_operands=1,
    convention="factors and solutions of matrices, as LAPACK counts them",
)
right_factor = partial(algebra, min_operands=2)
distance = partial(
    OperationKind,
    min_operands=1,
    macs=count_distance_macs,
    convention="distances, one for each coordinate of each pair",
)

ROWS = (
    algebra("linalg_lu", macs=count_lu_macs),
    algebra("linalg_lu_factor_ex", macs=count_lu_macs),
    algebra("_linalg_det", macs=count_lu_macs),
    algebra("_linalg_slogdet", macs=count_lu_macs),
    algebra("cholesky", macs=count_symmetric_macs),
    algebra("linalg_cholesky_ex", macs=count_symmetric_macs),
    algebra("linalg_ldl_factor_ex", macs=count_symmetric_macs),
    algebra("linalg_inv_ex", macs=count_inverse_macs),
    algebra("cholesky_inverse", macs=count_inverse_of_factor_macs),
    algebra("_linalg_solve_ex", macs=count_solution_macs),
    algebra("linalg_lu_solve", macs=make_substitution_rule(0, 2)),
    algebra("linalg_ldl_solve", macs=make_substitution_rule(0, 2)),
    right_factor("cholesky_solve", macs=make_substitution_rule(1, 2)),
    right_factor("_cholesky_solve_helper", macs=make_substitution_rule(1, 2)),
    algebra("linalg_solve_triangular", macs=make_substitution_rule(0, 1)),
    right_factor("triangular_solve", macs=make_substitution_rule(1, 1)),
    algebra("geqrf", macs=count_triangle_macs),
    algebra("linalg_qr", macs=count_qr_macs),
    algebra("linalg_householder_product", min_operands=2, macs=count_householder_macs),
    algebra("ormqr", min_operands=3, macs=count_rotation_macs),
    distance("_cdist_forward"),
    distance("_euclidean_dist"),
    distance("_pdist_forward"),
)

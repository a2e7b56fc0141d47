"""Meta kernels for products of which torch's ask for more than its other kernels.

Torch's are those of one accelerator: groups in bfloat16 alone, sizes that 16 divides.
Elsewhere it takes others, and raises what is raised here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    MetaKernel: TypeAlias = Callable[..., torch.Tensor]

aten = torch.ops.aten

GROUPED = aten._grouped_mm.default  # noqa: SLF001 - ATen names

SCALED = aten._scaled_mm.default  # noqa: SLF001 - ATen names

SCALED_BY_RECIPE: Any = (  # which older versions of torch have not
    aten._scaled_mm_v2.default if hasattr(aten, "_scaled_mm_v2") else None  # noqa: SLF001
)

GROUPED_DTYPES = (torch.float32, torch.float16)
"""Dtypes of products in groups, besides the one that torch's meta kernel takes."""

ALIGNED_BYTES = 16
"""What the strides of products in groups are multiples of."""


def multiply_groups(
    mat_a: torch.Tensor,
    mat_b: torch.Tensor,
    offs: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    out_dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Return the product of the rows of each group with its matrix.

    Shapes: (M, K) · (G, K, N) is (M, N), (G, M, K) · (K, N) too; (M, K) · (K, N) is
    (G, M, N), as is (G, M, K) · (G, K, N), which has no offsets of groups.
    """
    if mat_a.dtype not in GROUPED_DTYPES:
        return GROUPED(mat_a, mat_b, offs, bias, out_dtype)
    for name, matrix in (("mat_a", mat_a), ("mat_b", mat_b)):
        check(matrix.dim() in {2, 3}, f"{name} has to be 2 or 3d")
    ranks = mat_a.dim(), mat_b.dim()
    check(
        mat_a.dtype == mat_b.dtype,
        "expected m1 and m2 to have the same dtype, but got: "
        f"{mat_a.dtype} != {mat_b.dtype}",
    )
    check(
        mat_a.shape[-1] == mat_b.shape[-2],
        "contraction dimension of mat_a and mat_b must match",
    )
    for matrix in (mat_a, mat_b):
        check_strides(matrix)
    check(
        (offs is None) == (ranks == (3, 3)),
        "Have to provide offsets if there is a 2d matrix, or no offset if both "
        "matrices are 3d",
    )
    groups = mat_a.shape[0] if offs is None else check_offsets(offs)
    counts = {m.shape[0] for m in (mat_a, mat_b) if m.dim() == 3}
    whose = "matrix batch sizes have" if offs is not None else "batched dimension has"
    check(counts <= {groups}, f"{whose} to match")
    check(bias is None, "Bias not supported yet")
    check(
        out_dtype in {None, mat_a.dtype},
        "Grouped gemm output dtype must match `mat_a` dtype",
    )
    rows, columns = mat_a.shape[-2], mat_b.shape[-1]
    step = ALIGNED_BYTES // mat_a.element_size()
    width = -(-columns // step) * step
    is_flat = ranks in {(2, 3), (3, 2)}
    shape = (rows, columns) if is_flat else (groups, rows, columns)
    strides = (width, 1) if is_flat else (rows * width, width, 1)
    return mat_a.new_empty_strided(shape, strides)


def check_strides(matrix: torch.Tensor) -> None:
    """Check that rows or columns lie one after another, and begin at 16 bytes."""
    across, along = sorted(matrix.stride()[-2:], reverse=True)
    is_by_rows = matrix.stride(-1) == 1
    length = matrix.shape[-1] if is_by_rows else matrix.shape[-2]
    check(
        along == 1 and across >= max(1, length),
        f"Invalid strides/sizes, got {list(matrix.stride())} for strides and "
        f"{list(matrix.shape)} for sizes",
    )
    check(
        across * matrix.element_size() % ALIGNED_BYTES == 0,
        "strides should be multiple of 16 bytes",
    )


def check_offsets(offs: torch.Tensor) -> int:
    """Check the offsets of groups, and return how many there are."""
    check(offs.dim() == 1, "offs has to be 1D")
    check(offs.dtype == torch.int32, "Offsets have to be int32")
    return len(offs)


def multiply_scaled(
    x: torch.Tensor, weight: torch.Tensor, *rest: Any, **options: Any
) -> torch.Tensor:
    """Return the product of two matrices of 8 bits, (M, K) · (K, N)."""
    if not {x.dtype, weight.dtype} <= FLOAT8_DTYPES:  # of four bits, or refused
        return SCALED(x, weight, *rest, **options)
    bias, _, out_dtype = (*rest[2:5], None, None, None)[:3]
    return multiply_bytes(x, weight, **{"bias": bias, "out_dtype": out_dtype} | options)


def multiply_scaled_by_recipe(
    x: torch.Tensor, weight: torch.Tensor, *rest: Any, **options: Any
) -> torch.Tensor:
    """Return the same, of an operation with lists of scales."""
    if not {x.dtype, weight.dtype} <= FLOAT8_DTYPES:
        return SCALED_BY_RECIPE(x, weight, *rest, **options)
    bias, out_dtype = (*rest[6:8], None, None)[:2]
    return multiply_bytes(x, weight, **{"bias": bias, "out_dtype": out_dtype} | options)


def multiply_bytes(
    x: torch.Tensor,
    weight: torch.Tensor,
    *,
    bias: torch.Tensor | None,
    out_dtype: torch.dtype | None,
    **_: Any,
) -> torch.Tensor:
    """Check two matrices and a bias, and return their product."""
    for name, matrix in (("mat1", x), ("mat2", weight)):
        check(matrix.dim() == 2, f"{name} must be a matrix")
    (m, k), (other, n) = x.shape, weight.shape
    check(
        k == other,
        f"mat_a and mat_b shapes cannot be multiplied ({m}x{k} and {other}x{n})",
    )
    if bias is not None:
        check(bias.numel() == n, f"Bias must be size {n} but got {bias.numel()}")
    return x.new_empty((m, n), dtype=out_dtype or x.dtype)


FLOAT8_DTYPES = {
    torch.float8_e4m3fn,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2,
    torch.float8_e5m2fnuz,
}
"""Floating-point numbers of 8 bits, one in each place."""


def check(holds: bool, message: str) -> None:
    """Raise what torch's kernels do where something does not hold."""
    if not holds:
        raise RuntimeError(message)


META_KERNELS: dict[Any, MetaKernel] = {
    GROUPED: multiply_groups,
    SCALED: multiply_scaled,
    SCALED_BY_RECIPE: multiply_scaled_by_recipe,
}
"""The kernel of each operation that wants one of ours."""

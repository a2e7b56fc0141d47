"""What decides between networks: changes, limits, sizes, devices, variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import source
from resviz.options.keywords import takes_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Unpack

    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it has none

    from resviz.inputs import InputSize
    from resviz.options import TraceOptions
    from resviz.source import TraceableSource
    from resviz.tables.table import Table


@takes_options
def compare(
    a: TraceableSource,
    b: TraceableSource,
    *more: TraceableSource,
    only: str | None = None,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return what changed from one network to another, a row a change, in words.

    Each change has its share of the difference in parameters, MACs and activations,
    and the shares add up to it; the rule stands below the table. Networks are aligned
    by how they are built, and names decide nothing. Of two inputs, a first network that
    is no record is traced on both, so that the input's share is told first.

    Args:
        a: a record, a model, or a SPEC.
        b: another.
        more: further variants of the first: then there is a column a network, of rows
            the stages that differ, and below them the differences of costs.
        only: changes of "structure": of layers and how they are connected; of "shapes":
            of widths, groups, strides and the input; of "costs": those with a share.
            All others are one row then, and left out of `to_dict`.
        tracing: as for `trace`, of both.

    Raises:
        ResvizError: as `trace`; SpecError for a wrong `only`, or if one record follows
            training mode and the other evaluation.

    Example:
        >>> compare(50, "wide_resnet50_2").to_dict()["changes"][0]["sentence"]
        'the 3×3 of every block is twice as wide (128 instead of 64 in conv2_x)'
    """
    from resviz.source.other_inputs import trace_on_input_of
    from resviz.tables.variants import compare_networks

    before, *variants = (
        source.resolve_architecture(network, **tracing) for network in (a, b, *more)
    )
    resized = [trace_on_input_of(a, before, arch, tracing) for arch in variants]
    return compare_networks(before, variants, resized, only=only)


@takes_options
def features(
    network: TraceableSource,
    *,
    out_indices: Sequence[int] | str | None = None,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a stage: the map that it gives, as a detector's neck asks for.

    Channels, size, stride at this input, receptive field, MACs up to there, and the
    module whose output it is. `to_dict()["configuration"]` has what a detector asks of
    a backbone: `return_layers`, `out_indices`, `in_channels`.

    Args:
        network: a record, a model, or a SPEC.
        out_indices: the numbers of stages to show, from 0 on; all if left out.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError for a number of no stage.

    Example:
        >>> features("resnet50").to_dict()["configuration"]["in_channels"]
        [256, 512, 1024, 2048]
    """
    from resviz.tables.features import feature_table

    arch = source.resolve_architecture(network, **tracing)
    return feature_table(arch, out_indices=out_indices)


@takes_options
def identify(path: str | Path) -> Table:
    """Say which network a file of weights is of, by names and shapes alone.

    No weight is read, torch is not needed, and no code in the file is run.

    Args:
        path: of a `.safetensors`, `.pth`, `.pt` or `.bin` file, or an index of shards.

    Returns:
        A row a fact. `to_dict()["spec"]` builds the network in every other function;
        None where none of ours has the same names and shapes.

    Raises:
        SpecError: for a file that is missing, truncated or another's, or a pickle that
            wants to run code.
    """
    from resviz.checkpoints import identify_tensors, read_checkpoint
    from resviz.tables.identify import identify_table

    content = read_checkpoint(path)
    return identify_table(content, identify_tensors(content.groups))


@takes_options
def check(*names: str, path: str | Path | None = None, update: bool = False) -> Table:
    """Return the budgets of a project's networks, a row a limit, a line a breach.

    They are the tables `[[tool.resviz.check]]` of its `pyproject.toml`; code that they
    name is run, as that of a SPEC. `resviz.testing.assert_within` does so for one.

    Args:
        names: of the networks to check, or their SPECs; all if left out.
        path: the file; if left out, the nearest `pyproject.toml` of this repository.
        update: write the stored records anew, before limits are told from them.

    Raises:
        SpecError: if there is no budget, or one cannot be read; says where.
        ResvizError: if a network cannot be traced, or a record not read or written.
    """
    from resviz.budgets.run import check_project
    from resviz.tables.check import check_table

    project = check_project(names, path=path, update=update, remedy="path=FILE")
    return check_table(project)


@takes_options
def sizes(
    network: TraceableSource,
    sizes: object = None,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a size of the input: its last map, costs, and what is wasted.

    Of a record all are worked out without a trace.

    Args:
        network: a record, a model, or a SPEC.
        sizes: one or a list, each a side, sides as (H, W), or text: "160", "320x480",
            "128..512:32". If left out, those around the traced one in steps of the
            total stride.
        tracing: as for `trace`, of the one that is recorded.

    Raises:
        ResvizError: as `trace`; SpecError for a wrong size, or if its input is not one
            batch of maps.

    Example:
        >>> [(row["input"], row["map"]) for row in sizes("resnet50", [224, 225])]
        [('224×224', '7×7'), ('225×225', '8×8')]
    """
    from resviz.source.other_inputs import make_retracer
    from resviz.tables.sizes import sizes_table

    arch = source.resolve_architecture(network, **tracing)
    return sizes_table(arch, sizes=sizes, trace_at=make_retracer(network, tracing))


@takes_options
def roofline(
    network: TraceableSource,
    *,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    measure: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return lower bounds of time, a row a device, or of one device a row a layer.

    A layer takes at least as long as its bytes do at the device's bandwidth, and its
    FLOPs at its peak. It is a bound and no prediction.

    Args:
        network: a record, a model, or a SPEC.
        device: "T4", "V100", "A100-40GB", "A100-80GB", "H100", "RTX4090", or one's
            own, "name=Ours,flops=10T,bandwidth=100GB/s"; all that are published if
            left out.
        precision: "float64", "float32", "tf32", "float16" or "bfloat16", in which
            values are kept and multiplied; as recorded if left out.
        fused: fold norms, activations and additions into what they follow.
        measure: run a copy of the network on this machine's CPU, layer by layer, and
            show times beside their bounds, by this machine's own measured peaks.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those that take
            longest.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError for a device or precision without a peak, or
            if a record is to be measured.

    Example:
        >>> table = roofline("resnet50", device="A100-40GB", batch=32)
        >>> table.to_dict()["memory_layers"], table["bound_by"][0]
        (120, 'arithmetic')
    """
    from resviz.tables.roofline import roofline_table

    measured = None
    if measure:
        from resviz.source.measuring import measure_network

        arch, measured = measure_network(network, tracing)
    else:
        arch = source.resolve_architecture(network, **tracing)
    return roofline_table(
        arch,
        device=device,
        precision=precision,
        fused=fused,
        measure=measure,
        sort=sort,
        top=top,
        reverse=reverse,
        measured=measured,
    )


@takes_options
def sweep(
    *specs: str | int | Path | list[str | int | Path],
    input_size: InputSize | None = None,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
    method: str | None = None,
    where: str | None = None,
    baseline: str | None = None,
    joined: str | Path | None = None,
    pareto: str | Sequence[str] | None = None,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    limit: int | None = None,
    timeout: float | None = 60.0,
    memory: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    output: str | Path | None = None,
    resume: bool = False,
) -> pd.DataFrame:
    """Trace many variants at once: one row a variant, in the order of the SPECs.

    A variant that fails is a row with its reason under `error`. The columns are `spec`,
    the arguments that vary, `params`, `macs`, `activations`, `inference_peak_bytes`,
    `receptive_field` (pixels, its largest axis), `final_shape`, `depth`, `seconds` and
    `error`, and `trainable_params` where some variant has others; `attrs["cost"]` says
    where the time went.

    Args:
        specs: SPECs with braces, "resnet({18,34}, input={160,224})", where `input` and
            `batch` are the trace's; "timm:*resnet*"; files of SPECs, "space.txt"; or
            lists of these.
        input_size: as for `trace`, where a SPEC says nothing of it.
        batch: how many samples, likewise.
        training: follow the forward of training mode.
        mode: as for `trace`.
        method: as for `trace`.
        where: which rows to keep, "macs < 4e9 and params < 30e6".
        baseline: the SPEC from which differences are told: columns `macs_diff` and so
            on, and for `where` also `baseline_macs`: "macs < 1.02 * baseline_macs".
        joined: path of a CSV file whose columns are joined to the rows, by a column of
            SPECs and those of arguments that vary; `where`, `pareto` and `sort` take
            them.
        pareto: keep the front alone: "params,-depth" for few parameters, much depth.
        sort: the column by which rows stand, the largest number first.
        top: keep the first so many rows, of the front where there is one; unless
            sorted, those with most MACs.
        reverse: the other way round.
        limit: trace the first so many.
        timeout: seconds after which a variant is given up; None for never.
        memory: bytes that one variant may take; a core's share of all if left out.
        jobs: how many at once; one a core if left out.
        scheduler: address of a Dask scheduler, "tcp://…", to use its workers.
        output: a file to write too, by its suffix; rows are kept beside it until then.
        resume: go on where a run with this output was cut off.

    Raises:
        SpecError: if a SPEC, `where`, `pareto` or `sort` cannot be read, or the rows
            beside the output are another run's.
        ResvizError: if Dask or its scheduler is not there.

    Example:
        >>> sweep("cifar{20,32}", jobs=1)[["spec", "params"]].values.tolist()
        [['cifar20', 269722], ['cifar32', 464154]]
    """
    from resviz.sweeps.order import RowOrder
    from resviz.sweeps.sweep import run_sweep
    from resviz.sweeps.table import sweep_dataframe

    result = run_sweep(
        specs,
        input_size=input_size,
        batch=batch,
        training=training,
        mode=mode,
        method=method,
        condition=where,
        baseline=baseline,
        joined=joined,
        pareto=pareto,
        order=RowOrder(sort, top, reverse),
        limit=limit,
        timeout=timeout,
        memory=memory,
        jobs=jobs,
        scheduler=scheduler,
        output=output,
        resume=resume,
    )
    frame = sweep_dataframe(result)
    if output is not None:
        from resviz.sweeps.outputs import write_sweep

        write_sweep(result, output)
    return frame

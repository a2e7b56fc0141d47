"""The functions of `import resviz`: each takes a record, a model, or a SPEC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resviz import source
from resviz.options.keywords import takes_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Unpack

    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - it has none

    from resviz.figures import Diagram
    from resviz.inputs import InputSize
    from resviz.options import TraceOptions
    from resviz.record import Architecture
    from resviz.source import TraceableSource
    from resviz.tables.table import Table

    Networks = TraceableSource | Sequence[TraceableSource] | dict[str, TraceableSource]


@takes_options
def trace(
    model_or_spec: TraceableSource,
    input_size: InputSize | None = None,
    batch: int | None = None,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    training: bool | None = None,
    mode: str | None = None,
    method: str | None = None,
    fast: bool = True,
    name: str | None = None,
) -> Architecture:
    """Follow one forward of a model or SPEC and record it.

    No weight is read or allocated, unless the forward looks at values, and the model
    stays as it is, also when its forward raises.

    Args:
        model_or_spec: a model, or a SPEC.
        input_size: of one sample, (C, H, W); if left out, what the network was
            published for: (3, 224, 224), (3, 32, 32) for the CIFAR nets. Text is
            read as by `--input`: "ids=int64:N,128"; several are several inputs.
        inputs: the forward's own positional arguments, a tuple; anything else is
            the only one. Of tensors in them the shape and dtype are read; they are
            copied if the forward is run for real, and all else is passed on.
        kwargs: its keyword arguments, likewise.
        batch: how many samples; 1 if left out.
        training: follow the forward of training mode instead of evaluation.
        mode: "shapes" never runs a model for real, "run" always does; "auto", the
            default, only where its forward looks at values.
        method: of the model, to follow in the place of its forward: "encode_image".
        fast: work out usual layers and operations by rule, and copy blocks that were
            built before. If not, everything is built and run, which takes two to three
            times as long and gives the same record.
        name: what to call it, here and in all that is made of the record.

    Raises:
        SpecError: if the SPEC cannot be read.
        BuildError: if the model cannot be imported or built.
        TraceError: if the forward raises; its `partial` is the record up to there.

    Example:
        >>> trace("resnet50").params
        25557032
    """
    arch = source.resolve_architecture(
        model_or_spec,
        input_size,
        inputs=inputs,
        kwargs=kwargs,
        batch=batch,
        training=training,
        mode=mode,
        method=method,
        fast=fast,
    )
    return arch if name is None else source.name_record(arch, name)


@takes_options
def table(networks: Networks | None = None, **tracing: Unpack[TraceOptions]) -> Table:
    """Return the paper's Table 1, a column a network; its own five if none is given.

    Args:
        networks: records, models or SPECs; a dictionary heads each column with its key.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError if a network has no residual stages.

    Example:
        >>> table([18, 50]).to_dict()["rows"][2]["cells"]
        ['[3×3, 64; 3×3, 64] ×2', '[1×1, 64; 3×3, 64; 1×1, 256] ×3']
    """
    from resviz.tables.paper import paper_table

    if networks is None:
        networks = source.PAPER_NAMES
    return paper_table(trace_networks(networks, **tracing))


@takes_options
def layers(
    network: TraceableSource,
    *,
    depth: int | None = None,
    only: str | None = None,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a layer: shapes, window, parameters, MACs.

    Args:
        network: a record, a model, or a SPEC.
        depth: fold calls that nest deeper than this into one row each.
        only: "conv", "linear", "norm", "activation", "pool" or "add".
        once: let equal blocks in a row stand once, with their number.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most MACs.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; SpecError for a wrong `depth` or `only`.
    """
    from resviz.tables.layers import layer_table

    arch = source.resolve_architecture(network, **tracing)
    return layer_table(
        arch, depth=depth, only=only, once=once, sort=sort, top=top, reverse=reverse
    )


@takes_options
def shortcuts(
    network: TraceableSource,
    *,
    only: str | None = None,
    why: bool = False,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a residual unit: what its shortcut is, why, and its cost.

    Args:
        network: a record, a model, or a SPEC.
        only: a kind of shortcut, as "projection", to leave the others out.
        why: one row an addition instead: what it was taken for, and by which rule.
        once: let equal rows of a stage stand once, with their number.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most MACs.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`.
    """
    from resviz.tables.shortcuts import shortcut_table

    arch = source.resolve_architecture(network, **tracing)
    return shortcut_table(
        arch, only=only, why=why, once=once, sort=sort, top=top, reverse=reverse
    )


@takes_options
def costs(network: TraceableSource, **tracing: Unpack[TraceOptions]) -> Table:
    """Return one row a published convention: its total, what it adds to the MACs.

    Rows that are set off are other networks of the same name, as the paper's ResNet-50
    with its stride in the first 1×1.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> rows = costs("resnet50").to_dict()["conventions"]
        >>> [row["total"] for row in rows if row["tools"][0]["name"] == "fvcore"]
        [4111512576]
    """
    from resviz.tables.costs import costs_table

    return costs_table(source.resolve_architecture(network, **tracing))


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
    from resviz.source.same_input import trace_on_input_of
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

    return check_table(check_project(names, path=path, update=update))


@takes_options
def receptive(
    network: TraceableSource,
    *,
    every: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Return one row a layer that changes what is seen of the input, with its field.

    Args:
        network: a record, a model, or a SPEC.
        every: show all layers, also those that see what the ones before them do.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            the largest field.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> receptive("resnet50").to_dict()["largest"]["receptive_field"]
        [427, 427]
    """
    from resviz.tables.receptive import receptive_table

    arch = source.resolve_architecture(network, **tracing)
    return receptive_table(arch, every=every, sort=sort, top=top, reverse=reverse)


@takes_options
def summary(network: TraceableSource, **tracing: Unpack[TraceOptions]) -> Table:
    """Return totals, stages and the arithmetic of the shape flow.

    Raises:
        ResvizError: as `trace`.

    Example:
        >>> summary("resnet50").to_dict()["macs"]
        4089184256
    """
    from resviz.tables.summary import summary_table

    return summary_table(source.resolve_architecture(network, **tracing))


@takes_options
def memory(
    network: TraceableSource,
    *,
    every: bool = False,
    fit: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    **tracing: Unpack[TraceOptions],
) -> Table:
    """Count bytes of parameters, the peak of a forward, what training keeps.

    Args:
        network: a record, a model, or a SPEC.
        every: one row a layer, instead of one a stage.
        fit: the largest batches for inference and training in so many bytes instead,
            as "24GiB", and where to checkpoint for more; a row a plan.
        sort: the column by which rows stand, by key or heading; numbers from the
            largest on.
        top: show the first so many rows alone; if `sort` is left out, those with
            most bytes held.
        reverse: the other way round.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RecordError if a record is of an older resviz.

    Example:
        >>> memory("resnet50").to_dict()["parameter_bytes"]
        102228128
    """
    from resviz.tables.memory import memory_table

    arch = source.resolve_architecture(network, **tracing)
    return memory_table(arch, every=every, fit=fit, sort=sort, top=top, reverse=reverse)


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
def diagram(
    network: Networks,
    figure: str | None = None,
    *,
    at: str | Sequence[str] | None = None,
    direction: str = "TB",
    stages: str | None = None,
    depth: int | None = None,
    names: str = "paper",
    costs: bool = False,
    diff: bool = False,
    plain: bool = False,
    each: bool = False,
    image: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    style: str = "screen",
    palette: str | None = None,
    heat: str | None = None,
    font: str | None = None,
    background: str | None = None,
    title: str | None = None,
    no_title: bool = False,
    no_legend: bool = False,
    width: str | None = None,
    text: str | None = None,
    layout: str = "resviz",
    **tracing: Unpack[TraceOptions],
) -> Diagram:
    """Draw a diagram; it shows itself in notebooks, and `.save("x.svg")` writes it.

    Args:
        network: a record, a model, or a SPEC; several for "block", "stack" and
            "growth", as a list, or as a dictionary whose keys name them.
        figure: "overview", "block" or another of `resviz.figures.FIGURES`; if left
            out, the overview, or "lanes" of what is no chain of parts.
        at: which block the figure "block" draws, "conv3_1" or its module path; a list
            of them stands side by side. If left out, the first that projects; of
            several networks one of a name that all have, where most of them differ.
        direction: of an overview, a block or an icicle, "TB" or "LR".
        stages: those that a figure draws, "conv3_x..conv5_x" or one; it says which
            parts it leaves out.
        depth: how deep in the module tree boxes or rows lie, 1 for the children of the
            network, or how many levels an icicle has; if left out, what fits a screen.
            Draws lanes, if no figure is named.
        names: what stages, blocks and boxes are called by: "paper", its words for what
            they do, "path" of their modules, or "class" of these.
        costs: whether an overview has bars of each stage's parameters and MACs.
        diff: of two networks the overview of the second, with what changed from the
            first marked and listed, as `compare` tells it.
        plain: put beside each network of a stack the same without its shortcuts.
        each: whether volumes have a box for each layer, instead of for each block,
            and the figure "layers" all that repeats.
        image: path of what lies below the boxes of the figure "field", a PNG or JPEG
            of up to 4 MiB, which the figure then holds. If left out, a grid.
        device: of the figure "roofline", as `roofline` takes it; an A100 if left out.
        precision: of its values, likewise; as recorded if left out.
        fused: fold norms, activations and additions of a roofline.
        style: "screen", which follows the reader's dark mode, "paper", or another of
            `resviz.figures.drawing.styles.STYLES`.
        palette: other colours of resolutions, one of
            `resviz.figures.drawing.palettes.PALETTES`: "safe" for the colour-blind.
        heat: fill boxes by their share of a cost, with the scale below: one of
            `resviz.figures.heat.HEATS`, "params", "macs", "activations", "memory" or
            "field". A palette is the ramp then. Lengths of an icicle are shares of it,
            of MACs if left out.
        font: the family of its letters, "Times New Roman".
        background: its ground: "none", "style" for the style's own, "white" or
            "#fff8e7". If left out, SVG that is light or dark by itself and PNG have
            the style's, other SVG and PDF none.
        title: what stands above it instead of the network's name.
        no_title: leave out the name and the totals above it, as for a page whose
            caption says them. Names of columns stay where there are several.
        no_legend: leave out what signs mean. What the figure does not show is still
            said.
        width: what it is laid out for where it is printed: "3.25in", "8cm", "400px",
            or "column" or "page" of a paper in two columns.
        text: how large its smallest letters shall be there; "8pt" with a width, if
            left out.
        layout: "resviz", or "dot" for Graphviz' own, where it is installed and the
            figure is a graph.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RenderError for an unknown figure or option.
    """
    from resviz.figures import draw_diagram

    return draw_diagram(
        trace_networks(network, **tracing),
        figure,
        at=at,
        direction=direction,
        stages=stages,
        depth=depth,
        names=names,
        costs=costs,
        diff=diff,
        plain=plain,
        each=each,
        image=image,
        device=device,
        precision=precision,
        fused=fused,
        style=style,
        palette=palette,
        heat=heat,
        font=font,
        background=background,
        title=title,
        no_title=no_title,
        no_legend=no_legend,
        width=width,
        text=text,
        layout=layout,
    )


@takes_options
def describe(
    network: Networks,
    figure: str | None = None,
    *,
    at: str | Sequence[str] | None = None,
    stages: str | None = None,
    depth: int | None = None,
    names: str = "paper",
    costs: bool = False,
    diff: bool = False,
    plain: bool = False,
    each: bool = False,
    image: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    heat: str | None = None,
    **tracing: Unpack[TraceOptions],
) -> str:
    """Say a figure in sentences: for screen readers, and as alt text.

    Args:
        network: as for `diagram`, and the rest too.
        figure: "overview", "block" or another of `resviz.figures.FIGURES`; if left
            out, the overview, or "lanes" of what is no chain of parts.
        at: which block the figure "block" draws, "conv3_1" or its module path; a list
            of them stands side by side. If left out, the first that projects; of
            several networks one of a name that all have, where most of them differ.
        stages: those that a figure draws, if it takes them.
        depth: how deep in the module tree boxes or rows lie, 1 for the children of the
            network, or how many levels an icicle has; if left out, what fits a screen.
            Draws lanes, if no figure is named.
        names: what stages, blocks and boxes are called by: "paper", its words for what
            they do, "path" of their modules, or "class" of these.
        costs: whether an overview says what each stage costs.
        diff: of two networks the overview of the second, and what changed.
        plain: whether a stack has each network without its shortcuts too.
        each: whether volumes have a box for each layer, instead of for each block,
            and the figure "layers" all that repeats.
        image: below the boxes of fields, a PNG or JPEG of up to 4 MiB.
        device: of the figure "roofline", as `roofline` takes it; an A100 if left out.
        precision: of its values, likewise; as recorded if left out.
        fused: fold norms, activations and additions of a roofline.
        heat: the cost that fills boxes, or that an icicle shows. The box that has most
            is named.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RenderError for an unknown figure or block.

    Example:
        >>> describe("resnet50", "block", at="conv2_2").partition(",")[0]
        'conv2_2 of ResNet-50'
    """
    from resviz.figures import describe_figure

    archs = trace_networks(network, **tracing)
    return describe_figure(
        archs,
        figure,
        at=at,
        stages=stages,
        depth=depth,
        names=names,
        costs=costs,
        diff=diff,
        plain=plain,
        each=each,
        image=image,
        device=device,
        precision=precision,
        fused=fused,
        heat=heat,
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


def trace_networks(
    networks: Networks, **tracing: Unpack[TraceOptions]
) -> list[Architecture]:
    """Return the records of one network or of several; keys of a dictionary name them.

    Raises:
        ResvizError: as `trace`; SpecError for a key that is no name.
    """
    if isinstance(networks, dict):
        return [
            source.head_record(source.resolve_architecture(network, **tracing), heading)
            for heading, network in networks.items()
        ]
    several = networks if isinstance(networks, (list, tuple)) else [networks]
    return [
        source.resolve_architecture(cast("TraceableSource", network), **tracing)
        for network in several
    ]


@takes_options
def report(
    network: TraceableSource,
    path: str | Path | None = None,
    **tracing: Unpack[TraceOptions],
) -> str | None:
    """Write a report in one offline HTML file: summary, table, diagram, layers.

    Args:
        network: a record, a model, or a SPEC.
        path: where to write it.
        tracing: as for `trace`.

    Returns:
        The page's text if there is no path, else None.

    Raises:
        ResvizError: as `trace`; RenderError if the file cannot be written, or its name
            is that of no page.
    """
    from resviz.files import check_suffix, write_atomically
    from resviz.formats.tables.html import SUFFIXES
    from resviz.pages.report import render

    if path is not None:
        check_suffix(path, "a report", SUFFIXES)
    page = render(source.resolve_architecture(network, **tracing))
    if path is None:
        return page
    write_atomically(path, page.encode())
    return None


costs_table = costs
"""The name of `costs` in older versions."""

receptive_field = receptive
"""The name of `receptive` in older versions."""

"""Where a record has what people look for under other names."""

RECORD_PLACES = {
    "flops": "arch.macs; FLOPs are 2 × MACs",
    "input_size": "arch.input_shape, of the whole batch",
    "output_shape": "arch.layers[-1].output_shape",
    "receptive_field": "resviz.receptive(arch)",
    "memory": "resviz.memory(arch)",
    "trainable_parameters": "arch.trainable_params",
    "frozen_parameters": "arch.frozen_params",
    "summary": "resviz.summary(arch)",
    "table": "resviz.layers(arch)",
    **dict.fromkeys(("plot", "draw", "show"), "resviz.diagram(arch)"),
    **dict.fromkeys(("describe", "info"), "resviz.summary(arch)"),
    **dict.fromkeys(("to_dict", "dict"), "json.loads(arch.to_json())"),
    **dict.fromkeys(("json", "dumps"), "arch.to_json()"),
    **dict.fromkeys(("to_df", "to_frame", "to_dataframe"), "arch.to_pandas()"),
    **dict.fromkeys(
        ("columns", "iloc", "loc", "query", "sort_values", "values"),
        "arch.to_pandas(), or resviz.layers(arch)",
    ),
    "shape": "len(arch), arch.input_shape",
    **{
        name: f"resviz.layers(arch).{name}()"
        for name in ("to_csv", "to_html", "to_latex", "to_markdown")
    },
    **dict.fromkeys(("to_file", "write", "dump"), "arch.save('name.json')"),
    **dict.fromkeys(("parameters", "num_params", "num_parameters"), "arch.params"),
    **dict.fromkeys(("mult_adds", "madds", "total_mult_adds", "gmacs"), "arch.macs"),
}
"""Where a record has what is guessed under other names."""

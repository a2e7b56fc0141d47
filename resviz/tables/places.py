"""Where a table has what people look for under other names."""

TABLE_PLACES = {
    **dict.fromkeys(("to_df", "to_frame", "to_dataframe", "df"), "table.to_pandas()"),
    **{
        name: f"table.to_pandas().{name}"
        for name in (
            *("iloc", "loc", "query", "groupby", "sum", "describe", "index", "dtypes"),
            *("to_numpy", "values", "merge", "plot", "to_parquet", "to_excel", "info"),
        )
    },
    **dict.fromkeys(("head", "tail"), "table[:5], or top=5 of the function"),
    **dict.fromkeys(("sort", "sort_values"), "sort='macs' of the function"),
    **dict.fromkeys(("filter", "select", "drop"), "table.select_columns([…])"),
    "shape": "(len(table), len(table.columns))",
    **dict.fromkeys(("json", "dumps"), "table.to_json()"),
    **dict.fromkeys(("to_string", "to_text", "text", "print"), "str(table)"),
    **dict.fromkeys(("write", "to_file", "dump"), "table.save('name.csv')"),
}
"""Where a table has what pandas and others have under these names."""

"""What is known of each ATen operation: one table, one row an operation.

Each file but those named below holds the operations of one kind: the rules that belong
to them, and under these their rows, in `ROWS`; what most rows of a family share is said
once, in a `partial`. `kind` says what a row may hold, `shared_rules` has the rules that
operations of several files obey, `windows` and `layouts` what rules are written with;
`table` collects the rows, `families` the names; `unknown` says what has none, and why.
"""

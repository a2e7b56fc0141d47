"""Many configurations, one table: a space of SPECs, traced on all cores or a cluster.

`space` says which variants there are, `rows` what is read of one, `worker` is the
process that traces, `supervisor` watches it, `run` gives out the work and gathers rows,
`sweep` keeps those that are wanted, `outputs` writes them as a `table` or a `chart`.
"""

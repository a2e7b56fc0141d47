"""Many configurations, one table: a space of SPECs, traced on all cores or a cluster.

`space` says which variants there are, `rows` what is read of one, `cell` is the process
that traces, `work` watches it, `run` gives out the work and gathers rows.
"""

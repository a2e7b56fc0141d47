"""Agents: what a program of theirs may ask, and the server that answers it.

`tools` is what there is to ask, `session` what of it the owner allows, and `server` the
protocol, the one file that knows the package `mcp`.
"""

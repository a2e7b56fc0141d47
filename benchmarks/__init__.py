"""How fast resviz is, measured beside its peers: `python -m benchmarks`."""

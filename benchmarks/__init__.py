"""How fast resviz is, measured with pyperf beside its peers: `python -m benchmarks`."""

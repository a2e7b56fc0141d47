"""Other people's models as a test: `python -m tests.zoo` traces all that build here.

Every model of torchvision and timm is built without weights, traced, and compared with
torch's own counter; the smallest of each family also with a real forward. The whole run
is a job of its own, a slice of it is in CI.
"""

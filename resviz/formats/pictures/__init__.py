"""Formats of figures: one file a syntax."""

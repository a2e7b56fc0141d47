"""Formats of tables: one file a syntax."""

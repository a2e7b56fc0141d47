"""Contracted graphs."""

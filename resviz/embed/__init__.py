"""Figures and tables inside other people's documents: one file for each place."""

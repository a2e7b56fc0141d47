"""Figures and tables inside other people's documents."""

"""Refills and suspected thefts, each told once."""

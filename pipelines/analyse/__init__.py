"""Analyse: compute indicators from the warehouse."""

"""Collect: take deliveries in, keep the raw bytes, and read them as rows of text."""

"""Spike beside the core, as its referee."""

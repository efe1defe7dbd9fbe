"""Arithmetic, and the expansion of compressed instructions."""

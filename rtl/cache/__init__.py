"""Instruction cache and data cache."""

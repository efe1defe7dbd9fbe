"""Mutants: small wrong changes of the hardware's sources, and which of them the tests notice."""

"""The way of an instruction, from fetch to commit."""

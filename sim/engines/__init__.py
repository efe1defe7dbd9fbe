"""Simulators of any Amaranth component; they know nothing of the core."""

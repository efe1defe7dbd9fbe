"""Simulation: machines, their traces, and the command line."""

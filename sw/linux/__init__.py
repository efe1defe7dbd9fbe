"""Linux on the machine: kernels, their first file systems, and the monitor that runs a guest."""

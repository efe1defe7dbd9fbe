"""Translation of addresses at both stages, and the protection of physical memory."""

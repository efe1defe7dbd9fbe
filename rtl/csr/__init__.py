"""CSRs: storage, who may touch them, traps and interrupts."""

"""Coverage of meaning: which combinations of mode, cause, stage, register and outcome a run has met, and which not."""

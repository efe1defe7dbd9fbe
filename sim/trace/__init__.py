"""What a person reads of a run: logs, reports of traps, statistics, views of waves."""

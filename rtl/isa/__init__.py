"""The manual as data: no Signals, no Modules."""

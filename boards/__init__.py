"""The Soc on boards that people own."""

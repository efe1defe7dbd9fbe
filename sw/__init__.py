"""The programs that run on the machine, and their build."""

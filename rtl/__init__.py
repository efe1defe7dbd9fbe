"""The hardware, in Amaranth: begin with isa/, payloads.py and core.py."""

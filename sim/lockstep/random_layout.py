"""Where the pieces of a random program lie in memory."""

RAM = 0x8000_0000
HANDLERS, DRIVER, TOHOST, SAVED = RAM, RAM + 0x2000, RAM + 0x2_0000, RAM + 0x2_1000
SAVED_BYTES = 0x2000
BODIES, DATA_PAGES, TABLES, END_OF_TABLES = RAM + 0x3_0000, RAM + 0x8_0000, RAM + 0x10_0000, RAM + 0x20_0000
DATA_BYTES = 0x8000
MEMORY_BYTES = 0x20_0000
"""How much RAM a program needs, from RAM on."""

"""How a command ends: exit statuses, and the error that is the user's."""

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses of `hyacinth`."""
    SUCCESS = 0
    PROGRAM_FAILED = 1   # the program said so; its code is printed
    BAD_INPUT = 2        # a file or an option
    CYCLE_LIMIT = 3      # --max-cycles
    STUCK = 4            # nothing retires any more, or traps follow traps
    DIFFERENCE = 5       # core and referee disagree
    INTERRUPTED = 130    # Ctrl-C
    BROKEN_PIPE = 141    # who read the output has gone


class BadInput(ValueError):
    """What the user gave cannot be used. Its text is one line, with the mend."""

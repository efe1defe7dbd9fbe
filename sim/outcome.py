"""How a run of a machine ends."""

import enum
from dataclasses import dataclass

from .engines.engine import Reason


class End(enum.Enum):
    """Why Machine.run returned."""
    EXITED = "exited"          # the program has ended; `exit_code`
    CYCLES = "cycles"          # as many as were asked for
    STUCK = "stuck"            # nothing retired for as long as was allowed
    RECORDS = "records"        # as many as were asked for
    FOUND = "found"            # a record as it was asked for


ENDS = {Reason.FOUND: End.FOUND, Reason.COUNTED: End.FOUND, Reason.RECORDS: End.RECORDS, Reason.STUCK: End.STUCK,
        Reason.CYCLES: End.CYCLES}
"""What each reason of an engine means to who runs a machine, the most telling first."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    end : End
    cycle : int
        Clock edges since reset.
    exit_code : int or None
        What the program said, once it has ended.
    """
    end: End
    cycle: int
    exit_code: int | None = None

"""How a run of a machine ends."""

import enum
from dataclasses import dataclass

from ..rtl.isa.causes import Cause, Interrupt
from ..rtl.soc import CRITICAL_ERROR
from .engines.engine import Reason


class End(enum.Enum):
    """Why Machine.run returned."""
    EXITED = "exited"          # the program has ended; `exit_code`
    CRITICAL = "critical"      # the hart is in the critical-error state; `critical`
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
    critical : Cause or Interrupt or None
        Of the trap in M-mode that the hart could not take.
    """
    end: End
    cycle: int
    exit_code: int | None = None
    critical: Cause | Interrupt | None = None


def ended(cycle: int, code: int) -> Outcome:
    """The outcome of a run that ended with `code`, a program's exit code or what `Soc.exit` has of a critical error."""
    if code >> 7 != CRITICAL_ERROR >> 7:
        return Outcome(End.EXITED, cycle, code)
    return Outcome(End.CRITICAL, cycle, critical=(Interrupt if code >> 6 & 1 else Cause)(code & 63))

"""What the referee says of records that a test has made."""

from dataclasses import replace

from lockstep.recorder import BASE, SIZE, packed

from hyacinth.rtl.config import FULL
from hyacinth.sim.lockstep.referee import Difference, Referee

CONFIG = replace(FULL, reset_pc=BASE, htinst="pseudo")


def verdict(segments, records, config=CONFIG):
    """The Difference that the referee finds, or the number of equal records."""
    with Referee(config, segments, SIZE) as judge:
        try:
            judge.check(packed(records))
            return judge.finish()
        except Difference as difference:
            return difference

"""The checker is checked: each fault of the referee, and each bit of a record, is reported where it shows."""

import pytest

pytest.importorskip("riscv")

from lockstep.faults import FAULTS, faulty_shim
from lockstep.test_referee import recorded
from lockstep.verdicts import verdict

from hyacinth.sim.lockstep.referee import Difference


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_the_referee_is_reported_where_it_shows(fault, monkeypatch, tmp_path):
    segments, records = recorded(fault.program)
    faulty_shim(monkeypatch, tmp_path / "lockstep", fault.code)
    difference = verdict(segments, records)
    assert isinstance(difference, Difference), "the referee was content"
    first = next(index for index, record in enumerate(records) if fault.shown_by(record))
    assert (difference.what, difference.count) == (fault.what, first)

"""The registers behind the CSR file: what each name stands for."""

from amaranth.hdl import Const, Signal

from hyacinth.rtl.config import FULL, NO_H
from hyacinth.rtl.csr.state import State
from hyacinth.rtl.isa.csrs import CSRS, table


def constant(value):
    """The number that `value` always is, None where it is no constant."""
    return value.value if isinstance(value, Const) else None


def test_what_this_core_lacks_is_zero():
    state = State(table(NO_H))
    assert [constant(state[name]) for name in ("hstatus", "hedeleg", "vsatp", "htimedelta")] == [0] * 4


def test_what_is_written_is_a_register_and_what_is_fixed_its_value():
    state = State(CSRS)
    assert all(isinstance(state[name], Signal) for name in ("mstatus", "hstatus", "vsatp", "mscratch", "htimedelta"))
    assert constant(state["mhartid"]) == 0 and constant(state["marchid"]) == CSRS["marchid"].reset


def test_every_register_is_one_that_a_write_can_change():
    """What nobody writes would cost a flip-flop for each bit."""
    for config in (FULL, NO_H):
        registers = table(config)
        assert all(registers[name].writable for name in State(registers).registers)

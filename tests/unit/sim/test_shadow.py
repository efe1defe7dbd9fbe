"""Machine.read sees all that is still in the data cache: also what the walker has set, and parts of stores."""

import pytest

from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.sim.lockstep.assembler import Code, csr, li, op
from hyacinth.sim.machine import Machine

BASE, TOHOST, TABLE, DATA = 0x8000_0000, 0x8000_1000, 0x8000_2000, 0x8000_3000
FROMHOST, ENTRY = TOHOST + 8, TABLE + 8 * (BASE >> 30)
T0, T1, A0, A2, A3 = 5, 6, 10, 12, 13
V, R, W, A, D = 1, 2, 4, 64, 128
ADUE, SV39, OPEN = 1 << 61, 8 << 60, 0x1f
MPRV, MPP_S = 1 << 17, 1 << 11


def ended(engine, program):
    """The machine after the program, which exits at its end."""
    program.add(*li(T0, TOHOST), op("addi", d=T1, i=1), op("sd", s=T0, t=T1, i=0), op("jal", i=0))
    machine = Machine("full", engine)
    machine.load_segments([(BASE, program.contents())], BASE, tohost=TOHOST, fromhost=FROMHOST)
    assert machine.run(5000).exit_code == 0
    return machine


@pytest.mark.parametrize("engine", ("compiled", "pysim"))
def test_a_and_d_that_hardware_sets_and_the_cached_half_of_a_store_into_the_page_of_the_host(engine):
    program = Code(BASE)

    def put(name, value, how="csrrw"):
        program.add(*li(T0, value), csr(how, CSRS[name].address, s=T0))

    page = BASE >> 12 << 10 | V | R | W
    program.add(*li(T0, ENTRY), *li(T1, page), op("sd", s=T0, t=T1, i=0))
    put("pmpaddr0", (1 << 54) - 1)
    put("pmpcfg0", OPEN)
    put("menvcfg", ADUE)
    put("satp", SV39 | TABLE >> 12)
    put("mstatus", MPRV | MPP_S)
    program.add(*li(A0, DATA), op("sd", s=A0, t=A0, i=0))
    put("mstatus", MPRV, "csrrc")
    program.add(*li(T0, ENTRY), op("ld", d=A2, s=T0, i=0))
    program.add(*li(T0, TOHOST - 8), op("sd", s=T0, t=0, i=0), *li(T1, 0xaabb_ccdd), op("sd", s=T0, t=T1, i=4),
                op("ld", d=A3, s=T0, i=0))
    with ended(engine, program) as machine:
        assert machine.read(ENTRY, 8) == machine.register("a2").to_bytes(8, "little")
        assert machine.register("a2") == page | A | D
        assert machine.read(TOHOST - 8, 8) == machine.register("a3").to_bytes(8, "little")
        assert machine.register("a3") == 0xaabb_ccdd_0000_0000
        assert machine.read(DATA, 8) == DATA.to_bytes(8, "little")

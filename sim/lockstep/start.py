"""Where a comparison may begin other than at reset: with the state of a machine in the midst of its run."""

from dataclasses import dataclass

from ...rtl.isa.csrs import table
from ..around import MEMORY
from ..machine import Machine

BLOCK = 1 << 16
"""Bytes of memory that are looked at as one: those that are all zero need not be sent."""
VIEWS = {"sstatus", "sie", "sip", "vsie", "vsip", "hie", "hip", "mip", "mcycle", "minstret"}
"""CSRs that show what others hold, or that are given to Spike in another way."""


@dataclass(frozen=True)
class State:
    """A machine between two instructions.

    Parameters
    ----------
    pc, mode : int
        Of the next instruction; the mode as payloads.Retire has it.
    registers : tuple of int
    csrs : dict of int to int
        By address: those that software can write and that hold something of their own, in the order in which they may
        be written.
    mip, minstret : int
    segments : tuple of (int, bytes)
        What is in RAM, as the program finds it.
    """
    pc: int
    mode: int
    registers: tuple[int, ...]
    csrs: dict[int, int]
    mip: int
    minstret: int
    segments: tuple[tuple[int, bytes], ...]


def state_of(machine: Machine) -> State:
    """The state of a machine after its next instruction, which is stepped: only then is it known where it is.

    Raises ValueError where the program ends before that.
    """
    machine.step()
    record = machine.last_record
    if machine.exit_code is not None or record is None:
        raise ValueError("the machine has ended; begin at an earlier point")
    names = [csr for name, csr in table(machine.config).items() if name not in VIEWS and csr.address >> 10 != 3]
    # What a PMP entry is must be known before it is locked, what mstatus.SDT and vsstatus.SDT may be before they are 1,
    # and misa decides which of the others are there.
    order = sorted(names, key=lambda csr: (csr.name == "misa", csr.name.startswith("pmpcfg"), csr.name != "menvcfg",
                                           csr.name != "henvcfg", csr.address))
    ram = machine.regions["ram"]
    blocks = ((at, machine.engine.read(MEMORY, at, BLOCK, shadow=True))
              for at in range(ram.base, ram.base + machine.memory_size, BLOCK))
    return State(record.next_pc, record.mode_after, tuple(machine.register(n) for n in range(32)),
                 {csr.address: machine.csr(csr.address) for csr in order}, machine.csr("mip"), machine.csr("minstret"),
                 tuple((at, contents) for at, contents in blocks if any(contents)))

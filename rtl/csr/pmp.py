"""The PMP registers, with their locks (machine chapter, "Physical Memory Protection CSRs")."""

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa.csrs_machine import PMP_A, PMP_RWX
from ..payloads import PmpEntry
from .state import legalised

ENTRIES = 16


class PmpRegisters(wiring.Component):
    """pmpcfg0, pmpcfg2 and pmpaddr0 to pmpaddr15; nothing is stored where `entries` is 0.

    Parameters
    ----------
    entries : int
        0 or 16.

    Members
    -------
    number : In(5), value : Out(64)
        Read, combinationally: bits 4:0 of the CSR's address, so that 0 and 2 are the pmpcfg, 16 and up the pmpaddr.
    write_number : In(5), write : In(1), data : In(64)
        At the end of the cycle; a locked entry ignores it.
    pmp : Out(16 of PmpEntry)
    """
    def __init__(self, entries):
        self.entries = entries
        super().__init__({"number": In(5), "value": Out(64), "write_number": In(5), "write": In(1), "data": In(64),
                          "pmp": Out(data.ArrayLayout(PmpEntry, ENTRIES))})

    def elaborate(self, platform):
        m = Module()
        if not self.entries:
            return m
        pmp = self.pmp
        with m.Switch(self.number):
            for half in range(2):
                with m.Case(2 * half):
                    m.d.comb += self.value.eq(Cat(config_byte(pmp[8 * half + i]) for i in range(8)))
            for n in range(ENTRIES):
                with m.Case(ENTRIES + n):
                    m.d.comb += self.value.eq(pmp[n].address)

        for n in range(ENTRIES):
            entry, byte = pmp[n], self.data.word_select(n % 8, 8)
            with m.If(self.write & ~entry.l & (self.write_number == n // 8 * 2)):
                rwx = legalised(PMP_RWX, byte[:3])
                m.d.sync += [entry.r.eq(rwx[0]), entry.w.eq(rwx[1]), entry.x.eq(rwx[2]), entry.a.eq(byte[3:5]),
                             entry.l.eq(byte[7])]
            # The lower bound of a locked TOR entry is locked too (rule pmp_l_bit_write_protection).
            bounds = pmp[n + 1].l & (pmp[n + 1].a == PMP_A["TOR"]) if n + 1 < ENTRIES else Const(0)
            with m.If(self.write & ~entry.l & ~bounds & (self.write_number == ENTRIES + n)):
                m.d.sync += entry.address.eq(self.data)
        return m


def config_byte(entry: PmpEntry) -> Value:
    """`entry` as a byte of pmpcfg."""
    return Cat(entry.r, entry.w, entry.x, entry.a, Const(0, 2), entry.l)

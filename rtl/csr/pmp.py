"""The PMP registers, with their locks (machine chapter, "Physical Memory Protection CSRs")."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..isa.pmp import LOCKDOWN, PMP_A, PMP_RWX
from ..ports import PmpSignature
from .state import legalised

ENTRIES = 16


class PmpConfig(data.Struct):
    """A byte of pmpcfg without its two zeros."""
    r: 1
    w: 1
    x: 1
    a: 2
    l: 1


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
    mml, mmwp, rlb : In(1)
        mseccfg.
    locked : Out(1)
        Some entry has L.
    pmp : In(PmpSignature)
        Who checks.
    """
    def __init__(self, entries):
        self.entries = entries
        super().__init__({"number": In(5), "value": Out(64), "write_number": In(5), "write": In(1), "data": In(64),
                          "mml": In(1), "mmwp": In(1), "rlb": In(1), "locked": Out(1), "pmp": In(PmpSignature())})

    def elaborate(self, platform):
        m = Module()
        if not self.entries:
            return m
        # Addresses in a memory, of which one is looked at in a cycle: as registers they would be a tenth of the core.
        m.submodules.addresses = addresses = Memory(shape=54, depth=ENTRIES, init=[])
        write, shown, checked = addresses.write_port(), *(addresses.read_port(domain="comb") for _ in range(2))
        config = [Signal(PmpConfig, name=f"config_{n}") for n in range(ENTRIES)]
        locked = Cat(entry.l & ~self.rlb for entry in config)
        is_tor = Cat(entry.a == PMP_A["TOR"] for entry in config)
        # The lower bound of a locked TOR entry is locked too (rule pmp_l_bit_write_protection).
        address_locked = locked | (locked & is_tor)[1:]

        m.d.comb += [shown.addr.eq(self.number), self.value.eq(shown.data)]
        with m.If(~self.number[4]):
            halves = [Cat(config_byte(entry) for entry in config[at:at + 8]) for at in (0, 8)]
            m.d.comb += self.value.eq(Array(halves)[self.number[1]])
        m.d.comb += [
            write.addr.eq(self.write_number), write.data.eq(self.data),
            write.en.eq(self.write & self.write_number[4] & ~address_locked.bit_select(self.write_number[:4], 1))]
        for n, entry in enumerate(config):
            byte = self.data.word_select(n % 8, 8)
            writes = self.write & (self.write_number == n // 8 * 2)
            with m.If(writes & ~locked[n] & ~(self.mml & ~self.rlb & lets_machine_execute(byte))):
                rwx = Mux(self.mml, byte[:3], legalised(PMP_RWX, byte[:3]))
                m.d.sync += [entry.r.eq(rwx[0]), entry.w.eq(rwx[1]), entry.x.eq(rwx[2]), entry.a.eq(byte[3:5]),
                             entry.l.eq(byte[7])]

        entry, chosen = self.pmp.entry, Signal(PmpConfig)
        m.d.comb += [
            checked.addr.eq(self.pmp.number), chosen.eq(Array(config)[self.pmp.number]),
            entry.address.eq(checked.data), Cat(entry.r, entry.w, entry.x, entry.a, entry.l).eq(chosen),
            self.locked.eq(Cat(entry.l for entry in config).any()),
            self.pmp.mml.eq(self.mml), self.pmp.mmwp.eq(self.mmwp),
            self.pmp.matter.eq(Cat(entry.a != PMP_A["OFF"] for entry in config) | is_tor[1:])]
        return m


def lets_machine_execute(byte) -> Value:
    """Whether `byte` of a pmpcfg, while mseccfg.MML=1, lets M-mode execute: such a rule cannot be added, and the entry
    stays as it is (rule mseccfg_mml_X_restrict)."""
    return Cat(byte[2], byte[1], byte[0], byte[7]).matches(
        *(n for n, grants in enumerate(LOCKDOWN) if "x" in grants.machine))


def rlb_written(written, held, locked) -> Value:
    """What mseccfg.RLB becomes: once it is 0 while some entry is `locked`, it stays so (rule mseccfg_rlb_op)."""
    return written & (held | ~locked)


def config_byte(config: PmpConfig) -> Value:
    """`config` as a byte of pmpcfg."""
    return Cat(config.r, config.w, config.x, config.a, Const(0, 2), config.l)

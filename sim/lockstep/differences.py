"""The deliberate differences between the core and Spike: one row each, with the reason and with who is right.

A bit that is not named here must agree. Both sides of the comparison are made from this table: `rules` for the shim,
`reset_values` and `absent_csrs` for Spike, and a reader's answer to "why was that not reported".
"""

from dataclasses import dataclass

from ...rtl.config import PHYSICAL_BITS, CoreConfig
from ...rtl.device_tree import extensions
from ...rtl.isa.csr import Guard
from ...rtl.isa.csrs import table
from ...rtl.isa.csrs_machine import INHIBITS

ALL = (1 << 64) - 1
FAILING_SC = 16
"""How many SCs in a row may fail where Spike's would succeed."""


@dataclass(frozen=True)
class Row:
    """One difference.

    `unread` are the bits of rd that are not compared where one of `csrs` is read (Spike's rd becomes the core's);
    `unwritten` the bits that are not compared after it was written. Where `follow`, Spike's register is then made equal
    to the core's, so that what depends on it stays comparable. `right` is "core", "Spike", or "both" where the manual
    leaves the choice.
    """
    csrs: tuple[int, ...]
    reason: str
    right: str
    unread: int = 0
    unwritten: int = 0
    follow: bool = False

UNKNOWN_TO_SPIKE = frozenset((
    "sha", "shcounterenw", "shgatpa", "shtvala", "shvsatpa", "shvstvala", "shvstvecd", "ssccptr", "sscounterenw",
    "ssstateen", "sstvala", "sstvecd", "ssu64xl", "svbare", "svvptc", "za64rs", "zic64b", "ziccamoa", "ziccamoc",
    "ziccrse"))
"""Extensions that Spike has, or that ask nothing of it, but whose names it refuses."""


def bits(high: int, low: int) -> int:
    """A mask of bits `high` down to `low`."""
    return (2 << high) - (1 << low)


MCYCLE, MINSTRET, CYCLE = 0xb00, 0xb02, 0xc00
HPM_COUNTERS = (*range(0xb03, 0xb20), *range(0xc03, 0xc20))
HPM_EVENTS = tuple(range(0x323, 0x340))
SCOUNTOVF = 0xda0

BEHAVIOUR = {
    "interrupts": """Spike takes what is pending and enabled at once, a pipeline some instructions later: Spike is given
        the core's mip and takes an interrupt where the core does. It still decides whether one is due, which, and who
        gets it. SSIP, VSSIP, and VSEIP and VSTIP of hvip come from software and are compared.""",
    "timers": """Spike compares vstimecmp with time + htimedelta only when some registers are written, which is wrong;
        STIP and VSTIP come from the core's mip.""",
    "SEIP": """A CSRRS or CSRRC of mip does not make the line of SEIP software's bit; in Spike it does, which is
        wrong. There SEIP is the core's alone.""",
    "time": "The core's clock is the only one; a read of time may lag the record by one tick.",
    "pending bits on the move": """A read of mip, sip, hip or vsip in the very instruction at which mip changed may see
        either value.""",
    "WFI": "Spike's hart waits; it is woken at once, since a WFI may end at any time.",
    "WRS.NTO": """Spike traps at once where TW or VTW says so, the core when nothing has ended the wait in time. Where
        one retires, as WRS.STO does, Spike is stepped over it.""",
    "devices": "Spike has none. It loads what the core has loaded; stores are compared.",
    "mcountinhibit": """Whether an instruction that sets or clears mcountinhibit.IR counts in minstret is a choice:
        the core goes by the old value, Spike by the new one, so Spike's counter is corrected by one.""",
    "LCOFI": "Spike counts no events, so nothing overflows there; LCOFIP comes from the core's mip.",
    "SC": """Only SC clears a reservation here and there. An SC of the core may fail nevertheless, as the manual allows,
        but not forever: FAILING_SC times in a row are the limit.""",
    "htinst and mtinst": """Spike writes 0 where a transformed instruction is allowed. With CoreConfig.htinst "full" the
        shim computes the transformed instruction and compares that. With "zero" the pseudo-instruction of an implicit
        access and its GPA, which Spike writes, are 0.""",
    "stale translations": """From a change of a page table, or of a root, until a fence that covers it the old entry and
        the new one may be used, and Spike's choice need not be the core's. Where the core's address and the tables as
        they are now disagree, and entries as they were since such a fence explain it, Spike is shown those for this
        one instruction: stale.h.""",
    "misaligned AMOs, LR and SC": """The core raises 4 and 6, Spike, which does misaligned loads and stores, 5 and 7
        (the manual allows both); and it performs them where its TLB hits, which is wrong. Its TLB is emptied first.
        So with misaligned loads and stores, where CoreConfig.misaligned is "trap".""",
    "misaligned accesses where PMP cuts a page": """The core raises 4 and 6, and software decides; Spike does them or
        raises 5 and 7. Where an active PMP entry begins or ends within a page, it is made to raise 4 and 6, too, and A
        and D are set in its tables as the core has set them before it knew.""",
    "stores across pages that trap": """The core writes nothing, Spike what lies in the first page, which is then
        put back.""",
    "misaligned accesses of devices": "Spike splits them into bytes; here they are access faults, which Spike is told.",
    "the order of interrupts": """By the manual SGEI comes before VSEI, VSSI and VSTI, and LCOFI is the last of all;
        Spike takes LCOFI before all of those, and SGEI after them. Where the core takes one of them, what comes later
        is hidden from Spike for this step.""",
    "AMOCAS.Q past the caches": """The core refuses it with an access fault, as the manual allows; Spike performs it,
        and is shown an odd address for this step, which it refuses.""",
    "xtval of LR and SC": """Of one that reaches no memory Spike reports the address before pointer masking, which is
        wrong (rule pm_csr_hw_apply); it is then given the core's.""",
    "double traps": """By the manual MRET clears SDT only where Smdbltrp is, SRET in M always clears sstatus.SDT, and a
        double trap is an exception, which no vector moves. Spike's MRET always clears it, its SRET in M where MRET
        would, with SIE left 0, and an interrupt that becomes a double trap enters at its vector. It is mended after the
        step.""",
    "sireg in VU": """While mstateen0.CSRIND is 0, the manual has sireg and its kin illegal below M; in VU Spike does
        not, so they are hidden from it.""",
    "cache blocks": """Spike does not let a block of a device be managed, which the manual allows, and is stepped over.
        It reports the first byte of a block that may not be zeroed, the manual rs1: its registers are then corrected.
        Where PMP entries end within a block, what CBO.ZERO does is unspecified, and of what is managed Spike asks for
        the byte at rs1 alone: not compared. Of a block that is no
        memory Spike's GVA leaves MPRV out of account, which is mended.""",
    "the ROM": "It is a device for Spike, from which code can run and tables cannot be walked.",
}
"""What differs and is no CSR: the subject, then the reason and the treatment. The manual allows both unless said so."""


def rows(config: CoreConfig) -> tuple[Row, ...]:
    """The differences of CSRs for a core of this configuration."""
    asid = bits(59, 44) & ~(bits(43 + config.asid_bits, 44) if config.asid_bits else 0)
    vmid = bits(57, 44) & ~(bits(43 + config.vmid_bits, 44) if config.vmid_bits else 0)
    status = bits(14, 13) | bits(63, 63)
    filtered, filters = config.hpm_counters if config.has("sscofpmf") else 0, sum(each.mask for each in INHIBITS)
    sgei = 1 << 12 if config.geilen == 0 else 0
    return (
        Row((0x300, 0x100, 0x200), "Spike's FS (and so SD) is writable without F; the manual allows it, and zero",
            "both", unread=status, unwritten=status),
        Row((0x301,), "Spike lets software clear A, C and M of misa; which bits can be cleared is a choice", "both",
            unwritten=0b1_0000_0000_0101, follow=True),
        Row((0x30a, 0x10a, 0x60a), "Spike has no FIOM, which the manual asks for where S-mode is", "core",
            unread=1, unwritten=1),
        Row((*range(0x30c, 0x310), *range(0x60c, 0x610), *range(0x10c, 0x110)),
            "Spike's mstateen0, hstateen0 and sstateen0 have the bit C of custom state, of which there is none", "core",
            unread=1, unwritten=1),
        Row((0x150, 0x250, 0x350), "Spike's select registers hold 64 bits; siselect needs 12, miselect none", "both",
            unread=ALL, unwritten=ALL, follow=True),
        Row((0xf11, 0xf12, 0xf13, 0xf15), "identity", "both", unread=ALL),
        Row((0x303, 0x304, 0x604), "Spike has SGEI although GEILEN is 0; then it cannot be pending", "core",
            unread=sgei, unwritten=sgei),
        Row((0x344, 0x644), "the pins of mip may move between a write and its reading back", "both",
            unwritten=ALL & ~0b110),
        Row((0x144, 0x244), "the pins of sip and vsip may move between a write and its reading back", "both",
            unwritten=ALL & ~0b10),
        Row((0x600,), "Spike has no guest external interrupts: VGEIN is 0", "both",
            unread=bits(17, 12), unwritten=bits(17, 12)),
        Row((0x607, 0xe12), "Spike has no guest external interrupts: hgeie and hgeip are 0", "both",
            unread=ALL, unwritten=ALL),
        Row((MCYCLE, CYCLE, *HPM_COUNTERS, *HPM_EVENTS[filtered:], SCOUNTOVF),
            "Spike has no clock and counts no events", "core", unread=ALL, unwritten=ALL),
        Row(HPM_EVENTS[:filtered], "Spike has no events, so OF is software's alone there; the filters agree", "core",
            unread=ALL & ~filters, unwritten=ALL & ~filters),
        Row((0x180, 0x280), "Spike has 16 bits of ASID", "both", unread=asid, unwritten=asid),
        Row((0x680,), "Spike has 14 bits of VMID, and a PPN that is not cut to the addresses that exist", "both",
            unread=vmid | bits(43, PHYSICAL_BITS - 12), unwritten=vmid | bits(43, PHYSICAL_BITS - 12), follow=True),
    )


def rules(config: CoreConfig) -> list[tuple[int, int, int, int]]:
    """What the shim needs: address, unread, unwritten, follow, of each CSR with a row."""
    merged: dict[int, tuple[int, int, int]] = {}
    for row in rows(config):
        for address in row.csrs:
            unread, unwritten, follow = merged.get(address, (0, 0, 0))
            merged[address] = unread | row.unread, unwritten | row.unwritten, follow | row.follow
    return [(address, *rule) for address, rule in sorted(merged.items())]


def reset_values() -> list[tuple[int, int]]:
    """CSRs that Spike resets otherwise: its PMP starts with entry 0 open for everything, the core's is off."""
    return [(0x3a0, 0), (0x3b0, 0)]


def absent_csrs(config: CoreConfig) -> list[int]:
    """CSRs that the core does not have; where Spike does (triggers, debug mode, mseccfg …), they are taken from it."""
    # mireg and its kin are illegal everywhere, as if absent; in a guest Spike has them virtual.
    present = {csr.address for csr in table(config).values() if csr.guard is not Guard.NEVER}
    return [address for address in range(4096) if address not in present]


def isa_string(config: CoreConfig) -> str:
    """The ISA as Spike is to have it: what the core has, in words that Spike knows."""
    letters, names = [[name for name in extensions(config) if (len(name) > 1) is long] for long in (False, True)]
    return "_".join(["rv64" + "".join(letters), *(name for name in names if name not in UNKNOWN_TO_SPIKE)])

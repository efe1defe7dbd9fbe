"""The CSRs of M-mode (machine chapter), as data."""

from ..config import CoreConfig
from .causes import HYPERVISOR_CAUSES, MEDELEG
from .csr import Box, Csr, Field, Kind, cause, counter_enables, fixed, optional, plain, pmm, tvec, zero

XLEN_64 = 2
"""The encoding of XLEN=64 in MXL, SXL, UXL and VSXL (rule misa_mxl_enc)."""

# The combinations with R=0 and W=1 are reserved (rule pmp_rwx_warl); such a write loses its W.
PMP_ENTRY = (Field("R", 0), Field("W", 1), Field("X", 2), Field("A", 3, 2), Field("L", 7))
"""The fields of one byte of a pmpcfg."""
PMP_RWX = Field("RWX", 0, 3, legal=(0, 1, 3, 4, 5, 7), becomes=((6, 4),))
PMP_A = {"OFF": 0, "TOR": 1, "NA4": 2, "NAPOT": 3}

COUNTERS = 32
"""Counters of Zicntr and Zihpm, among them time, which is 1."""
EVENTS = 32
"""Bits of the CSR file's port `events`; mhpmevent selects bit n-1 by n, and nothing by 0."""

MSTATUS = Csr("mstatus", 0x300, (
    Field("SIE", 1), Field("MIE", 3), Field("SPIE", 5), zero("UBE", 6), Field("MPIE", 7), Field("SPP", 8),
    zero("VS", 9, 2), Field("MPP", 11, 2, legal=(0, 1, 3)), zero("FS", 13, 2), zero("XS", 15, 2), Field("MPRV", 17),
    Field("SUM", 18), Field("MXR", 19), Field("TVM", 20), Field("TW", 21), Field("TSR", 22),
    Field("UXL", 32, 2, XLEN_64, Kind.FIXED), Field("SXL", 34, 2, XLEN_64, Kind.FIXED), zero("SBE", 36),
    zero("MBE", 37), Field("GVA", 38, hypervisor=True), Field("MPV", 39, hypervisor=True), zero("SD", 63)))


def machine_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """The CSRs whose addresses are M-mode's, with the shadows of the counters."""
    security = (Csr("mseccfg", 0x747, (pmm("PMM", 32),)),) if config.has("smmpm") else ()
    return (MSTATUS, *security, *_interrupts(config), *_identity(config), *_traps(), *_counters(config), *_pmp(config),
            Csr("menvcfg", 0x30a, (Field("FIOM", 0), zero("CBIE", 4, 2), zero("CBCFE", 6), zero("CBZE", 7),
                                   optional(config.has("smnpm"), pmm("PMM", 32)),
                                   optional(config.has("svadu"), Field("ADUE", 61)),
                                   optional(config.has("svpbmt"), Field("PBMTE", 62)),
                                   Field("STCE", 63) if config.has("sstc") else zero("STCE", 63))))


def _identity(config):
    letters = {letter: ord(letter) - ord("A") for letter in "ACIMSU"}
    # C is always 1: to clear it, a write would have to look at the address of the instruction after it.
    return (Csr("misa", 0x301, (*(Field(letter, bit, 1, 1, Kind.FIXED) for letter, bit in letters.items()),
                                Field("H", 7, 1, 1, hypervisor=True) if config.hypervisor else zero("H", 7),
                                Field("MXL", 62, 2, XLEN_64, Kind.FIXED))),
            fixed("mvendorid", 0xf11), fixed("marchid", 0xf12), fixed("mimpid", 0xf13), fixed("mhartid", 0xf14),
            fixed("mconfigptr", 0xf15))


def _interrupts(config):
    sgei = config.geilen > 0
    stip = Field("STIP", 5, locked_by="menvcfg.STCE" if config.has("sstc") else "")

    def computed(name, bit, hypervisor=False):
        return Field(name, bit, kind=Kind.COMPUTED, hypervisor=hypervisor)

    def one(name, bit):
        return Field(name, bit, 1, 1, Kind.FIXED, hypervisor=True)

    return (
        Csr("medeleg", 0x302, tuple(Field(each.name, each, hypervisor=each in HYPERVISOR_CAUSES) for each in MEDELEG)),
        # Rules mideleg_no_rd1, mideleg_acc_h: what is meant for a guest always goes past M.
        Csr("mideleg", 0x303, (Field("SSI", 1), one("VSSI", 2), Field("STI", 5), one("VSTI", 6), Field("SEI", 9),
                               one("VSEI", 10), *([one("SGEI", 12)] if sgei else []))),
        Csr("mie", 0x304, (Field("SSIE", 1), Field("VSSIE", 2, hypervisor=True), Field("MSIE", 3), Field("STIE", 5),
                           Field("VSTIE", 6, hypervisor=True), Field("MTIE", 7), Field("SEIE", 9),
                           Field("VSEIE", 10, hypervisor=True), Field("MEIE", 11),
                           *([Field("SGEIE", 12, hypervisor=True)] if sgei else []))),
        # Stored are the bits that software writes; what a read shows is computed in rtl/csr/interrupts.py.
        Csr("mip", 0x344, (Field("SSIP", 1), Field("VSSIP", 2, home="hvip", hypervisor=True), computed("MSIP", 3),
                           stip, computed("VSTIP", 6, True), computed("MTIP", 7), Field("SEIP", 9),
                           computed("VSEIP", 10, True), computed("MEIP", 11),
                           *([computed("SGEIP", 12, True)] if sgei else []))),
    )


def _traps():
    return (tvec("mtvec", 0x305), plain("mscratch", 0x340), plain("mepc", 0x341, lsb=1, width=63),
            cause("mcause", 0x342), plain("mtval", 0x343),
            plain("mtinst", 0x34a, needs_hypervisor=True), plain("mtval2", 0x34b, needs_hypervisor=True))


def _counters(config):
    counted = range(3, 3 + config.hpm_counters)
    names = {0: "cycle", 2: "instret"} | {n: f"hpmcounter{n}" for n in range(3, COUNTERS)}
    yield Csr("mcounteren", 0x306, counter_enables("CY", "TM", "IR"))
    yield Csr("mcountinhibit", 0x320, counter_enables("CY", "", "IR"))
    for n, name in names.items():
        make = plain if n < 3 or n in counted else fixed
        yield make(f"m{name}", 0xb00 + n, box=Box.COUNTERS)
    for n in range(3, COUNTERS):
        event = Field("event", 0, 6, legal=tuple(range(EVENTS + 1))) if n in counted else zero("event", 0, 6)
        yield Csr(f"mhpmevent{n}", 0x320 + n, (event,), box=Box.COUNTERS)


def _pmp(config):
    for n in range(0, config.pmp_entries // 4, 2):  # RV64: even numbers only (rule pmp_cfg_rv64_illegal)
        yield Csr(f"pmpcfg{n}", 0x3a0 + n, tuple(Field(f"pmp{4 * n + i}cfg", 8 * i, 8) for i in range(8)), box=Box.PMP)
    for n in range(config.pmp_entries):
        yield plain(f"pmpaddr{n}", 0x3b0 + n, width=54, box=Box.PMP)

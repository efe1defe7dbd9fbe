"""The CSRs of M-mode (machine chapter), as data."""

from ..config import CoreConfig
from .causes import HYPERVISOR_CAUSES, MEDELEG
from .csr import Box, Csr, Field, Kind, cause, counter_enables, envcfg, fixed, optional, plain, pmm, tvec, zero
from .modes import Mode
from .pmp import RLB

XLEN_64 = 2
"""The encoding of XLEN=64 in MXL, SXL, UXL and VSXL (rule misa_mxl_enc)."""

COUNTERS = 32
"""Counters of Zicntr and Zihpm, among them time, which is 1."""
EVENTS = 32
"""Bits of the CSR file's port `events`; mhpmevent selects bit n-1 by n, and nothing by 0."""

INHIBITS = (Field("VUINH", 58, hypervisor=True), Field("VSINH", 59, hypervisor=True), Field("UINH", 60),
            Field("SINH", 61), Field("MINH", 62))
"""The filters of a counter by mode, in mhpmevent, mcyclecfg and minstretcfg alike: where one is set, what happens in
that mode is not counted (rules mhpmevent_inh_op, mcyclecfg_op)."""
INHIBIT_MODES = (Mode.VU, Mode.VS, Mode.U, Mode.HS, Mode.M)
"""The mode that each of INHIBITS names."""


def mstatus(config: CoreConfig) -> Csr:
    """mstatus, of which sstatus is a part."""
    mdt = (Field("MDT", 42, reset=1),) if config.has("smdbltrp") else ()  # rule mstatus_mdt_rst
    return Csr("mstatus", 0x300, (
        sie(config), Field("MIE", 3, yields_to="MDT" if mdt else ""), Field("SPIE", 5), zero("UBE", 6),
        Field("MPIE", 7), Field("SPP", 8), zero("VS", 9, 2), Field("MPP", 11, 2, legal=(0, 1, 3)), zero("FS", 13, 2),
        zero("XS", 15, 2), Field("MPRV", 17), Field("SUM", 18), Field("MXR", 19), Field("TVM", 20), Field("TW", 21),
        Field("TSR", 22), *sdt(config, "menvcfg.DTE"), Field("UXL", 32, 2, XLEN_64, Kind.FIXED),
        Field("SXL", 34, 2, XLEN_64, Kind.FIXED), zero("SBE", 36), zero("MBE", 37), Field("GVA", 38, hypervisor=True),
        Field("MPV", 39, hypervisor=True), *mdt, zero("SD", 63)))


def sie(config: CoreConfig) -> Field:
    """SIE of mstatus and vsstatus (rule sstatus_sdt_sstatus_sie_overwrite)."""
    return Field("SIE", 1, yields_to="SDT" if config.has("ssdbltrp") else "")


def sdt(config: CoreConfig, needs: str) -> tuple[Field, ...]:
    """SDT of mstatus and vsstatus, gated by the DTE at `needs` (rules sstatus_sdt_acc, menvcfg_dte_op)."""
    return (Field("SDT", 24, needs=needs),) if config.has("ssdbltrp") else ()


def dte(config: CoreConfig, **more) -> Field:
    """DTE of menvcfg and henvcfg."""
    return Field("DTE", 59, **more) if config.has("ssdbltrp") else zero("DTE", 59)


def machine_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """The CSRs whose addresses are M-mode's, with the shadows of the counters."""
    return (mstatus(config), *_interrupts(config), *_identity(config), *_traps(config), *_counters(config),
            *_pmp(config), *_security(config),
            Csr("menvcfg", 0x30a, (*envcfg(config.has), optional(config.has("smnpm"), pmm("PMM", 32)), dte(config),
                                   optional(config.has("svadu"), Field("ADUE", 61)),
                                   optional(config.has("svpbmt"), Field("PBMTE", 62)),
                                   optional(config.has("sstc"), Field("STCE", 63)))))


def _identity(config):
    # Rule misa_b_op: B says that all three are there.
    bits = "B" if all(map(config.has, ("zba", "zbb", "zbs"))) else ""
    letters = {letter: ord(letter) - ord("A") for letter in "A" + bits + "CIMSU"}
    # C is always 1: to clear it, a write would have to look at the address of the instruction after it.
    return (Csr("misa", 0x301, (*(Field(letter, bit, 1, 1, Kind.FIXED) for letter, bit in letters.items()),
                                Field("H", 7, 1, 1, hypervisor=True) if config.hypervisor else zero("H", 7),
                                Field("MXL", 62, 2, XLEN_64, Kind.FIXED))),
            fixed("mvendorid", 0xf11), fixed("marchid", 0xf12), fixed("mimpid", 0xf13), fixed("mhartid", 0xf14),
            fixed("mconfigptr", 0xf15))


def _interrupts(config):
    sgei, lcofi = config.geilen > 0, config.has("sscofpmf")
    stip = Field("STIP", 5, locked_by="menvcfg.STCE" if config.has("sstc") else "")

    def computed(name, bit, hypervisor=False):
        return Field(name, bit, kind=Kind.COMPUTED, hypervisor=hypervisor)

    def one(name, bit):
        return Field(name, bit, 1, 1, Kind.FIXED, hypervisor=True)

    return (
        Csr("medeleg", 0x302, tuple(Field(each.name, each, hypervisor=each in HYPERVISOR_CAUSES) for each in MEDELEG)),
        # Rules mideleg_no_rd1, mideleg_acc_h: what is meant for a guest always goes past M.
        Csr("mideleg", 0x303, (Field("SSI", 1), one("VSSI", 2), Field("STI", 5), one("VSTI", 6), Field("SEI", 9),
                               one("VSEI", 10), *([one("SGEI", 12)] if sgei else []),
                               *([Field("LCOFI", 13)] if lcofi else []))),
        Csr("mie", 0x304, (Field("SSIE", 1), Field("VSSIE", 2, hypervisor=True), Field("MSIE", 3), Field("STIE", 5),
                           Field("VSTIE", 6, hypervisor=True), Field("MTIE", 7), Field("SEIE", 9),
                           Field("VSEIE", 10, hypervisor=True), Field("MEIE", 11),
                           *([Field("SGEIE", 12, hypervisor=True)] if sgei else []),
                           *([Field("LCOFIE", 13)] if lcofi else []))),
        # Stored are the bits that software writes; what a read shows is computed in rtl/csr/interrupts.py. LCOFIP is
        # set by the counters too (rules mip_lcofip_acc, mip_lcofip_op).
        Csr("mip", 0x344, (Field("SSIP", 1), Field("VSSIP", 2, home="hvip", hypervisor=True), computed("MSIP", 3),
                           stip, computed("VSTIP", 6, True), computed("MTIP", 7), Field("SEIP", 9),
                           computed("VSEIP", 10, True), computed("MEIP", 11),
                           *([computed("SGEIP", 12, True)] if sgei else []),
                           *([Field("LCOFIP", 13)] if lcofi else []))),
    )


def _traps(config):
    return (tvec("mtvec", 0x305), plain("mscratch", 0x340), plain("mepc", 0x341, lsb=1, width=63),
            cause("mcause", 0x342), plain("mtval", 0x343),
            plain("mtinst", 0x34a, needs_hypervisor=True),
            plain("mtval2", 0x34b, needs_hypervisor=not config.has("ssdbltrp")))  # rule mtval2_Ssdbltrap


def _counters(config):
    counted = range(3, 3 + config.hpm_counters)
    names = {0: "cycle", 2: "instret"} | {n: f"hpmcounter{n}" for n in range(3, COUNTERS)}
    yield Csr("mcounteren", 0x306, counter_enables("CY", "TM", "IR"))
    yield Csr("mcountinhibit", 0x320, counter_enables("CY", "", "IR"))
    for n, name in names.items():
        make = plain if n < 3 or n in counted else fixed
        yield make(f"m{name}", 0xb00 + n, box=Box.COUNTERS)
    if config.has("smcntrpmf"):
        yield Csr("mcyclecfg", 0x321, INHIBITS)
        yield Csr("minstretcfg", 0x322, INHIBITS)
    event = Field("event", 0, 6, legal=tuple(range(EVENTS + 1)))
    selector = (event, *INHIBITS, Field("OF", 63)) if config.has("sscofpmf") else (event,)
    for n in range(3, COUNTERS):
        yield Csr(f"mhpmevent{n}", 0x320 + n, selector if n in counted else (zero("event", 0, 6),), box=Box.COUNTERS)


def _pmp(config):
    for n in range(0, config.pmp_entries // 4, 2):  # RV64: even numbers only (rule pmp_cfg_rv64_illegal)
        yield Csr(f"pmpcfg{n}", 0x3a0 + n, tuple(Field(f"pmp{4 * n + i}cfg", 8 * i, 8) for i in range(8)), box=Box.PMP)
    for n in range(config.pmp_entries):
        yield plain(f"pmpaddr{n}", 0x3b0 + n, width=54, box=Box.PMP)


def _security(config):
    """mseccfg, which exists where some extension has a field in it (rule mseccfg_presence)."""
    fields = ()
    if config.has("smepmp"):
        # MML and MMWP can only be set (rules mseccfg_mml_sticky, mseccfg_mmwp_op); of RLB see rtl/csr/pmp.py.
        fields += (Field("MML", 0, locked_by="mseccfg.MML"), Field("MMWP", 1, locked_by="mseccfg.MMWP"),
                   RLB)
    if config.has("smmpm"):
        fields += (pmm("PMM", 32),)
    return (Csr("mseccfg", 0x747, fields),) if fields else ()

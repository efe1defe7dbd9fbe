"""What travels between boxes: one class per payload, defined here and nowhere else, nested where one adds to it."""

from amaranth.hdl import Cat, Const, Shape, Value
from amaranth.lib import data, enum

from .config import PHYSICAL_BITS
from .isa.modes import Mode


def record(struct, **fields):
    """A `struct` made of expressions, every field named exactly once.

    Raises TypeError where a field is missing, unknown or too wide: `.eq` would cut or pad it in silence.
    """
    widths = {name: Shape.cast(field.shape).width for name, field in data.Layout.cast(struct)}
    if widths.keys() != fields.keys():
        raise TypeError(f"{struct.__name__}: missing or unknown: {', '.join(sorted(widths.keys() ^ fields.keys()))}")
    bits = {name: Value.cast(value) for name, value in fields.items()}
    for name, width in widths.items():
        if len(bits[name]) > width:
            raise TypeError(f"{struct.__name__}.{name} has {width} bits, its value {len(bits[name])}")
    return struct(Cat(Cat(bits[name], Const(0, width - len(bits[name]))) for name, width in widths.items()))


def change(view, **fields):
    """A copy of `view` with `fields` replaced. Raises as `record` does."""
    struct = type(view) if isinstance(view, data.Struct) else view.shape()
    return record(struct, **{name: view[name] for name, _ in data.Layout.cast(struct)} | fields)


class Reach(enum.IntEnum, shape=2):
    """The kind of a memory access, as the names of the faults have it; LR is a load, SC and AMO are stores."""
    FETCH = 0
    LOAD = 1
    STORE = 2


class Context(data.Struct):
    """On whose behalf memory is reached. Set once, where the request is born; nobody downstream looks at a CSR."""
    mode: Mode          # effective: after MPRV, MPP and MPV, or SPVP and V=1 for HLV, HLVX and HSV
    reach: Reach        # what is checked, and what a fault reports but for `as_store`
    as_store: 1         # its faults are those of a store, though it is checked as a load
    hlvx: 1             # X instead of R, at both stages
    sum: 1              # vsstatus.SUM where `mode` has V=1, else sstatus.SUM
    mxr: 1              # sstatus.MXR: both stages
    vs_mxr: 1           # vsstatus.MXR: VS stage only, so 0 where V=0


class Page(data.Struct):
    """Where a translated page lies, and what lies there."""
    ppn: PHYSICAL_BITS - 12
    cacheable: 1        # main memory, reached through the caches; else, or by PBMT, one access past them for each
                        # load or store
    memory: 1           # main memory: misaligned accesses and atomics are possible


class Fault(data.Struct):
    """Why an access cannot be made. Born in the walker; nobody else finds a fault of translation, PMP or PMA."""
    cause: 6            # a number of rtl/isa/causes.py: 1, 5, 7, 12, 13, 15, 20, 21 or 23
    gpa: 64             # of a guest-page fault, bytes: the access's own, or that of the VS-stage table entry; else 0
    implicit: 1         # of a guest-page fault: it struck the read of a VS-stage table entry
    implicit_write: 1   # of these: it struck the write that sets A or D there


class Translation(data.Struct):
    """The answer to a TranslationRequest."""
    page: Page          # meaningless where `faulted`
    cut: 1              # PMP or PMA end within this page: the answer holds for the requested bytes alone
    faulted: 1
    fault: Fault        # all 0 unless `faulted`


class TranslationRequest(data.Struct):
    """An address to be translated and checked, when the first-level TLB did not have it."""
    va: 64              # bytes, virtual (or physical, where nothing translates)
    size: 3             # log2 of the bytes reached around `va`, naturally aligned: up to 4, or 6 for a cache block
    context: Context


class FenceKind(enum.IntEnum, shape=2):
    """What a fence of address translation empties."""
    SFENCE_VMA = 0      # V=0's own stage
    HFENCE_VVMA = 1     # VS stage of the current VMID; also SFENCE.VMA where V=1
    HFENCE_GVMA = 2     # G stage
    ALL = 3             # everything: PMP or the mode of a translation changed


class Fence(data.Struct):
    """A fence of address translation, from commit to the Mmu."""
    kind: FenceKind
    by_address: 1       # rs1 is not x0
    by_id: 1            # rs2 is not x0
    address: 64         # value of rs1: virtual; of HFENCE.GVMA the GPA shifted right by 2
    id: 16              # value of rs2: ASID, of HFENCE.GVMA the VMID


class AtpFields(data.Struct):
    """satp, vsatp or hgatp."""
    ppn: 44
    id: 16              # ASID, or VMID zero-extended
    mode: 4


class PmpEntry(data.Struct):
    """One PMP entry (machine chapter, "Physical Memory Protection CSRs")."""
    address: 54         # pmpaddr: bits 55:2 of the physical address
    r: 1
    w: 1
    x: 1
    a: 2                # 0 OFF, 1 TOR, 2 NA4, 3 NAPOT
    l: 1


class Trap(data.Struct):
    """A trap on its way from commit to the CSRs: what happened, before it is known who takes it."""
    interrupt: 1
    code: 6             # as it would stand in mcause
    pc: 64              # of the instruction that did not complete
    tval: 64
    gva: 1              # tval holds a guest virtual address
    gpa: 64             # of a guest-page fault, bytes; else 0. mtval2 and htval get it shifted right by 2
    tinst: 32           # for mtinst and htinst


class TrapTaken(data.Struct):
    """What the CSRs answer to a Trap or an xRET: where the hart goes on."""
    pc: 64
    mode: Mode
    double: 1           # M has a double trap, since the mode that the trap is for was not ready


class MemoryKind(enum.IntEnum, shape=2):
    """What an instruction did to memory."""
    NONE = 0
    LOAD = 1            # also LR
    STORE = 2           # also an SC that succeeded
    AMO = 3


class Retire(data.Struct):
    """The one trace record: an instruction that retired, or a trap taken in place of one. No consumer is known here."""
    pc: 64
    bits: 32            # as fetched; a compressed one zero-extended; 0 where the fetch failed
    mode: Mode          # in which it ran
    mode_after: Mode
    next_pc: 64
    writes_rd: 1        # also x0
    rd: 5
    rd_value: 64
    rd_high: 64         # of AMOCAS.Q: for the register after rd
    memory: MemoryKind
    size: 3             # log2 of the bytes
    gva: 64             # the address as the instruction computed it
    hpa: 64             # where its first byte lies; of CBO.ZERO the block's first
    hpa_next: 64        # of an access across two pages: where its first byte in the second page lies; else 0
    data: 64            # stored: what memory holds afterwards, from the lowest byte on; loaded: as read, unextended
    data_high: 64       # stored: the same of each further eight bytes
    device: 1           # the access went past the caches
    writes_csr: 1
    csr: 12
    csr_value: 64       # read back after the write
    trapped: 1          # the instruction did not retire
    interrupt: 1
    code: 6
    double: 1           # M took it as a double trap: mcause is 16, and mtval2 what `interrupt` and `code` say
    tval: 64
    gva_valid: 1        # tval holds a guest virtual address
    gpa: 64
    tinst: 32
    mip: 16             # mip as the instruction saw it
    time: 64            # time as the instruction saw it


class TableWrite(data.Struct):
    """The walker has set A, or A and D, of a table entry in the data cache."""
    hpa: 56             # of the entry
    flags: 8            # bits 7:0 of the entry, as they are now


class WalkStep(data.Struct):
    """One table entry read by the walker, or the end of a walk. Consumers assemble walks from these."""
    first: 1            # first of its walk
    fetch: 1            # made for a fetch, else for a load or store
    va: 64              # being translated
    context: Context
    g_stage: 1          # an entry of a G-stage table, else of a VS-stage or single-stage table
    level: 3
    gpa: 64             # g_stage: the GPA being translated; else: the GPA (or PA) of the entry
    hpa: 64             # of the entry
    pte: 64
    reason: 4           # a `Refusal` of rtl/mmu/refusal.py; 0 where the walk goes on or succeeds
    implicit: 1         # g_stage: for the read of a VS-stage entry
    writes: 1           # of these: so that A or D can be set there
    updates: 1          # A or D is about to be set: the entry comes again as it is then
    last: 1             # last of its walk
    cause: 6            # of the fault, where reason is not 0

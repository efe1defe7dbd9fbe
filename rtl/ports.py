"""How boxes are joined: the signatures, each seen from the one who asks. What travels in them is in payloads.py."""

from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .config import PHYSICAL_BITS
from .isa.modes import Mode
from .payloads import AtpFields, Context, Page, PmpEntry, Translation, TranslationRequest, Trap, TrapTaken


class LookupSignature(wiring.Signature):
    """A first-level TLB, asked combinationally.

    Members
    -------
    va : Out(64), context : Out(Context)
        What is looked up.
    hit : In(1)
        The page is known and allows this access. Else ask with a TranslateSignature, which alone finds faults.
    page : In(Page)
        Where `hit`: the page.
    """
    def __init__(self):
        super().__init__({"va": Out(64), "context": Out(Context), "hit": In(1), "page": In(Page)})


class TranslateSignature(wiring.Signature):
    """The rest of the Mmu: second-level TLB and walker.

    Members
    -------
    valid : Out(1), request : Out(TranslationRequest)
        Held, unchanged, until `done`. Who lowers `valid` before that gives up: no answer comes, no fault is kept.
    done : In(1), answer : In(Translation)
        For one cycle. A page that is not `cut` is then in the asker's first-level TLB, too.
    """
    def __init__(self):
        super().__init__({"valid": Out(1), "request": Out(TranslationRequest), "done": In(1),
                          "answer": In(Translation)})


class TableSignature(wiring.Signature):
    """The walker's way to memory, coherent with the data cache.

    Members
    -------
    valid : Out(1), address : Out(PHYSICAL_BITS), cacheable : Out(1)
        A page-table entry, 8 bytes, held until `done` (or given up by lowering `valid` for a cycle).
    write : Out(1), expected : Out(64), updated : Out(8)
        With `valid`, and where `cacheable`: if the entry still is `expected`, its bits 7:0 become `updated`, and nobody
        else reaches it in between. `data` is what it holds then.
    done : In(1), data : In(64), error : In(1)
        For one cycle. `error`: the address is absent.
    """
    def __init__(self):
        super().__init__({"valid": Out(1), "address": Out(PHYSICAL_BITS), "cacheable": Out(1),
                          "write": Out(1), "expected": Out(64), "updated": Out(8),
                          "done": In(1), "data": In(64), "error": In(1)})


class FetchCacheSignature(wiring.Signature):
    """The instruction cache, virtually indexed and physically tagged.

    Members
    -------
    read : Out(1), offset : Out(12)
        Bits 11:0 of the address; the eight bytes around it are read at the end of this cycle. Where `read` is 0
        the outputs of the last read stay.
    ppn : Out(PHYSICAL_BITS - 12)
        In the cycles after a read: the page it is for.
    hit : In(1), data : In(64)
        In the cycles after a read: whether the line is there, and its eight bytes, naturally aligned.
    refill : Out(1)
        In a cycle after a read, held until `refilled`: bring the line of `ppn` and that offset. Who lowers it earlier
        gives up, and nothing is lost. After `refilled` the asker reads again.
    refilled : In(1), error : In(1)
        For one cycle. `error`: the line is absent (and not in the cache).
    invalidate : Out(1), invalidated : In(1)
        Empty the cache: held until `invalidated`, which comes for one cycle.
    """
    def __init__(self):
        super().__init__({"read": Out(1), "offset": Out(12), "ppn": Out(PHYSICAL_BITS - 12), "hit": In(1),
                          "data": In(64), "refill": Out(1), "refilled": In(1), "error": In(1),
                          "invalidate": Out(1), "invalidated": In(1)})


class DataCacheSignature(wiring.Signature):
    """The data cache, virtually indexed and physically tagged, write-back.

    Parameters
    ----------
    ways : int
        Of the cache.

    Members
    -------
    read : Out(1), offset : Out(12)
        Bits 11:0 of the address; the naturally aligned eight bytes around it are read at the end of this cycle.
        Where `read` is 0, and the walker has not been served, the outputs of the last read stay.
    granted : In(1)
        The read of this cycle is performed. 0 while the cache is at work for the walker or on a line, and where
        `write` replaces lanes of the same eight bytes; ask again. Does not depend on `read`.
    ppn : Out(PHYSICAL_BITS - 12)
        In the cycles after a granted read: the page it is for.
    hit : In(1), rows : In(64 each for the ways), match : In(ways)
        In the cycles after a granted read: whether the line is there; the eight bytes of every way, and the way that
        holds the line. `hit` stays 0 once the outputs are no longer those of this asker's last read; `match` does not
        look at that.
    write : Out(1), mask : Out(8), write_data : Out(64)
        Where `hit`: replace the lanes in `mask` of those eight bytes, at the end of this cycle. Later reads see it.
    refill : Out(1), refill_row : Out(9)
        Held until `refilled`: bring the line of `ppn` in which bits 11:3 of the address are `refill_row`, writing back
        what it replaces. After `refilled` the asker reads again. It does not read while it asks.
    refilled : In(1), error : In(1)
        For one cycle. `error`: the line is absent (and not in the cache).
    arrived : In(1), arrived_data : In(64)
        During `refill`, for one cycle and before `refilled`: the eight bytes of `refill_row` have come. Who needs no
        more of the line may lower `refill` in the next cycle; the line comes all the same.
    single : Out(1), single_address : Out(PHYSICAL_BITS), single_size : Out(2), single_write : Out(1)
        An access past the cache, naturally aligned, held until `single_done`, with `mask` and `write_data`.
    single_cached : Out(1)
        With `single`: the line may be in the cache, by another page's attributes; it is written back and taken out.
    single_done : In(1), single_data : In(64), single_error : In(1)
        For one cycle.
    clean : Out(1), cleaned : In(1)
        Write back every dirty line (they stay, clean): held until `cleaned`, which comes for one cycle.
    lock : Out(1)
        Nobody else is served in this cycle, unless he already is: what hit stays there.
    manage : Out(1), keep : Out(1), managed : In(1)
        Write back the line of `ppn` and `refill_row` if it is there and dirty, and unless `keep` forget it: held until
        `managed`, which comes for one cycle, when memory has the line.
    """
    def __init__(self, ways):
        super().__init__({"read": Out(1), "offset": Out(12), "granted": In(1), "ppn": Out(PHYSICAL_BITS - 12),
                          "hit": In(1), "rows": In(data.ArrayLayout(64, ways)), "match": In(ways),
                          "write": Out(1), "mask": Out(8), "write_data": Out(64),
                          "refill": Out(1), "refill_row": Out(9), "refilled": In(1), "error": In(1),
                          "arrived": In(1), "arrived_data": In(64),
                          "single": Out(1), "single_address": Out(PHYSICAL_BITS), "single_size": Out(2),
                          "single_write": Out(1), "single_cached": Out(1),
                          "single_done": In(1), "single_data": In(64), "single_error": In(1),
                          "clean": Out(1), "cleaned": In(1), "lock": Out(1),
                          "manage": Out(1), "keep": Out(1), "managed": In(1)})


class SnoopSignature(wiring.Signature):
    """How who writes memory behind the back of the data cache takes a line away from it, seen from that one.

    Members
    -------
    valid : Out(1), line : Out(PHYSICAL_BITS - 6)
        Held until the line has been written; then `valid` is lowered until `held` has fallen.
    held : In(1)
        Memory has the line as the hart left it, the cache has it no more and lets nobody at any line.
    """
    def __init__(self):
        super().__init__({"valid": Out(1), "line": Out(PHYSICAL_BITS - 6), "held": In(1)})


class TranslationCsrs(data.Struct):
    """The CSRs that the Mmu obeys."""
    satp: AtpFields
    vsatp: AtpFields
    hgatp: AtpFields
    adue: 1             # menvcfg.ADUE, PBMTE: of the stage that satp or hgatp turns on
    pbmte: 1
    vs_adue: 1          # henvcfg.ADUE, PBMTE: of the VS stage; 0 where that of menvcfg is
    vs_pbmte: 1


class PmpSignature(wiring.Signature):
    """The PMP entries, seen from who checks: one at a time, since they lie in a small memory.

    Members
    -------
    number : Out(4), entry : In(PmpEntry)
        That entry, combinationally.
    matter : In(16)
        Bit n: entry n matches something, or its pmpaddr is the lower bound of the next entry. The others need no look.
    mml : In(1), mmwp : In(1)
        mseccfg.
    """
    def __init__(self):
        super().__init__({"number": Out(4), "entry": In(PmpEntry), "matter": In(16), "mml": In(1), "mmwp": In(1)})


class CacheBlockEnables(data.Struct):
    """Which cache-block instructions an envcfg register lets the modes below have."""
    cbie: 1             # CBO.INVAL: CBIE is not 0
    cbcfe: 1            # CBO.CLEAN and CBO.FLUSH
    cbze: 1             # CBO.ZERO


class CsrStatus(data.Struct):
    """The fields of CSRs that the pipeline looks at, by the manual's names."""
    mode: Mode          # the current mode
    mprv: 1             # mstatus
    mpp: 2
    mpv: 1
    sum: 1              # as sstatus has it for HS and U
    mxr: 1
    tvm: 1
    tw: 1
    tsr: 1
    mdt: 1              # a trap is a critical error; 0 below M
    hu: 1               # hstatus
    spvp: 1
    vtvm: 1
    vtw: 1
    vtsr: 1
    vs_sum: 1           # vsstatus
    vs_mxr: 1
    menvcfg: CacheBlockEnables
    henvcfg: CacheBlockEnables
    senvcfg: CacheBlockEnables
    mseccfg_pmm: 2      # PMM of each, hstatus.HUPMM
    menvcfg_pmm: 2
    senvcfg_pmm: 2
    henvcfg_pmm: 2
    hupmm: 2
    paged: 1            # satp.MODE, vsatp.MODE is not Bare
    vs_paged: 1
    misa_h: 1           # misa: H, C, as they are now
    misa_c: 1


class CsrOp(data.Struct):
    """A CSR instruction, as the CSR file sees it."""
    address: 12
    write: 1            # CSRRW, or a CSRRS or CSRRC whose rs1 (or immediate) is not x0 (or 0)
    set: 1              # CSRRS[I]: write old | operand
    clear: 1            # CSRRC[I]: write old & ~operand
    operand: 64


class CsrSignature(wiring.Signature):
    """The CSR file, seen from commit.

    Members
    -------
    op : Out(CsrOp)
        The instruction at commit, held from the cycle it comes there.
    answer : In(2), read_data : In(64)
        One cycle later: an `Access` (rtl/csr/access.py) and what rd gets. Both registered.
    write : Out(1)
        In a cycle in which `answer` is valid and OK: the instruction takes effect at its end.
    written : In(64)
        In the cycle after `write`, where `op` is still held: the CSR read back (for the Retire record).
    trap : Out(stream of Trap, valid only)
        Takes effect at the end of this cycle.
    xret : Out(1), mret : Out(1)
        MRET or SRET takes effect at the end of this cycle. Permission is the asker's to check.
    taken : In(TrapTaken)
        In a cycle with `trap.valid` or `xret`, combinationally: where the hart goes on.
    retired : Out(1)
        An instruction retires in this cycle (minstret). Not set together with `write` of minstret's own CSR.
    status : In(CsrStatus)
    interrupt : In(1), interrupt_code : In(6)
        Registered: an interrupt is pending, enabled and to be taken in the current mode.
    wake : In(1)
        Registered: mip & mie is not zero, whatever is enabled or delegated (WFI goes on).
    mip : In(16), time : In(64)
        As CSR reads have them (for the Retire record).
    """
    def __init__(self):
        super().__init__({
            "op": Out(CsrOp), "answer": In(2), "read_data": In(64), "write": Out(1), "written": In(64),
            "trap": Out(stream.Signature(Trap, always_ready=True)), "xret": Out(1), "mret": Out(1),
            "taken": In(TrapTaken), "retired": Out(1), "status": In(CsrStatus),
            "interrupt": In(1), "interrupt_code": In(6), "wake": In(1), "mip": In(16), "time": In(64)})

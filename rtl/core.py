"""The core: who is connected to whom. No logic stands here."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .bus import BusSignature
from .cache.dcache import DataCache
from .cache.icache import InstructionCache
from .config import PHYSICAL_BITS, CoreConfig
from .csr.file import CsrFile
from .events import EVENT_BITS, EVENTS, MMU_EVENTS
from .mmu.mmu import Mmu
from .payloads import Retire, TableWrite, Trap, WalkStep
from .pipeline.align import Align
from .pipeline.commit import Commit
from .pipeline.context import fetch_context
from .pipeline.execute import Execute
from .pipeline.fetch import Fetch
from .pipeline.issue import Issue
from .pipeline.loadstore import LoadStore
from .pipeline.payloads import Issued
from .pipeline.stage import Stage
from .ports import SnoopSignature


class Core(wiring.Component):
    """An RV64IMAC hart with the hypervisor extension.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    ibus, dbus : Out(BusSignature)
        Instruction cache and data cache.
    snoop : In(SnoopSignature)
        Who else writes memory; the instruction cache learns of it by FENCE.I alone.
    time : In(64), msip, mtip, meip, seip : In(1), hgeip_lines : In(64)
        mtime and the interrupt lines; bit n of `hgeip_lines` is guest external interrupt n.
    uncached_page : In(PHYSICAL_BITS - 12), uncached_enable : In(1)
        A page of main memory that is reached past the caches. Constant while the hart runs.
    evict : In(2)
        For tests, at any time: what the first-level TLBs and walk caches keep is void; what the whole Mmu keeps is.
    retire : Out(stream of Retire), walk : Out(stream of WalkStep), table_write : Out(stream of TableWrite)
        Traces, valid only.
    critical : Out(stream of Trap, valid only)
        Valid, for good, in the critical-error state; the trap that led there (rule trap_unexp_hndl_no_rnmi).
    events : Out(EVENT_BITS)
        As rtl/events.py names them.
    inspect_enable, inspect_register, inspect_value, inspect_csr, inspect_csr_value
        For debuggers, while the clock stands: a register, and, where enabled, a CSR, combinationally.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "ibus": Out(BusSignature()), "dbus": Out(BusSignature()), "snoop": In(SnoopSignature()),
            "time": In(64), "msip": In(1), "mtip": In(1), "meip": In(1), "seip": In(1), "hgeip_lines": In(64),
            "uncached_page": In(PHYSICAL_BITS - 12), "uncached_enable": In(1), "evict": In(2),
            "retire": Out(stream.Signature(Retire, always_ready=True)),
            "walk": Out(stream.Signature(WalkStep, always_ready=True)),
            "table_write": Out(stream.Signature(TableWrite, always_ready=True)),
            "critical": Out(stream.Signature(Trap, always_ready=True)), "events": Out(EVENT_BITS),
            "inspect_enable": In(1), "inspect_register": In(5), "inspect_value": Out(64), "inspect_csr": In(12),
            "inspect_csr_value": Out(64)})

    def elaborate(self, platform):
        config = self.config
        m = Module()
        m.submodules.fetch = fetch = Fetch(config.reset_pc, config.btb_entries, config.return_stack)
        m.submodules.align = align = Align()
        m.submodules.issue = issue = Issue(config)
        m.submodules.issued = issued = Stage(Issued)
        m.submodules.execute = execute = Execute(config)
        m.submodules.commit = commit = Commit(config)
        m.submodules.loadstore = loadstore = LoadStore(config)
        m.submodules.csr = csr = CsrFile(config)
        m.submodules.mmu = mmu = Mmu(config)
        m.submodules.icache = icache = InstructionCache(config.icache_kib)
        m.submodules.dcache = dcache = DataCache(config.dcache_kib, config.has("zicbom"), config.has("svadu"))

        # The path of an instruction.
        connect(m, fetch.o, align.i)
        connect(m, align.o, issue.i)
        connect(m, issue.o, issued.i)
        connect(m, issued.o, execute.i)
        connect(m, execute.o, commit.i)

        # Back along it: results, and where to go on.
        m.d.comb += [
            issue.execute.eq(execute.forward), issue.waiting.eq(commit.waiting), issue.commit.eq(commit.forward),
            fetch.redirect.eq(commit.flush | commit.resume | execute.redirect), align.kill.eq(fetch.redirect),
            fetch.redirect_pc.eq(Mux(commit.resume, commit.resume_pc, execute.redirect_pc)),
            issued.kill.eq(commit.flush), issued.bar.eq(execute.redirect),
            fetch.realign.eq(align.realign), fetch.realign_pc.eq(align.realign_pc),
            fetch.update.eq(execute.update), fetch.outcome.eq(execute.outcome),
        ]

        # CSRs.
        connect(m, commit.csr, csr.csr)
        m.d.comb += [
            fetch.context.eq(fetch_context(csr.csr.status)), execute.status.eq(csr.csr.status),
            csr.time.eq(self.time), csr.msip.eq(self.msip), csr.mtip.eq(self.mtip), csr.meip.eq(self.meip),
            csr.seip.eq(self.seip), csr.hgeip_lines.eq(self.hgeip_lines),
            csr.inspect_enable.eq(self.inspect_enable), csr.inspect_address.eq(self.inspect_csr),
            self.inspect_csr_value.eq(csr.inspect_value),
            issue.inspect.eq(self.inspect_register), self.inspect_value.eq(issue.inspect_value),
        ]

        # Some events are known late in their cycle: counters count all of them in the next.
        m.d.sync += csr.events.eq(self.events)

        # Memory.
        connect(m, fetch.lookup, mmu.fetch_lookup)
        connect(m, fetch.translate, mmu.fetch)
        connect(m, execute.lookup, mmu.data_lookup)
        connect(m, loadstore.translate, mmu.data)
        connect(m, mmu.tables, dcache.tables)
        connect(m, mmu.pmp, csr.pmp)
        connect(m, commit.fence, mmu.fence)
        connect(m, loadstore.cache, dcache.cpu)
        connect(m, fetch.cache, icache.cpu)
        connect(m, icache.bus, flipped(self.ibus))
        connect(m, dcache.bus, flipped(self.dbus))
        connect(m, flipped(self.snoop), dcache.snoop)
        connect(m, dcache.table_write, flipped(self.table_write))
        m.d.comb += [
            mmu.translation.eq(csr.translation),
            mmu.flush_first.eq(csr.flush_first | self.evict[0]), mmu.flush_all.eq(csr.flush_all | self.evict[1]),
            loadstore.snooped.eq(self.snoop.held), loadstore.snooped_line.eq(self.snoop.line),
            loadstore.table_written.eq(dcache.table_write.valid),
            mmu.uncached_page.eq(self.uncached_page), mmu.uncached_enable.eq(self.uncached_enable),
            loadstore.executed.eq(commit.executed), loadstore.go.eq(commit.go),
            loadstore.next.valid.eq(commit.next.valid), loadstore.next.payload.eq(commit.next.payload),
            loadstore.enter.eq(commit.enter),
            commit.done.eq(loadstore.done), commit.loaded.eq(loadstore.loaded), commit.value.eq(loadstore.value),
            commit.faulted.eq(loadstore.faulted),
            commit.fault.eq(loadstore.fault), commit.fault_offset.eq(loadstore.fault_offset),
            commit.hpa.eq(loadstore.hpa), commit.hpa_next.eq(loadstore.hpa_next), commit.device.eq(loadstore.device),
            commit.reserved.eq(loadstore.reserved),
            commit.pair.eq(loadstore.pair), commit.value_high.eq(loadstore.value_high),
            commit.data_high.eq(loadstore.data_high), issue.third.eq(loadstore.register),
            loadstore.register_value.eq(issue.third_value),
            commit.stored.eq(loadstore.stored), commit.data.eq(loadstore.data),
            loadstore.clean.eq(commit.clean), commit.cleaned.eq(loadstore.cleaned),
            fetch.invalidate.eq(commit.invalidate), commit.invalidated.eq(fetch.invalidated),
            commit.product.eq(execute.product), commit.fetch_fault.eq(fetch.fault),
        ]

        # What is watched.
        own = Signal(EVENT_BITS)
        for name, happens in {
            "mispredicted": execute.redirect, "wait_operand": issue.waits, "icache_miss": fetch.miss,
            "dcache_miss": loadstore.miss, "stall_translation": loadstore.waits_translation,
            "stall_line": loadstore.waits_line, "stall_device": loadstore.waits_device,
            "fetch_translation": fetch.translate.valid, "fetch_line": fetch.cache.refill,
        }.items():
            m.d.comb += own[EVENTS[name]].eq(happens)
        m.d.comb += [
            self.retire.valid.eq(commit.retire.valid), self.retire.payload.eq(commit.retire.payload),
            self.critical.valid.eq(commit.critical.valid), self.critical.payload.eq(commit.critical.payload),
            self.walk.valid.eq(mmu.walk.valid), self.walk.payload.eq(mmu.walk.payload),
            self.events.eq(commit.events | own | (mmu.events << MMU_EVENTS)),
        ]
        return m

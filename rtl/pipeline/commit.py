"""Commit: the last stage, and the only place where the architecture changes."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import PHYSICAL_BITS, CoreConfig
from ..csr.access import Access
from ..events import EVENT_BITS, EVENTS
from ..isa.causes import Cause
from ..isa.instructions import System, Unit
from ..isa.modes import Mode, v
from ..payloads import Fault, Fence, FenceKind, MemoryKind, Retire, Trap, record
from ..ports import CsrSignature
from ..units.divider import Divider
from .masking import masked
from .payloads import Executed, Forward
from .stage import Skid
from .tinst import TABLE_READ, TABLE_WRITE, transformed

SHORT_TIME = 512
"""Cycles after which WRS.STO ends, and WRS.NTO traps where TW or VTW says so: some twenty misses of a cache."""


class Commit(wiring.Component):
    """Takes one instruction at a time; it retires, or a trap is taken in its place.

    An interrupt is attached to an instruction in the first cycle in which that is here, and takes the path of an
    exception. Whatever changes the mode, a CSR, or a translation flushes all that is younger, so that no stage before
    this one ever looks at a CSR that is about to change.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    i : stream of Executed
    fetch_fault : In(Fault)
        Of an instruction that could not be fetched.
    product : In(64)
        Of the multiplication that is here.
    csr : Out(CsrSignature)
    next : Out(stream of Executed, valid only), enter : Out(1), executed : Out(Executed), go : Out(1)
        To the load-store unit, which answers with the members after it (see there). An instruction that leaves execute
        while another one is here waits beside the way, as `next`: so that nothing before it depends on when the one
        here is done, which comes late.
    fence : Out(stream of Fence)
        To the Mmu.
    clean, cleaned, invalidate, invalidated
        FENCE.I: of the data cache and the instruction cache.
    pair, value_high, data_high
        AMOCAS.Q, as the load-store unit has it.
    reserved : In(1)
        The reservation of the last LR is valid.
    forward : Out(Forward)
        What the instruction here writes; `known` in the cycle in which it retires.
    waiting : Out(Forward)
        What the instruction will write that waits to come here; its value is never known.
    flush : Out(1), resume : Out(1), resume_pc : Out(64)
        Everything younger is void, decided by registers alone; in the next cycle, where to go on.
    retire : Out(stream of Retire)
        One cycle after the fact.
    critical : Out(stream of Trap, valid only)
        Valid, for good, once a trap was a critical error; the payload is that trap. Nothing has changed by it.
    events : Out(EVENT_BITS)
        Those of rtl/events.py that are counted here, the others 0.
    """
    def __init__(self, config: CoreConfig):
        self.htinst, self.has_wrs = config.htinst, config.has("zawrs")
        super().__init__({
            "i": In(stream.Signature(Executed)), "fetch_fault": In(Fault), "product": In(64),
            "csr": Out(CsrSignature()), "next": Out(stream.Signature(Executed, always_ready=True)), "enter": Out(1),
            "executed": Out(Executed), "go": Out(1),
            "done": In(1), "loaded": In(64), "value": In(64), "pair": In(1), "value_high": In(64), "data_high": In(64),
            "faulted": In(1), "fault": In(Fault), "fault_offset": In(4),
            "hpa": In(PHYSICAL_BITS), "hpa_next": In(PHYSICAL_BITS), "device": In(1), "stored": In(1), "data": In(64),
            "fence": Out(stream.Signature(Fence)), "clean": Out(1), "cleaned": In(1), "invalidate": Out(1),
            "invalidated": In(1), "reserved": In(1), "forward": Out(Forward), "waiting": Out(Forward),
            "flush": Out(1), "resume": Out(1), "resume_pc": Out(64),
            "retire": Out(stream.Signature(Retire, always_ready=True)),
            "critical": Out(stream.Signature(Trap, always_ready=True)), "events": Out(EVENT_BITS)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.divider = divider = Divider()
        x, csr = Signal(Executed), self.csr
        decoded = x.decoded
        unit, op, mode = decoded.unit, decoded.op, csr.status.mode
        valid, fresh = Signal(), Signal()
        finishes, value = Signal(), Signal(64)       # the instruction retires in this cycle; what rd gets
        ends, result = Signal(), Signal(64)          # the same, but for loads, stores and AMOs
        traps, goes_on = Signal(), Signal(64)        # a trap is taken in this cycle; where to go on after a flush

        m.submodules.skid = skid = Skid(Executed)
        connect(m, flipped(self.i), skid.i)
        arriving = skid.o.payload.decoded
        m.d.comb += [
            skid.kill.eq(self.flush), skid.o.ready.eq(~valid | finishes), self.enter.eq(skid.o.ready),
            self.next.valid.eq(skid.o.valid), self.next.payload.eq(skid.o.payload), self.executed.eq(x),
            self.waiting.valid.eq(skid.full & arriving.writes_rd & arriving.rd.any()), self.waiting.rd.eq(arriving.rd),
        ]
        m.d.sync += fresh.eq(skid.o.ready & skid.o.valid)
        with m.If(skid.o.ready):
            m.d.sync += [valid.eq(skid.o.valid), x.eq(skid.o.payload)]
        with m.If(self.flush):
            m.d.sync += [valid.eq(0), fresh.eq(0)]

        # What the load-store unit says comes late in the cycle: all that it does not say is 0.
        m.d.comb += [finishes.eq(ends | self.done), value.eq(self.loaded | self.value | result)]
        interrupted = fresh & csr.interrupt
        m.d.comb += csr.op.address.eq(decoded.bits[20:32])
        funct3 = decoded.bits[12:15]
        m.d.comb += [
            csr.op.write.eq(~funct3[1] | decoded.bits[15:20].any()),
            csr.op.set.eq(funct3[:2] == 2), csr.op.clear.eq(funct3[:2] == 3), csr.op.operand.eq(x.a),
            divider.a.eq(x.a), divider.b.eq(x.b), divider.function.eq(funct3[:2]), divider.word.eq(decoded.word),
            self.fence.payload.by_address.eq(decoded.rs1.any()), self.fence.payload.by_id.eq(decoded.rs2.any()),
            self.fence.payload.address.eq(x.a), self.fence.payload.id.eq(x.b[:16]),
            self.fence.payload.kind.eq(Mux(op == System.HFENCE_GVMA, FenceKind.HFENCE_GVMA,
                                           Mux((op == System.HFENCE_VVMA) | v(mode), FenceKind.HFENCE_VVMA,
                                               FenceKind.SFENCE_VMA))),
        ]

        trap, access_of_csr = Signal(Trap), Signal(2)
        csr_value = Signal(64)
        with m.FSM() as fsm:
            with m.State("RUN"):
                with m.If(valid & (interrupted | x.barred)):
                    m.next = "DESCRIBE"
                with m.Elif(valid):
                    with m.Switch(unit):
                        with m.Case(Unit.ALU, Unit.BRANCH, Unit.JUMP):
                            m.d.comb += [ends.eq(1), result.eq(x.result)]
                        with m.Case(Unit.MUL):
                            m.d.comb += [ends.eq(1), result.eq(self.product)]
                        with m.Case(Unit.DIV):
                            m.d.comb += [divider.start.eq(1), ends.eq(divider.done), result.eq(divider.result)]
                        with m.Case(Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO):
                            with m.If(self.faulted):
                                m.next = "DESCRIBE"
                            with m.If(self.pair):
                                # What is younger may have read the register after rd before it was written.
                                m.next = "GO ON"
                        with m.Case(Unit.CSR):
                            m.next = "CSR"
                        with m.Case(Unit.SYSTEM):
                            with m.Switch(op):
                                with m.Case(System.FENCE, System.SFENCE_INVAL):
                                    m.d.comb += ends.eq(1)
                                with m.Case(System.FENCE_I):
                                    m.next = "CLEAN"
                                with m.Case(System.WFI):
                                    m.next = "WAIT"
                                if self.has_wrs:
                                    with m.Case(System.WRS_NTO, System.WRS_STO):
                                        m.next = "STALL"
                                with m.Case(System.MRET, System.SRET):
                                    m.next = "RETURN"
                                with m.Default():
                                    m.next = "FENCE"
            with m.State("CSR"):
                m.d.sync += csr_value.eq(csr.read_data)
                with m.If(csr.answer != Access.OK):
                    m.d.sync += access_of_csr.eq(csr.answer)
                    m.next = "DESCRIBE"
                with m.Elif(csr.op.write):
                    m.d.comb += csr.write.eq(1)
                    m.next = "WRITTEN"
                with m.Else():
                    m.d.comb += [ends.eq(1), result.eq(csr.read_data)]
                    m.next = "RUN"
            with m.State("WRITTEN"):
                m.d.comb += [ends.eq(1), result.eq(csr_value), self.flush.eq(1), goes_on.eq(x.next_pc)]
                m.next = "RUN"
            with m.State("CLEAN"):
                m.d.comb += self.clean.eq(1)
                with m.If(self.cleaned):
                    m.next = "INVALIDATE"
            with m.State("INVALIDATE"):
                m.d.comb += self.invalidate.eq(1)
                with m.If(self.invalidated):
                    m.next = "GO ON"
            with m.State("WAIT"):
                with m.If(csr.wake):
                    m.next = "GO ON"
            if self.has_wrs:
                stalled = Signal(range(SHORT_TIME))
                m.d.sync += stalled.eq(0)
                with m.State("STALL"):
                    m.d.sync += stalled.eq(Mux(stalled == SHORT_TIME - 1, stalled, stalled + 1))
                    with m.If(csr.wake | ~self.reserved):
                        m.next = "GO ON"
                    with m.Elif(stalled == SHORT_TIME - 1):
                        with m.If(op == System.WRS_STO):
                            m.next = "GO ON"
                        with m.Elif(x.access != Access.OK):
                            m.next = "DESCRIBE"
            with m.State("FENCE"):
                m.d.comb += self.fence.valid.eq(1)
                with m.If(self.fence.ready):
                    m.next = "GO ON"
            with m.State("GO ON"):
                m.d.comb += [ends.eq(1), self.flush.eq(1), goes_on.eq(x.next_pc)]
                m.next = "RUN"
            with m.State("RETURN"):
                m.d.comb += [ends.eq(1), csr.xret.eq(1), csr.mret.eq(op == System.MRET),
                             self.flush.eq(1), goes_on.eq(csr.taken.pc)]
                m.next = "RUN"
            with m.State("DESCRIBE"):
                # MDT is 0 below M, so whoever takes the trap need not be known (rule trap_unexp_hndl_no_rnmi).
                m.next = "TRAP"
                with m.If(csr.status.mdt):
                    m.next = "CRITICAL"
            with m.State("CRITICAL"):
                m.d.comb += self.critical.valid.eq(1)
            with m.State("TRAP"):
                m.d.comb += [traps.eq(1), csr.trap.valid.eq(1), self.flush.eq(1), goes_on.eq(csr.taken.pc)]
                m.d.sync += access_of_csr.eq(Access.OK)
                m.next = "RUN"

        # The trap is put together in the cycle before it is taken, from registers and what the load-store unit held.
        interrupt_seen, code_seen = Signal(), Signal(6)
        with m.If(fresh):
            m.d.sync += [interrupt_seen.eq(csr.interrupt), code_seen.eq(csr.interrupt_code)]
        m.d.sync += trap.eq(self.describe(m, x, mode, access_of_csr, interrupt_seen, code_seen))
        # Where a trap or return leads to follows from much: fetch is told a cycle after all that is younger is void.
        m.d.sync += [self.resume.eq(self.flush), self.resume_pc.eq(goes_on)]
        m.d.comb += [
            csr.trap.payload.eq(trap), self.critical.payload.eq(trap),
            self.go.eq(fsm.ongoing("RUN") & valid & x.memory & ~interrupted),
            # A CSR instruction counts in the cycle in which it writes: a write of minstret wins over that count.
            csr.retired.eq(Mux(unit == Unit.CSR, csr.write | (finishes & ~csr.op.write), finishes)),
            self.forward.valid.eq(valid & decoded.writes_rd & decoded.rd.any()),
            self.forward.rd.eq(decoded.rd | self.pair), self.forward.known.eq(finishes | self.pair),
            self.forward.value.eq(value),
        ]
        self.record(m, x, mode, trap, traps, finishes, value, fresh)
        works = valid & ~finishes & ~traps
        divides = unit == Unit.DIV
        for name, happens in {
            "retired": finishes, "trapped": traps, "interrupted": traps & trap.interrupt, "flushed": self.flush,
            "stall_empty": ~valid, "stall_memory": works & x.memory, "stall_divide": works & divides,
            "stall_system": works & ~x.memory & ~divides, "stall_wfi": fsm.ongoing("WAIT"),
            "vm_exit": traps & v(mode) & ~v(csr.taken.mode), "vm_entry": csr.xret & ~v(mode) & v(csr.taken.mode),
        }.items():
            m.d.comb += self.events[EVENTS[name]].eq(happens)
        return m

    def describe(self, m, x, mode, access_of_csr, interrupted, interrupt_code):
        """The Trap of the instruction `x`: which cause it has, and what the registers of the trap get."""
        decoded, fetched = x.decoded, x.decoded.fetched
        access = Mux(decoded.unit == Unit.CSR, access_of_csr, x.access)
        # The load-store unit's fault stays in its register until the next one.
        code, tval, gva, gpa, tinst = Signal(6), Signal(64), Signal(), Signal(64), Signal(32)

        def of_fault(fault, address, virtual, instruction):
            pseudo = Mux(fault.implicit, Mux(fault.implicit_write, TABLE_WRITE, TABLE_READ), 0)
            hide = fault.implicit & (self.htinst == "zero")
            m.d.comb += [
                code.eq(fault.cause), tval.eq(address), gva.eq(virtual), gpa.eq(Mux(hide, 0, fault.gpa)),
                tinst.eq({"zero": 0, "pseudo": pseudo,
                          "full": Mux(fault.implicit, pseudo, instruction)}[self.htinst]),
            ]

        with m.If(interrupted):
            m.d.comb += code.eq(interrupt_code)
        with m.Elif(fetched.faulted):
            of_fault(self.fetch_fault, (fetched.pc + Mux(fetched.fault_second, 2, 0))[:64], v(mode), 0)
        with m.Elif(access != Access.OK):
            m.d.comb += [code.eq(Mux(access == Access.VIRTUAL, Cause.VIRTUAL_INSTRUCTION, Cause.ILLEGAL_INSTRUCTION)),
                         tval.eq(fetched.raw)]
        with m.Elif(x.memory):
            offset = Signal(4)
            m.d.sync += offset.eq(self.fault_offset)
            of_fault(self.fault, masked((x.result + offset)[:64], x.masking), v(x.context.mode),
                     transformed(decoded, Cat(offset, Const(0, 1))))
        with m.Elif(decoded.op == System.EBREAK):
            m.d.comb += [code.eq(Cause.BREAKPOINT), tval.eq(fetched.pc), gva.eq(v(mode))]
        with m.Else():
            m.d.comb += code.eq(Mux(mode == Mode.M, Cause.ECALL_M, Mux(mode == Mode.VS, Cause.ECALL_VS,
                                    Mux(mode == Mode.HS, Cause.ECALL_HS, Cause.ECALL_U))))
        return record(Trap, interrupt=interrupted, code=code, pc=fetched.pc, tval=tval, gva=gva, gpa=gpa, tinst=tinst)

    def record(self, m, x, mode, trap, traps, finishes, value, fresh):
        """The Retire record, registered: nothing that the pipeline waits for depends on it."""
        decoded, csr, retire = x.decoded, self.csr, self.retire.payload
        seen_mip, seen_time = Signal(16), Signal(64)
        with m.If(fresh):
            m.d.sync += [seen_mip.eq(csr.mip), seen_time.eq(csr.time)]
        accesses = finishes & x.memory
        kind = Mux(decoded.unit == Unit.AMO, MemoryKind.AMO,
                   Mux(decoded.unit == Unit.LOAD, MemoryKind.LOAD, Mux(self.stored, MemoryKind.STORE, MemoryKind.NONE)))
        returns = csr.xret | traps
        m.d.sync += self.retire.valid.eq(finishes | traps)
        with m.If(finishes | traps):
            m.d.sync += retire.eq(record(
                Retire, pc=decoded.fetched.pc, bits=decoded.fetched.raw, mode=mode,
                mode_after=Mux(returns, csr.taken.mode, mode), next_pc=Mux(returns, csr.taken.pc, x.next_pc),
                writes_rd=finishes & decoded.writes_rd, rd=decoded.rd, rd_value=value, rd_high=self.value_high,
                memory=Mux(accesses, kind, MemoryKind.NONE), size=decoded.size, gva=Mux(accesses, x.result, 0),
                hpa=Mux(accesses, self.hpa, 0), hpa_next=Mux(accesses, self.hpa_next, 0),
                data=Mux(accesses, self.data, 0), data_high=self.data_high, device=accesses & self.device,
                writes_csr=finishes & (decoded.unit == Unit.CSR) & csr.op.write, csr=csr.op.address,
                csr_value=csr.written, trapped=traps, interrupt=traps & trap.interrupt, code=trap.code,
                double=traps & csr.taken.double, tval=trap.tval,
                gva_valid=trap.gva, gpa=trap.gpa, tinst=trap.tinst,
                mip=Mux(fresh, csr.mip, seen_mip), time=Mux(fresh, csr.time, seen_time)))

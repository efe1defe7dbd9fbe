"""Execute: arithmetic, branches, addresses; the first look at the data TLB and the read of the data cache."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..csr.access import (
    Access,
    hfence_gvma_access,
    hfence_vvma_access,
    hlsv_access,
    mret_access,
    sfence_vma_access,
    sret_access,
    wfi_access,
)
from ..isa.instructions import Format, System, Unit
from ..payloads import Page, Reach
from ..ports import CsrStatus, LookupSignature
from ..units.alu import AluUnit, less
from ..units.multiplier import Multiplier
from .context import data_context
from .payloads import Executed, Forward, Issued
from .predictor import Jump, Outcome


def immediate(bits, format) -> Value:
    """The immediate of the 32-bit instruction `bits`, sign-extended to 64; 0 where `format` is NONE."""
    sign = bits[31]
    shapes = {
        Format.I: Cat(bits[20:31], sign.replicate(53)),
        Format.S: Cat(bits[7:12], bits[25:31], sign.replicate(53)),
        Format.B: Cat(Const(0, 1), bits[8:12], bits[25:31], bits[7], sign.replicate(52)),
        Format.U: Cat(Const(0, 12), bits[12:32], sign.replicate(32)),
        Format.J: Cat(Const(0, 1), bits[21:31], bits[20], bits[12:20], sign.replicate(44)),
        Format.Z: Cat(bits[15:20], Const(0, 59)),
    }
    result = Const(0, 64)
    for kind, value in shapes.items():
        result = Mux(format == kind, value, result)
    return result


class Execute(wiring.Component):
    """Combinational between `i` and `o`; the product alone waits in the multiplier for commit.

    Members
    -------
    i : stream of Issued
    o : stream of Executed
    status : In(CsrStatus)
        As the CSRs are now: whatever changes them flushes what is here.
    lookup : Out(LookupSignature), page : Out(Page)
        First-level data TLB; what it knows of the instruction that is here.
    read : Out(1), offset : Out(12), granted : In(1)
        Of the data cache, for the instruction that leaves in this cycle.
    redirect : Out(1), redirect_pc : Out(64)
        The instruction here does not go on where fetch did. Said in its first cycle, and once: it does not wait for
        commit, whose decision to go on comes late.
    outcome : Out(Outcome), update : Out(1)
        To the predictor, in the same cycle.
    forward : Out(Forward)
        What the instruction here will write.
    product : Out(64)
        Of the multiplication that left last.
    """
    i: In(stream.Signature(Issued))
    o: Out(stream.Signature(Executed))
    status: In(CsrStatus)
    lookup: Out(LookupSignature())
    page: Out(Page)
    read: Out(1)
    offset: Out(12)
    granted: In(1)
    redirect: Out(1)
    redirect_pc: Out(64)
    outcome: Out(Outcome)
    update: Out(1)
    forward: Out(Forward)
    product: Out(64)

    def elaborate(self, platform):
        m = Module()
        issued, o, status = self.i.payload, self.o.payload, self.status
        decoded, fetched = issued.decoded, issued.decoded.fetched
        bits, unit = fetched.bits, decoded.unit
        leaves, fresh = Signal(), Signal()
        waited = Signal()                            # it has been here for a cycle
        m.d.sync += waited.eq(self.i.valid & ~leaves)
        m.d.comb += fresh.eq(self.i.valid & ~waited)
        m.d.comb += [leaves.eq(self.o.valid & self.o.ready), self.o.valid.eq(self.i.valid),
                     self.i.ready.eq(self.o.ready)]

        number = Signal(64)
        m.d.comb += number.eq(immediate(bits, decoded.immediate))
        m.submodules.alu = alu = AluUnit()
        m.submodules.multiplier = multiplier = Multiplier()
        m.d.comb += [
            alu.op.eq(decoded.op), alu.word.eq(decoded.word), alu.a.eq(issued.a),
            alu.b.eq(Mux(decoded.immediate == Format.NONE, issued.b, number)),
            multiplier.load.eq(leaves & (unit == Unit.MUL)), multiplier.a.eq(issued.a), multiplier.b.eq(issued.b),
            multiplier.function.eq(bits[12:14]), multiplier.word.eq(decoded.word),
            self.product.eq(multiplier.result),
        ]

        # One adder for addresses, targets and auipc.
        is_branch, is_jump = unit == Unit.BRANCH, unit == Unit.JUMP
        from_pc = is_branch | (is_jump & (decoded.immediate == Format.J)) | decoded.uses_pc
        total, link = Signal(64), Signal(64)
        m.d.comb += [total.eq(Mux(from_pc, fetched.pc, issued.a) + number),
                     link.eq(fetched.pc + Mux(fetched.compressed, 2, 4))]
        is_memory = (unit == Unit.LOAD) | (unit == Unit.STORE) | (unit == Unit.AMO)

        # Branches: funct3 is eq, ne, -, -, lt, ge, ltu, geu.
        holds = Mux(bits[14], less(issued.a, issued.b, bits[13]), issued.a == issued.b) ^ bits[12]
        goes, target = Signal(), Signal(64)
        m.d.comb += [goes.eq(is_jump | is_branch & holds), target.eq(Cat(Const(0, 1), total[1:])),
                     o.next_pc.eq(Mux(goes, target, link))]
        wrong = (goes != fetched.taken) | goes & (fetched.target != target)
        m.d.comb += [self.redirect.eq(fresh & wrong), self.redirect_pc.eq(o.next_pc)]

        def is_link(register):
            return (register == 1) | (register == 5)

        counter, kind = fetched.counter, Signal(Jump)
        m.d.comb += kind.eq(Mux(is_branch, Jump.BRANCH, Mux(decoded.writes_rd & is_link(decoded.rd), Jump.CALL,
                                Mux((decoded.immediate == Format.I) & is_link(decoded.rs1), Jump.RETURN, Jump.ALWAYS))))
        m.d.comb += [
            self.update.eq(fresh & ~fetched.faulted & (goes | fetched.known)),
            self.outcome.end.eq(Mux(fetched.compressed, fetched.pc, (fetched.pc + 2)[:64])),
            self.outcome.target.eq(target),
            self.outcome.kind.eq(kind),
            self.outcome.counter.eq(Mux(~fetched.known, 2, Mux(goes, Mux(counter == 3, 3, counter + 1),
                                                               Mux(counter == 0, 0, counter - 1)))),
            self.outcome.forget.eq(~is_branch & ~is_jump),
        ]

        reach = Mux(unit == Unit.LOAD, Reach.LOAD, Reach.STORE)
        m.d.comb += [
            o.decoded.eq(decoded), o.a.eq(Mux(decoded.immediate == Format.Z, number, issued.a)), o.b.eq(issued.b),
            o.result.eq(Mux(is_jump, link, Mux(decoded.uses_pc | is_memory, total, alu.result))),
            o.context.eq(data_context(status, reach, decoded.hlsv, decoded.hlvx)),
            self.lookup.va.eq(total), self.lookup.context.eq(o.context),
            self.page.eq(self.lookup.page), o.page_known.eq(self.lookup.hit),
            self.read.eq(leaves & is_memory), self.offset.eq(total[:12]), o.read.eq(self.granted),
            o.access.eq(self.answer(decoded)),
            self.forward.valid.eq(self.i.valid & decoded.writes_rd & decoded.rd.any()),
            self.forward.rd.eq(decoded.rd),
            self.forward.known.eq((unit == Unit.ALU) | is_jump),
            self.forward.value.eq(Mux(is_jump, link, Mux(decoded.uses_pc, total, alu.result))),
        ]
        return m

    def answer(self, decoded) -> Value:
        """Whether the mode allows this instruction, an Access. CSR instructions have their answer at commit."""
        s = self.status
        result = Const(Access.OK, 2)
        for op, access in (
            (System.MRET, mret_access(s.mode)),
            (System.SRET, sret_access(s.mode, s.tsr, s.vtsr)),
            (System.WFI, wfi_access(s.mode, s.tw, s.vtw)),
            (System.SFENCE_VMA, sfence_vma_access(s.mode, s.tvm, s.vtvm)),
            (System.HFENCE_VVMA, hfence_vvma_access(s.mode)),
            (System.HFENCE_GVMA, hfence_gvma_access(s.mode, s.tvm)),
        ):
            result = Mux((decoded.unit == Unit.SYSTEM) & (decoded.op == op), access, result)
        result = Mux(decoded.hlsv, hlsv_access(s.mode, s.hu), result)
        return Mux(decoded.illegal | decoded.hypervisor & ~s.misa_h, Access.ILLEGAL, result)

"""Execute: arithmetic, branches, addresses; the first look at the data TLB."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..csr.access import (
    Access,
    cache_block_access,
    hfence_gvma_access,
    hfence_vvma_access,
    hlsv_access,
    mret_access,
    sfence_inval_access,
    sfence_vma_access,
    sret_access,
    wfi_access,
    wrs_nto_access,
)
from ..isa.instructions import Cbo, Format, System, Unit
from ..payloads import Context, Reach, change
from ..ports import CsrStatus, LookupSignature
from ..units.alu import AluUnit
from ..units.bits import BIT_EXTENSIONS, BitUnit
from ..units.multiplier import Multiplier
from .context import data_context, data_mode
from .masking import Masking, data_masking, masked
from .payloads import Executed, Forward, Issued
from .predictor import Jump, Outcome
from .shape import shape


class Execute(wiring.Component):
    """Combinational between `i` and `o`; the product alone waits in the multiplier for commit.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    i : stream of Issued
    o : stream of Executed
    status : In(CsrStatus)
        As the CSRs are now. Whatever changes them flushes what is here, so they are looked at a cycle late.
    lookup : Out(LookupSignature)
        First-level data TLB.
    redirect : Out(1), redirect_pc : Out(64)
        The instruction here does not go on where fetch did. Said in its first cycle, and once.
    outcome : Out(Outcome), update : Out(1)
        To the predictor, in the same cycle.
    forward : Out(Forward)
        What the instruction here will write.
    product : Out(64)
        Of the multiplication that left last.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(Issued)), "o": Out(stream.Signature(Executed)), "status": In(CsrStatus),
            "lookup": Out(LookupSignature()), "redirect": Out(1), "redirect_pc": Out(64), "outcome": Out(Outcome),
            "update": Out(1), "forward": Out(Forward), "product": Out(64)})

    def elaborate(self, platform):
        m = Module()
        issued, o = self.i.payload, self.o.payload
        decoded, fetched, controls = issued.decoded, issued.decoded.fetched, issued.controls
        bits, unit = decoded.bits, decoded.unit
        leaves, fresh, status = Signal(), Signal(), Signal(CsrStatus)
        m.d.sync += status.eq(self.status)
        waited = Signal()                            # it has been here for a cycle
        m.d.sync += waited.eq(self.i.valid & ~leaves)
        m.d.comb += fresh.eq(self.i.valid & ~waited)
        m.d.comb += [leaves.eq(self.o.valid & self.o.ready), self.o.valid.eq(self.i.valid),
                     self.i.ready.eq(self.o.ready)]

        is_branch, is_jump = controls.branch, controls.jump
        result, unsummed = Signal(64), Signal(64)    # what execute computes; the same but for the adder below
        number = Cat(issued.number, issued.number[31].replicate(32))
        m.submodules.alu = alu = AluUnit(self.config)
        m.submodules.multiplier = multiplier = Multiplier()
        m.d.comb += [
            # Where the result comes from elsewhere, that of the ALU is 0. An operand that is not used is 0, too.
            alu.controls.eq(controls.alu),
            alu.a.eq(issued.a), alu.b.eq(Mux(decoded.uses_rs2, issued.b, number)),
            multiplier.load.eq(leaves & (unit == Unit.MUL)), multiplier.a.eq(issued.a), multiplier.b.eq(issued.b),
            multiplier.function.eq(bits[12:14]), multiplier.word.eq(decoded.word),
            self.product.eq(multiplier.result),
        ]

        # One adder for addresses, targets and auipc. What has no rs1, and needs a sum, adds to pc. Of an address upper
        # bits may be masked: a multiplexer behind the adder, set early in the cycle, which targets do not wait for.
        total, link, address, masking = Signal(64), Signal(64), Signal(64), Signal(Masking)
        if self.config.masks_pointers:
            own_masking, guest_masking = Signal(Masking), Signal(Masking)
            m.d.sync += [held.eq(data_masking(self.status, data_mode(self.status, hlsv), hlsv))
                         for hlsv, held in enumerate((own_masking, guest_masking))]
            m.d.comb += masking.as_value().eq(Mux(controls.memory & ~decoded.hlvx, Mux(
                decoded.hlsv, guest_masking.as_value(), own_masking.as_value()), 0))
        m.d.comb += address.eq(masked(total, masking) if self.config.masks_pointers else total)
        m.d.comb += [total.eq(Mux(controls.from_pc, fetched.pc, issued.a) + number),
                     link.eq(fetched.pc + Cat(Const(0, 1), fetched.compressed, ~fetched.compressed)),
                     unsummed.eq(alu.result | link & is_jump.replicate(64)),
                     result.eq(unsummed | total & controls.sums.replicate(64))]

        # What is late is chosen where nobody waits for it: on its way to commit, from where it is forwarded. Nor does
        # what is forwarded from here wait for masks, since it is no address of an access.
        early = unsummed | address & controls.sums.replicate(64)
        if any(self.config.has(extension) for extension in BIT_EXTENSIONS):
            m.submodules.bits = late = BitUnit(self.config)
            m.d.comb += [late.controls.eq(controls.bits), late.a.eq(issued.a), late.b.eq(issued.b),
                         late.less.eq(alu.less), late.shifted.eq(alu.result[0]),
                         o.result.eq(Mux(controls.late, late.result, early))]
        else:
            m.d.comb += o.result.eq(early)

        # Branches: funct3 is eq, ne, -, -, lt, ge, ltu, geu.
        holds = Mux(bits[14], alu.less, issued.a == issued.b) ^ bits[12]
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

        # The context of every load, and that of HLV and HSV.
        own, guest = Signal(Context), Signal(Context)
        m.d.sync += [own.eq(data_context(self.status, Reach.LOAD, 0, 0)),
                     guest.eq(data_context(self.status, Reach.LOAD, 1, 0))]
        context = Mux(decoded.hlsv, guest.as_value(), own.as_value())
        # A block may be managed by who may load or store there (rule cbm_access): who may store may also load.
        manages = (unit == Unit.CBO) & (decoded.op != Cbo.ZERO) if self.config.has("zicbom") else Const(0)
        may_end_in_time = Const(0)
        if self.config.has("zawrs"):
            may_end_in_time = ~decoded.illegal & (unit == Unit.SYSTEM) & (decoded.op == System.WRS_NTO)
        m.d.comb += [
            o.decoded.eq(decoded), o.b.eq(issued.b),
            o.a.eq(issued.a | bits[15:20] & (decoded.immediate == Format.Z).replicate(5)),
            o.context.eq(change(Context(context), hlvx=decoded.hlvx, as_store=manages,
                                reach=Mux((unit == Unit.LOAD) | manages, Reach.LOAD, Reach.STORE))),
            self.lookup.va.eq(address), o.masking.eq(masking), self.lookup.context.eq(o.context),
            o.barred.eq(fetched.faulted | (o.access != Access.OK) & ~may_end_in_time
                        | (unit == Unit.SYSTEM) & ((decoded.op == System.ECALL) | (decoded.op == System.EBREAK))),
            o.memory.eq(controls.memory & ~o.barred), o.offset.eq(total[:12]),
            o.form.eq(shape(m, decoded, o.offset, self.config)),
            o.page.eq(self.lookup.page), o.page_known.eq(self.lookup.hit),
            o.access.eq(self.answer(decoded, status)),
            self.forward.valid.eq(self.i.valid & decoded.writes_rd & decoded.rd.any()),
            self.forward.rd.eq(decoded.rd),
            self.forward.known.eq(controls.known),
            self.forward.value.eq(result),
        ]
        return m

    def answer(self, decoded, s) -> Value:
        """Whether the mode allows this instruction, an Access. CSR instructions have their answer at commit."""
        is_system = decoded.unit == Unit.SYSTEM
        answers = [((is_system & (decoded.op == op)).replicate(2) & access) for op, access in (
            (System.MRET, mret_access(s.mode)),
            (System.SRET, sret_access(s.mode, s.tsr, s.vtsr)),
            (System.WFI, wfi_access(s.mode, s.tw, s.vtw)),
            (System.SFENCE_VMA, sfence_vma_access(s.mode, s.tvm, s.vtvm)),
            (System.SFENCE_INVAL, sfence_inval_access(s.mode)),
            (System.HFENCE_VVMA, hfence_vvma_access(s.mode)),
            (System.HFENCE_GVMA, hfence_gvma_access(s.mode, s.tvm)),
        )]
        if self.config.has("zawrs"):
            answers.append((is_system & (decoded.op == System.WRS_NTO)).replicate(2)
                           & wrs_nto_access(s.mode, s.tw, s.vtw))
        answers.append(decoded.hlsv.replicate(2) & hlsv_access(s.mode, s.hu))
        for extension, field, ops in (("zicbom", "cbie", (Cbo.INVAL,)), ("zicbom", "cbcfe", (Cbo.CLEAN, Cbo.FLUSH)),
                                      ("zicboz", "cbze", (Cbo.ZERO,))):
            if self.config.has(extension):
                access = cache_block_access(s.mode, s.menvcfg[field], s.henvcfg[field], s.senvcfg[field])
                answers.append(((decoded.unit == Unit.CBO) & decoded.op.matches(*ops)).replicate(2) & access)
        # Of all these at most one is not Access.OK, which is 0.
        return Mux(decoded.illegal | decoded.hypervisor & ~s.misa_h, Access.ILLEGAL, reduce(or_, answers))

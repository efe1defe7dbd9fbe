"""The CSR file (privileged manual): every CSR instruction, trap and return takes effect here."""

from collections import defaultdict

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import CoreConfig
from ..isa.csr import ALL_ONES, Box, Guard, Kind
from ..isa.csrs import table
from ..isa.csrs_machine import EVENTS
from ..isa.modes import Mode, v
from ..isa.pmp import RLB
from ..payloads import AtpFields, record
from ..ports import CacheBlockEnables, CsrSignature, CsrStatus, PmpSignature, TranslationCsrs
from .access import (
    Facts,
    counter_guard,
    counters_open,
    csr_access,
    hgatp_guard,
    satp_guard,
    sireg_guard,
    stateen_guard,
    stimecmp_guard,
    vsireg_guard,
)
from .counters import INHIBITS_LSB, Counters
from .interrupts import MIP_BITS, InterruptCsrs, Interrupts
from .pmp import PmpRegisters, rlb_written
from .state import State
from .traps import entry_pc, entry_writes, is_double, mret_mode, mret_writes, sret_mode, sret_writes, trap_target

TIME = 1
"""The number of time among the counters, hence its bit in the counter-enable registers."""


class CsrFile(wiring.Component):
    """All CSRs, the current mode, traps and returns, and the decision about interrupts.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    csr : In(CsrSignature)
        Commit's side.
    translation : Out(TranslationCsrs), pmp : In(PmpSignature())
        The Mmu.
    flush_first : Out(1)
        For one cycle after a write of satp, vsatp or hgatp: the first-level TLBs know nothing of their IDs.
    flush_all : Out(1)
        For one cycle after a write that changes the MODE of one of them, a PMP register, mseccfg, misa.H or PBMTE: no
        translation that any TLB holds may be used.
    time : In(64)
        mtime.
    msip, mtip, meip, seip : In(1), hgeip_lines : In(64)
        Interrupts; bit n of the last is guest external interrupt n.
    events : In(32)
        What an mhpmcounter may count, of the cycle before; mhpmevent selects bit n-1 by n.
    inspect_enable : In(1), inspect_address : In(12), inspect_value : Out(64)
        While enabled, the CSR at that address, combinationally, whatever the mode, and nothing substituted where V=1.
        `csr.read_data` and `csr.written` mean nothing then.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "csr": In(CsrSignature()), "translation": Out(TranslationCsrs), "pmp": In(PmpSignature()),
            "flush_first": Out(1), "flush_all": Out(1), "time": In(64), "msip": In(1), "mtip": In(1), "meip": In(1),
            "seip": In(1), "hgeip_lines": In(64), "events": In(EVENTS), "inspect_enable": In(1),
            "inspect_address": In(12), "inspect_value": Out(64)})

    def elaborate(self, platform):
        m = Module()
        config, csr = self.config, self.csr
        csrs = table(config)
        state = State(csrs)
        mode = Signal(Mode, init=Mode.M)
        m.submodules.counters = counters = Counters(csrs, config.hpm_counters)
        m.submodules.pmp = pmp = PmpRegisters(config.pmp_entries)
        connect(m, flipped(self.pmp), pmp.pmp)
        m.d.comb += [pmp.mml.eq(state.field("mseccfg.MML")), pmp.mmwp.eq(state.field("mseccfg.MMWP")),
                     pmp.rlb.eq(state.field("mseccfg.RLB"))]
        m.submodules.interrupts = interrupts = Interrupts(config)

        guest_time = (self.time + state["htimedelta"])[:64]
        address = self.own_address(m, csrs, mode)
        computed = {"mip": interrupts.mip, "hgeip": interrupts.hgeip,
                    "time": Mux(v(mode) & ~self.inspect_enable, guest_time, self.time),
                    "scountovf": counters.overflowed & Mux(self.inspect_enable, ALL_ONES, counters_open(
                        mode, state["mcounteren"], state["hcounteren"]))}
        computed = {name: value for name, value in computed.items() if name in csrs}
        self.read(m, csrs, state, mode, address, computed, counters, pmp)
        self.write(m, csrs, state, mode, address, counters, pmp)
        # After all that software writes: a request is never lost (rule sip_lcofip_op).
        with m.If(counters.request):
            state.set(m, {"mip.LCOFIP": Const(1)})
        self.trap(m, state, mode)
        self.connect_interrupts(m, state, mode, interrupts, guest_time)

        m.d.comb += [
            csr.mip.eq(interrupts.mip), csr.time.eq(self.time), counters.inhibit.eq(state["mcountinhibit"][:32]),
            counters.cycle_inhibits.eq(state["mcyclecfg"][INHIBITS_LSB:]),
            counters.instret_inhibits.eq(state["minstretcfg"][INHIBITS_LSB:]), counters.mode.eq(mode),
            counters.hypervisor.eq(state.field("misa.H")), counters.retired.eq(csr.retired),
            counters.events.eq(self.events),
            csr.status.eq(self.status(state, mode)),
        ]
        for name in ("satp", "vsatp", "hgatp"):
            atp = data.View(data.StructLayout({"ppn": 44, "id": 16, "mode": 4}), state[name])
            m.d.comb += self.translation[name].eq(record(AtpFields, ppn=atp.ppn, id=atp.id, mode=atp.mode))
        for name in ("adue", "pbmte"):
            mine, guests = (state.field(f"{csr}.{name.upper()}") for csr in ("menvcfg", "henvcfg"))
            m.d.comb += [self.translation[name].eq(mine), self.translation[f"vs_{name}"].eq(mine & guests)]
        return m

    def own_address(self, m, csrs, mode):
        """The address of the instruction's CSR; where V=1 the VS CSR substitutes (rule H_vscsrs_sub)."""
        address = Signal(12)
        m.d.comb += address.eq(self.csr.op.address)
        with m.If(v(mode)):
            with m.Switch(self.csr.op.address):
                for each in csrs.values():
                    if each.twin:
                        with m.Case(each.address):
                            m.d.comb += address.eq(csrs[each.twin].address)
        return address

    def read(self, m, csrs, state, mode, address, computed, counters, pmp):
        """The one multiplexer, for reads, for what was written, and for the debugger."""
        csr = self.csr
        shown, value, exists = Signal(12), Signal(64), Signal()
        m.d.comb += [
            shown.eq(Mux(self.inspect_enable, self.inspect_address, address)),
            self.inspect_value.eq(value), csr.written.eq(value), counters.number.eq(shown), pmp.number.eq(shown)]

        def show(each):
            if each.box is Box.PMP:
                return pmp.value
            if each.box is Box.COUNTERS:
                return counters.event if each.name.startswith("mhpmevent") else counters.value
            return state.read(each, computed)

        for each in switch(m, shown, csrs.values()):
            m.d.comb += [value.eq(show(each)),
                         exists.eq(state.field("misa.H") if each.hypervisor else 1)]
        m.d.sync += [csr.read_data.eq(value),
                     csr.answer.eq(csr_access(csr.op.address, exists, csr.op.write, mode,
                                              self.guard(m, csrs, state, mode)))]

    def guard(self, m, csrs, state, mode):
        """What the addressed CSR asks for beyond its address."""
        field, number = state.field, self.csr.op.address[:5]
        enabled = [state[f"{level}counteren"][:32] for level in "mhs"]
        guards = {
            Guard.SATP: satp_guard(mode, field("mstatus.TVM"), field("hstatus.VTVM")),
            Guard.HGATP: hgatp_guard(mode, field("mstatus.TVM")),
            Guard.COUNTER: counter_guard(mode, *(each.bit_select(number, 1) for each in enabled)),
            Guard.NEVER: Facts(Const(0), Const(0)),
            Guard.STIMECMP: stimecmp_guard(mode, field("menvcfg.STCE"), enabled[0][TIME], field("henvcfg.STCE"),
                                           enabled[1][TIME]),
        }
        for bit in {each.stateen: None for each in csrs.values()}:
            # Without Smstateen, what it would control is open.
            machine, hypervisor = (field(level + bit) if bit else Const(1) for level in "mh")
            guards |= {(Guard.STATEEN, bit): stateen_guard(mode, machine, hypervisor),
                       (Guard.SIREG, bit): sireg_guard(mode, machine, hypervisor),
                       (Guard.VSIREG, bit): vsireg_guard(machine)}
        allowed, in_hs = Signal(init=1), Signal(init=1)
        with m.Switch(self.csr.op.address):
            for kind, facts in guards.items():
                if addresses := [each.address for each in csrs.values()
                                 if kind in (each.guard, (each.guard, each.stateen))]:
                    with m.Case(*addresses):
                        m.d.comb += [allowed.eq(facts.allowed), in_hs.eq(facts.allowed_in_hs)]
        return Facts(allowed, in_hs)

    def write(self, m, csrs, state, mode, address, counters, pmp):
        """What a CSR instruction writes. Legal values are the table's, locks and gates too."""
        csr, op, value, written = self.csr, self.csr.op, Signal(64), Signal(12)
        m.d.sync += written.eq(address)              # a write comes a cycle after the read, which found the address
        # The interrupt controller's signal takes no part in a read-modify-write of mip (rule mip_seip_wrcsr).
        old = csr.read_data
        if "mip" in csrs:
            seip = csrs["mip"].field("SEIP")
            soft = (csr.read_data & (ALL_ONES ^ seip.mask)) | (state["mip"] & seip.mask)
            old = Mux(written == csrs["mip"].address, soft, old)
        m.d.comb += [
            value.eq(Mux(op.set, old | op.operand, Mux(op.clear, old & ~op.operand, op.operand))),
            counters.data.eq(value), counters.write_number.eq(written), pmp.data.eq(value),
            pmp.write_number.eq(written)]

        def writable(each):
            return not each.is_read_only and any(field.kind is Kind.STORED for field in each.fields)

        m.d.sync += [self.flush_first.eq(0), self.flush_all.eq(0)]
        with m.If(csr.write):
            for each in switch(m, written, filter(writable, csrs.values())):
                if each.box is Box.PMP:
                    m.d.comb += pmp.write.eq(1)
                    m.d.sync += self.flush_all.eq(1)
                elif each.name == "mseccfg":
                    m.d.sync += self.flush_all.eq(1)
                    state.write(m, each, value, v(mode))
                    state.set(m, {"mseccfg.RLB": rlb_written(value[RLB.lsb], state.field("mseccfg.RLB"), pmp.locked)})
                elif each.box is Box.COUNTERS:
                    is_event = each.name.startswith("mhpmevent")
                    m.d.comb += (counters.write_event if is_event else counters.write_value).eq(1)
                else:
                    state.write(m, each, value, v(mode))
                if each.name in ("satp", "vsatp", "hgatp"):
                    field = each.field("MODE")
                    changes = state.bits(each.name, field) != value[field.lsb:field.lsb + field.width]
                    m.d.sync += [self.flush_first.eq(1), self.flush_all.eq(changes)]
                if each.name in ("menvcfg", "henvcfg"):
                    # A fence is asked for after a change of PBMTE; without one nothing stale is used here either.
                    field = each.field("PBMTE")
                    with m.If(state.bits(each.name, field) != value[field.lsb]):
                        m.d.sync += self.flush_all.eq(field.kind is Kind.STORED)
                if each.name == "misa":
                    on = value[each.field("H").lsb]
                    with m.If(on != state.field("misa.H")):
                        state.switch_hypervisor(m, on)
                        m.d.sync += self.flush_all.eq(1)

    def trap(self, m, state, mode):
        """Trap entry and return."""
        csr, trap = self.csr, self.csr.trap.payload
        meant, target, double = Signal(Mode), Signal(Mode), Signal()
        m.d.comb += [meant.eq(trap_target(trap.code, trap.interrupt, mode, state)),
                     double.eq(is_double(meant, state)), target.eq(Mux(double, Mode.M, meant))]
        with m.If(csr.trap.valid):
            m.d.comb += [csr.taken.mode.eq(target), csr.taken.double.eq(double),
                         csr.taken.pc.eq(entry_pc(target, trap, state, double))]
            with m.Switch(target):
                for each in (Mode.M, Mode.HS, Mode.VS):
                    with m.Case(each):
                        state.set(m, entry_writes(each, trap, mode, state, double))
        with m.Elif(csr.mret):
            m.d.comb += [csr.taken.mode.eq(mret_mode(state)), csr.taken.pc.eq(state["mepc"])]
        with m.Else():
            m.d.comb += [csr.taken.mode.eq(sret_mode(mode, state)),
                         csr.taken.pc.eq(Mux(v(mode), state["vsepc"], state["sepc"]))]
        with m.If(csr.trap.valid | csr.xret):
            m.d.sync += mode.eq(csr.taken.mode)
        with m.If(csr.xret):
            with m.If(csr.mret):
                state.set(m, mret_writes(state))
            with m.Elif(v(mode)):
                state.set(m, sret_writes(True, mode, state))
            with m.Else():
                state.set(m, sret_writes(False, mode, state))

    def connect_interrupts(self, m, state, mode, interrupts, guest_time):
        """The interrupts' view of the CSRs."""
        field, low = state.field, {name: state[name][:MIP_BITS] for name in ("hvip", "mie", "mideleg", "hideleg")}
        m.d.comb += [
            interrupts.csrs.eq(record(
                InterruptCsrs, **low, soft=state["mip"][:MIP_BITS], hgeie=state["hgeie"], vgein=field("hstatus.VGEIN"),
                stce=field("menvcfg.STCE"), vs_stce=field("menvcfg.STCE") & field("henvcfg.STCE"),
                stimecmp=state["stimecmp"], vstimecmp=state["vstimecmp"], mode=mode,
                machine_enable=field("mstatus.MIE"), supervisor_enable=field("mstatus.SIE"),
                guest_enable=field("vsstatus.SIE"))),
            interrupts.time.eq(self.time), interrupts.guest_time.eq(guest_time),
            interrupts.hgeip_lines.eq(self.hgeip_lines), interrupts.msip.eq(self.msip),
            interrupts.mtip.eq(self.mtip), interrupts.meip.eq(self.meip), interrupts.seip.eq(self.seip)]
        m.d.comb += [self.csr.interrupt.eq(interrupts.interrupt), self.csr.interrupt_code.eq(interrupts.code),
                     self.csr.wake.eq(interrupts.wake)]

    def status(self, state, mode):
        """The fields that the pipeline looks at."""
        def fields(csr, names):
            return {name: state.field(f"{csr}.{name.upper()}") for name in names.split()}

        blocks = {each: record(CacheBlockEnables, cbie=state.field(f"{each}.CBIE")[0],
                               cbcfe=state.field(f"{each}.CBCFE"), cbze=state.field(f"{each}.CBZE"))
                  for each in ("menvcfg", "henvcfg", "senvcfg")}
        return record(
            CsrStatus, **blocks, mode=mode, **fields("mstatus", "mprv mpp mpv sum mxr tvm tw tsr mdt"),
            **fields("hstatus", "hu spvp vtvm vtw vtsr hupmm"),
            **{f"{csr}_pmm": state.field(f"{csr}.PMM") for csr in ("mseccfg", "menvcfg", "senvcfg", "henvcfg")},
            paged=state.field("satp.MODE").any(), vs_paged=state.field("vsatp.MODE").any(),
            vs_sum=state.field("vsstatus.SUM"),
            vs_mxr=state.field("vsstatus.MXR"), misa_h=state.field("misa.H"), misa_c=state.field("misa.C"))


def switch(m, address, csrs):
    """Each of `csrs`, within the case of a Switch over `address`: a page of 256 at a time, so that few are compared."""
    pages = defaultdict(list)
    for csr in csrs:
        pages[csr.address >> 8].append(csr)
    with m.Switch(address[8:]):
        for page, members in pages.items():
            with m.Case(page):
                with m.Switch(address[:8]):
                    for csr in members:
                        with m.Case(csr.address & 0xff):
                            yield csr

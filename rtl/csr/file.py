"""The CSR file (privileged manual): every CSR instruction, trap and return takes effect here."""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import CoreConfig
from ..isa.csr import ALL_ONES, Box, Guard, Kind
from ..isa.csrs import table
from ..isa.csrs_machine import EVENTS
from ..isa.modes import Mode, v
from ..payloads import AtpFields, record
from ..ports import CsrSignature, CsrStatus, PmpSignature, TranslationCsrs
from .access import counter_guard, csr_access, hgatp_guard, satp_guard, stimecmp_guard
from .counters import Counters
from .interrupts import MIP_BITS, InterruptCsrs, Interrupts
from .pmp import PmpRegisters
from .state import State
from .traps import entry_pc, entry_writes, mret_mode, mret_writes, sret_mode, sret_writes, trap_target

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
        For one cycle after a write that changes the MODE of one of them, a PMP register, or misa.H: no translation
        that any TLB holds may be used.
    time : In(64)
        mtime.
    msip, mtip, meip, seip : In(1), hgeip_lines : In(64)
        Interrupts; bit n of the last is guest external interrupt n.
    events : In(32)
        What an mhpmcounter may count; mhpmevent selects bit n-1 by n.
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
        m.submodules.interrupts = interrupts = Interrupts(config)

        guest_time = (self.time + state["htimedelta"])[:64]
        named, chosen = self.select(m, csrs, mode)
        computed = {"mip": interrupts.mip, "hgeip": interrupts.hgeip,
                    "time": Mux(v(mode) & ~self.inspect_enable, guest_time, self.time)}
        computed = {name: value for name, value in computed.items() if name in csrs}
        self.read(m, csrs, state, mode, named, chosen, computed, counters, pmp)
        self.write(m, csrs, state, mode, chosen, counters, pmp)
        self.trap(m, state, mode)
        self.connect_interrupts(m, state, mode, interrupts, guest_time)

        m.d.comb += [
            csr.mip.eq(interrupts.mip), csr.time.eq(self.time), counters.inhibit.eq(state["mcountinhibit"][:32]),
            counters.retired.eq(csr.retired), counters.events.eq(self.events),
            csr.status.eq(self.status(state, mode)),
        ]
        for name in ("satp", "vsatp", "hgatp"):
            atp = data.View(data.StructLayout({"ppn": 44, "id": 16, "mode": 4}), state[name])
            m.d.comb += self.translation[name].eq(record(AtpFields, ppn=atp.ppn, id=atp.id, mode=atp.mode))
        return m

    def select(self, m, csrs, mode):
        """Two lines for each CSR, by name, or for a Box and the kind of its registers: it is named, it is accessed.

        Where V=1 the VS CSR substitutes (rule H_vscsrs_sub).
        """
        address, guest = Signal(12), Signal()
        m.d.comb += [address.eq(Mux(self.inspect_enable, self.inspect_address, self.csr.op.address)),
                     guest.eq(v(mode) & ~self.inspect_enable)]
        digits = [[Signal(name=f"digit_{n}_{value:x}") for value in range(16)] for n in range(3)]
        for n, values in enumerate(digits):
            for value, line in enumerate(values):
                m.d.comb += line.eq(address.word_select(n, 4) == value)
        members = {}
        for each in csrs.values():
            members.setdefault(key(each), []).append(each.address)
        named, chosen = ({name: Signal(name=f"{kind}_{name}") for name in members} for kind in ("named", "chosen"))
        for name, addresses in members.items():
            first, *more = addresses
            line = digits[0][first & 15] & digits[1][first >> 4 & 15] & digits[2][first >> 8]
            m.d.comb += [named[name].eq(among(address, addresses) if more else line), chosen[name].eq(named[name])]
        for each in csrs.values():
            if each.twin:
                m.d.comb += [chosen[each.name].eq(named[each.name] & ~guest),
                             chosen[each.twin].eq(named[each.twin] | named[each.name] & guest)]
        return named, chosen

    def read(self, m, csrs, state, mode, named, chosen, computed, counters, pmp):
        """The one selection, for reads, for what was written, and for the debugger."""
        csr = self.csr
        number, value, exists = Signal(5), Signal(64), Signal()
        m.d.comb += [
            number.eq(Mux(self.inspect_enable, self.inspect_address, csr.op.address)),
            self.inspect_value.eq(value), csr.written.eq(value), counters.number.eq(number), pmp.number.eq(number)]

        kinds = {key(each): each for each in csrs.values()}
        value_lines, event_lines, pmp_lines, parts = [], [], [], []
        for name, each in kinds.items():
            if each.box is Box.TABLE:
                parts.append(Mux(chosen[name], state.read(each, computed), 0))
            else:
                (pmp_lines if each.box is Box.PMP else event_lines if each.name.startswith("mhpmevent") else
                 value_lines).append(chosen[name])
        for lines, shown in ((value_lines, counters.value), (event_lines, counters.event), (pmp_lines, pmp.value)):
            parts.append(Mux(any_of(lines), shown, 0))
        m.d.comb += [
            value.eq(any_of(parts)),
            exists.eq(any_of(line & (state.field("misa.H") if kinds[name].hypervisor else 1)
                             for name, line in named.items()))]
        m.d.sync += [csr.read_data.eq(value),
                     csr.answer.eq(csr_access(csr.op.address, exists, csr.op.write, mode,
                                              self.guard(m, csrs, state, mode, named)))]

    def guard(self, m, csrs, state, mode, named):
        """What the addressed CSR asks for beyond its address."""
        field, number = state.field, self.csr.op.address[:5]
        enabled = [state[f"{level}counteren"][:32] for level in "mhs"]
        guards = {
            Guard.SATP: satp_guard(mode, field("mstatus.TVM"), field("hstatus.VTVM")),
            Guard.HGATP: hgatp_guard(mode, field("mstatus.TVM")),
            Guard.COUNTER: counter_guard(mode, *(each.bit_select(number, 1) for each in enabled)),
            Guard.STIMECMP: stimecmp_guard(mode, field("menvcfg.STCE"), enabled[0][TIME], field("henvcfg.STCE"),
                                           enabled[1][TIME]),
        }
        forbidden, in_hs = [], []
        for kind, facts in guards.items():
            if guarded := {key(each) for each in csrs.values() if each.guard is kind}:
                line = any_of(named[name] for name in sorted(guarded))
                forbidden.append(line & ~facts.allowed)
                in_hs.append(line & ~facts.allowed_in_hs)
        return type(guards[Guard.SATP])(~any_of(forbidden), ~any_of(in_hs))

    def write(self, m, csrs, state, mode, chosen, counters, pmp):
        """What a CSR instruction writes. Legal values are the table's, locks and gates too."""
        csr, op = self.csr, self.csr.op
        # The interrupt controller's signal takes no part in a read-modify-write of mip (rule mip_seip_wrcsr).
        # An access was chosen when it was read, a cycle ago.
        accessed = {name: Signal(name=f"accessed_{name}") for name in chosen}
        m.d.sync += [accessed[name].eq(line) for name, line in chosen.items()]
        old = csr.read_data
        if "mip" in csrs:
            seip = csrs["mip"].field("SEIP")
            soft = (csr.read_data & (ALL_ONES ^ seip.mask)) | (state["mip"] & seip.mask)
            old = Mux(accessed["mip"], soft, old)
        value = Signal(64)
        m.d.comb += [
            value.eq(Mux(op.set, old | op.operand, Mux(op.clear, old & ~op.operand, op.operand))),
            counters.data.eq(value), counters.write_number.eq(op.address), pmp.data.eq(value),
            pmp.write_number.eq(op.address)]

        def writable(each):
            return not each.is_read_only and any(field.kind is Kind.STORED for field in each.fields)

        m.d.sync += [self.flush_first.eq(0), self.flush_all.eq(0)]
        for each in {key(each): each for each in csrs.values() if writable(each)}.values():
            with m.If(csr.write & accessed[key(each)]):
                if each.box is Box.PMP:
                    m.d.comb += pmp.write.eq(1)
                    m.d.sync += self.flush_all.eq(1)
                elif each.box is Box.COUNTERS:
                    is_event = each.name.startswith("mhpmevent")
                    m.d.comb += (counters.write_event if is_event else counters.write_value).eq(1)
                else:
                    state.write(m, each, value, v(mode))
                if each.name in ("satp", "vsatp", "hgatp"):
                    field = each.field("MODE")
                    changes = state.bits(each.name, field) != value[field.lsb:field.lsb + field.width]
                    m.d.sync += [self.flush_first.eq(1), self.flush_all.eq(changes)]
                if each.name == "misa":
                    on = value[each.field("H").lsb]
                    with m.If(on != state.field("misa.H")):
                        state.switch_hypervisor(m, on)
                        m.d.sync += self.flush_all.eq(1)

    def trap(self, m, state, mode):
        """Trap entry and return."""
        csr, trap = self.csr, self.csr.trap.payload
        target = Signal(Mode)
        m.d.comb += target.eq(trap_target(trap.code, trap.interrupt, mode, state))
        with m.If(csr.trap.valid):
            m.d.comb += [csr.taken.mode.eq(target), csr.taken.pc.eq(entry_pc(target, trap, state))]
            with m.Switch(target):
                for each in (Mode.M, Mode.HS, Mode.VS):
                    with m.Case(each):
                        state.set(m, entry_writes(each, trap, mode, state))
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
                state.set(m, sret_writes(True, state))
            with m.Else():
                state.set(m, sret_writes(False, state))

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

        return record(
            CsrStatus, mode=mode, **fields("mstatus", "mprv mpp mpv sum mxr tvm tw tsr"),
            **fields("hstatus", "hu spvp vtvm vtw vtsr"), vs_sum=state.field("vsstatus.SUM"),
            vs_mxr=state.field("vsstatus.MXR"), misa_h=state.field("misa.H"), misa_c=state.field("misa.C"))


def key(csr) -> str:
    """What the lines of `csr` are called: registers of one kind in one Box share them."""
    return csr.name if csr.box is Box.TABLE else f"{csr.box.name}_{csr.name.rstrip('0123456789h')}"


def any_of(values) -> Value:
    """The OR of some values, as a tree."""
    values = list(values)
    if len(values) < 2:
        return Value.cast(values[0]) if values else Const(0, 1)
    half = len(values) // 2
    return any_of(values[:half]) | any_of(values[half:])


def among(address, addresses) -> Value:
    """Whether `address`, 12 bits, is one of `addresses`: they are compared in blocks, as large as their alignment."""
    blocks, left = [], set(addresses)
    while left:
        low, bits = min(left), 0
        while low % (2 << bits) == 0 and left.issuperset(range(low, low + (2 << bits))):
            bits += 1
        blocks.append(address[bits:] == low >> bits)
        left -= set(range(low, low + (1 << bits)))
    return any_of(blocks)

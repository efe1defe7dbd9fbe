"""Which interrupts are pending, and which one is to be taken (machine chapter, `mip`; hypervisor chapter, `hip`)."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa.causes import INTERRUPT_ORDER, Interrupt
from ..isa.modes import Mode, privilege, v

MIP_BITS = 16


class InterruptCsrs(data.Struct):
    """What the CSRs say of interrupts; the registers cut to the bits of standard interrupts."""
    soft: MIP_BITS        # bits of mip that software wrote
    hvip: MIP_BITS
    mie: MIP_BITS
    mideleg: MIP_BITS
    hideleg: MIP_BITS
    hgeie: 64
    vgein: 6              # hstatus
    stce: 1               # menvcfg
    vs_stce: 1            # henvcfg, and so 0 where menvcfg has 0
    stimecmp: 64
    vstimecmp: 64
    mode: Mode
    machine_enable: 1     # mstatus.MIE
    supervisor_enable: 1  # mstatus.SIE
    guest_enable: 1       # vsstatus.SIE


def due(mip, csrs) -> tuple[Value, Value]:
    """Whether an interrupt is to be taken, and its code as in mcause.

    mip    what is pending, MIP_BITS
    csrs   an InterruptCsrs

    Rules intr_mip_mie_op, mstatus_xie_intr_en_dis, hideleg_hs, intr_M_mode_highest_pri, hsint_priority. Interrupts
    of a mode more privileged than the current one are always enabled, those of a less privileged one never.
    """
    pending, mode = mip & csrs.mie, csrs.mode
    to_m = pending & ~csrs.mideleg
    to_hs = pending & csrs.mideleg & ~csrs.hideleg
    to_vs = pending & csrs.mideleg & csrs.hideleg
    below_m = mode != Mode.M
    m_enabled = below_m | csrs.machine_enable
    hs_enabled = below_m & (v(mode) | (privilege(mode) == 0) | csrs.supervisor_enable)
    vs_enabled = v(mode) & ((privilege(mode) == 0) | csrs.guest_enable)
    for_m, for_hs, for_vs = m_enabled & to_m.any(), hs_enabled & to_hs.any(), vs_enabled & to_vs.any()
    chosen = Mux(for_m, to_m, Mux(for_hs, to_hs, to_vs))
    code = Const(0, 6)
    for each in reversed(INTERRUPT_ORDER):
        code = Mux(chosen[each], int(each), code)
    return for_m | for_hs | for_vs, Mux(for_m | for_hs | for_vs, code, 0)


class Interrupts(wiring.Component):
    """Puts mip together, and decides.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    csrs : In(InterruptCsrs)
    msip, mtip, meip, seip : In(1)
        From CLINT and PLIC.
    hgeip_lines : In(64)
        Bit n is guest external interrupt n.
    time, guest_time : In(64)
        time, and what it is with htimedelta.
    mip, hgeip : Out
        As CSR reads have them, combinationally.
    interrupt, code, wake : Out
        Registered: see CsrSignature.
    """
    def __init__(self, config):
        self.config = config
        super().__init__({
            "csrs": In(InterruptCsrs), "msip": In(1), "mtip": In(1), "meip": In(1), "seip": In(1),
            "hgeip_lines": In(64), "time": In(64), "guest_time": In(64), "mip": Out(MIP_BITS), "hgeip": Out(64),
            "interrupt": Out(1), "code": Out(6), "wake": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config, csrs = self.config, self.csrs
        # Registered, to keep two 64-bit comparisons off the way to the decision: STIP and VSTIP may follow late (rules
        # mip_sip_stip_op, hip_vstip_clear).
        timer, guest_timer = Signal(), Signal()
        if config.has("sstc"):
            m.d.sync += timer.eq(self.time >= csrs.stimecmp)
            if config.hypervisor:
                m.d.sync += guest_timer.eq(self.guest_time >= csrs.vstimecmp)

        guests = Const(0, 1)
        if config.geilen:
            lines = self.hgeip_lines[1:config.geilen + 1]
            m.d.comb += self.hgeip[1:config.geilen + 1].eq(lines)
            guests = Cat(Const(0, 1), lines)

        bits = {
            Interrupt.SSI: csrs.soft[Interrupt.SSI],
            Interrupt.MSI: self.msip,
            Interrupt.STI: Mux(csrs.stce, timer, csrs.soft[Interrupt.STI]),
            Interrupt.MTI: self.mtip,
            Interrupt.SEI: csrs.soft[Interrupt.SEI] | self.seip,
            Interrupt.MEI: self.meip,
            Interrupt.LCOFI: csrs.soft[Interrupt.LCOFI],
        }
        if config.hypervisor:
            bits |= {
                Interrupt.VSSI: csrs.hvip[Interrupt.VSSI],
                Interrupt.VSTI: csrs.hvip[Interrupt.VSTI] | csrs.vs_stce & guest_timer,
                Interrupt.VSEI: csrs.hvip[Interrupt.VSEI] | guests.bit_select(csrs.vgein, 1),
                Interrupt.SGEI: (guests & csrs.hgeie[:len(guests)]).any(),
            }
        m.d.comb += self.mip.eq(Cat(bits.get(n, Const(0, 1)) for n in range(MIP_BITS)))

        interrupt, code = due(self.mip, csrs)
        m.d.sync += [self.interrupt.eq(interrupt), self.code.eq(code), self.wake.eq((self.mip & csrs.mie).any())]
        return m

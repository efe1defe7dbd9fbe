"""Where a trap goes and what it writes, and what the returns from it write (hypervisor chapter, "Traps").

Pure functions: expressions in, expressions out. Each table names what is written at the end of the cycle.
"""

from amaranth.hdl import Cat, Const, Mux, Value

from ..isa.causes import Cause
from ..isa.modes import Mode, privilege, v

EXCEPTIONS = 24
INTERRUPTS = 16
"""Bits of the delegation registers that can matter: beyond the last standard cause nothing is raised here."""


def trap_target(code, interrupt, mode, deleg) -> Value:
    """The mode that takes a trap: M, HS or VS.

    code       number of the cause as in mcause, 6 bits
    interrupt  whether it is an interrupt, 1 bit
    mode       the Mode in which it happened
    deleg      something with medeleg, mideleg, hedeleg, hideleg by name, 64 bits each

    Rules: medeleg_enc_txt, mideleg_enc_txt, hedeleg_op, hideleg_op, H_trap_deleg.
    A trap never goes to a less privileged mode, so what happens in M stays in M whatever was delegated.
    """
    def delegated(interrupts, exceptions):
        return Mux(interrupt, interrupts[:INTERRUPTS].bit_select(code, 1), exceptions[:EXCEPTIONS].bit_select(code, 1))

    to_hs = (mode != Mode.M) & delegated(deleg["mideleg"], deleg["medeleg"])
    to_vs = v(mode) & to_hs & delegated(deleg["hideleg"], deleg["hedeleg"])
    return Mux(to_vs, Mode.VS, Mux(to_hs, Mode.HS, Mode.M))


def is_double(target, state) -> Value:
    """Whether a trap into `target` is unexpected there, so that M takes it as a double trap (rule sstatus_sdt_trap)."""
    return Mux(target == Mode.HS, state.shown("mstatus.SDT"), (target == Mode.VS) & state.shown("vsstatus.SDT"))


def code_in(target, trap) -> Value:
    """The code of `trap` as `target` sees it: VS sees the interrupts 2, 6 and 10 as 1, 5 and 9 (hideleg_trans)."""
    return (trap.code - (trap.interrupt & (target == Mode.VS)))[:6]


def entry_writes(target: Mode, trap, mode, state, double) -> dict[str, Value]:
    """What a trap from `mode` into `target` writes.

    trap    a Trap
    state   the State before it
    double  whether M takes it as a double trap

    Rules H_trap_m_csrwrites, H_trap_hs_csrwrites, H_trap_vs_csrwrites, hstatus_spvp_op, sstatus_sdt_trap, trap_exp.
    """
    cause = Cat(code_in(Const(target, 3), trap), Const(0, 57), trap.interrupt)
    gpa = trap.gpa[2:]
    return {
        Mode.M: {
            "mstatus.MPV": v(mode), "mstatus.MPP": privilege(mode), "mstatus.GVA": trap.gva,
            "mstatus.MPIE": state.field("mstatus.MIE"), "mstatus.MIE": Const(0),
            "mepc": trap.pc, "mcause": Mux(double, Cause.DOUBLE_TRAP, cause), "mtval": trap.tval,
            "mtval2": Mux(double, cause, gpa), "mtinst": trap.tinst, "mstatus.MDT": Const(1),
        },
        Mode.HS: {
            "hstatus.SPV": v(mode), "hstatus.SPVP": Mux(v(mode), mode[0], state.field("hstatus.SPVP")),
            "hstatus.GVA": trap.gva, "mstatus.SPP": mode[0],
            "mstatus.SPIE": state.field("mstatus.SIE"), "mstatus.SIE": Const(0),
            "mstatus.SDT": state.field("mstatus.SDT") | state.shown("menvcfg.DTE"),
            "sepc": trap.pc, "scause": cause, "stval": trap.tval, "htval": gpa, "htinst": trap.tinst,
        },
        Mode.VS: {
            "vsstatus.SPP": mode[0],
            "vsstatus.SPIE": state.field("vsstatus.SIE"), "vsstatus.SIE": Const(0),
            "vsstatus.SDT": state.field("vsstatus.SDT") | state.shown("henvcfg.DTE"),
            "vsepc": trap.pc, "vscause": cause, "vstval": trap.tval,
        },
    }[target]


VECTORS = {Mode.M: "mtvec", Mode.HS: "stvec", Mode.VS: "vstvec"}
"""The CSR that says where a mode's traps begin."""


def entry_pc(target, trap, state, double) -> Value:
    """Where a trap into `target` goes on: BASE, plus 4 for each code of an interrupt where MODE is Vectored.

    A double trap is an exception, of whatever it tells.
    """
    tvec = Mux(target == Mode.M, state["mtvec"], Mux(target == Mode.HS, state["stvec"], state["vstvec"]))
    offset = Mux(trap.interrupt & tvec[0] & ~double, code_in(target, trap), 0)
    return Cat(Const(0, 2), (tvec[2:] + offset)[:62])


def mret_mode(state) -> Value:
    """The mode that MRET enters: V becomes MPV, unless MPP is M (rule mstatus_mpv_op)."""
    mpp = state.field("mstatus.MPP")
    return Cat(mpp, state.field("mstatus.MPV") & (mpp != Mode.M))


def sret_mode(mode, state) -> Value:
    """The mode that SRET enters (rules sret_v0, sret_v1)."""
    return Mux(v(mode), Cat(state.field("vsstatus.SPP"), Const(0, 1), Const(1, 1)),
               Cat(state.field("mstatus.SPP"), Const(0, 1), state.field("hstatus.SPV")))


def mret_writes(state) -> dict[str, Value]:
    """What MRET writes (rules mret_h, mstatus_mprv_clr_mret_sret_less_priv, mstatus_mdt_clr_mret_sret,
    sstatus_sdt_clr_mret_sret, vsstatus_sdt_clr_mret_sret).

    That it clears SDT, the manual has where Smdbltrp is.
    """
    to, stays = mret_mode(state), state.field("mstatus.MPP") == Mode.M
    clears = (to != Mode.M) & (to != Mode.HS) & Const(state.has("mstatus.MDT"))
    return {"mstatus.MPV": Const(0), "mstatus.MPP": Const(0), "mstatus.MIE": state.field("mstatus.MPIE"),
            "mstatus.MPIE": Const(1), "mstatus.MPRV": state.field("mstatus.MPRV") & stays, "mstatus.MDT": Const(0),
            "mstatus.SDT": _without(state, "mstatus.SDT", "menvcfg.DTE", clears),
            "vsstatus.SDT": _without(state, "vsstatus.SDT", "henvcfg.DTE", clears & (to == Mode.VU))}


def sret_writes(guest: bool, mode, state) -> dict[str, Value]:
    """What SRET writes in `mode`, which is in a `guest` or not; either leads below M, so that MPRV becomes 0.

    Rules sstatus_sdt_sret, sret_dt, mstatus_mdt_clr_mret_sret, vsstatus_sdt_clr_mret_sret.
    """
    status = "vsstatus" if guest else "mstatus"
    writes = {f"{status}.SPP": Const(0), f"{status}.SIE": state.field(f"{status}.SPIE"), f"{status}.SPIE": Const(1),
              "mstatus.MPRV": Const(0)}
    if guest:
        return writes | {"vsstatus.SDT": _without(state, "vsstatus.SDT", "henvcfg.DTE", Const(1))}
    to_vu = (sret_mode(mode, state) == Mode.VU) & ((mode != Mode.M) | Const(state.has("mstatus.MDT")))
    return writes | {"hstatus.SPV": Const(0), "mstatus.MDT": Const(0),
                     "mstatus.SDT": _without(state, "mstatus.SDT", "menvcfg.DTE", Const(1)),
                     "vsstatus.SDT": _without(state, "vsstatus.SDT", "henvcfg.DTE", to_vu)}


def _without(state, sdt: str, dte: str, clears) -> Value:
    """SDT after a return that `clears` it. While DTE is 0, it is not there, and keeps what it holds."""
    return state.field(sdt) & ~(clears & state.shown(dte))

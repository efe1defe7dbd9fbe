"""The hypervisor CSRs and the virtual supervisor CSRs (hypervisor chapter), as data."""

from dataclasses import replace

from ..config import CoreConfig
from .causes import HEDELEG
from .csr import Csr, Field, Guard, Kind, Void, cause, counter_enables, envcfg, optional, plain, pmm, tvec, zero
from .csrs_machine import XLEN_64, dte, sdt, sie
from .csrs_stateen import controlled
from .csrs_supervisor import modes, satp
from .paging import G_STAGE


def hypervisor_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """The CSRs that exist only with the H extension, mtval2 and mtinst aside."""
    return _hypervisor(config) + _interrupts(config) + _virtual_supervisor(config)


def _hypervisor(config):
    vmid = (Field("VMID", 44, config.vmid_bits),) if config.vmid_bits else ()
    stce = optional(config.has("sstc"), Field("STCE", 63, needs="menvcfg.STCE"))
    return (
        Csr("hstatus", 0x600, (
            zero("VSBE", 5), Field("GVA", 6), Field("SPV", 7), Field("SPVP", 8), Field("HU", 9),
            Field("VGEIN", 12, 6, legal=tuple(range(config.geilen + 1))), Field("VTVM", 20), Field("VTW", 21),
            Field("VTSR", 22), optional(config.has("ssnpm"), pmm("HUPMM", 48)),
            Field("VSXL", 32, 2, XLEN_64, Kind.FIXED))),
        Csr("hedeleg", 0x602, tuple(Field(each.name, each) for each in HEDELEG)),
        Csr("hcounteren", 0x606, counter_enables("CY", "TM", "IR")),
        plain("htimedelta", 0x605),
        Csr("henvcfg", 0x60a, (
            *envcfg(config.has), optional(config.has("ssnpm"), pmm("PMM", 32)), dte(config, needs="menvcfg.DTE"),
            optional(config.has("svadu"), Field("ADUE", 61, needs="menvcfg.ADUE")),
            optional(config.has("svpbmt"), Field("PBMTE", 62, needs="menvcfg.PBMTE")), stce),
            **controlled(config, "ENVCFG")),
        plain("htval", 0x643),
        plain("htinst", 0x64a),
        # Rule hgatp_mode_warl: an unsupported MODE becomes Bare, and the other fields are written.
        Csr("hgatp", 0x680, (Field("PPN", 0, 44, zeros=2), *vmid,
                             Field("MODE", 60, 4, legal=modes(G_STAGE, config.va_bits))), guard=Guard.HGATP),
    )


def _interrupts(config):
    lines = config.geilen
    sgei = lines > 0
    return (
        Csr("hideleg", 0x603, (Field("VSSI", 2), Field("VSTI", 6), Field("VSEI", 10))),
        Csr("hie", 0x604, (Field("VSSIE", 2), Field("VSTIE", 6), Field("VSEIE", 10),
                           *([Field("SGEIE", 12)] if sgei else [])), storage="mie"),
        Csr("hip", 0x644, (Field("VSSIP", 2, home="hvip"), Field("VSTIP", 6, kind=Kind.COMPUTED),
                           Field("VSEIP", 10, kind=Kind.COMPUTED),
                           *([Field("SGEIP", 12, kind=Kind.COMPUTED)] if sgei else [])), storage="mip"),
        Csr("hvip", 0x645, (Field("VSSIP", 2), Field("VSTIP", 6), Field("VSEIP", 10))),
        Csr("hgeie", 0x607, (Field("", 1, lines),) if lines else (zero("", 0, 64),)),
        Csr("hgeip", 0xe12, (Field("", 1, lines, kind=Kind.COMPUTED),) if lines else (zero("", 0, 64),)),
        # Each shows the VS-level interrupt one bit higher in hip or hie, once hideleg delegates it.
        Csr("vsie", 0x204, (Field("SSIE", 1, needs="hideleg.VSSI"), Field("STIE", 5, needs="hideleg.VSTI"),
                            Field("SEIE", 9, needs="hideleg.VSEI")), storage="mie", shift=1),
        Csr("vsip", 0x244, (Field("SSIP", 1, home="hvip", needs="hideleg.VSSI"),
                            Field("STIP", 5, kind=Kind.COMPUTED, needs="hideleg.VSTI"),
                            Field("SEIP", 9, kind=Kind.COMPUTED, needs="hideleg.VSEI")), storage="mip", shift=1),
    )


def _virtual_supervisor(config):
    timer = (plain("vstimecmp", 0x24d, guard=Guard.STIMECMP),) if config.has("sstc") else ()
    return (
        Csr("vsstatus", 0x200, (
            sie(config), Field("SPIE", 5), zero("UBE", 6), Field("SPP", 8), zero("VS", 9, 2), zero("FS", 13, 2),
            zero("XS", 15, 2), Field("SUM", 18), Field("MXR", 19), *sdt(config, "henvcfg.DTE"),
            Field("UXL", 32, 2, XLEN_64, Kind.FIXED),
            zero("SD", 63))),
        tvec("vstvec", 0x205),
        plain("vsscratch", 0x240),
        plain("vsepc", 0x241, lsb=1, width=63),
        cause("vscause", 0x242),
        plain("vstval", 0x243),
        *timer,
        # TVM and VTVM speak of satp by name; the VS CSR's own address is guarded by the mode alone.
        replace(satp("vsatp", 0x280, config, void=Void.IN_GUEST), guard=Guard.NONE),
    )

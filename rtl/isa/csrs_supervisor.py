"""The CSRs of S-mode, or HS-mode, with the counters that every mode reads (supervisor chapter), as data."""

from ..config import CoreConfig
from .csr import (
    Box,
    Csr,
    Field,
    Guard,
    Kind,
    Void,
    cause,
    counter_enables,
    envcfg,
    optional,
    plain,
    pmm,
    tvec,
)
from .csrs_machine import COUNTERS, mstatus
from .csrs_stateen import controlled
from .paging import VS_STAGE, Scheme


def modes(schemes: tuple[Scheme, ...], va_bits: int) -> tuple[int, ...]:
    """The values of MODE: Bare, and those of `schemes` that translate no more than `va_bits` bits, x4 aside."""
    return (0, *(scheme.mode for scheme in schemes if 12 + 9 * scheme.levels <= va_bits))


def satp(name: str, address: int, config: CoreConfig, **more) -> Csr:
    """satp or vsatp. The PPN is not cut to the addresses that the machine decodes: those above are absent memory."""
    asid = (Field("ASID", 44, config.asid_bits),) if config.asid_bits else ()
    return Csr(name, address, (Field("PPN", 0, 44), *asid,
                               Field("MODE", 60, 4, legal=modes(VS_STAGE, config.va_bits))), guard=Guard.SATP, **more)


def supervisor_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """The CSRs whose addresses are S-mode's or U-mode's."""
    shadows = {0: "cycle", 1: "time", 2: "instret"} | {n: f"hpmcounter{n}" for n in range(3, COUNTERS)}
    lcofi = config.has("sscofpmf")
    timer = (plain("stimecmp", 0x14d, guard=Guard.STIMECMP, twin="vstimecmp"),) if config.has("sstc") else ()
    return (
        mstatus(config).view("sstatus", 0x100, "SIE SPIE UBE SPP VS FS XS SUM MXR UXL SD"
                             + " SDT" * config.has("ssdbltrp"), twin="vsstatus"),
        # sie and sip show what is delegated (machine chapter, after rule intr_M_mode_pri).
        Csr("sie", 0x104, (Field("SSIE", 1, needs="mideleg.SSI"), Field("STIE", 5, needs="mideleg.STI"),
                           Field("SEIE", 9, needs="mideleg.SEI"),
                           *([Field("LCOFIE", 13, needs="mideleg.LCOFI")] if lcofi else [])),
            storage="mie", twin="vsie"),
        Csr("sip", 0x144, (Field("SSIP", 1, needs="mideleg.SSI"),
                           Field("STIP", 5, kind=Kind.COMPUTED, needs="mideleg.STI"),
                           Field("SEIP", 9, kind=Kind.COMPUTED, needs="mideleg.SEI"),
                           *([Field("LCOFIP", 13, needs="mideleg.LCOFI")] if lcofi else [])),
            storage="mip", twin="vsip"),
        tvec("stvec", 0x105, twin="vstvec"),
        Csr("scounteren", 0x106, counter_enables("CY", "TM", "IR")),
        Csr("senvcfg", 0x10a, (*envcfg(config.has), optional(config.has("ssnpm"), pmm("PMM", 32))),
            **controlled(config, "ENVCFG")),
        plain("sscratch", 0x140, twin="vsscratch"),
        plain("sepc", 0x141, lsb=1, width=63, twin="vsepc"),
        cause("scause", 0x142, twin="vscause"),
        plain("stval", 0x143, twin="vstval"),
        *timer,
        *([Csr("scountovf", 0xda0, tuple(Field(f"OF{n}", n, kind=Kind.COMPUTED) for n in range(3, COUNTERS)))]
          if lcofi else []),
        satp("satp", 0x180, config, void=Void.ALWAYS, twin="vsatp"),
        *(Csr(name, 0xc00 + n, (Field("", 0, 64, kind=Kind.COMPUTED),), guard=Guard.COUNTER,
              box=Box.TABLE if name == "time" else Box.COUNTERS) for n, name in shadows.items()),
    )

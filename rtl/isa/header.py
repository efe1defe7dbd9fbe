"""The C header `csr.h`, made from the tables: numbers of CSRs, their fields, causes, interrupts, events and
translation modes.

Every line is a `#define` of a plain number, so that C and assembler can include it. To write the header:
`python -m hyacinth.rtl.isa.header > csr.h`.
"""

from collections.abc import Iterable, Mapping

from ..events import TABLE
from .causes import Cause, Interrupt
from .csr import Csr
from .csrs import CSRS
from .paging import G_STAGE, VS_STAGE
from .pmp import PMP_A, PMP_ENTRY

GUARD = "HYACINTH_CSR_H"


def c_header(csrs: Mapping[str, Csr]) -> str:
    """The text of csr.h.

    csrs   a table of `rtl.isa.csrs`; each register gives CSR_NAME, and each of its fields NAME_FIELD, which is the
           field's mask, and NAME_FIELD_SHIFT where the field is wider than one bit
    """
    parts = ["/* Made by rtl/isa/header.py from the tables in rtl/isa; not to be edited. */",
             f"#ifndef {GUARD}\n#define {GUARD}",
             _section("Addresses of CSRs", ((f"CSR_{csr.name}", csr.address) for csr in csrs.values())),
             *(_fields(csr) for csr in csrs.values() if any(field.name for field in csr.fields)),
             _section("One entry of pmpcfg", ((f"PMP_{field.name}", field.mask) for field in PMP_ENTRY)),
             _section("Values of PMP_A, in place",
                      ((f"PMP_{name}", value << PMP_ENTRY[3].lsb) for name, value in PMP_A.items())),
             _section("Exceptions", ((f"CAUSE_{each.name}", int(each)) for each in Cause)),
             _section("Interrupts: codes, and bits of mip and mie", ((f"IRQ_{each.name}", int(each))
                                                                     for each in Interrupt)),
             _section("Events: numbers for mhpmevent", ((f"EVENT_{name}", event.number)
                                                        for name, event in TABLE.items())),
             _section("MODE of satp, vsatp and hgatp", _modes()),
             f"#endif /* {GUARD} */"]
    return "\n\n".join(parts) + "\n"


def _section(title: str, defines: Iterable[tuple[str, int]]) -> str:
    return "\n".join([f"/* {title}. */", *(f"#define {name.upper()} {_number(value)}" for name, value in defines)])


def _number(value: int) -> str:
    return str(value) if value < 64 else hex(value)


def _fields(csr: Csr) -> str:
    def defines():
        for field in csr.fields:
            name = f"{csr.name}_{field.name}"
            yield name, field.mask
            if field.width > 1:
                yield f"{name}_SHIFT", field.lsb
    return _section(f"Fields of {csr.name}", defines())


def _modes():
    yield "SATP_MODE_BARE", 0
    for scheme in VS_STAGE:
        yield f"SATP_MODE_{scheme.name}", scheme.mode
    yield "HGATP_MODE_BARE", 0
    for scheme in G_STAGE:
        yield f"HGATP_MODE_{scheme.name}", scheme.mode


if __name__ == "__main__":
    print(c_header(CSRS), end="")

"""Faults of the referee: what Spike does is made wrong, after the step of an instruction, in a copy of the shim."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hyacinth.sim.lockstep import shim

AFTER_THE_STEP = "  make_even();\n"


@dataclass(frozen=True)
class Fault:
    """One fault, and where a comparison with it ends.

    Parameters
    ----------
    name : str
    code : str
        In C, with the core's record `r`.
    program : str
        Of programs.py, which shows it.
    shown_by : callable
        True of the first record at which it shows, a dict by field.
    what : str
        What the difference is said to be.
    """
    name: str
    code: str
    program: str
    shown_by: Callable[[dict], bool]
    what: str


def has(**wanted):
    """Whether a record has these values."""
    return lambda record: all(record[field] == value for field, value in wanted.items())


def reads(address):
    """Whether a record is of a CSRR of this CSR."""
    return lambda record: record["bits"] & 0xff07f == 0x2073 and record["bits"] >> 20 == address


TO_M, TO_HS = "r[F_trapped] && r[F_mode_after] == MODE_M", "r[F_trapped] && r[F_mode_after] == MODE_HS"
FIRST_MUL = has(bits=0x02a505b3)  # mul a1, a0, a0
LR_W, AMOADD_D, SCRATCH = 0x1001_22af, 0x00b1_37af, 0x340
FAULTS = [
    Fault("a wrong result", "if (r[F_bits] == 0x02a505b3) x[11] ^= 1;", "PLAIN", FIRST_MUL, "register"),
    Fault("a register changes by itself", "if (r[F_bits] == 0x02a505b3) x[9] = 1;", "PLAIN", FIRST_MUL, "register"),
    Fault("a jump goes astray", "if (r[F_bits] == 0x02a505b3) *pc += 2;", "PLAIN", FIRST_MUL, "next pc"),
    Fault("a store is lost", "if (r[F_memory] == STORE && !r[F_device]) memset(memory(r[F_hpa]), 0, 1 << r[F_size]);",
          "PLAIN", has(memory=2), "stored bytes"),
    Fault("a store goes to the word beside", "if (r[F_memory] == STORE && !r[F_device] && r[F_size] == 3) {"
          " *(u64 *)memory(r[F_hpa] + 8) = r[F_data]; *(u64 *)memory(r[F_hpa]) = 0; }",
          "PLAIN", has(memory=2, size=3), "stored bytes"),
    Fault("an AMO leaves memory as it was", f"if (r[F_bits] == {AMOADD_D}) *(u64 *)memory(r[F_hpa]) = x[15];", "PLAIN",
          has(bits=AMOADD_D), "stored bytes"),
    Fault("a load is of other bytes", "if (r[F_memory] == LOAD && r[F_rd] == 13) x[13] >>= 8;", "PLAIN",
          has(memory=1, rd=13), "register"),
    Fault("LR reserves nothing", f"if (r[F_bits] == {LR_W}) *reservation = NOWHERE;", "PLAIN",
          lambda record: record["bits"] >> 27 == 3 and record["memory"] == 2, "register"),
    Fault("a device gets another byte", "device_data ^= device_stored;", "PLAIN", has(memory=2, device=1),
          "bytes stored to a device"),
    Fault("the write of a CSR is lost", "if (r[F_writes_csr] && r[F_csr] == 0x340) *storage(0x340) = 0;", "PLAIN",
          has(writes_csr=1, csr=SCRATCH), "CSR"),
    Fault("a write of mstatus sets a bit more", "if (r[F_writes_csr] && r[F_csr] == 0x300) *status_storage(0) ^= 8;",
          "PLAIN", has(writes_csr=1, csr=0x300), "CSR"),
    Fault("an instruction is counted twice", "if (r[F_memory] == AMO) ++*storage(MINSTRET);", "PLAIN", reads(0xb02),
          "register"),
    Fault("a wrong cause", f"if ({TO_M} && r[F_code] == 5) *storage(MCAUSE) = 13;", "EXCEPTIONS",
          has(trapped=1, code=5, mode_after=3), "xcause"),
    Fault("a wrong xepc", f"if ({TO_M}) *storage(MEPC) += 2;", "EXCEPTIONS", has(trapped=1), "xepc"),
    Fault("a wrong xtval", f"if ({TO_M} && r[F_code] == 2) *storage(MTVAL) ^= 1;", "EXCEPTIONS",
          has(trapped=1, code=2, mode_after=3), "xtval"),
    Fault("a wrong MPP", f"if ({TO_M} && !r[F_mode]) *status_storage(0) |= 1 << 11;", "EXCEPTIONS",
          has(trapped=1, mode=0, mode_after=3), "MPP"),
    Fault("a wrong SPP", f"if ({TO_HS}) *status_storage(0) |= 1 << 8;", "EXCEPTIONS",
          has(trapped=1, mode=0, mode_after=1), "SPP"),
    Fault("delegation is forgotten", f"if ({TO_HS}) *prv = 3;", "EXCEPTIONS", has(trapped=1, mode_after=1),
          "mode afterwards"),
    Fault("a trap is not taken", "if (r[F_trapped] && r[F_code] == 2) *pc = r[F_pc] + 4;", "EXCEPTIONS",
          has(trapped=1, code=2), "next pc"),
    Fault("a wrong GVA", f"if ({TO_HS} && r[F_code] == 21) *storage(HSTATUS) ^= 1 << 6;", "GUEST",
          has(trapped=1, code=21, mode_after=1), "GVA"),
    Fault("a wrong SPV", f"if ({TO_HS} && r[F_mode] > 3) *storage(HSTATUS) ^= 1 << 7;", "GUEST",
          lambda record: record["trapped"] and record["mode"] > 3 and record["mode_after"] == 1, "SPV"),
    Fault("a wrong SPVP", f"if ({TO_HS} && r[F_mode] == MODE_VS) *storage(HSTATUS) ^= 1 << 8;", "GUEST",
          has(trapped=1, mode=5, mode_after=1), "SPVP"),
    Fault("a wrong htval", f"if ({TO_HS} && r[F_code] == 21) *storage(HTVAL) += 1;", "GUEST",
          has(trapped=1, code=21, mode_after=1), "xtval2"),
    Fault("a wrong htinst", f"if ({TO_HS} && r[F_code] == 21) *storage(HTINST) ^= 0x20;", "GUEST",
          has(trapped=1, code=21, mode_after=1), "tinst"),
    Fault("a guest's trap goes to HS", "if (r[F_trapped] && r[F_mode_after] == MODE_VS) *v = 0;", "GUEST",
          has(trapped=1, mode_after=5), "mode afterwards"),
    Fault("a return forgets V", "if (r[F_bits] == 0x10200073 && !r[F_trapped] && r[F_mode_after] > 3) *v = 0;", "GUEST",
          lambda record: record["bits"] == 0x10200073 and record["mode_after"] > 3, "mode afterwards"),
    Fault("an interrupt of lower priority", "if (r[F_trapped] && r[F_interrupt] && r[F_code] == 7)"
          " *storage(MCAUSE) = (u64)1 << 63 | 5;", "INTERRUPTS", has(interrupt=1, code=7), "xcause"),
    Fault("a wrong vector", "if (r[F_trapped] && r[F_interrupt]) *pc += 4;", "INTERRUPTS", has(interrupt=1), "next pc"),
]


def faulty_shim(monkeypatch, folder: Path, code: str) -> None:
    """From now on referees have this code after each step."""
    folder.mkdir()
    for path in (shim.SOURCE, *shim.INCLUDED):
        shutil.copy(path, folder)
    source = folder / shim.SOURCE.name
    text = source.read_text()
    assert text.count(AFTER_THE_STEP) == 1
    source.write_text(text.replace(AFTER_THE_STEP, f"{AFTER_THE_STEP}  {code}\n"))
    monkeypatch.setattr(shim, "SOURCE", source)
    monkeypatch.setattr(shim, "INCLUDED", tuple(folder / path.name for path in shim.INCLUDED))

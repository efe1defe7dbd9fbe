"""Differences that look alike are taken for the same mistake."""

from ..trace.disassembly import disassemble
from ..trace.names import csr_name, mode_name
from .referee import Difference


def group(difference: Difference) -> str:
    """What differs, at which kind of instruction and in which mode; no seed and no value."""
    record = difference.record
    mnemonic = disassemble(record["bits"], record["pc"]).split()[0] if record["bits"] else "fetch"
    trap = f", cause {record['code']}" if record["trapped"] else ""
    csr = f" {csr_name(difference.number)}" if "CSR" in difference.what and difference.number else ""
    return f"{difference.what}{csr} at {mnemonic} in {mode_name(record['mode'])}{trap}"

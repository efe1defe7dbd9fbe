"""What an instruction asks for that a core does not have."""

from dataclasses import replace
from functools import lru_cache

from ...rtl.config import EVERY, CoreConfig
from ...rtl.isa.compressed import find
from ...rtl.isa.csrs import CSRS, table
from ...rtl.isa.extensions import OPTIONAL
from .disassembly import identify
from .names import csr_name

H = "the H extension"


def lacking(config: CoreConfig, bits: int) -> str | None:
    """The instruction or CSR of `bits`, and the extension that has it, where that is absent from `config`; else None.

    In words: "hlv.w, of the H extension".
    """
    if bits & 3 != 3:
        row = find(bits)
        return _of(row.name, row.extension, False, config) if row else None
    if (instruction := identify(bits)) is None:
        return None
    if "c" in instruction.operands and (address := bits >> 20) not in _addresses(config):
        name = csr_name(address)
        return f"{name}, of {_bringer(name, config)}" if name in CSRS else None
    return _of(instruction.name, instruction.extension, instruction.hypervisor, config)


def _of(name: str, extensions: str, hypervisor: bool, config: CoreConfig) -> str | None:
    if hypervisor and not config.hypervisor:
        return f"{name}, of {H}"
    absent = [each for each in extensions.split() if not config.has(each)]
    return f"{name}, of {' and '.join(each.capitalize() for each in absent)}" if absent else None


@lru_cache(maxsize=1)
def _addresses(config: CoreConfig) -> set[int]:
    return {csr.address for csr in table(config).values()}


def _bringer(name: str, config: CoreConfig) -> str:
    """The extension without which a CSR of the largest core is not there, of those that `config` lacks."""
    if not config.hypervisor and name not in table(replace(EVERY, hypervisor=False)):
        return H
    return next((each.capitalize() for each in OPTIONAL
                 if not config.has(each) and name not in table(EVERY.without(each))), "another core")
